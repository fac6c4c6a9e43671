"""Tokens: whose they are, what they are given, and who read what."""

import json
from typing import Any

import pytest

from monitor.control import opened
from monitor.office import Office
from monitor.store.folder import Folder
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, SECRET
from tests.office.desk import ID, declined, digest, imported, kept, rows


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
