"""A cohort's events to the connections, slots and people they belong to (RULES section 3).

In: events, one by one or plain beats in columns, in any order. Out: per person the traces they left, what was
noticed on the way. Never: keeps events, takes one twice, guesses whose an event is, matches anybody by name.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final, TypeGuard

import numpy as np

from monitor.beats import Said, of_number
from monitor.event import OURS, TYPES, Data, Event
from monitor.hours import evidence, sign_in
from monitor.hours.evidence import FOREVER, RANK, Beat, Believes, Connection
from monitor.hours.findings import Finding, Noticed
from monitor.hours.ids import Numbers
from monitor.hours.orphans import Orphans
from monitor.hours.plan import Plan
from monitor.hours.traces import Traces
from monitor.hours.verdict import Correction

Link = tuple[str, str, str, str]
"""(source, room, instance, connection id)."""

_ON: Final = evidence.ON
_OFF: Final = evidence.OFF
_BITS: Final = 63
"""Of the number by which beats are put in order: whose it is, the instant, the camera."""


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


class Sorting:
    """What was made of a cohort's events that have happened by `sorted_to` (ms); later ones are set aside."""

    def __init__(self, plan: Plan, *, until: int = FOREVER) -> None:
        """`until`: the last instant for which beats in columns that are set aside need keeping."""
        self.plan = plan
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

    def _start_over(self, sorted_to: int) -> None:
        """Forget what was made of the events."""
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
        self._together: dict[tuple[str, str, str], list[Connection]] = defaultdict(list)
        self._ended: dict[tuple[str, str, str], list[Beat]] = defaultdict(list)
        self._named: dict[Link, set[str]] = defaultdict(set)
        self._orphans: dict[Link, Orphans] = defaultdict(Orphans)
        self._adopted: set[Link] = set()
        self._whose: dict[str, dict[int, Connection | Orphans]] = defaultdict(dict)

    def sort_to(self, as_of: int) -> None:
        """Sort those that have happened by `as_of`, and from now on each such event as it comes."""
        if as_of > self.sorted_to:
            self.sorted_to = as_of
            waiting, self._ahead = self._ahead, []
            for event in waiting:
                self._place(event)
            beats, self._beats_ahead = self._beats_ahead, []
            for source, said, at in beats:
                self._give(source, said, at)

    def _settle(self) -> None:
        """Fold what connections were given."""
        for connection in self._stirred:
            self._owners[connection].settle(connection)
        self._stirred.clear()

    # --- plain beats -----------------------------------------------------------------------------------

    def _give(self, source: str, said: Said, at: int) -> None:
        """A plain beat to the connection it belongs to."""
        if at > self.sorted_to:
            if at <= self.until:
                self._beats_ahead.append((source, said, at))
            return
        whose = self._whose[source].get(said.number)
        if whose is None:
            whose = self._find(source, said, at)
        if whose is not None:
            if isinstance(whose, Connection):
                self._stirred.add(whose)
            whose.fresh_beats.append(at << 1 | (not said.on))

    def _give_many(self, source: str, numbers: Numbers, at: Numbers) -> None:
        """The same by columns: what each of them says, and when. They are put in order in one go.

        ::

            whose   instant since the first   camera       one number each, sorted:
            [ 20     31                        1 ] bits    those of one connection stand together, in order
        """
        if int(at.max()) > self.sorted_to:
            ahead = at > self.sorted_to
            for number, one in zip(numbers[ahead].tolist(), at[ahead].tolist(), strict=True):
                self._give(source, of_number(number), one)
            numbers, at = numbers[~ahead], at[~ahead]
            if not len(at):
                return
        base = int(at.min())
        width = (int(at.max()) - base << 1 | 1).bit_length()
        found, place = _places(numbers)
        of_whom, codes = self._codes(source, found, place, at)
        if width + len(of_whom).bit_length() > _BITS:  # decades lie between them
            for number, one in zip(numbers.tolist(), at.tolist(), strict=True):
                self._give(source, of_number(number), one)
            return
        code = np.where(codes < 0, -1, (codes >> 1 << width) | (codes & 1))
        order = code[place]
        order |= (at - base) << 1
        order.sort()
        edges = order.searchsorted(np.arange(len(of_whom) + 1) << width).tolist()
        order &= (1 << width) - 1
        order += base << 1
        for whose, low, high in zip(of_whom, edges[:-1], edges[1:], strict=True):
            if isinstance(whose, Connection):
                self._stirred.add(whose)
            whose.fresh_beats.frombytes(order[low:high].tobytes())

    def _codes(
        self, source: str, found: Numbers, place: Numbers, at: Numbers
    ) -> tuple[list[Connection | Orphans], Numbers]:
        """Whose it is what is said, and a code for each thing that is.

        The code: whose it is, as a place among those, times two, and one more for a camera that is off; -1
        where it is nobody's.
        """
        known = self._whose[source]
        every = [known.get(number) for number in found.tolist()]
        if None in every:
            first = np.full(len(found), FOREVER)
            np.minimum.at(first, place, at)
            for n, (number, one) in enumerate(zip(found.tolist(), first.tolist(), strict=True)):
                if every[n] is None:
                    every[n] = self._find(source, of_number(number), one)
        of_whom: dict[Connection | Orphans, int] = {}
        codes = [
            -1 if whose is None else of_whom.setdefault(whose, len(of_whom)) << 1 | (not of_number(number).on)
            for number, whose in zip(found.tolist(), every, strict=True)
        ]
        return list(of_whom), np.array(codes, np.int64)

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
            route.fresh_beats.append(event.at << 1 | (data.camera != "on"))
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


def _places(numbers: Numbers) -> tuple[Numbers, Numbers]:
    """The different ones among numbers, and for each number its place among those."""
    small = numbers - numbers.min()
    most = int(small.max()) + 1
    if most > 4 * len(numbers):
        found, place = np.unique(numbers, return_inverse=True)
        return found, place
    there = np.zeros(most, np.bool_)
    there[small] = True
    present = np.flatnonzero(there)
    places = np.empty(most, np.int64)
    places[present] = np.arange(len(present))
    return present + numbers.min(), places[small]
