"""A cohort's events, each once, in any order (RULES section 3).

In: events, in any order, as often as they come. Out: each once, to be sorted to where it belongs. Never:
forgets an event that counts, judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from monitor.beats import Beats
from monitor.event import OURS, BadEvent, Event, decode, decode_lines
from monitor.hours.evidence import FOREVER, Connection
from monitor.hours.ids import Doubt
from monitor.hours.memory import Memory
from monitor.hours.plan import Plan
from monitor.hours.sorting import Sorting
from monitor.hours.waiting import Waiting
from monitor.instant import instant, remembered

_SEEN: Final = 200_000


class Index(Sorting):
    """The events of one cohort. `add` them; `up_to` sorts those that have happened by then.

    A `lean` index keeps of plain beats no more than the fold needs. It gives the same or raises `Doubt`: an
    id came twice with differing contents, or what was made of orphans has to be made anew. Then only one
    that keeps every event can tell.
    """

    def __init__(self, plan: Plan, *, lean: bool = False, until: int = FOREVER) -> None:
        """`until`: of a lean index, the last instant that will be asked for; later events need no keeping."""
        super().__init__(plan, until=until)
        self.lean = lean
        self.memory = Memory()
        self._waiting = Waiting(self._give, self._give_many)
        self._heard = -1
        self.heard: dict[str, int] = {}
        """Of each source the latest instant (ms) that an event for this cohort bears."""
        self._start_over(-1)

    def _start_over(self, sorted_to: int) -> None:
        """Forget what was made of the events, not the events; then sort those up to `sorted_to` again."""
        super()._start_over(sorted_to)
        self._stale = False
        self._lines_came = False
        self._seen: dict[str, dict[bytes, tuple[Connection, int]]] = defaultdict(dict)
        for event in self.memory:
            self._place(event)

    def stands_past(self, as_of: int) -> bool:
        """Whether it is of no use for an instant that is over: events that came after it are sorted in."""
        return as_of < (min(self.sorted_to, self._heard) if self.lean else self.sorted_to)

    def take_over(self, other: Index, as_of: int) -> None:
        """Stand at `as_of` over the events of another index, sharing what it keeps."""
        self.memory = other.memory
        self._start_over(as_of)
        self.up_to(as_of)

    def counts(self, event: Event, as_of: int) -> bool:
        """Whether the event counts at `as_of` (RULES section 3)."""
        named = event.data.cohort in (None, self.plan.cohort.id)
        return named and event.at <= as_of and self.listed(event.source)

    def listed(self, source: str) -> bool:
        """Whether events of this source count at all: the cohort lists it, or it is ours."""
        return source in self._believes or source in OURS

    # --- taking events ---------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Take one event. One whose source and id are known already is the same event (RULES section 3)."""
        self._heard = max(self._heard, event.at)
        if event.data.cohort in (None, self.plan.cohort.id):
            self.heard[event.source] = max(self.heard.get(event.source, -1), event.at)
        if self.lean and not self.memory.knows(event) and self._waiting.knows(event):
            return
        if self.memory.take(event):
            self._place(event)
        elif self.memory.take_again(event):
            if self.lean:
                raise Doubt
            self._stale = True

    def add_beats(self, source: str, beats: Beats) -> None:
        """Take plain beats of a source, which came neither late nor from a wrong clock; a lean index's way.

        They are sorted when somebody asks, or when there are many.
        """
        self._heard = max(self._heard, beats.last)
        self.heard[source] = max(self.heard.get(source, -1), beats.last)
        self._waiting.add(source, beats)

    def wait_for(self, beats: int) -> None:
        """From now on beats are sorted when so many wait, though nobody asks."""
        self._waiting.most = beats

    def add_lines(self, chunk: bytes) -> list[tuple[int, BadEvent]]:
        """Take the events of many whole lines; returns those that can't be read, by number of line from 0.

        A camera says the same, beat after beat, but for id and time: a beat whose data has been seen byte for
        byte finds its connection by them. All others go the way of `add`.
        """
        heads = decode_lines(chunk)
        if not heads:
            return self._add_each(enumerate(chunk.split(b"\n")))
        place = self.memory.take_chunk(chunk)
        bad: list[tuple[int, BadEvent]] = []
        lines: list[bytes] = []
        sorted_to, of, knowns = self.sorted_to, "", self.memory.known
        seen, known = self._seen[of], knowns[of]
        minutes, seconds, rests = remembered()
        self._lines_came = True
        for line, head in enumerate(heads):
            source, event_id, time = head.source, head.id, head.time
            if source != of:
                of, seen, known = source, self._seen[source], knowns[source]
            route = seen.get(bytes(head.data)) if head.type == "camera.heartbeat" else None
            if route is not None and event_id not in known and event_id and head.receivedtime is None:
                try:
                    at = minutes[time[:17]] + seconds[time[17:20]] + rests[time[20:]]
                except KeyError:
                    at = self._instant(time)
                if at <= sorted_to:
                    known[event_id] = place
                    connection, off = route
                    connection.fresh_beats.append(at << 1 | off)
                    continue
            lines = lines or chunk.split(b"\n")
            bad += self._add_each([(line, lines[line])])
            if head.type == "camera.heartbeat" and route is None:
                self._remember(lines[line], bytes(head.data))
        return bad

    def _remember(self, line: bytes, data: bytes) -> None:
        """Keep which connection a beat with these very bytes belongs to, if it counts and belongs to one."""
        try:
            event = decode(line)
        except BadEvent:
            return
        said, source = event.data, event.source
        route = self._routes.get(
            (source, said.account, said.person, said.room, said.instance, said.connection)
        )
        counts = said.cohort in (None, self.plan.cohort.id) and source in self._believes
        if counts and route is not None and len(self._seen[source]) < _SEEN:
            self._seen[source][data] = (route, int(said.camera != "on"))

    @staticmethod
    def _instant(time: str) -> int:
        """The instant of a time not seen yet; one that is none is left to `decode` to say."""
        try:
            return instant(time)
        except ValueError:
            return FOREVER

    def _add_each(self, lines: Iterable[tuple[int, bytes]]) -> list[tuple[int, BadEvent]]:
        bad = []
        for number, line in lines:
            if line.strip():
                try:
                    self.add(decode(line))
                except BadEvent as problem:
                    bad.append((number, problem))
        return bad

    def up_to(self, as_of: int) -> None:
        """Sort the events that have happened by `as_of` to where they belong, and settle connections."""
        if self._stale:
            self._start_over(as_of)
        self.sort_to(as_of)
        self._waiting.go()
        if not self._adopt():
            if self.lean:
                raise Doubt
            self._start_over(as_of)
            self._adopt()
        if self._lines_came:
            self._lines_came = False
            self._stirred.update(self._owners)
        self._settle()
