"""Cohorts in the office: versions, what a file may not hold, ID numbers, bindings."""

import json

import pytest

from monitor.control import opened
from monitor.office import Office
from monitor.store.folder import Folder
from monitor.store.vault import VaultError
from tests.cohort_file import COHORT, cohort_file
from tests.ingest.signing import NOW
from tests.office.desk import ID, NUMBER, accounts, bind, declined, entries, imported, kept


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
