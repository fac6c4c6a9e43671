"""What one person left behind: connections and sign-in marks, and what a period gets of them.

In: connections and marks. Out: milliseconds by category for a period. Never: a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from monitor.hours import sign_in
from monitor.hours.evidence import FOREVER, Connection
from monitor.hours.measuring import MOST, measured
from monitor.hours.plan import Period, Plan, Slot, rooms_of
from monitor.hours.sign_in import Mark, Presence
from monitor.hours.span import Span, merged, totals
from monitor.hours.verdict import Milliseconds

_FEW: Final = 6  # periods, up to which one by one costs less than columns


class Touch(NamedTuple):
    """What came of a person since the last time somebody asked.

    Nothing before `since` (ms) changed. `connections` were told something; `more` says that there was
    something else than that: a mark, a correction.
    """

    since: int
    connections: list[Connection]
    more: bool

    def and_then(self, later: Touch) -> Touch:
        """Both together."""
        connections = self.connections + [one for one in later.connections if one not in self.connections]
        return Touch(min(self.since, later.since), connections, self.more or later.more)


class Traces:
    """One person's traces in one cohort. Settled periods are measured once, until something touches them.

    `since` (ms) is FOREVER until something comes, then the earliest instant of which something changed.
    """

    def __init__(self, plan: Plan, person: str, touched: list[str]) -> None:
        """`person`, by id, stands in `touched` as long as there is something to ask `touch` for."""
        self._plan = plan
        self._person = person
        self._touched = touched
        self.since = FOREVER
        self._stirred: list[Connection] = []
        self._more = False
        self.rooms: dict[str, list[Connection]] = defaultdict(list)
        self.marks: dict[Slot, list[Mark]] = defaultdict(list)
        self._measured: dict[int, Milliseconds] = {}
        self._measured_until = 0

    def connections(self) -> Iterator[Connection]:
        """All of them, room by room."""
        for there in self.rooms.values():
            yield from there

    def add(self, connection: Connection) -> None:
        """Take a new connection of this person."""
        self.rooms[connection.room].append(connection)

    def mark(self, slot: Slot, mark: Mark) -> None:
        """Take a sign-in or sign-out in a slot."""
        self.marks[slot].append(mark)
        self.touched(slot.start)

    def touched(self, since: int) -> None:
        """Something else than a connection's events came that may change things from `since` (ms) on."""
        self._more = True
        self._changed(since)

    def touch(self) -> Touch:
        """What came since this was asked last."""
        found = Touch(self.since, self._stirred, self._more)
        self.since, self._stirred, self._more = FOREVER, [], False
        return found

    def settle(self, connection: Connection) -> None:
        """Fold what came in of one of the connections since the last time."""
        changed = connection.settle()
        if changed < FOREVER:
            self._stirred.append(connection)
            self._changed(changed)

    def _changed(self, since: int) -> None:
        if self.since == FOREVER:
            self._touched.append(self._person)
        self.since = min(self.since, since)
        if since < self._measured_until:
            for number in [number for number in self._measured if self._plan.periods[number].end > since]:
                del self._measured[number]

    def presence(self, slot: Slot) -> Presence:
        """The stays in a slot."""
        return sign_in.presence(self.marks.get(slot, ()), slot, self._plan.policy)

    def signed_in(self, slot: Slot) -> bool:
        """Whether the slot has an accepted sign-in of this person."""
        policy = self._plan.policy
        marks = self.marks.get(slot, ())
        return any(mark[1] == sign_in.IN and sign_in.accepted(mark, slot, policy) for mark in marks)

    def timeline(self, period: Period, as_of: int) -> list[Span]:
        """An online period's seconds up to `as_of`, each with the category that holds."""
        end = min(period.end, as_of)
        spans = [
            span
            for room in rooms_of(period.session)
            for connection in self.rooms.get(room, ())
            if connection.tells_of(period.start, end)
            for span in connection.spans(period.start, end, as_of)
        ]
        return merged(spans, period.start, end)

    def measure_settled(self, as_of: int) -> None:
        """Measures, many at once, the online periods that are settled and were not measured yet."""
        silence_ms = self._plan.policy.silence_ms
        for rooms, periods in self._plan.online.items():
            some = [p for p in periods if p.end + silence_ms <= as_of and p.number not in self._measured]
            if len(some) > _FEW:
                there = [connection for room in rooms for connection in self.rooms.get(room, ())]
                if len(there) > MOST:
                    continue
                numbers = [period.number for period in some]
                self._measured.update(zip(numbers, measured(there, some, as_of), strict=True))
                self._measured_until = max(self._measured_until, *(period.end for period in some))

    def measure(self, period: Period, as_of: int) -> Milliseconds:
        """Milliseconds by category of a period that has begun, up to `as_of`; they add up to its length."""
        settled = as_of >= period.end + self._plan.policy.silence_ms
        known = self._measured.get(period.number) if settled else None
        if known is not None:
            return known
        if period.session.mode == "online":
            found = totals(self.timeline(period, as_of))
        else:
            end = min(period.end, as_of)
            found = sign_in.categories(self.presence(period.slot), period.start, end)
        if settled:
            self._measured[period.number] = found
            self._measured_until = max(self._measured_until, period.end)
        return found
