"""Which cohorts are held, let go of and folded again; and what is asked meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from monitor.live import PositionUnknown
from monitor.store import erasure
from monitor.store.ledger import Erasing
from tests.live.stage import Stage, heard
from tests.serve.school import COHORT


async def test_a_cohort_nobody_needs_is_let_go_and_folded_again_when_needed(stage: Stage) -> None:
    before = await stage.live.answer(COHORT, None, None, stage.clock())
    assert stage.live.drop_idle(stage.clock() + 60_000) == 0
    assert stage.live.drop_idle(stage.clock() + 11 * 60_000) == 1
    assert stage.live.cohorts == 0
    after = await stage.live.answer(COHORT, None, None, stage.clock())
    assert before is not None
    assert after is not None
    assert before.document == after.document


async def test_what_was_erased_is_not_told_any_more(stage: Stage) -> None:
    kept = await stage.push([stage.event("classroom.joined", "u-nobody", "08:20:00")])
    before = await stage.live.answer(COHORT, None, None, stage.clock())
    said = erasure.body(kept, b"[]")
    await stage.log.append(
        "erasure",
        "staff",
        stage.clock(),
        {},
        said,
        "office/1",
        then=stage._then,
        erase=Erasing(kept.position, b"[]"),
    )
    after = await stage.live.answer(COHORT, None, None, stage.clock())
    assert before is not None
    assert after is not None
    codes = [[one["code"] for one in told.document["findings"]] for told in (before, after)]
    assert ["account_unmatched" in found for found in codes] == [True, False]


async def test_a_watched_cohort_is_not_let_go(stage: Stage) -> None:
    await stage.watch()
    assert stage.live.drop_idle(stage.clock() + 100 * 60_000) == 0


async def test_a_cohort_there_is_not_leaves_nothing_behind(stage: Stage) -> None:
    assert await stage.live.answer("nobody", None, None, stage.clock()) is None
    assert await stage.live.watch("nobody", "full", None, stage.clock()) is None
    assert stage.live._places == {}


async def test_those_who_ask_while_it_is_folded_all_get_the_answer(stage: Stage) -> None:
    await stage.push([stage.event("classroom.joined", "u-1", "08:19:00")])
    live = stage.fresh()
    answers = await asyncio.gather(*(live.answer(COHORT, None, None, stage.clock()) for _ in range(10)))
    assert len({id(answer) for answer in answers}) == 1


async def test_what_comes_while_it_is_folded_is_not_lost(stage: Stage) -> None:
    await stage.push([stage.event("classroom.joined", "u-1", "08:19:00")])
    stage.live = stage.fresh()
    asked = asyncio.create_task(stage.live.answer(COHORT, None, None, stage.clock()))
    entries = [await stage.push([stage.event("classroom.joined", f"x-{n}", "08:19:00")]) for n in range(20)]
    told = await asked
    told = await stage.live.answer(COHORT, None, None, stage.clock())
    assert told is not None
    unmatched = [one["account"] for one in told.document["findings"] if one["code"] == "account_unmatched"]
    assert sorted(unmatched) == sorted(f"x-{n}" for n in range(20))
    assert told.position == entries[-1].position


async def test_a_late_event_is_the_same_as_one_in_time(stage: Stage) -> None:
    stage.clock.to("08:31:00")
    await stage.live.answer(COHORT, None, None, stage.clock())
    await stage.push([stage.event("camera.heartbeat", "u-1", "08:31:00", camera="on")])
    stage.clock.to("08:31:30")
    await stage.push([stage.event("camera.heartbeat", "u-1", "08:30:30", camera="on")])
    held = await stage.live.answer(COHORT, None, None, stage.clock())
    rebuilt = await stage.fresh().answer(COHORT, None, None, stage.clock())
    assert held is not None
    assert rebuilt is not None
    assert held.document == rebuilt.document


async def test_an_unknown_position_is_said_to_be_unknown(stage: Stage) -> None:
    for position in ("0", "99", "", "١", "-1"):
        with pytest.raises(PositionUnknown):
            await stage.live.answer(COHORT, None, position, stage.clock())


async def test_when_the_service_ends_so_does_every_watcher(stage: Stage) -> None:
    watcher = await stage.watch()
    heard(watcher)
    stage.live.close()
    assert await watcher.next() is None
