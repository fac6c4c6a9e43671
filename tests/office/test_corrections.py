"""Corrections need two people, and change something; excuses are events of staff."""

import asyncio
from typing import Any

import pytest

from monitor.ingest import sources
from monitor.office import Office
from tests.cohort_file import COHORT, cohort_file
from tests.ingest.signing import NOW
from tests.office.desk import (
    ID,
    NUMBER,
    declined,
    entries,
    imported,
    propose,
    rows,
)


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
