"""Workbooks into the office: whole or not at all, people keep their ids, numbers stay out of sight."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.control import opened
from monitor.hours.plan import open_cohort
from monitor.office import Declined, Office
from monitor.office.books import import_books
from monitor.store.folder import Folder
from tests.ingest.signing import NOW
from tests.workbook.numbers import invented
from tests.workbook.sheets import lesson, person, plan, roster


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(Folder(tmp_path / "data")) as (_, found):
        yield found


async def come(office: Office, people: bytes | None = None, lessons: bytes | None = None, **more: Any) -> Any:
    return await import_books(
        office,
        roster() if people is None else people,
        plan() if lessons is None else lessons,
        "beijing-2026",
        "bj-1",
        by="cli/a",
        why="x",
        now=NOW,
        **more,
    )


async def people(office: Office) -> dict[str, str | None]:
    found = open_cohort(await office.cohort_file("bj-1"))
    return {one.id: one.name for one in found.trainees}


async def test_two_workbooks_become_a_cohort_and_the_numbers_are_kept_apart(office: Office) -> None:
    done = await come(office)
    assert (done.created, done.cohort, done.sessions) == (True, "bj-1", 1)
    names = await people(office)
    assert sorted((await office.identities("bj-1")).values()) == sorted([invented(1), invented(2)])
    assert set(await office.identities("bj-1")) == set(names)
    assert invented(1).encode() not in await office.cohort_file("bj-1")


async def test_the_same_workbooks_again_change_nothing(office: Office) -> None:
    await come(office)
    assert (await come(office)).changed is False


async def test_people_keep_their_ids_when_the_roster_is_put_in_another_order(office: Office) -> None:
    await come(office, roster([person(1), person(2)]))
    before = await people(office)
    await come(office, roster([person(3), person(2), person(1)]))
    after = await people(office)
    assert before.items() <= after.items()
    assert len(after) == 3


async def test_a_correction_stays_with_its_session_when_a_row_is_inserted_before_it(office: Office) -> None:
    noon = lesson(日期="2026-05-12")
    await come(office, lessons=plan(lesson(), noon))
    (trainee, *_) = await people(office)
    await office.propose_correction("bj-1", trainee, "s02", 0, True, "断网", by="李", token="t1", now=NOW)
    await come(office, lessons=plan(lesson(日期="2026-05-10", 课程名称="安全"), lesson(), noon))
    after = {one.id: one for one in open_cohort(await office.cohort_file("bj-1")).cohort.sessions}
    assert after["s02"].periods[0][0] - after["s01"].periods[0][0] == 86_400_000
    assert after["s03"].course == "安全"


async def test_what_the_rules_ask_is_named_at_the_cell_it_comes_from(office: Office) -> None:
    short = plan(lesson(每学时分钟=30, 结束时间="10:45"))
    with pytest.raises(Declined) as found:
        await come(office, lessons=short)
    assert found.value.reason == "invalid"
    assert found.value.errors
    assert all("课表" in error.problem for error in found.value.errors)
    assert office.cohorts() == []


async def test_errors_of_both_workbooks_are_named_at_once_in_the_language_asked_for(office: Office) -> None:
    bad = (roster([person(1, identity="110199198502030011")]), plan(lesson(类型="唱歌")))
    with pytest.raises(Declined) as chinese:
        await come(office, *bad)
    with pytest.raises(Declined) as english:
        await come(office, *bad, lang="en")
    for found, words in ((chinese.value, ("名册", "课表")), (english.value, ("roster", "plan"))):
        text = found.detail
        assert all(word in text for word in words)
        assert "110199198502030011" not in text
    assert office.cohorts() == []
    assert await office.identities("bj-1") == {}


async def test_a_plan_without_sources_takes_those_that_are_set_up(office: Office) -> None:
    await office.add_source("main", "native", heartbeat_seconds=30, by="cli/a", now=NOW)
    await office.add_source("demo", "native", demo=True, by="cli/a", now=NOW)
    await come(office, lessons=plan(klass=[["班次编号", "bj-1"]]))
    row = office.cohort("bj-1")
    assert row is not None
    assert row.sources == ("main",)
    await office.add_source("later", "native", by="cli/a", now=NOW)
    assert (await come(office, lessons=plan(klass=[["班次编号", "bj-1"]]))).changed is False


@pytest.mark.parametrize("bad", [b"", b"PK", b"not a workbook"])
async def test_what_is_no_workbook_is_declined(office: Office, bad: bytes) -> None:
    with pytest.raises(Declined):
        await come(office, bad)
