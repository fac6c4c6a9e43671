"""A cohort's events, each once, sorted to the connections and slots they belong to (RULES section 3).

In: events, in any order, as often as they come. Out: per person the traces they left, what was noticed on the
way. Never: forgets an event, guesses whose an event is, matches anybody by name.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeGuard

from monitor.beats import Beats, Said
from monitor.event import OURS, TYPES, BadEvent, Data, Event, decode, decode_lines
from monitor.hours import evidence, sign_in
from monitor.hours.evidence import FOREVER, RANK, Beat, Believes, Connection
from monitor.hours.findings import Finding, Noticed
from monitor.hours.ids import Doubt
from monitor.hours.memory import Memory
from monitor.hours.orphans import Orphans
from monitor.hours.plan import Plan
from monitor.hours.traces import Traces
from monitor.hours.verdict import Correction
from monitor.hours.waiting import Waiting
from monitor.instant import instant, remembered

Link = tuple[str, str, str, str]
"""(source, room, instance, connection id)."""

_SEEN: Final = 200_000
_ON: Final = evidence.ON
_OFF: Final = evidence.OFF


def beat_of(event: Event) -> Beat | None:
    """What the event does to the connection it belongs to; None for events that are of no connection."""
    kind, camera, stream = event.type, event.data.camera, None
    if kind == "camera.heartbeat":
        does = _ON if camera == "on" else _OFF
    elif kind == "classroom.joined":
        does = {"on": evidence.JOIN_ON, "off": evidence.JOIN_OFF}.get(camera or "", evidence.JOIN)
    elif kind == "classroom.left":
        does = evidence.LEFT
    elif kind in ("camera.on", "camera.off"):
        does, stream = (_ON if kind == "camera.on" else _OFF), event.data.stream or None
    else:
        return None
    return (event.at, RANK[does], event.id, does, stream)


class Index:
    """The events of one cohort. `add` them; `up_to` sorts those that have happened by then.

    A `lean` index keeps of plain beats no more than the fold needs. It gives the same or raises `Doubt`: an
    id came twice with differing contents, or what was made of orphans has to be made anew. Then only one
    that keeps every event can tell.
    """

    def __init__(self, plan: Plan, *, lean: bool = False, until: int = FOREVER) -> None:
        """`until`: of a lean index, the last instant that will be asked for; later events need no keeping."""
        self.plan = plan
        self.lean = lean
        self.until = until
        policy = plan.policy
        self._believes = {
            source.id: Believes(
                states=source.camera != "heartbeat",
                silence_ms=policy.silence_ms,
                limit_ms=policy.state_limit_minutes * 60_000,
                lead_ms=(source.heartbeat_seconds or policy.heartbeat_seconds) * 1000,
            )
            for source in plan.sources.values()
        }
        self.memory = Memory()
        self._waiting = Waiting(self._give)
        self._heard = -1
        self._start_over(-1)

    def _start_over(self, sorted_to: int) -> None:
        """Forget what was made of the events, not the events; then sort those up to `sorted_to` again."""
        self._stale = False
        self.sorted_to = sorted_to
        self._ahead: list[Event] = []
        self._beats_ahead: list[tuple[str, Said, int]] = []
        self.touched: list[str] = []
        """People of whom something came since their traces were asked for it, in any order."""
        self.traces = {person: Traces(self.plan, person, self.touched) for person in self.plan.people}
        self.noticed = Noticed()
        self.corrections: dict[str, list[Correction]] = defaultdict(list)
        self.excused: dict[str, list[Event]] = defaultdict(list)
        self._routes: dict[tuple[str | None, ...], Connection] = {}
        self._connections: dict[tuple[str, ...], Connection] = {}
        self._owners: dict[Connection, Traces] = {}
        self._stirred: set[Connection] = set()
        self._lines_came = False
        self._together: dict[tuple[str, str, str], list[Connection]] = defaultdict(list)
        self._ended: dict[tuple[str, str, str], list[Beat]] = defaultdict(list)
        self._named: dict[Link, set[str]] = defaultdict(set)
        self._orphans: dict[Link, Orphans] = defaultdict(Orphans)
        self._adopted: set[Link] = set()
        self._whose: dict[str, dict[int, Connection | Orphans]] = defaultdict(dict)
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
        self._waiting.add(source, beats)

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
        sorted_to, of, knowns, on = self.sorted_to, "", self.memory.known, evidence.ON
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
                    connection, does = route
                    (connection.fresh_on if does == on else connection.fresh_off).append(at)
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
        beat = beat_of(event)
        counts = said.cohort in (None, self.plan.cohort.id) and source in self._believes
        if counts and route is not None and beat is not None and len(self._seen[source]) < _SEEN:
            self._seen[source][data] = (route, beat[3])

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

    def sort_to(self, as_of: int) -> None:
        """Sort those that have happened by `as_of`, and from now on each such event as it comes."""
        if as_of > self.sorted_to:
            self.sorted_to = as_of
            waiting, self._ahead = self._ahead, []
            for event in waiting:
                self._place(event)
            beats, self._beats_ahead = self._beats_ahead, []
            for source, said, at in beats:
                self._give(source, said, at, array("q", (at,)))

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
        for connection in self._stirred:
            self._owners[connection].settle(connection)
        self._stirred.clear()

    # --- plain beats in columns ------------------------------------------------------------------------

    def _give(self, source: str, said: Said, last: int, at: array[int]) -> None:
        """Beats that say the same, the last of them at `last`, to the connection they belong to."""
        if last > self.sorted_to:
            self._beats_ahead += [(source, said, one) for one in at if self.sorted_to < one <= self.until]
            at = array("q", (one for one in at if one <= self.sorted_to))
            if not at:
                return
        whose = self._whose[source].get(said.number) or self._find(source, said, min(at))
        if whose is not None:
            if isinstance(whose, Connection):
                self._stirred.add(whose)
            (whose.fresh_on if said.on else whose.fresh_off).extend(at)

    def _find(self, source: str, said: Said, first: int) -> Connection | Orphans | None:
        """Where such beats go, the first of them at `first`; None where they are nobody's."""
        data = said.data
        if data.cohort not in (None, self.plan.cohort.id):
            return None
        if source not in self._believes:
            self._of_the_unlisted(source, data, first)
            return None
        whose: Connection | Orphans | None = self._owned(source, data, first)
        if whose is None and _names_nobody(data):
            whose = self._orphans[_link(source, data)]
        if whose is not None and data.room in self.plan.rooms:
            self._whose[source][said.number] = whose
        return whose

    # --- sorting them ----------------------------------------------------------------------------------

    def _place(self, event: Event) -> None:
        """Give an event to its connection. Passed once for every event: beats go the shortest way."""
        if event.at > self.sorted_to:
            self._ahead.append(event)
            return
        data, source = event.data, event.source
        if data.cohort is not None and data.cohort != self.plan.cohort.id:
            return
        route = self._routes.get(
            (source, data.account, data.person, data.room, data.instance, data.connection)
        )
        if route is not None and event.type == "camera.heartbeat":
            (route.fresh_on if data.camera == "on" else route.fresh_off).append(event.at)
            self._stirred.add(route)
            return
        if source not in self._believes:
            self._unlisted(event)
            return
        beat = beat_of(event)
        if beat is None:
            self._of_no_connection(event)
        elif route is not None:
            route.fresh.append(beat)
            self._stirred.add(route)
        else:
            self._new_route(event, beat)

    def _new_route(self, event: Event, beat: Beat) -> None:
        """Find whose connection this is; the next event like it finds the way by itself."""
        data, source = event.data, event.source
        connection = self._owned(source, data, event.at)
        if connection is None:
            if _names_nobody(data):
                self._orphans[_link(source, data)].fresh.append(beat)
            return
        connection.fresh.append(beat)
        self._stirred.add(connection)
        if data.room in self.plan.rooms:
            key = (source, data.account, data.person, data.room, data.instance, data.connection)
            self._routes[key] = connection

    def _owned(self, source: str, data: Data, at: int) -> Connection | None:
        """Whose connection an event at `at` is of; None where it is nobody's, or nobody's yet."""
        self._room_known(source, data, at)
        if not data.account and not data.person:
            return None
        link = _link(source, data)
        if data.account and data.connection:
            self._named[link].add(data.account)
        person = self._person(source, data, at)
        return None if person is None else self._connection(link, person, data.account or "")

    def _person(self, source: str, data: Data, at: int) -> str | None:
        """Who this event is of: the person named, else the account's holder. Others wait in the inbox."""
        if data.person:
            return data.person if data.person in self.plan.people else None
        return self._holder(source, data.account, at) if data.account else None

    def _holder(self, source: str, account: str, at: int) -> str | None:
        person = self.plan.owner(source, account)
        if person is None and source in self._believes:
            self.noticed.at("account_unmatched", source, account, at)
        return person

    def _connection(self, link: Link, person: str, account: str) -> Connection:
        source, room, instance, number = link
        key = (*link, person, account)
        connection = self._connections.get(key)
        if connection is None:
            connection = Connection(self._believes[source], source, room, instance, account, number)
            self._connections[key] = connection
            self._owners[connection] = self.traces[person]
            self._owners[connection].add(connection)
            self._stirred.add(connection)
            self._together[link[:3]].append(connection)
            connection.fresh.extend(self._ended.get(link[:3], ()))
        return connection

    def _room_known(self, source: str, data: Data, at: int) -> None:
        if (data.room or "") not in self.plan.rooms:
            self.noticed.at("unknown_room", source, data.room or "", at)

    def _unlisted(self, event: Event) -> None:
        """An event of a source that the cohort doesn't list: ours, or nobody's."""
        of_a_room = beat_of(event) is not None or event.type == "classroom.ended"
        if of_a_room or event.source not in OURS:
            self._of_the_unlisted(event.source, event.data, event.at)
        else:
            self._of_no_connection(event)

    def _of_the_unlisted(self, source: str, data: Data, at: int) -> None:
        if source in OURS:  # ours is no camera evidence
            self._room_known(source, data, at)
        else:
            self.noticed.at("unknown_source", source, "", at)

    def _of_no_connection(self, event: Event) -> None:
        if event.type not in TYPES:
            self.noticed.at("unknown_type", event.source, event.type, event.at)
            self._person(event.source, event.data, event.at)
        elif event.type == "classroom.ended":
            self._end(event)
        else:
            self._attendance(event)

    def _end(self, event: Event) -> None:
        """A room's end stands in every connection there was or will be of its source, room and instance."""
        self._room_known(event.source, event.data, event.at)
        where = (event.source, event.data.room or "", event.data.instance or "")
        beat = (event.at, RANK[evidence.ENDED], event.id, evidence.ENDED, None)
        self._ended[where].append(beat)
        for connection in self._together.get(where, ()):
            connection.fresh.append(beat)
            self._stirred.add(connection)

    def _attendance(self, event: Event) -> None:
        session = self.plan.sessions.get(event.data.session or "")
        if session is None and event.data.session is not None:
            self.noticed.at("unknown_session", event.source, event.data.session, event.at)
        person = self._person(event.source, event.data, event.at)
        if event.type == "attendance.corrected":
            self._correct(event, person)
        elif person is None or session is None:
            return
        elif event.type == "attendance.excused":
            if event.source == "staff":
                self.excused[person].append(event)
        else:
            which = sign_in.IN if event.type == "attendance.signed-in" else sign_in.OUT
            self.traces[person].mark(self.plan.slot_of[session.id], (event.at, which, event.id, event.source))

    def _correct(self, event: Event, person: str | None) -> None:
        """A correction counts from staff, by two people, for something that there is (RULES section 7)."""
        data = event.data
        by, second = (name if isinstance(name, str) else "" for name in (data.by, data.approved_by))
        session = self.plan.sessions.get(data.session or "")
        number = data.period
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if event.source != "staff":
            code = "correction_not_ours"
        elif not by or not second or by == second or not isinstance(data.credit, bool):
            code = "correction_alone"
        elif person is None or session is None or not _names_period(number, len(session.periods)):
            code = "correction_unknown"
        else:
            correction = Correction(event.at, event.id, person, session.id, number, data.credit)
            self.corrections[person].append(correction)
            self.traces[person].touched(session.periods[0][0])
            return
        self.noticed.correction(Finding(code, event.at, source=event.source, event=event.id))

    # --- events that name nobody -------------------------------------------------------------------------

    def _adopt(self) -> bool:
        """Give orphans to the one account their connection names; False when an earlier gift was wrong."""
        for link, orphans in self._orphans.items():
            names = self._named.get(link, ())
            if link in self._adopted and len(names) != 1:
                return False
            if len(names) != 1 or not orphans:
                continue
            (account,) = names
            person = self._holder(link[0], account, orphans.first())
            if person is not None:
                connection = self._connection(link, person, account)
                orphans.go_to(connection)
                self._stirred.add(connection)
            orphans.clear()
            self._adopted.add(link)
        return True


def _link(source: str, data: Data) -> Link:
    return (source, data.room or "", data.instance or "", data.connection or "")


def _names_nobody(data: Data) -> bool:
    """Whether it names neither an account nor a person, but a connection by which it may find them."""
    return bool(not data.account and not data.person and data.connection)


def _names_period(number: object, periods: int) -> TypeGuard[int | None]:
    """Whether a correction's `period` is one of the session, or null for all of them."""
    if number is None:
        return True
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < periods
