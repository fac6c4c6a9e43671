"""The office: what is decided is in the log, holds at once, and can be read again from it."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from monitor.beats import Taken
from monitor.control import opened
from monitor.hours.plan import open_cohort
from monitor.ingest import sources
from monitor.ingest.refusals import Refusal
from monitor.office import Declined, Office
from monitor.store.cabinet import Cabinet
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.log import Log
from monitor.store.place import LogBehind, Place, Server
from monitor.store.tables import metadata
from monitor.store.vault import VaultError
from tests.cohort_file import COHORT, cohort_file
from tests.databases import LOG_TABLES, execute_at
from tests.ingest.signing import NOW, OTHER, PUBLIC, SECRET, signed
from tests.store.logs import alter, hand_on_the_writer, verified

NUMBER = "11010519491231002X"  # the example of GB 11643 itself
ID = "bj-cnc-01"


@pytest.fixture
def folder(tmp_path: Path, place: Place) -> Folder:
    """A data folder for each engine: all in it, or all but the key in a database."""
    return Folder(tmp_path / "data", place.url if isinstance(place, Server) else None)


def kept(folder: Folder) -> Iterator[bytes]:
    """All that is kept, as it lies there."""
    for file in folder.path.iterdir():
        if file.is_file():
            yield file.read_bytes()
    if isinstance(folder.log, Server):
        for table in (*metadata.tables, *LOG_TABLES):
            for row in execute_at(folder.log, f"SELECT * FROM {table}")[0]:
                yield repr(row).encode()


@pytest.fixture
async def office(folder: Folder) -> AsyncIterator[Office]:
    async with opened(folder) as (_, found):
        yield found


async def imported(office: Office, data: bytes | None = None, **more: Any) -> Any:
    return await office.import_cohort(data or cohort_file(), by="cli/a", why="import", now=NOW, **more)


async def entries(office: Office) -> list[Entry]:
    return [entry async for entry in office.log.read()]


async def declined(coroutine: Any) -> Declined:
    with pytest.raises(Declined) as found:
        await coroutine
    return found.value


def accounts(data: bytes, person: str) -> list[str]:
    return list(open_cohort(data).people[person].accounts)


# --- cohorts -------------------------------------------------------------------------------------------


async def test_an_imported_cohort_is_there_as_it_was_given(office: Office) -> None:
    done = await imported(office)
    assert (done.created, done.changed, done.position, done.people, done.sessions) == (True, True, 1, 3, 1)
    assert await office.cohort_file(ID) == cohort_file()
    (row,) = office.cohorts()
    assert (row.id, row.organizer, row.policy, row.sources) == (ID, "某技师学院", "beijing-2026", ("main",))
    (entry,) = await entries(office)
    assert (entry.kind, entry.source, entry.body) == ("cohort", "staff", cohort_file())
    assert entry.headers == {"cohort": ID, "by": "cli/a", "why": "import"}


async def test_the_same_file_again_makes_no_new_version(office: Office) -> None:
    await imported(office)
    again = json.dumps(COHORT, indent=2).encode()
    done = await imported(office, again)
    assert (done.created, done.changed, done.position) == (False, False, 1)
    assert len(await entries(office)) == 1


@pytest.mark.parametrize(
    "name", ["../x", "a b", "a/b", "a\nb", "a" * 65, "..", "-a", "班次", "a?b", "a%2Fb", "a\x1b[2J"]
)
async def test_an_id_that_stands_in_no_address_is_declined_naming_it(office: Office, name: str) -> None:
    """As it would be printed, linked to and written to files."""
    found = await declined(imported(office, cohort_file(cohort={**COHORT["cohort"], "id": name})))
    assert (found.reason, found.errors[0].where) == ("invalid", "cohort.id")
    assert office.cohorts() == []


@pytest.mark.parametrize("name", ["a", "BJ-CNC_01.b", "2026", "a" * 64])
async def test_letters_digits_and_a_few_signs_are_an_id(office: Office, name: str) -> None:
    assert (await imported(office, cohort_file(cohort={**COHORT["cohort"], "id": name}))).cohort == name


async def test_another_file_is_a_new_version_and_the_old_one_stays_in_the_log(office: Office) -> None:
    await imported(office)
    other = cohort_file(people=COHORT["people"][:1] + COHORT["people"][2:])
    done = await imported(office, other)
    assert (done.changed, done.position) == (True, 2)
    assert [entry.body for entry in await entries(office)] == [cohort_file(), other]
    row = office.cohort(ID)
    assert row is not None
    assert (row.versions, row.position) == (2, 2)


async def test_a_bad_file_is_declined_naming_everything_and_leaves_nothing(office: Office) -> None:
    bad = cohort_file(policy="nowhere", people=[], misspelt=1)
    found = await declined(imported(office, bad))
    assert found.reason == "invalid"
    assert {"policy", "misspelt", "sessions[0].teacher"} <= {error.where for error in found.errors}
    assert await entries(office) == []


async def test_a_file_with_an_id_number_in_it_is_declined_without_showing_it(office: Office) -> None:
    people = [{"id": "t01", "role": "trainee", "note": f"身份证 {NUMBER}"}, COHORT["people"][2]]
    found = await declined(imported(office, cohort_file(people=people)))
    assert [error.where for error in found.errors] == ["people[0].note"]
    assert NUMBER not in found.detail
    assert await entries(office) == []


async def test_a_source_that_is_not_set_up_or_set_up_otherwise_is_noted(office: Office) -> None:
    assert "not set up" in (await imported(office)).notes[0]
    await office.add_source("main", "native", camera="state", by="cli/a", now=NOW)
    assert "state" in (await imported(office)).notes[0]


async def test_a_source_set_up_as_the_file_says_is_not_noted(office: Office) -> None:
    await office.add_source("main", "native", by="cli/a", now=NOW)
    assert (await imported(office)).notes == ()


async def test_a_cohort_that_is_not_there_is_not_found(office: Office) -> None:
    assert (await declined(office.cohort_file("nowhere"))).reason == "not_found"
    assert office.cohort("nowhere") is None


# --- identities ----------------------------------------------------------------------------------------


async def test_an_id_number_is_nowhere_in_the_clear(office: Office, folder: Folder) -> None:
    await imported(office, identities={"t01": NUMBER})
    assert await office.identities(ID) == {"t01": NUMBER}
    assert await office.cabinet.holders(NUMBER) == [(ID, "t01")]
    assert await office.cabinet.holders(NUMBER[:-1] + "0") == []
    assert not any(NUMBER.encode() in data for data in kept(folder))


async def test_identities_of_people_who_are_not_in_the_file_are_declined(office: Office) -> None:
    found = await declined(imported(office, identities={"t99": NUMBER}))
    assert found.reason == "invalid"
    assert NUMBER not in found.detail


async def test_without_its_key_the_office_does_not_open(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await imported(office, identities={"t01": NUMBER})
    folder.key.rename(folder.path / "away")
    with pytest.raises(VaultError, match="missing"):
        async with opened(folder):
            pass
    assert not folder.key.exists()


# --- bindings ------------------------------------------------------------------------------------------


async def bind(office: Office, person: str, account: str) -> Any:
    return await office.bind_account(ID, person, account, by="tok", why="inbox", now=NOW)


async def test_a_binding_is_a_new_version_of_the_cohort(office: Office) -> None:
    await imported(office)
    done = await bind(office, "t01", "main/u-7")
    assert (done.changed, done.position) == (True, 2)
    assert accounts(await office.cohort_file(ID), "t01") == ["u-1001", "main/u-7"]
    assert (await bind(office, "t01", "main/u-7")).changed is False
    assert len(await entries(office)) == 2


@pytest.mark.parametrize(
    ("person", "account", "reason"),
    [
        ("t01", "u-1002", "conflict"),
        ("t01", "main/u-1002", "conflict"),
        ("t99", "u", "not_found"),
        ("t01", " ", "invalid"),
    ],
)
async def test_a_binding_that_can_not_be_is_declined(
    office: Office, person: str, account: str, reason: str
) -> None:
    await imported(office)
    assert (await declined(bind(office, person, account))).reason == reason
    assert len(await entries(office)) == 1


async def test_a_binding_survives_the_next_import(office: Office) -> None:
    await imported(office)
    await bind(office, "t01", "main/u-7")
    done = await imported(office)
    assert done.changed is False
    assert "account main/u-7 stays bound to t01" in done.notes
    renamed = cohort_file(cohort={**COHORT["cohort"], "name": "新名"})
    assert (await imported(office, renamed)).changed is True
    assert accounts(await office.cohort_file(ID), "t01") == ["u-1001", "main/u-7"]


async def test_a_binding_gives_way_to_a_file_that_says_otherwise(office: Office) -> None:
    await imported(office)
    await bind(office, "t01", "u-7")
    people = [COHORT["people"][0], {**COHORT["people"][1], "accounts": ["u-7"]}, COHORT["people"][2]]
    done = await imported(office, cohort_file(people=people))
    assert any("is not any more" in note for note in done.notes)
    assert accounts(await office.cohort_file(ID), "t01") == ["u-1001"]


async def test_bindings_are_dropped_when_asked_and_stay_dropped(office: Office) -> None:
    await imported(office)
    await bind(office, "t01", "u-7")
    assert (await imported(office, keep_bindings=False)).changed is True
    assert (await imported(office)).notes[1:] == ()
    assert accounts(await office.cohort_file(ID), "t01") == ["u-1001"]


# --- corrections ---------------------------------------------------------------------------------------


async def propose(office: Office, **changed: Any) -> Any:
    said = {"person": "t01", "session": "s01", "period": 0, "credit": True, "reason": "机房断网", "by": "李"}
    said |= changed
    return await office.propose_correction(ID, **said, token="tok-1", now=NOW)


async def test_a_correction_counts_from_the_second_persons_word(office: Office) -> None:
    await imported(office)
    proposed = await propose(office)
    assert (proposed.n, proposed.approved_at) == (1, None)
    assert [sources.events(entry) for entry in await entries(office)] == [[], []]
    approved = await office.approve_correction(ID, 1, by="赵", token="tok-2", now=NOW + 5)
    assert (approved.approved_by, approved.approved_at, approved.approved_position) == ("赵", NOW + 5, 3)
    (event,) = sources.events((await entries(office))[2])
    assert (event.source, event.type, event.at, event.received) == (
        "staff",
        "attendance.corrected",
        NOW + 5,
        NOW + 5,
    )
    assert (event.data.cohort, event.data.person, event.data.session, event.data.period) == (
        ID,
        "t01",
        "s01",
        0,
    )
    assert (event.data.credit, event.data.reason, event.data.by, event.data.approved_by) == (
        True,
        "机房断网",
        "李",
        "赵",
    )
    assert office.corrections(ID) == [approved]


SOME = [["2026-05-11T10:30:00+08:00", "2026-05-11T11:15:00+08:00"]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"person": "w01"}, "is a teacher"),
        ({"session": "o"}, "opening"),
        ({"session": "o", "period": None}, "opening"),
        ({"session": "few"}, "not in that session"),
        ({"person": "late"}, "not enrolled"),
    ],
)
async def test_a_correction_that_would_change_nothing_is_declined(
    office: Office, changed: dict[str, Any], words: str
) -> None:
    """When it is proposed, and when it is approved after the cohort was changed."""
    sessions = [
        *COHORT["sessions"],
        {**COHORT["sessions"][0], "id": "o", "kind": "opening", "room": "r2", "periods": SOME},
        {**COHORT["sessions"][0], "id": "few", "people": ["t02"], "room": "r3", "periods": SOME},
    ]
    late = {"id": "late", "role": "trainee", "enrolled_on": "2026-05-12"}
    await imported(office, cohort_file(sessions=sessions, people=[*COHORT["people"], late]))
    found = await declined(propose(office, **changed))
    assert (found.reason, words in found.detail) == ("invalid", True)
    await propose(office)
    left = [{**COHORT["people"][0], "withdrawn_on": "2026-05-10"}, *COHORT["people"][1:]]
    await imported(office, cohort_file(people=left))
    found = await declined(office.approve_correction(ID, 1, by="赵", token="tok-2", now=NOW))
    assert (found.reason, "not enrolled" in found.detail) == ("invalid", True)


async def test_a_correction_is_withdrawn_by_its_proposer_or_rejected_by_another(office: Office) -> None:
    await imported(office)
    for _ in range(3):
        await propose(office)
    no = await declined(office.reject_correction(ID, 1, by="王", token="tok-3", now=NOW, others=False))
    assert no.reason == "forbidden"
    own = await office.reject_correction(ID, 1, by="李", token="tok-1", now=NOW, others=False)
    other = await office.reject_correction(ID, 2, by="赵", token="tok-2", now=NOW, others=True)
    assert [(row.state, row.rejected_by, row.rejected_at) for row in (own, other)] == [
        ("withdrawn", "李", NOW),
        ("rejected", "赵", NOW),
    ]
    for n in (1, 2):
        for again in (
            office.approve_correction(ID, n, by="赵", token="tok-2", now=NOW),
            office.reject_correction(ID, n, by="赵", token="tok-2", now=NOW, others=True),
        ):
            assert (await declined(again)).reason == "conflict"
    await office.approve_correction(ID, 3, by="赵", token="tok-2", now=NOW)
    found = await declined(office.reject_correction(ID, 3, by="赵", token="tok-2", now=NOW, others=True))
    assert found.reason == "conflict"
    before = rows(office)
    await office.rebuild()
    assert before == rows(office)


@pytest.mark.parametrize(("by", "token"), [("李", "tok-2"), ("赵", "tok-1"), ("", "tok-2"), (" ", "tok-2")])
async def test_one_person_is_not_two(office: Office, by: str, token: str) -> None:
    await imported(office)
    await propose(office)
    found = await declined(office.approve_correction(ID, 1, by=by, token=token, now=NOW))
    assert found.reason == "not_allowed"
    assert len(await entries(office)) == 2


async def test_a_correction_is_approved_once_even_by_two_at_a_time(office: Office) -> None:
    await imported(office)
    await propose(office)
    found = await asyncio.gather(
        *(office.approve_correction(ID, 1, by=f"赵{n}", token=f"t{n}", now=NOW) for n in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["CorrectionRow", "Declined", "Declined"]
    assert len(await entries(office)) == 3


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"person": "t99"}, "not_found"),
        ({"session": "s99"}, "not_found"),
        ({"period": 1}, "not_found"),
        ({"period": -1}, "not_found"),
        ({"reason": "  "}, "invalid"),
        ({"by": ""}, "invalid"),
        ({"reason": f"见 {NUMBER}"}, "invalid"),
    ],
)
async def test_a_correction_that_says_nothing_useful_is_declined(
    office: Office, changed: dict[str, Any], reason: str
) -> None:
    await imported(office)
    assert (await declined(propose(office, **changed))).reason == reason


async def test_a_correction_that_is_not_there_is_not_found(office: Office) -> None:
    found = await declined(office.approve_correction("nowhere", 1, by="赵", token="t", now=NOW))
    assert found.reason == "not_found"


async def test_an_excuse_is_an_event_of_staff(office: Office) -> None:
    await imported(office)
    entry = await office.excuse(ID, "t01", "s01", "病假", by="李", token="tok", now=NOW)
    (event,) = sources.events(entry)
    assert (event.type, event.data.person, event.data.reason) == ("attendance.excused", "t01", "病假")


# --- sources -------------------------------------------------------------------------------------------


async def test_a_source_opens_what_its_secret_signed_at_once_and_after_a_restart(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        row, secret = await office.add_source("main", "native", may_sign_in=True, by="cli/a", now=NOW)
        assert secret.startswith("whsec_")
        assert (row.may_sign_in, row.position) == (True, 1)
        found = office.source("main")
        assert found is not None
        assert found.seal.open(signed("m", b"[]", secret=secret), b"[]", NOW).id == "m"
    async with opened(folder) as (_, office):
        again = office.source("main")
        assert again is not None
        assert again.seal.open(signed("m", b"[]", secret=secret), b"[]", NOW).id == "m"
        assert again.may_sign_in


async def test_a_secret_is_nowhere_in_the_clear(office: Office, folder: Folder) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    assert not any(SECRET.encode() in data for data in kept(folder))


async def test_a_secret_or_public_key_may_be_given(office: Office) -> None:
    _, secret = await office.add_source("a", "native", secret=SECRET, by="cli/a", now=NOW)
    _, public = await office.add_source("b", "native", secret=PUBLIC, by="cli/a", now=NOW)
    assert (secret, public) == (SECRET, PUBLIC)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"source_id": "staff"}, "invalid"),
        ({"source_id": "door"}, "invalid"),
        ({"source_id": "Main"}, "invalid"),
        ({"source_id": "../x"}, "invalid"),
        ({"source_id": ""}, "invalid"),
        ({"kind": "nowhere"}, "invalid"),
        ({"camera": "maybe"}, "invalid"),
        ({"heartbeat_seconds": 0}, "invalid"),
        ({"secret": "not a secret"}, "invalid"),
        ({"source_id": "there"}, "conflict"),
    ],
)
async def test_a_source_that_can_not_be_is_declined(
    office: Office, changed: dict[str, Any], reason: str
) -> None:
    await office.add_source("there", "native", by="cli/a", now=NOW)
    said: dict[str, Any] = {"source_id": "main", "kind": "native"} | changed
    assert (await declined(office.add_source(**said, by="cli/a", now=NOW))).reason == reason
    assert len(await entries(office)) == 1


async def test_a_demonstration_is_known_as_one(office: Office) -> None:
    await office.add_source("demo", "native", demo=True, by="cli/a", now=NOW)
    await office.add_source("main", "native", by="cli/a", now=NOW)
    assert office.demo(["main", "demo"])
    assert not office.demo(["main", "nowhere"])


# --- tokens --------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_token_is_known_by_its_hash_until_it_is_revoked(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        row, text = await office.add_token("admin", name="王", by="cli/a", now=NOW)
        assert office.token(digest(text)) == row
        assert office.token(digest("mon_x")) is None
    assert not any(text.encode() in data for data in kept(folder))
    async with opened(folder) as (_, office):
        assert office.token(digest(text)) == row
        await office.revoke_token(row.id, by="cli/a", now=NOW + 5)
        assert office.token(digest(text)) is None
        assert [one.revoked_at for one in office.tokens()] == [NOW + 5]
        assert (await office.revoke_token(row.id, by="cli/a", now=NOW + 9)).revoked_at == NOW + 5
    async with opened(folder) as (_, office):
        assert office.token(digest(text)) is None


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("admin", True),
        ("center", True),
        ("auditor", True),
        ("teacher", False),
        ("clerk", False),
        ("approver", False),
    ],
)
async def test_without_a_cohort_some_roles_have_all_and_others_none(
    office: Office, role: str, sees: bool
) -> None:
    row, _ = await office.add_token(role, by="cli/a", now=NOW)
    assert row.may_see(ID) is sees


async def test_a_token_with_cohorts_sees_those(office: Office) -> None:
    await imported(office)
    row, _ = await office.add_token("center", cohorts=[ID], by="cli/a", now=NOW)
    assert row.may_see(ID)
    assert not row.may_see("other")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"role": "king"}, "invalid"),
        ({"role": "platform"}, "invalid"),
        ({"role": "platform", "source": "nowhere"}, "not_found"),
        ({"role": "clerk", "source": "main"}, "invalid"),
        ({"role": "clerk", "cohorts": ["nowhere"]}, "not_found"),
        ({"role": "trainee"}, "invalid"),
        ({"role": "trainee", "person": "t01"}, "invalid"),
        ({"role": "clerk", "person": "t01"}, "invalid"),
        ({"role": "clerk", "may_list": ["nowhere"]}, "not_found"),
        ({"role": "teacher", "may_list": ["main"]}, "invalid"),
    ],
)
async def test_a_token_that_can_not_be_is_declined(office: Office, said: dict[str, Any], reason: str) -> None:
    assert (await declined(office.add_token(**said, by="cli/a", now=NOW))).reason == reason


async def test_a_clerk_who_creates_a_cohort_is_given_it(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    row, text = await office.add_token("clerk", may_list=["main"], by="cli/a", now=NOW)
    await office.import_cohort(cohort_file(), by=row.id, why="import", now=NOW)
    found = office.token(digest(text))
    assert found is not None
    assert found.cohorts == (ID,)


@pytest.mark.parametrize("parts", [["sources"], ["people", "sessions"], ["sources", "people", "sessions"]])
async def test_a_part_that_is_null_is_one_that_is_absent(office: Office, parts: list[str]) -> None:
    """And what holds of the cohort is known, now and when the log is read again."""
    await imported(
        office, cohort_file(**dict.fromkeys(parts), **({} if "sessions" in parts else {"sessions": []}))
    )
    before = rows(office)
    assert office.cohort(ID) is not None
    await office.rebuild()
    assert before == rows(office)


async def test_a_token_lists_sources_of_its_cohorts_and_those_it_was_granted(office: Office) -> None:
    """And no other, whether it exists or not; the command line and who was given everything list any."""
    for source in ("main", "hall"):
        await office.add_source(source, "native", secret=SECRET, by="cli/a", now=NOW)
    await imported(office)
    given: dict[str, dict[str, Any]] = {
        "theirs": {"role": "clerk", "cohorts": [ID]},
        "granted": {"role": "clerk", "may_list": ["hall"]},
        "nothing": {"role": "clerk"},
        "part": {"role": "admin", "cohorts": [ID]},
        "all": {"role": "admin"},
    }
    by = {name: (await office.add_token(**said, by="cli/a", now=NOW))[0].id for name, said in given.items()}
    own = {"theirs": ["main"], "granted": ["hall"], "part": ["main"]}
    for name, token in {**by, "command line": "cli/a"}.items():
        for source in ("main", "hall", "nowhere"):
            file = json.loads(cohort_file(sources=[{"id": source, "camera": "heartbeat"}]))
            file["cohort"]["id"] = f"{token.replace('/', '-')}-{source}"
            data = json.dumps(file).encode()
            if name in ("all", "command line") or source in own.get(name, ()):
                await office.import_cohort(data, by=token, why="x", now=NOW)
                continue
            no = await declined(office.import_cohort(data, by=token, why="x", now=NOW))
            assert (no.reason, no.errors[0].where) == ("forbidden", "sources[0].id")


async def test_a_token_is_given_more_and_keeps_what_it_had(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    await imported(office)
    clerk, _ = await office.add_token("clerk", by="cli/a", now=NOW)
    await office.grant_token(clerk.id, cohorts=[ID], by="cli/a", now=NOW)
    row = await office.grant_token(clerk.id, may_list=["main", "main"], by="cli/a", now=NOW)
    assert (row.cohorts, row.may_list) == ((ID,), ("main",))
    before = office.log.head()
    assert row == await office.grant_token(clerk.id, cohorts=[ID], by="cli/a", now=NOW)
    assert before == office.log.head()
    admin, _ = await office.add_token("admin", by="cli/a", now=NOW)
    assert (await office.grant_token(admin.id, cohorts=[ID], by="cli/a", now=NOW)).cohorts is None
    platform, _ = await office.add_token("platform", source="main", by="cli/a", now=NOW)
    for said, reason in (
        ({"token_id": "nobody", "cohorts": [ID]}, "not_found"),
        ({"token_id": clerk.id}, "invalid"),
        ({"token_id": clerk.id, "cohorts": ["nowhere"]}, "not_found"),
        ({"token_id": clerk.id, "may_list": ["nowhere"]}, "not_found"),
        ({"token_id": platform.id, "cohorts": [ID]}, "invalid"),
    ):
        assert reason == (await declined(office.grant_token(**said, by="cli/a", now=NOW))).reason  # type: ignore[arg-type]
    await office.revoke_token(clerk.id, by="cli/a", now=NOW)
    assert (
        await declined(office.grant_token(clerk.id, cohorts=[ID], by="cli/a", now=NOW))
    ).reason == "conflict"


async def test_readings_are_written_down(office: Office) -> None:
    reading = {"at": NOW, "token": "t", "role": "auditor", "door": "attendance", "full": True, "why": "复核"}
    await office.note_reading(**reading, cohort=ID, person=None)
    (found,) = await office.readings(ID)
    assert found == {**reading, "cohort": ID, "person": None, "n": 1}
    assert await office.readings("other") == []


# --- log and tables ------------------------------------------------------------------------------------


async def everything(office: Office) -> None:
    """Something of each kind."""
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    clerk, _ = await office.add_token("clerk", may_list=["main"], by="cli/a", now=NOW)
    await office.import_cohort(cohort_file(), {"t01": NUMBER}, by=clerk.id, why="import", now=NOW)
    await bind(office, "t01", "u-7")
    await propose(office)
    await propose(office, person="t02", period=None)
    await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW)
    await office.excuse(ID, "t01", "s01", "病假", by="李", token="t", now=NOW)
    await office.revoke_token(clerk.id, by="cli/a", now=NOW)


def rows(office: Office) -> list[list[Any]]:
    return [office.state.all(kind) for kind in office.state.rows]


async def test_all_that_was_decided_is_there_after_a_restart(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await everything(office)
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_the_tables_can_be_read_again_from_the_log(office: Office, folder: Folder) -> None:
    await everything(office)
    before = rows(office)
    alter(
        folder.office, "DELETE FROM cohorts", "UPDATE sources SET camera = 'none'", "DELETE FROM corrections"
    )
    await office.rebuild()
    assert rows(office) == before
    assert await office.identities(ID) == {"t01": NUMBER}
    source = office.source("main")
    assert source is not None
    assert source.seal.open(signed("m", b"[]"), b"[]", NOW).id == "m"


async def test_tables_that_lag_behind_the_log_catch_up_at_the_start(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await everything(office)
        before = rows(office)
    alter(folder.office, "DELETE FROM cohorts", "DELETE FROM facts WHERE name = 'applied'")
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_tables_that_belong_to_another_log_are_not_emptied(folder: Folder) -> None:
    """They hold what no log has; nothing begins then, and a sentence says what to do."""
    async with opened(folder) as (_, office):
        await everything(office)
    execute_at(folder.log, *(f"DELETE FROM {table}" for table in LOG_TABLES))
    with pytest.raises(LogBehind, match="ends at 0 and"):
        async with opened(folder):
            pass


async def test_tables_that_are_ahead_of_the_log_are_not_emptied(tmp_path: Path) -> None:
    """A log that is gone or older is not the one that the tables follow."""
    folder = Folder(tmp_path / "data")
    async with opened(folder) as (_, office):
        await imported(office)
    older = snapshot(folder)
    async with opened(folder) as (_, office):
        await office.add_token("admin", by="cli/a", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        expected = rows(office)
    whole = snapshot(folder)
    put(folder, older)
    with pytest.raises(LogBehind, match="ends at 1 and"):
        async with opened(folder):
            pass
    put(folder, {})
    with pytest.raises(LogBehind, match="is gone"):
        async with opened(folder):
            pass
    assert snapshot(folder) == {}
    put(folder, whole)
    async with opened(folder) as (_, office):
        assert expected == rows(office)


def snapshot(folder: Folder) -> dict[str, bytes]:
    """The files of a log."""
    return {path.name: path.read_bytes() for path in folder.path.glob("log.sqlite*")}


def put(folder: Folder, files: dict[str, bytes]) -> None:
    """Those files in the place of the log's."""
    for path in folder.path.glob("log.sqlite*"):
        path.unlink()
    for name, data in files.items():
        (folder.path / name).write_bytes(data)


async def test_a_decision_holds_though_the_tables_fail_and_they_catch_up_later(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folder) as (_, office):
        async with asyncio.timeout(60):
            with monkeypatch.context() as patch:

                async def broken(*_: object) -> None:
                    raise OperationalError("", {}, Exception("disk full"))

                patch.setattr(Cabinet, "apply", broken)
                await imported(office)
            assert office.cohort(ID) is not None
            await office.add_token("admin", by="cli/a", now=NOW)
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_a_decision_that_could_not_be_written_does_not_hold(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail.append(sqlite3.OperationalError("disk I/O error"))
        assert (await declined(imported(office))).reason == "unavailable"
    assert office.cohorts() == []
    await until_writable(office)
    assert (await imported(office)).position == 1


async def until_writable(office: Office) -> None:
    """The writer tries anew by itself."""
    async with asyncio.timeout(20):
        while not office.log.writable:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_nothing_is_written_to_the_tables_while_the_log_can_not_be(
    folder: Folder, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may be another service's by then: neither secrets nor hashes nor ID numbers get there."""
    await imported(office)
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    tables = [f"SELECT * FROM {name}" for name in sorted(metadata.tables)]
    before = await asyncio.to_thread(execute_at, folder.office, *tables)
    monkeypatch.setattr(Log, "_probe", lambda _log: None)
    monkeypatch.setattr(office.log, "writable", False)
    for decision in (
        office.add_source("other", "native", by="cli/a", now=NOW),
        office.rotate_source("main", secret=OTHER, by="cli/a", now=NOW),
        office.add_token("admin", by="cli/a", now=NOW),
        imported(office, identities={"t01": NUMBER}),
    ):
        found = await declined(decision)
        assert (found.reason, "try again" in found.detail) == ("unavailable", True)
    assert await asyncio.to_thread(execute_at, folder.office, *tables) == before
    assert office.secrets_of("other") == []
    monkeypatch.setattr(office.log, "writable", True)
    await imported(office, identities={"t01": NUMBER})
    assert await office.identities(ID) == {"t01": NUMBER}


async def test_a_decision_found_in_the_file_after_all_holds_in_memory_and_in_the_tables(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that failed may leave the decision in the file: then memory, tables and log say the same."""
    async with opened(folder) as (_, office):
        seen: list[int] = []
        office.on_entry.append(lambda entry, _events: seen.append(entry.position))
        with hand_on_the_writer(monkeypatch) as hand:
            hand.fail, hand.late = [sqlite3.OperationalError("disk I/O error")], [True]
            assert (await declined(imported(office))).reason == "unavailable"
        await until_writable(office)
        await office.add_token("admin", by="cli/a", now=NOW)
        assert seen == [1, 2]
        assert [row.id for row in office.cohorts()] == [ID]
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_a_decision_is_taken_whole_though_its_caller_goes_away(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        task = asyncio.create_task(imported(office))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await office.add_token("admin", by="cli/a", now=NOW)
    async with opened(folder) as (_, office):
        assert [row.id for row in office.cohorts()] == [ID]


async def test_followers_see_each_decision_when_it_already_holds(office: Office) -> None:
    seen: list[tuple[int, str, int]] = []

    def broken(_entry: Entry, _taken: Taken) -> None:
        raise RuntimeError("broken")

    def follow(entry: Entry, taken: Taken) -> None:
        seen.append((entry.position, entry.kind, len(taken.ids)))
        assert office.cohort(ID) is not None

    office.on_entry += [broken, follow]
    await imported(office)
    await propose(office)
    await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW)
    assert seen == [(1, "cohort", 0), (2, "correction", 0), (3, "delivery", 1)]


async def test_a_text_that_can_not_be_written_is_declined(office: Office) -> None:
    for text in ("\udcff", "a\0b"):
        found = await declined(office.import_cohort(cohort_file(), by=text, why="x", now=NOW))
        assert found.reason == "invalid"
    named = cohort_file(cohort={**COHORT["cohort"], "name": "a\0b"})
    assert (await declined(imported(office, named))).reason == "invalid"
    assert (await declined(office.add_token("admin", name="\0", by="cli/a", now=NOW))).reason == "invalid"
    assert await entries(office) == []
    named = cohort_file(cohort={**COHORT["cohort"], "name": r"a\u0000b"})
    assert (await imported(office, named)).created


async def test_a_reading_is_written_down_whatever_was_said(office: Office) -> None:
    reading = {"at": NOW, "token": "t", "role": "center", "door": "d", "cohort": "c", "person": None}
    await office.note_reading(**reading, full=True, why="a\0b")
    assert [row["why"] for row in await office.readings()] == ["a\ufffdb"]


async def test_the_log_verifies_after_everything(folder: Folder) -> None:
    async with opened(folder) as (log, office):
        await everything(office)
        assert isinstance(log, Log)
    assert verified(folder.log).broken is None


# --- secrets that come and go ----------------------------------------------------------------------------

HOUR = 3_600_000


def opens(office: Office, secret: str, now: int) -> bool:
    source = office.source("main")
    assert source is not None
    try:
        return source.seal.open(signed("m", b"[]", secret=secret, at=now), b"[]", now).id == "m"
    except Refusal:
        return False


async def test_two_secrets_hold_for_a_while_and_the_old_one_ends_at_its_instant(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        _, new, ends = await office.rotate_source("main", keep_ms=HOUR, by="cli/a", now=NOW)
        assert ends == NOW + HOUR
    async with opened(folder) as (_, office):
        for now, old in ((NOW, True), (NOW + HOUR - 1, True), (NOW + HOUR, False), (NOW + 9 * HOUR, False)):
            assert (opens(office, SECRET, now), opens(office, new, now)) == (old, True)
        assert [one["ends_at"] for one in office.secrets_of("main")] == [None, NOW + HOUR]
        assert opens(office, SECRET, NOW), "a clock that steps back finds it again"


async def test_without_keep_the_old_secret_ends_at_once(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    _, new, ends = await office.rotate_source("main", by="cli/a", now=NOW)
    assert (ends, opens(office, SECRET, NOW), opens(office, new, NOW)) == (None, False, True)
    assert len(office.secrets_of("main")) == 1


async def test_a_third_secret_does_not_lengthen_the_life_of_the_first(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    _, second, _ = await office.rotate_source("main", keep_ms=HOUR, by="cli/a", now=NOW)
    await office.rotate_source("main", secret=OTHER, keep_ms=5 * HOUR, by="cli/a", now=NOW + 1)
    found = [opens(office, secret, NOW + 2 * HOUR) for secret in (SECRET, second, OTHER)]
    assert found == [False, True, True]
    (*_, entry) = await entries(office)
    assert (entry.kind, entry.headers["why"]) == ("source", "secret rotated")
    assert OTHER.encode() not in entry.body


async def test_a_rotation_that_can_not_be_written_leaves_the_old_secret(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail.append(sqlite3.OperationalError("disk I/O error"))
        assert (await declined(office.rotate_source("main", by="cli/a", now=NOW))).reason == "unavailable"
    assert opens(office, SECRET, NOW)
    assert len(office.secrets_of("main")) == 1


@pytest.mark.parametrize(
    ("source", "more", "reason"),
    [
        ("nobody", {}, "not_found"),
        ("main", {"secret": "whsec_~"}, "invalid"),
        ("main", {"keep_ms": -1}, "invalid"),
    ],
)
async def test_a_rotation_that_can_not_be_is_declined(
    office: Office, source: str, more: dict[str, Any], reason: str
) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    assert (await declined(office.rotate_source(source, by="cli/a", now=NOW, **more))).reason == reason
    assert opens(office, SECRET, NOW)
