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
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Final

import msgspec

from monitor.event import OURS, Event
from monitor.hours.fold import Fold, Result
from monitor.hours.plan import Plan, open_cohort
from monitor.hours.recount import document
from monitor.live.versions import Versions
from monitor.store.entry import Entry
from monitor.store.log import Log

Decode = Callable[[Entry], Iterable[Event]]
"""The events of an entry that were taken; wired to the table of sources."""

Progress = Callable[[int, int], None]
"""Told how far something is, and how far it will go."""

_REMEMBERED: Final = 4
"""Answers remembered for one cohort; one for an instant long passed has a fold of its own."""
_BREATH: Final = 2_000
"""Events folded before others get a turn."""


class Arrivals:
    """When each entry that told something about the cohort arrived, and where it stands in the log."""

    def __init__(self) -> None:
        self._at, self._positions = array("q"), array("q")

    def add(self, entry: Entry) -> None:
        """One more."""
        self._at.append(entry.at)
        self._positions.append(entry.position)

    def positions(self, first: Container[int]) -> Iterator[int]:
        """Every position, those that arrived at one of these instants first."""
        for there in (True, False):
            for at, position in zip(self._at, self._positions, strict=True):
                if (at in first) is there:
                    yield position


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
    """A cohort in memory. `version` is the entry of its file; `take` every later entry, in order."""

    def __init__(self, version: Entry) -> None:
        self.plan = open_cohort(version.body)
        self.fold = Fold(self.plan)
        self.version = version.position
        self.position = version.position
        self.head = version.hash
        self.sources = frozenset(self.plan.sources) | set(OURS)
        self._as_of = version.at
        self._ahead: list[int] = []
        self._told: dict[int, Told] = {}
        self._due: int | None = None
        self._due_known = False
        self._arrivals = Arrivals()

    def take(self, entry: Entry, events: Iterable[Event]) -> bool:
        """Folds an entry's events; whether any of them concerns this cohort."""
        concerned = False
        for event in events:
            if self.fold.touches(event):
                self.fold.sort_to(entry.at)
                self.fold.add(event)
                concerned = True
                if event.at >= entry.at:  # spans are half-open: what it does is seen from the instant after
                    heapq.heappush(self._ahead, event.at + 1)
        if concerned:
            self._told.clear()
            self._due_known = False
            self._arrivals.add(entry)
            self._as_of = max(self._as_of, entry.at)
            if entry.position > self.position:
                self.position, self.head = entry.position, entry.hash
        return concerned

    def due(self) -> int | None:
        """The next instant at which time alone changes something, after the last change; None for never."""
        if not self._due_known:
            self._due, self._due_known = self._next(), True
        return self._due

    def _next(self) -> int | None:
        while self._ahead and self._ahead[0] <= self._as_of:
            heapq.heappop(self._ahead)
        by_rule = self.fold.next_change(self._as_of)
        if self._ahead and (by_rule is None or self._ahead[0] < by_rule):
            return self._ahead[0]
        return by_rule

    def last_change(self, now: int) -> int:
        """The last instant up to `now` at which something changed."""
        while (due := self.due()) is not None and due <= now:
            self._as_of = max(due, self._as_of + 1)
            self._due_known = False
        return self._as_of

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
    decode: Decode,
    cohort: str,
    until: int,
    versions: Versions | None = None,
    progress: Progress = lambda _position, _until: None,
) -> Held | None:
    """The cohort folded from the log up to a position; None where the log knows no such cohort.

    `progress` is told now and then at which position it is, and in the end that it is at the last.
    """
    version = await (versions or Versions(log)).at(cohort, until)
    if version is None:
        return None
    held = Held(version)
    folded = 0
    async with aclosing(log.read(kinds={"delivery"}, sources=held.sources, until=until)) as entries:
        async for entry in entries:
            events = list(decode(entry))
            held.take(entry, events)
            folded += len(events) + 1
            if folded >= _BREATH and entry.position < until:
                folded = 0
                progress(entry.position, until)
                await asyncio.sleep(0)
    progress(until, until)
    return held
