"""What is told, to whom, when; and that snapshot and changes are a fresh fetch, always."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from monitor.instant import instant, rfc3339
from tests.live.stage import Stage, heard
from tests.live.state import apply
from tests.serve.school import COHORT, OTHER, cohort_file


async def test_the_first_message_is_a_snapshot(stage: Stage) -> None:
    (message,) = heard(await stage.watch())
    assert message["type"] == "snapshot"
    assert [person["id"] for person in message["state"]["people"]] == ["t01", "t02", "t03"]
    assert message["state"]["roster"][0] == {"id": "t01", "role": "trainee", "name": "张三"}


async def test_the_snapshot_is_the_attendance_and_what_the_board_needs(stage: Stage) -> None:
    from monitor.live.state import attendance

    (message,) = heard(await stage.watch())
    told = await stage.live.answer(COHORT, None, None, stage.clock())
    assert told is not None
    state = message["state"]
    ours = attendance(told, demo=False)
    assert ours == {key: state[key] for key in ours}
    assert state.keys() - ours.keys() == {"version", "timezone", "roster", "now", "running", "next", "quiet"}


async def test_events_reach_watchers_in_one_change_for_a_burst(stage: Stage) -> None:
    watcher = await stage.watch()
    state = apply(None, heard(watcher)[0])
    for second in range(5):
        await stage.push([stage.event("classroom.joined", "u-77", f"08:19:0{second}")])
    assert heard(watcher) == []
    assert stage.later.pass_by() == 1
    (message,) = heard(watcher)
    assert await stage.fetched() == apply(state, message)


async def test_a_burst_that_never_ends_starves_nobody(stage: Stage) -> None:
    watcher = await stage.watch()
    heard(watcher)
    for second in range(6):
        await stage.push([stage.event("classroom.joined", "u-1", f"08:19:0{second}")])
        if second % 2:
            stage.later.pass_by()
    assert len(heard(watcher)) == 3


async def test_what_time_alone_changes_is_told_by_ticks(stage: Stage) -> None:
    watcher = await stage.watch()
    state = apply(None, heard(watcher)[0])
    stage.clock.to("08:31:00")
    await stage.push([stage.event("camera.heartbeat", "u-1", "08:31:00", camera="on")])
    stage.later.pass_by()
    state = apply(state, heard(watcher)[0])
    stage.live.tick(stage.clock.to("08:31:01"))
    state = apply(state, heard(watcher)[0])
    assert state is not None
    assert [row["state"] for row in state["now"] if row["person"] == "t01"] == ["camera_on"]
    due = stage.live.due()
    assert due == instant("2026-05-11T08:32:30.001+08:00")  # the silence
    stage.clock.now = due - 1
    stage.live.tick(stage.clock())
    assert heard(watcher) == []
    stage.clock.now = due
    stage.live.tick(stage.clock())
    state = apply(state, heard(watcher)[0])
    assert state is not None
    assert [row["state"] for row in state["now"] if row["person"] == "t01"] == ["no_evidence"]
    assert await stage.fetched() == state


async def test_an_event_stamped_ahead_of_us_is_told_when_its_time_comes(stage: Stage) -> None:
    watcher = await stage.watch()
    state = apply(None, heard(watcher)[0])
    await stage.push([stage.event("classroom.joined", "u-77", "08:23:00")])
    stage.later.pass_by()
    for message in heard(watcher):
        state = apply(state, message)
    assert state is not None
    assert state["findings"][-1]["code"] != "account_unmatched"
    assert stage.live.due() == stage.clock.to("08:23:00")
    stage.live.tick(stage.clock())
    state = apply(state, heard(watcher)[0])
    assert [one["account"] for one in state["findings"] if "account" in one] == ["u-77"]  # type: ignore[index]
    assert await stage.fetched() == state


async def test_snapshot_and_changes_are_a_fresh_fetch_whatever_happens(stage: Stage) -> None:
    chance = random.Random(20260511)
    watchers = {"full": await stage.watch(), "masked": await stage.watch("masked")}
    states: dict[str, Any] = {view: apply(None, heard(watcher)[0]) for view, watcher in watchers.items()}
    stage.clock.to("08:29:00")
    for step in range(120):
        stage.clock.now += chance.randrange(1, 60_000)
        match chance.randrange(8):
            case 0:
                stage.live.tick(stage.clock())
            case 1:
                stage.later.pass_by()
            case 2 if step % 5 == 0:
                content = cohort_file()
                content["people"][chance.randrange(3)]["name"] = f"新{step}"
                content["people"][2]["accounts"] = ["u-3", "u-7"] if chance.random() < 0.5 else ["u-3"]
                await stage.cohort(content)
            case _:
                await stage.push([_something(stage, chance) for _ in range(chance.randrange(1, 4))])
        if chance.random() < 0.2:
            await _settled(stage)
            for view, watcher in watchers.items():
                for message in heard(watcher):
                    states[view] = apply(states[view], message)
                assert await stage.fetched(view) == states[view]
    assert stage.live.changes > 20


def _something(stage: Stage, chance: random.Random) -> dict[str, Any]:
    account = chance.choice(["u-1", "u-2", "u-3", "u-7", "u-9"])
    kind = chance.choice(["camera.heartbeat"] * 4 + ["classroom.joined", "classroom.left", "camera.off"])
    at = stage.clock() - chance.randrange(-60_000, 120_000)
    more = {"camera": chance.choice(["on", "on", "off"])} if kind == "camera.heartbeat" else {}
    return stage.event(kind, account, rfc3339(at), **more)


async def _settled(stage: Stage) -> None:
    stage.later.pass_by()
    while stage.live._tasks:
        await asyncio.gather(*stage.live._tasks)
    stage.live.tick(stage.clock())


async def test_a_new_version_of_the_file_reaches_watchers(stage: Stage) -> None:
    full, masked = await stage.watch(), await stage.watch("masked")
    states = [apply(None, heard(watcher)[0]) for watcher in (full, masked)]
    content = cohort_file()
    content["people"][0]["name"] = "章三"
    entry = await stage.cohort(content)
    await _settled(stage)
    found = [apply(state, heard(watcher)[0]) for state, watcher in zip(states, (full, masked), strict=True)]
    assert [state["roster"][0]["name"] for state in found] == ["章三", "章*"]  # type: ignore[index]
    assert {state["version"] for state in found} == {str(entry.position)}  # type: ignore[index]


async def test_names_are_masked_in_every_message_of_the_masked_view(stage: Stage) -> None:
    watcher = await stage.watch("masked")
    content = cohort_file()
    content["people"][0]["name"] = "章三"
    content["people"].pop(1)
    await stage.cohort(content)
    await _settled(stage)
    said = json.dumps(heard(watcher), ensure_ascii=False)
    assert [name for name in ("张三", "章三", "欧阳小四", "王老师") if name in said] == []


async def test_a_change_is_encoded_once_for_all_who_see_the_same(stage: Stage) -> None:
    watchers = [await stage.watch() for _ in range(3)] + [await stage.watch("masked")]
    for watcher in watchers:
        heard(watcher)
    await stage.push([stage.event("classroom.joined", "u-77", "08:19:00")])
    stage.later.pass_by()
    assert len({id(watcher._queue[0]) for watcher in watchers}) == 1


async def test_another_cohorts_events_wake_nobody(stage: Stage) -> None:
    await stage.cohort(cohort_file(OTHER))
    watcher = await stage.watch()
    heard(watcher)
    await stage.push([stage.event("classroom.joined", "u-1", "08:19:00", cohort=OTHER)])
    assert (stage.later.pass_by(), heard(watcher)) == (0, [])


async def test_nothing_is_due_while_nobody_watches(stage: Stage) -> None:
    await stage.live.answer(COHORT, None, None, stage.clock())
    assert stage.live.due() is None
    watcher = await stage.watch()
    assert stage.live.due() == instant("2026-05-11T08:30:00.001+08:00")
    stage.live.leave(COHORT, watcher)
    assert stage.live.due() is None
