"""Live cohorts: what is told, to whom, when; and that snapshot and changes are a fresh fetch, always."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest import sources
from monitor.instant import instant
from monitor.live import Live, PositionUnknown, Watcher, difference
from monitor.live.change import together
from monitor.live.turns import Turns
from monitor.live.watch import MOST_KEPT, MOST_WAITING, REFETCH, Channel
from monitor.store import erasure
from monitor.store.entry import Entry
from monitor.store.ledger import Erasing
from monitor.store.log import Log
from tests.live_state import apply
from tests.serve.school import COHORT, OTHER, Clock, cohort_file


class Later:
    """Calls are made when a test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def pass_by(self) -> int:
        calls, self.calls = self.calls, []
        for call in calls:
            call()
        return len(calls)


class Stage:
    """A log, live cohorts over it, and time in hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = Log(path)
        self.clock = Clock("2026-05-11T08:20:00+08:00")
        self.later = Later()
        self.live = self.fresh()
        self._sent = 0

    def fresh(self) -> Live:
        """Another one over the same log, as after a restart."""
        return Live(
            self.log,
            sources,
            self.clock,
            demo=lambda plan: False,
            mask=lambda name: name and f"{name[0]}*",
            later=self.later,
        )

    def _then(self, entry: Entry) -> None:
        self.live.took(entry, sources.taken(entry))

    async def cohort(self, content: dict[str, Any]) -> Entry:
        name = content["cohort"]["id"]
        body = json.dumps(content).encode()
        return await self.log.append(
            "cohort", "staff", self.clock(), {"cohort": name}, body, "office/1", then=self._then
        )

    async def push(self, events: list[dict[str, Any]]) -> Entry:
        body = json.dumps(events).encode()
        return await self.log.append("delivery", "main", self.clock(), {}, body, "native/1", then=self._then)

    def event(self, kind: str, account: str, at: str, **data: Any) -> dict[str, Any]:
        self._sent += 1
        when = at if "T" in at else f"2026-05-11T{at}+08:00"
        said = {"room": "room-1", "account": account, "connection": f"c-{account}", **data}
        return {
            "specversion": "1.0",
            "id": f"e{self._sent}",
            "source": "main",
            "type": kind,
            "time": when,
            "data": said,
        }

    async def watch(self, view: str = "full", after: str | None = None, live: Live | None = None) -> Watcher:
        watcher = await (live or self.live).watch(COHORT, view, after, self.clock())  # type: ignore[arg-type]
        assert watcher is not None
        return watcher

    async def fetched(self, view: str = "full") -> dict[str, Any]:
        """What somebody who comes now, after a restart, is told."""
        live = self.fresh()
        watcher = await self.watch(view, live=live)
        (message,) = heard(watcher)
        return message["state"]


def heard(watcher: Watcher) -> list[dict[str, Any]]:
    """What waits for a watcher."""
    found = []
    while watcher._queue:
        found.append(json.loads(watcher._queue.popleft()))
    return found


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    found = Stage(tmp_path / "log.sqlite")
    await found.cohort(cohort_file())
    yield found
    await found.log.close()


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
    assert state.keys() - ours.keys() == {"version", "roster", "now", "running", "next", "quiet"}


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
    from monitor.event import rfc3339

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


async def test_who_comes_back_gets_only_what_was_missed(stage: Stage) -> None:
    watcher = await stage.watch()
    state = apply(None, heard(watcher)[0])
    position = stage.live._places[COHORT].channel.position
    stage.live.leave(COHORT, watcher)
    stage.clock.to("08:21:00")
    await stage.push([stage.event("classroom.joined", "u-77", "08:20:30")])
    again = await stage.watch(after=position)
    messages = heard(again)
    assert [message["type"] for message in messages] == ["resumed", "change"]
    for message in messages:
        state = apply(state, message)
    assert await stage.fetched() == state


async def test_who_missed_nothing_is_told_so_even_after_a_restart(stage: Stage) -> None:
    watcher = await stage.watch()
    position = heard(watcher)[0]["position"]
    again = await stage.watch(after=position, live=stage.fresh())
    assert heard(again) == [{"type": "resumed", "position": position}]


async def test_who_was_away_too_long_gets_a_snapshot(stage: Stage) -> None:
    watcher = await stage.watch(after="of-another-time")
    assert [message["type"] for message in heard(watcher)] == ["snapshot"]


async def test_who_does_not_keep_up_is_told_to_refetch_and_let_go(stage: Stage) -> None:
    slow, good = await stage.watch(), await stage.watch()
    for n in range(MOST_WAITING + 5):
        stage.clock.now += 1000
        await stage.push([stage.event("classroom.joined", f"x-{n}", "08:19:00")])
        stage.later.pass_by()
        heard(good)
    assert (slow.slow, good.slow) == (True, False)
    assert [await slow.next(), await slow.next()] == [REFETCH, None]
    assert (stage.live.slow, stage.live.watchers) == (1, 1)


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


async def test_the_ring_keeps_so_many_changes_and_no_more() -> None:
    channel = Channel()
    for n in range(MOST_KEPT + 10):
        change = {"values": {"n": n}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full", most_waiting=10_000)
    channel.join(watcher, "9", lambda _: {})
    assert heard(watcher)[0]["type"] == "resumed"
    watcher = Watcher("full")
    channel.join(watcher, "8", lambda _: {})
    assert heard(watcher)[0]["type"] == "snapshot"


async def test_who_missed_much_is_told_of_it_in_one_change() -> None:
    channel = Channel()
    for n in range(MOST_WAITING + 10):
        change = {"values": {"n": n}, "rows": {"people": {f"t{n % 7}": {"id": f"t{n % 7}", "n": n}}}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "0", lambda _: {})
    resumed, message = heard(watcher)
    assert resumed == {"type": "resumed", "position": "0"}
    assert (message["position"], message["values"]) == ("73", {"n": 73})
    assert sorted(row["n"] for row in message["rows"]["people"].values()) == [67, 68, 69, 70, 71, 72, 73]


async def test_who_missed_more_than_may_wait_gets_a_snapshot_after_all() -> None:
    channel = Channel()
    for n in range(MOST_WAITING + 10):
        change = {"values": {"n": n}, "lists": {"findings": [n, 0, [n]]}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "0", lambda _: {"n": MOST_WAITING + 9})
    found = None
    for message in heard(watcher):
        found = apply(found, message)
    assert found == {"n": MOST_WAITING + 9}


_row = st.fixed_dictionaries({"id": st.sampled_from("abcd"), "n": st.integers(0, 3)})
_state = st.fixed_dictionaries(
    {
        "rate": st.none() | st.text(max_size=2),
        "people": st.lists(_row, max_size=4, unique_by=lambda row: row["id"]),
        "findings": st.lists(st.integers(0, 2), max_size=5),
    },
    optional={"demo": st.just(True), "extra": st.lists(st.integers(0, 1), max_size=2)},
)


@given(_state, _state)
def test_applied_to_the_old_state_a_difference_makes_the_new_one(old: Any, new: Any) -> None:
    change = difference(old, new)
    assert apply(old, {"type": "change", **change}) == new
    assert (change == {}) == (old == new)


async def test_what_can_be_sent_at_once_does_not_wait_in_the_queue() -> None:
    """What can't be waits, and all that comes behind it, even if that could be sent: in the order it came."""
    sent: list[bytes] = []
    taking = True

    def send(message: bytes) -> bool:
        if taking:
            sent.append(message)
        return taking

    watcher = Watcher("full")
    watcher.tell(b"snapshot")
    watcher.send = send
    watcher.tell(b"1")
    assert (sent, await watcher.next(), await watcher.next()) == ([], b"snapshot", b"1")
    watcher.tell(b"2")
    taking = False
    watcher.tell(b"3")
    taking = True
    watcher.tell(b"4")
    assert (sent, await watcher.next(), await watcher.next()) == ([b"2"], b"3", b"4")
    watcher.tell(b"5")
    watcher.end()
    watcher.tell(b"6")
    assert (sent, await watcher.next()) == ([b"2", b"5"], None)


@given(_state, _state, _state)
def test_two_changes_together_are_one_after_the_other(first: Any, second: Any, third: Any) -> None:
    changes = difference(first, second), difference(second, third)
    both = together(*changes)
    if both is not None:
        assert apply(first, {"type": "change", **both}) == third
    else:
        assert changes[0]["lists"].keys() & {*changes[1].get("lists", ()), *changes[1].get("rows", ())}


class Seconds:
    """Time that passes only while somebody is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_telling_takes_no_more_than_half_of_the_time_and_passes_nobody_over() -> None:
    seconds, told = Seconds(), []
    asked: list[tuple[float, Callable[[], None]]] = []

    def tell(name: str) -> None:
        told.append((name, round(seconds.now, 3)))
        seconds.now += 0.2

    turns = Turns(lambda wait, call: asked.append((seconds.now + wait, call)), seconds, tell)
    for name in ("a", "b", "a", "c"):
        turns.add(name)
    for _ in range(6):
        at, call = asked.pop(0)
        seconds.now = max(seconds.now, at)
        call()
        turns.add("a")
    assert told == [("a", 0.0), ("b", 0.38), ("c", 0.78), ("a", 1.18), ("a", 1.58), ("a", 1.98)]


def test_while_telling_takes_little_nobody_waits() -> None:
    seconds, waits = Seconds(), []

    def later(wait: float, call: Callable[[], None]) -> None:
        waits.append(wait)
        calls.append(call)

    calls: list[Callable[[], None]] = []
    turns = Turns(later, seconds, lambda name: setattr(seconds, "now", seconds.now + 0.001))
    for step in range(100):
        seconds.now = step * 0.02
        for name in "abcdefghi":
            turns.add(name)
        while calls:
            calls.pop()()
    assert set(waits) == {0.0}


def test_a_turn_that_fails_stops_nobody() -> None:
    seconds, told = Seconds(), []
    asked: list[Callable[[], None]] = []

    def tell(name: str) -> None:
        told.append(name)
        if name == "a":
            raise RuntimeError

    turns = Turns(lambda wait, call: asked.append(call), seconds, tell)
    turns.add("a")
    turns.add("b")
    with pytest.raises(RuntimeError):
        asked.pop(0)()
    asked.pop(0)()
    turns.add("a")
    assert (told, len(asked)) == (["a", "b"], 1)


async def test_who_comes_back_in_the_middle_gets_each_change_once() -> None:
    channel = Channel()
    for n in range(5):
        change = {"values": {"n": n}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "2", lambda _: {})
    assert [message["position"] for message in heard(watcher)] == ["2", "4"]
    watcher = Watcher("full")
    channel.join(watcher, "3", lambda _: {})
    assert heard(watcher)[1:] == [{"type": "change", "position": "4", "values": {"n": 4}}]
