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
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from monitor.hours.instants import Instants
from monitor.hours.span import AWAITING, CAMERA_OFF, NO_EVIDENCE, NOT_IN_ROOM, OPEN, VALID, Span

# What an event does, and its rank among events of one instant.
JOIN, JOIN_ON, JOIN_OFF, ON, OFF, LEFT, ENDED = range(7)
RANK: Final = (0, 0, 0, 1, 2, 3, 4)

_OUT, _UNKNOWN, _ON, _OFF = range(4)
_STATE_AFTER: Final = (_UNKNOWN, _ON, _OFF, _ON, _OFF, _OUT, _OUT)

FOREVER: Final = 1 << 62

_at: Final = itemgetter(0)
_FEW: Final = 16  # instants, beyond which columns are put in order faster
_LONG: Final = 128  # instants, beyond which columns are folded faster

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
    """One device's stay in a room (RULES section 1). Events go in by the `fresh` lists; `settle` folds them.

    Plain beats (no stream) are nearly all of what there ever is: `beats` are their instants times two, and
    one more where the camera is off; their order among themselves at one instant changes nothing. All other
    events are `others`. The timeline is `starts` and `categories` (each lasts until the next begins), closed
    at `last`, the instant of the last event that was not skipped; what follows depends on when one asks.
    """

    __slots__ = (
        "account",
        "beats",
        "believes",
        "categories",
        "connection",
        "fresh",
        "fresh_beats",
        "instance",
        "last",
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
        self.fresh_beats = array("q")
        self.beats = Instants()
        self.others: list[Beat] = []
        self._forget()

    def _forget(self) -> None:
        self.starts = array("q")
        self.categories = bytearray()
        self.stays: list[Stay] = []
        self.strays: list[tuple[int, str]] = []
        self.streams: set[str] = set()
        self.state = _OUT
        self.last = 0

    def settle(self) -> int:
        """Fold what is fresh; returns the instant from which on the timeline may have changed."""
        if not self.fresh and not self.fresh_beats:
            return FOREVER
        beats, others = _in_order(self.fresh_beats), sorted(self.fresh)
        self.fresh_beats = array("q")
        first = min(*(beat[0] for beat in others[:1]), *(beat >> 1 for beat in beats[:1]), FOREVER)
        if self._heard(first):
            changed = self._fold_anew(first, beats, others)
        else:
            changed = min(self.last, first) if self.starts else first
            self.beats.add(beats)
            self.others.extend(others)
            self._fold(beats, others)
        self.fresh.clear()
        return changed

    def _heard(self, first: int) -> bool:
        """Whether anything was heard at this instant or later."""
        beats, others = self.beats, self.others
        return bool((beats and beats.last >> 1 >= first) or (others and others[-1][0] >= first))

    def _fold_anew(self, first: int, beats: array[int], others: list[Beat]) -> int:
        """What came out of order: all is folded again, and nothing before the event ahead of it changes."""
        beats = _in_order(self.beats.whole() + beats)
        self.beats = Instants.of(beats)
        self.others = others = sorted([*self.others, *others])
        self._forget()
        some, other = bisect_left(beats, first << 1), bisect_left(others, first, key=_at)
        self._fold(beats[:some], others[:other])
        changed = min(self.last, first) if self.starts else first
        self._fold(beats[some:], others[other:])
        return changed

    def _fold(self, beats: array[int], others: list[Beat]) -> None:
        """Fold plain beats and other events, all in order, as RULES section 4 orders them together."""
        done = 0
        for other in others:
            at, rank = other[0], other[1]
            upto = bisect_left(beats, (at << 1) + (rank > RANK[ON]) + (rank > RANK[OFF]), done)
            if upto > done:
                self._plain(beats[done:upto])
                done = upto
            self._event(*other)
        if done < len(beats):
            self._plain(beats[done:] if done else beats)

    def _plain(self, beats: array[int]) -> None:
        """A run of plain beats, with the camera on and off."""
        if self.state == _OUT and beats[0] & 1:  # one that says the camera is off lets nobody in
            beats = beats[next((place for place, beat in enumerate(beats) if not beat & 1), len(beats)) :]
            if not beats:
                return
        begun = 0
        if self.believes.states:
            begun = len(beats)
        elif self.state in (_OUT, _UNKNOWN):
            begun = 1
        for beat in beats[:begun]:
            does = OFF if beat & 1 else ON
            self._event(beat >> 1, RANK[does], "", does, None)
        if begun < len(beats):
            (self._many if len(beats) > _LONG else self._few)(beats[begun:] if begun else beats)

    def _few(self, beats: array[int]) -> None:
        """Beats of somebody who is in the room, one by one: each ends the stretch before it."""
        starts, categories, silence_ms, last = (
            self.starts,
            self.categories,
            self.believes.silence_ms,
            self.last,
        )
        off, current, some_off = self.state == _OFF, categories[-1], False
        for beat in beats:
            at = beat >> 1
            category = CAMERA_OFF if off else VALID if at - last <= silence_ms else NO_EVIDENCE
            if category != current and at > last:
                starts.append(last)
                categories.append(category)
                current = category
            last, off = at, beat & 1 == 1
            some_off = some_off or off
        self.last, self.state = last, _OFF if off else _ON
        if some_off:
            self.streams.clear()

    def _many(self, beats: array[int]) -> None:
        """The same by columns."""
        column = np.empty(len(beats) + 1, np.int64)
        column[0], column[1:] = self.last << 1 | (self.state == _OFF), beats
        at, off = column >> 1, (column & 1).astype(np.bool_)
        lasts = at[1:] - at[:-1]
        category = (lasts > self.believes.silence_ms).view(np.uint8) * np.uint8(NO_EVIDENCE)
        category[off[:-1]] = CAMERA_OFF
        some = lasts > 0
        start = at[:-1]
        if not some.all():
            start, category = start[some], category[some]
        begins = np.flatnonzero(category[1:] != category[:-1]) + 1
        if len(category) and category[0] != self.categories[-1]:
            begins = np.concatenate(([0], begins))
        self.starts.frombytes(start[begins].tobytes())
        self.categories += category[begins].tobytes()
        self.last, self.state = int(at[-1]), _OFF if beats[-1] & 1 else _ON
        if off[1:].any():
            self.streams.clear()

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
        if start < end and (not self.categories or self.categories[-1] != category):
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

    def tells_of(self, start: int, end: int) -> bool:
        """Whether it may say anything of `[start, end)`: most of a person's connections are of other days."""
        return bool(self.starts) and self.starts[0] < end and (self.state != _OUT or self.last > start)

    def spans(self, start: int, end: int, as_of: int) -> list[Span]:
        """What this connection says of `[start, end)`, whole spans; those out of the room are left out."""
        found: list[Span] = []
        starts, categories = self.starts, self.categories
        if starts and self.last > start and starts[0] < end:
            first, behind = max(bisect_right(starts, start) - 1, 0), bisect_left(starts, end)
            ends = [*starts[first + 1 : behind], starts[behind] if behind < len(starts) else self.last]
            told = zip(starts[first:behind], ends, categories[first:behind], strict=True)
            found = [span for span in told if span[2] != NOT_IN_ROOM and span[1] > start]
        if self.state != _OUT and self.last < end:
            found += [
                (max(low, start), min(high, end), category)
                for low, high, category in self.tail(as_of)
                if low < end and high > start
            ]
        return found

    def around(self, start: int, end: int) -> list[int]:
        """The instants of the events in `[start, end]`, of the last before it and of the first behind it."""
        seen = sorted([*(beat >> 1 for beat in self.beats.whole()), *(beat[0] for beat in self.others)])
        low, high = bisect_left(seen, start), bisect_right(seen, end)
        return seen[max(low - 1, 0) : high + 1]

    def reaches(self, at: int, start: int, end: int) -> bool:
        """Whether one stay lasts from the instant `at` into `[start, end]`, or from there up to `at`."""
        stay = self.in_room_at(min(max(at, start), end))
        return stay is not None and stay.start <= at and (stay.end is None or at <= stay.end)

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

    def holds(self, since: int, as_of: int) -> bool:
        """Whether beats say from `since` to `as_of`, without a break, that the camera is on."""
        return (
            self.state == _ON
            and not self.believes.states
            and as_of - self.last <= self.believes.silence_ms
            and self.categories[-1] == VALID
            and self.starts[-1] <= since
        )

    def next_change(self, as_of: int) -> int | None:
        """The next instant after `as_of` at which time alone changes what this connection says.

        What its last event does is seen from the instant after it: spans are half-open.
        """
        if self.last >= as_of:
            return as_of + 1
        if self.state in (_OUT, _OFF):
            return None
        if not self.believes.states:
            due = self.last + self.believes.silence_ms + 1
        elif self.state == _ON:
            due = self.last + self.believes.limit_ms + 1
        else:
            return None
        return due if due > as_of else None


def _in_order(beats: array[int]) -> array[int]:
    """The same in order."""
    if len(beats) <= _FEW:
        return array("q", sorted(beats))
    column = np.frombuffer(beats, np.int64)
    if (column[1:] >= column[:-1]).all():
        return beats
    return array("q", np.sort(column).tobytes())
