"""One cohort, folded from the log: its plan, its fold, and the last instant at which anything changed.

In: entries of the log, in order of position. Out: what the cohort's answer is at an instant. Never: reads a
clock, decides who may see it.

The last change is the latest of: the arrival of the cohort's file, of an entry that told something about the
cohort, the time of an event stamped ahead of its arrival, and the instants that the fold names, at which time
alone changes something (a silence, the end of a period). It follows from the log and `now` alone, so that a
restart changes no answer.
"""

from __future__ import annotations

import asyncio
import heapq
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol

import msgspec

from monitor.beats import Taken
from monitor.event import OURS, Event
from monitor.hours.evidence import FOREVER
from monitor.hours.fold import Fold, Result
from monitor.hours.ids import Doubt
from monitor.hours.memory import CLOCK_MS, LATE_MS
from monitor.hours.plan import Plan, open_cohort
from monitor.hours.recount import document
from monitor.hours.register import Register
from monitor.live.loose import Lot
from monitor.live.versions import Versions
from monitor.store.entry import Entry
from monitor.store.log import Log


class Decoder(Protocol):
    """Reads entries; wired to the table of sources."""

    def events(self, entry: Entry, /) -> Iterable[Event]:
        """The events of an entry that were taken."""

    def taken(self, entry: Entry, /) -> Taken:
        """The same, plain beats in columns."""


Progress = Callable[[int, int], None]
"""Told how far something is, and how far it will go."""

_REMEMBERED: Final = 4
"""Answers remembered for one cohort; one for an instant long passed has a fold of its own."""
_TOGETHER: Final = 64
"""Entries whose span of time is kept as one."""
_BREATH: Final = 2_000
"""Events folded before others get a turn."""


class Arrivals:
    """Where in the log the entries stand that told something about the cohort, and of which time."""

    def __init__(self) -> None:
        self._positions = array("q")
        self._spans: list[tuple[int, int]] = []

    def add(self, positions: Sequence[int], first: int, last: int) -> None:
        """More of them, in no order, whose events lie in `[first, last]` (ms)."""
        before = len(self._positions)
        self._positions.extend(positions)
        for number in range(before // _TOGETHER, (len(self._positions) - 1) // _TOGETHER + 1):
            if number == len(self._spans):
                self._spans.append((first, last))
            else:
                low, high = self._spans[number]
                self._spans[number] = (min(low, first), max(high, last))

    def positions(self, first: int, last: int) -> Iterator[int]:
        """The positions of all that may have told of `[first, last]`, in order."""
        found: set[int] = set()
        for number, (low, high) in enumerate(self._spans):
            if low <= last and high >= first:
                found.update(self._positions[number * _TOGETHER : (number + 1) * _TOGETHER])
        yield from sorted(found)


class Told(msgspec.Struct, frozen=True):
    """The cohort at `as_of`, from the log up to `position` (with `head`, the link there).

    `document` is section 3 of WIRE.md whole; `version` the position of the cohort file in force.
    """

    plan: Plan
    fold: Fold
    result: Result
    as_of: int
    position: int
    head: str
    version: int
    document: dict[str, Any]
    arrivals: Arrivals


class Held:
    """A cohort in memory. `version` is the entry of its file; `take` every later entry, in order.

    It keeps of most events no more than the fold needs, until that raises `Doubt`: then the cohort is to be
    folded again, `whole`. `until`: the last instant for which it will be asked.
    """

    def __init__(
        self, version: Entry, decoder: Decoder, *, whole: bool = False, until: int = FOREVER
    ) -> None:
        self.plan = open_cohort(version.body)
        self.fold = Fold(self.plan, lean=not whole, until=until)
        self.whole = whole
        self.until = until
        self._decoder = decoder
        self.version = version.position
        self.position = version.position
        self.head = version.hash
        self.sources = frozenset(self.plan.sources) | set(OURS)
        self._as_of = version.at
        self._ahead: list[int] = []
        self._told: dict[int, Told] = {}
        self._register: Register | None = None
        self._fresh = True
        self._arrivals = Arrivals()

    def take(self, entry: Entry, taken: Taken) -> bool:
        """Folds what was taken of an entry; whether any of it concerns this cohort. Doubt: see above."""
        if entry.source not in self.sources:
            return False
        beats = [found for name in (self.plan.cohort.id, None) if (found := taken.beats(name)) is not None]
        events = [event for event in taken.events if self.fold.touches(event)]
        if not beats and not events:
            return False
        at = [event.at for event in events]
        for some in beats:
            at += (some.first, some.last)
        first, last = min(at), max(at)
        self._told.clear()
        self._fresh = True
        self._arrivals.add((entry.position,), first, last)
        self._as_of = max(self._as_of, entry.at)
        if entry.position > self.position:
            self.position, self.head = entry.position, entry.hash
        if last >= entry.at:  # spans are half-open: what it does is seen from the instant after
            ahead = {*at, *(one for some in beats for one in some.at)}
            for one in ahead:
                if one >= entry.at:
                    heapq.heappush(self._ahead, one + 1)
        self.fold.sort_to(min(entry.at, self.until))
        if self.whole or first < entry.at - LATE_MS or last > entry.at + CLOCK_MS:
            events = [event for event in self._decoder.events(entry) if self.fold.touches(event)]
            beats = []
        for event in events:
            self.fold.add(event)
        for some in beats:
            self.fold.add_beats(entry.source, some)
        return True

    def take_many(self, lot: Lot) -> None:
        """The same of many entries that came one after the other."""
        if self.whole or lot.odd:
            for number in lot.which:
                self.take(*lot.parts[number])
        elif lot.last.source in self.sources:
            self._told.clear()
            self._fresh = True
            self._arrivals.add(lot.positions, lot.beats.first, lot.beats.last)
            self._as_of = max(self._as_of, lot.arrived)
            if lot.last.position > self.position:
                self.position, self.head = lot.last.position, lot.last.hash
            for one in set(lot.ahead):
                heapq.heappush(self._ahead, one + 1)
            self.fold.sort_to(min(lot.arrived, self.until))
            self.fold.add_beats(lot.last.source, lot.beats)

    def wait_for(self, beats: int) -> None:
        """From now on so many beats wait at most until they are folded though nobody asks."""
        self.fold.wait_for(beats)

    def stands_past(self, as_of: int) -> bool:
        """Whether it can't tell of an instant that is over, for it keeps no more than it needs for later."""
        return self.fold.stands_past(as_of)

    @property
    def as_of(self) -> int:
        """The last instant at which something changed, of those that were asked for."""
        return self._as_of

    @property
    def register(self) -> Register:
        """Where each stands and what each does, as of the last change that was asked for."""
        if self._register is None:
            self._register = Register(self.fold)
            self._register.turn(self._as_of)
            self._fresh = False
        return self._register

    def due(self) -> int | None:
        """The next instant at which time alone changes something, after the last change; None for never.

        What was taken since that was asked for is not in it yet.
        """
        by_rule = self.register.due()
        while self._ahead and self._ahead[0] <= self._as_of:
            heapq.heappop(self._ahead)
        if self._ahead and (by_rule is None or self._ahead[0] < by_rule):
            return self._ahead[0]
        return by_rule

    def last_change(self, now: int) -> int:
        """The last instant up to `now` at which something changed; the register stands there."""
        if self._fresh:
            self.register.turn(self._as_of)
            self._fresh = False
        passed = bisect_right(self.plan.instants, now)
        if passed and self.plan.instants[passed - 1] > self._as_of:
            self._turn(self.plan.instants[passed - 1])
        while (due := self.due()) is not None and due <= now:
            self._turn(due)
        return self._as_of

    def _turn(self, as_of: int) -> None:
        self._as_of = max(as_of, self._as_of + 1)
        self.register.turn(self._as_of)

    def tell(self, as_of: int) -> Told:
        """The answer at an instant; the last few are remembered until something new comes."""
        told = self._told.get(as_of)
        if told is None:
            fold = self.fold.at(as_of)
            result = fold.result(as_of)
            told = self._told[as_of] = Told(
                plan=self.plan,
                fold=fold,
                result=result,
                as_of=as_of,
                position=self.position,
                head=self.head,
                version=self.version,
                document=document(result),
                arrivals=self._arrivals,
            )
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        return told


async def fold_log(
    log: Log,
    decoder: Decoder,
    cohort: str,
    until: int,
    versions: Versions | None = None,
    progress: Progress = lambda _position, _until: None,
    *,
    whole: bool = False,
    as_of: int = FOREVER,
) -> Held | None:
    """The cohort folded from the log up to a position; None where the log knows no such cohort.

    `whole`: every event is kept. `as_of`: the last instant for which it will be asked. `progress` is told now
    and then at which position it is, and in the end that it is at the last.
    """
    version = await (versions or Versions(log)).at(cohort, until)
    if version is None:
        return None
    held = Held(version, decoder, whole=whole, until=as_of)
    folded = 0
    try:
        async with aclosing(log.read(kinds={"delivery"}, sources=held.sources, until=until)) as entries:
            async for entry in entries:
                taken = decoder.taken(entry)
                held.take(entry, taken)
                folded += len(taken.ids) + 1
                if folded >= _BREATH and entry.position < until:
                    folded = 0
                    progress(entry.position, until)
                    await asyncio.sleep(0)
    except Doubt:
        return await fold_log(log, decoder, cohort, until, versions, progress, whole=True, as_of=as_of)
    progress(until, until)
    return held
