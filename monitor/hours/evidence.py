"""Online evidence: the events of one connection to a timeline of categories (RULES section 4).

In: beats (what an event does to a connection) in any order. Out: spans of categories, stays in the room.
Never: adds up connections, knows periods.

::

    events    joined   on  on  on          on   off       left
    stretch     |lead-in|---|---|----------|----|---------|
    category    |n.e|v  |  valid |no evidence|valid|camera off| not in room
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

from monitor.hours.span import AWAITING, CAMERA_OFF, NO_EVIDENCE, NOT_IN_ROOM, OPEN, VALID, Span

# What an event does, and its rank among events of one instant.
JOIN, JOIN_ON, JOIN_OFF, ON, OFF, LEFT, ENDED = range(7)
RANK: Final = (0, 0, 0, 1, 2, 3, 4)

_OUT, _UNKNOWN, _ON, _OFF = range(4)
_STATE_AFTER: Final = (_UNKNOWN, _ON, _OFF, _ON, _OFF, _OUT, _OUT)

FOREVER: Final = 1 << 62

Beat = tuple[int, int, str, int, str | None]
"""(instant, rank, event id, what it does, stream): sorts as RULES section 4 orders events."""


class Believes(NamedTuple):
    """How a source's evidence is read, in milliseconds: by states or by beats."""

    states: bool
    silence_ms: int
    limit_ms: int
    lead_ms: int


class Stay(NamedTuple):
    """From an entry into a room to the leave; `to` None while there is none."""

    start: int
    end: int | None
    start_by: str
    end_by: str | None


class Connection:
    """One device's stay in a room (RULES section 1). Beats go in by `fresh`; `settle` folds them.

    The timeline is `starts` and `categories` (each lasts until the next begins), closed at `last`, the
    instant of the last event that was not skipped; what follows it depends on when one asks.
    """

    __slots__ = (
        "account",
        "beats",
        "believes",
        "categories",
        "connection",
        "fresh",
        "instance",
        "last",
        "room",
        "source",
        "starts",
        "state",
        "stays",
        "strays",
        "streams",
    )

    def __init__(
        self, believes: Believes, source: str, room: str, instance: str, account: str, connection: str
    ) -> None:
        self.believes = believes
        self.source = source
        self.room = room
        self.instance = instance
        self.account = account
        self.connection = connection
        self.fresh: list[Beat] = []
        self.beats: list[Beat] = []
        self._forget()

    def _forget(self) -> None:
        self.starts: list[int] = []
        self.categories: list[int] = []
        self.stays: list[Stay] = []
        self.strays: list[tuple[int, str]] = []
        self.streams: set[str] = set()
        self.state = _OUT
        self.last = 0

    def settle(self) -> int:
        """Fold what is fresh; returns the instant from which on the timeline may have changed."""
        if not self.fresh:
            return FOREVER
        fresh = sorted(self.fresh)
        self.fresh.clear()
        if not self.beats:
            self.beats = fresh
            self._fold(fresh)
            return fresh[0][0]
        place = bisect_right(self.beats, fresh[0])
        if place == len(self.beats):
            changed = min(self.last, fresh[0][0]) if self.starts else fresh[0][0]
            self.beats.extend(fresh)
            self._fold(fresh)
            return changed
        self.beats.extend(fresh)
        self.beats.sort()
        self._forget()
        self._fold(self.beats[:place])
        changed = min(self.last, fresh[0][0]) if self.starts else fresh[0][0]
        self._fold(self.beats[place:])
        return changed

    def _fold(self, beats: list[Beat]) -> None:
        believes = self.believes
        by_states, silence_ms = believes.states, believes.silence_ms
        starts, categories, streams = self.starts, self.categories, self.streams
        state, last = self.state, self.last
        for at, _, event_id, does, stream in beats:
            if does == ON:
                if stream is not None:
                    streams.add(stream)
                elif state == _ON and not by_states:
                    # A beat after a beat, the camera on: nearly all of what there ever is.
                    category = VALID if at - last <= silence_ms else NO_EVIDENCE
                    if at > last and categories[-1:] != [category]:
                        starts.append(last)
                        categories.append(category)
                    last = at
                    continue
            elif does == OFF:
                if stream is None:
                    streams.clear()
                else:
                    streams.discard(stream)
                    if streams:
                        continue
                if state == _OUT:
                    continue
            elif does >= LEFT:
                if state == _OUT:
                    if does == LEFT:
                        self.strays.append((at, event_id))
                    continue
                streams.clear()
            elif does == JOIN:
                if by_states and state != _OUT:
                    continue
            elif does == JOIN_OFF:
                streams.clear()
            new = _STATE_AFTER[does]
            if starts:
                self._stretch(state, last, at, new)
            else:
                starts.append(at)  # the timeline begins with the first event that counts
                categories.append(NOT_IN_ROOM)
            self._door(state, new, at, does)
            state, last = new, at
        self.state, self.last = state, last

    def _door(self, state: int, new: int, at: int, does: int) -> None:
        """Keep when the person came in and went out, and by which event."""
        if state == _OUT:
            self.stays.append(Stay(at, None, "joined" if does <= JOIN_OFF else "implied", None))
        elif new == _OUT:
            came = self.stays[-1]
            self.stays[-1] = Stay(came.start, at, came.start_by, "left" if does == LEFT else "ended")

    def _stretch(self, state: int, p: int, n: int, new: int) -> None:
        """The categories of the stretch from an event at p, which left `state`, to its next at n."""
        believes = self.believes
        if state == _OUT:
            self._put(p, n, NOT_IN_ROOM)
        elif state == _OFF:
            self._put(p, n, CAMERA_OFF)
        elif believes.states:
            believed = min(p + believes.limit_ms, n) if state == _ON else p
            self._put(p, believed, VALID)
            self._put(believed, n, NO_EVIDENCE)
        elif state == _ON:
            self._put(p, n, VALID if n - p <= believes.silence_ms else NO_EVIDENCE)
        else:
            led_in = min(believes.lead_ms, n - p) if new == _ON and n - p <= believes.silence_ms else 0
            self._put(p, n - led_in, NO_EVIDENCE)
            self._put(n - led_in, n, VALID)

    def _put(self, start: int, end: int, category: int) -> None:
        if start < end and self.categories[-1:] != [category]:
            self.starts.append(start)
            self.categories.append(category)

    def tail(self, as_of: int) -> list[Span]:
        """The stretch after the last event, as far as it is more than being out of the room."""
        believes, p = self.believes, self.last
        if self.state == _OUT:
            return []
        if self.state == _OFF:
            return [(p, FOREVER, CAMERA_OFF)]
        if not believes.states:
            return [(p, FOREVER, AWAITING if as_of - p <= believes.silence_ms else NO_EVIDENCE)]
        if self.state == _UNKNOWN:
            return [(p, FOREVER, NO_EVIDENCE)]
        return [(p, p + believes.limit_ms, OPEN), (p + believes.limit_ms, FOREVER, NO_EVIDENCE)]

    def spans(self, start: int, end: int, as_of: int) -> list[Span]:
        """What this connection says of `[start, end)`; spans out of the room are left out."""
        found: list[Span] = []
        starts, categories = self.starts, self.categories
        if starts and self.last > start and starts[0] < end:
            for place in range(max(bisect_right(starts, start) - 1, 0), len(starts)):
                low = starts[place]
                if low >= end:
                    break
                high = starts[place + 1] if place + 1 < len(starts) else self.last
                if categories[place] != NOT_IN_ROOM and high > start:
                    found.append((max(low, start), min(high, end), categories[place]))
        if self.state != _OUT and self.last < end:
            found += [
                (max(low, start), min(high, end), category)
                for low, high, category in self.tail(as_of)
                if low < end and high > start
            ]
        return found

    def in_room_at(self, at: int) -> Stay | None:
        """The stay that lasts at the instant `at`, events of that instant included; None when out."""
        place = bisect_right(self.stays, at, key=lambda stay: stay.start) - 1
        if place < 0:
            return None
        stay = self.stays[place]
        return stay if stay.end is None or stay.end > at else None

    def silent(self, as_of: int) -> bool:
        """Whether nothing has been heard for longer than the source's evidence is believed."""
        believed = self.believes.limit_ms if self.believes.states else self.believes.silence_ms
        return as_of - self.last > believed

    def next_change(self, as_of: int) -> int | None:
        """The next instant after `as_of` at which time alone changes what this connection says."""
        if self.state in (_OUT, _OFF):
            return None
        if not self.believes.states:
            due = self.last + self.believes.silence_ms + 1
        elif self.state == _ON:
            due = self.last + self.believes.limit_ms
        else:
            return None
        return due if due > as_of else None
