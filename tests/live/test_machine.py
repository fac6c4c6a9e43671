"""Whatever happens in whatever order, snapshot and changes make the state that somebody told afresh gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Collection
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitor.ingest import sources
from monitor.instant import instant, rfc3339
from monitor.live import Live, Watcher
from monitor.live.watch import MOST_WAITING
from monitor.store.entry import Entry
from tests.hours.cohorts import Made, classes, law, made
from tests.live.state import apply

COHORT = "c-1"


class Entries:
    """A log in memory: of the real one what live cohorts read."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []

    def add(self, kind: str, source: str, at: int, headers: dict[str, str], body: Any) -> Entry:
        data = json.dumps(body, ensure_ascii=False).encode()
        place = len(self.kept) + 1
        entry = Entry(place, kind, source, at, headers, data, "native/1", f"{place:064x}")
        self.kept.append(entry)
        return entry

    def head(self) -> tuple[int, str]:
        return len(self.kept), self.kept[-1].hash

    async def entry(self, position: int) -> Entry:
        return self.kept[position - 1]

    async def read(
        self, after: int = 0, kinds: Collection[str] = (), sources: Collection[str] = (), until: int = 0
    ) -> AsyncGenerator[Entry]:
        for entry in self.kept[after:until]:
            if entry.kind in kinds and entry.source in sources:
                await asyncio.sleep(0)
                yield entry


class Seat:
    """One who watches: what was told so far, and the state that this makes."""

    def __init__(self, view: str, watcher: Watcher, state: dict[str, Any] | None) -> None:
        self.view, self.watcher, self.state = view, watcher, state
        self.position = ""

    def hear(self) -> list[str]:
        kinds = []
        while self.watcher._queue:
            message = json.loads(self.watcher._queue.popleft())
            kinds.append(message["type"])
            self.state = apply(self.state, message)
            self.position = message.get("position", self.position)
        return kinds


class Classroom(RuleBasedStateMachine):
    """Events, the clock, files of the cohort; watchers that come, go, come back and fall behind."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.log = Entries()
        self.calls: list[Callable[[], None]] = []
        self.seats: list[Seat] = []
        self.left: list[Seat] = []
        self.now = 0

    def teardown(self) -> None:
        if self.log.kept:
            self.everybody_is_right()
        self.loop.close()

    def fresh(self) -> Live:
        return Live(
            self.log,  # type: ignore[arg-type]
            sources,
            lambda: self.now,
            demo=lambda plan: False,
            mask=lambda name: name and f"{name[0]}*",
            later=lambda seconds, call: self.calls.append(call),
        )

    @initialize(whole=st.one_of(made(), classes()), seed=st.integers(0, 2**16))
    def a_class(self, whole: Made, seed: int) -> None:
        self.rng = Random(seed)
        self.cohort = whole.cohort
        told = [event for event in whole.events if event["source"] in ("main", "alt", "third")]
        arrives = {
            id(event): instant(event["time"]) + self.rng.choice([-30_000, 0, 1, 1000, 1000, 1000, 300_000])
            for event in told
        }
        self.waiting = sorted(told, key=lambda event: arrives[id(event)])
        self.arrives = [arrives[id(event)] for event in self.waiting]
        self.ends = [instant(end) for one in whole.cohort["sessions"] for _, end in one["periods"]]
        self.now = min([*self.arrives, *self.ends]) - 60_000
        self.live = self.fresh()
        self.file()

    def file(self) -> None:
        self.took(self.log.add("cohort", "staff", self.now, {"cohort": COHORT}, self.cohort))

    async def _watch(self, live: Live, view: str, after: str | None) -> Watcher:
        watcher = await live.watch(COHORT, view, after, self.now)  # type: ignore[arg-type]
        assert watcher is not None
        return watcher

    # --- what may happen -------------------------------------------------------------------------------

    @precondition(lambda self: self.waiting)
    @rule(count=st.integers(1, 20), deliveries=st.integers(1, 3))
    def a_platform_pushes(self, count: int, deliveries: int) -> None:
        for _ in range(deliveries):
            part, self.waiting = self.waiting[:count], self.waiting[count:]
            times, self.arrives = self.arrives[:count], self.arrives[count:]
            self.now = max([self.now, *times])
            for source in sorted({event["source"] for event in part}):
                body = [event for event in part if event["source"] == source]
                self.took(self.log.add("delivery", source, self.now, {}, body))

    def took(self, entry: Entry) -> None:
        self.loop.run_until_complete(self._took(entry))

    async def _took(self, entry: Entry) -> None:
        self.live.took(entry, sources.taken(entry))

    @rule()
    def somebody_corrects(self) -> None:
        session = self.rng.choice(self.cohort["sessions"])
        person = self.rng.choice(self.cohort["people"])
        said = {
            "person": person["id"],
            "session": session["id"],
            "period": None,
            "credit": self.rng.random() < 0.5,
        }
        event = {
            "specversion": "1.0",
            "id": f"c-{len(self.log.kept)}",
            "source": "staff",
            "type": "attendance.corrected",
            "time": rfc3339(self.now),
            "data": {**said, "reason": "核实", "by": "甲", "approved_by": "乙"},
        }
        self.took(self.log.add("delivery", "staff", self.now, {}, [event]))

    @rule(ms=st.one_of(st.integers(1, 120_000), st.sampled_from([1, 90_001, 2_700_000])))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def time_passes_to_what_is_due(self) -> None:
        due = self.live.due()
        if due is not None:
            self.now = max(self.now, due + self.rng.choice([-1, 0, 0, 1]))
            self.tick()

    @rule()
    def tick(self) -> None:
        self.loop.run_until_complete(self._tick())

    async def _tick(self) -> None:
        self.live.tick(self.now)

    @rule()
    def boards_are_told(self) -> None:
        self.loop.run_until_complete(self._turns())

    async def _turns(self) -> None:
        while self.calls:
            calls, self.calls = self.calls, []
            for call in calls:
                call()
        while self.live._tasks:
            await asyncio.gather(*self.live._tasks)

    @rule(view=st.sampled_from(["full", "masked"]))
    def somebody_comes(self, view: str) -> None:
        watcher = self.loop.run_until_complete(self._watch(self.live, view, None))
        self.seats.append(Seat(view, watcher, None))

    @precondition(lambda self: self.seats)
    @rule(hears=st.booleans())
    def somebody_goes(self, hears: bool) -> None:
        seat = self.seats.pop(self.rng.randrange(len(self.seats)))
        if hears:
            seat.hear()
        self.live.leave(COHORT, seat.watcher)
        self.left.append(seat)

    @precondition(lambda self: self.left)
    @rule()
    def somebody_comes_back(self) -> None:
        seat = self.left.pop()
        after = seat.position or None
        seat.watcher = self.loop.run_until_complete(self._watch(self.live, seat.view, after))
        self.seats.append(seat)

    @rule()
    def somebody_asks(self) -> None:
        asked = self.rng.choice([None, None, self.now, self.now - 60_000])
        self.loop.run_until_complete(self.live.answer(COHORT, asked, None, self.now))

    @rule()
    def a_file_is_changed(self) -> None:
        people = [dict(person) for person in self.cohort["people"]]
        person = self.rng.choice(people)
        person["name"] = f"新{len(self.log.kept)}"
        if self.rng.random() < 0.5:
            person["accounts"] = [f"bound-{len(self.log.kept)}"]
        self.cohort = {**self.cohort, "people": people}
        self.file()

    # --- what must hold --------------------------------------------------------------------------------

    @invariant()
    def nobody_waits_for_more_than_fits(self) -> None:
        assert all(len(seat.watcher._queue) <= MOST_WAITING for seat in self.seats)

    @precondition(lambda self: self.seats)
    @rule()
    def everybody_is_right(self) -> None:
        """Told of all that has happened by now, they have the state that a service started now tells."""
        self.boards_are_told()
        self.tick()
        expected: dict[str, Any] = {}
        for seat in list(self.seats):
            if "refetch" in seat.hear():
                self.seats.remove(seat)
                continue
            if seat.view not in expected:
                other = self.fresh()
                watcher = self.loop.run_until_complete(self._watch(other, seat.view, None))
                expected[seat.view] = json.loads(watcher._queue[0])
            assert seat.state == expected[seat.view]["state"]
            assert seat.position == expected[seat.view]["position"]


TestClassroom = Classroom.TestCase
TestClassroom.settings = law
