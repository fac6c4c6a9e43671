"""Online evidence: the events of one connection to a timeline of categories (RULES section 4).

In: beats (what an event does to a connection) in any order. Out: spans of categories, stays in the room.
Never: adds up connections, knows periods.

::

    events    joined   on  on  on          on   off       left
    stretch     |lead-in|---|---|----------|----|---------|
    category    |n.e|v  |  valid |no evidence|valid|camera off| not in room
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
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
    """One device's stay in a room (RULES section 1). Events go in by `on_at` or `fresh`; `settle` folds them.

    Plain beats (the camera on, no stream) are nearly all of what there ever is: of them only the instants
    (`on`) and the ids (`on_ids`) are kept; their order among themselves at one instant changes nothing. All
    other events are `others`. The timeline is `starts` and `categories` (each lasts until the next begins),
    closed at `last`, the instant of the last event that was not skipped; what follows it depends on when one
    asks.
    """

    __slots__ = (
        "account",
        "believes",
        "categories",
        "connection",
        "fresh",
        "fresh_ids",
        "fresh_on",
        "instance",
        "last",
        "on",
        "on_ids",
        "others",
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
        self.fresh_on: list[int] = []
        self.fresh_ids: list[str] = []
        self.on = array("q")
        self.on_ids: list[str] = []
        self.others: list[Beat] = []
        self._forget()

    def _forget(self) -> None:
        self.starts: list[int] = []
        self.categories: list[int] = []
        self.stays: list[Stay] = []
        self.strays: list[tuple[int, str]] = []
        self.streams: set[str] = set()
        self.state = _OUT
        self.last = 0

    def on_at(self, at: int, event_id: str) -> None:
        """Take a plain beat: at `at` the camera was on."""
        self.fresh_on.append(at)
        self.fresh_ids.append(event_id)

    def settle(self) -> int:
        """Fold what is fresh; returns the instant from which on the timeline may have changed."""
        if not self.fresh and not self.fresh_on:
            return FOREVER
        on, ids, others = self.fresh_on, self.fresh_ids, sorted(self.fresh)
        if on != sorted(on):
            on, ids = _together_sorted(on, ids)
        first = min([*on[:1], *(beat[0] for beat in others[:1])])
        if (not self.on or self.on[-1] < first) and (not self.others or self.others[-1][0] < first):
            changed = min(self.last, first) if self.starts else first
            self.on.extend(on)
            self.on_ids.extend(ids)
            self.others.extend(others)
            self._fold(on, others)
        else:
            changed = self._fold_anew(first, [*self.on, *on], [*self.on_ids, *ids], [*self.others, *others])
        self.fresh.clear()
        self.fresh_on.clear()
        self.fresh_ids.clear()
        return changed

    def _fold_anew(self, first: int, on: list[int], ids: list[str], others: list[Beat]) -> int:
        """What came out of order: all is folded again, and nothing before the event ahead of it changes."""
        on, self.on_ids = _together_sorted(on, ids)
        self.on, self.others = array("q", on), sorted(others)
        self._forget()
        place, other = bisect_left(on, first), bisect_left(self.others, first, key=lambda beat: beat[0])
        self._fold(on[:place], self.others[:other])
        changed = min(self.last, first) if self.starts else first
        self._fold(on[place:], self.others[other:])
        return changed

    def _fold(self, on: list[int], others: list[Beat]) -> None:
        """Fold plain beats and other events, both in order, as RULES section 4 orders them together."""
        done = 0
        for beat in others:
            upto = (bisect_right if beat[1] > RANK[ON] else bisect_left)(on, beat[0], done)
            if upto > done:
                self._on(on[done:upto])
                done = upto
            self._event(*beat)
        if done < len(on):
            self._on(on[done:] if done else on)

    def _on(self, run: list[int]) -> None:
        """A run of plain beats."""
        believes = self.believes
        if believes.states:
            for at in run:
                self._event(at, RANK[ON], "", ON, None)
            return
        if self.state != _ON:
            self._event(run[0], RANK[ON], "", ON, None)
        starts, categories, silence_ms, last = self.starts, self.categories, believes.silence_ms, self.last
        current = categories[-1]
        for at in run:
            if at - last > silence_ms:
                if current != NO_EVIDENCE:
                    starts.append(last)
                    categories.append(NO_EVIDENCE)
                    current = NO_EVIDENCE
            elif current != VALID and at > last:
                starts.append(last)
                categories.append(VALID)
                current = VALID
            last = at
        self.last = last

    def _event(self, at: int, _: int, event_id: str, does: int, stream: str | None) -> None:
        """One event: the stretch before it gets its category, then the state is set; or it is skipped."""
        state, streams = self.state, self.streams
        if does == ON:
            if stream is not None:
                streams.add(stream)
        elif does == OFF:
            if stream is None:
                streams.clear()
            else:
                streams.discard(stream)
            if streams or state == _OUT:
                return
        elif does >= LEFT:
            if state == _OUT:
                if does == LEFT:
                    self.strays.append((at, event_id))
                return
            streams.clear()
        elif does == JOIN:
            if self.believes.states and state != _OUT:
                return
        elif does == JOIN_OFF:
            streams.clear()
        new = _STATE_AFTER[does]
        if self.starts:
            self._stretch(state, self.last, at, new)
        else:
            self.starts.append(at)  # the timeline begins with the first event that counts
            self.categories.append(NOT_IN_ROOM)
        self._door(state, new, at, does)
        self.state, self.last = new, at

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

    def around(self, start: int, end: int) -> list[str]:
        """The ids of the events in `[start, end]`, of the last before it and of the first behind it."""
        seen = [*zip(self.on, self.on_ids, strict=True), *((beat[0], beat[2]) for beat in self.others)]
        seen.sort()
        low = bisect_left(seen, start, key=lambda one: one[0])
        high = bisect_right(seen, end, key=lambda one: one[0])
        return [event_id for _, event_id in seen[max(low - 1, 0) : high + 1]]

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


def _together_sorted(on: list[int], ids: list[str]) -> tuple[list[int], list[str]]:
    pairs = sorted(zip(on, ids, strict=True))
    return [at for at, _ in pairs], [event_id for _, event_id in pairs]
