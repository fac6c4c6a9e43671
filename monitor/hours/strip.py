"""A period's seconds as a strip: what holds from when to when, and what each device alone says.

In: a person's traces, a period, an instant. Out: pieces that follow one another from the period's start to
its end, so that they add up to the whole of it, always. Never: a verdict; evidence that the verdict does not
rest on.

::

    period    |08:30 ......................... 09:15|
    strip     |valid     |camera_off|valid |ahead   |
                                     as_of ^
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from monitor.cohort import Person
from monitor.event import Event
from monitor.hours import sign_in
from monitor.hours.evidence import Connection, Stay
from monitor.hours.plan import Period, Plan, rooms_of
from monitor.hours.span import OFFLINE, ONLINE, Span, merged
from monitor.hours.traces import Traces

AHEAD: Final = "ahead"
"""Time of a period that has not come."""
NOT_ENROLLED: Final = "not_enrolled"
"""All of a period that is not this person's."""
CATEGORIES: Final = (*dict.fromkeys((*ONLINE, *OFFLINE)), AHEAD, NOT_ENROLLED)
"""All that a piece may be; time in the last two stands in no `milliseconds`."""

Piece = tuple[int, int, str]
"""(start, end, category), half-open, in milliseconds."""


class Device(NamedTuple):
    """A connection of which something is known in a period, with what it alone says of it."""

    connection: Connection
    strip: list[Piece]
    stays: list[Stay]


def strip(plan: Plan, person: Person, traces: Traces, period: Period, as_of: int) -> list[Piece]:
    """The whole period in pieces, none empty; up to `as_of` they add up to its milliseconds (RULES 6)."""
    if not plan.enrolled(person, period):
        return [(period.start, period.end, NOT_ENROLLED)]
    if as_of <= period.start:
        return [(period.start, period.end, AHEAD)]
    if period.session.mode == "online":
        told = _named(traces.timeline(period, as_of))
    else:
        there = traces.presence(period.slot)
        told = sign_in.spans(there, period.start, min(period.end, as_of))
    return _to_the_end(told, period, as_of)


def devices(traces: Traces, period: Period, as_of: int) -> list[Device]:
    """The connections that say something of an online period that has begun, by their first entry."""
    found: list[Device] = []
    end = min(period.end, as_of)
    if period.session.mode != "online" or end <= period.start:
        return found
    for room in rooms_of(period.session):
        for connection in traces.rooms.get(room, ()):
            pairs = zip(connection.stays, told_stays(connection, as_of), strict=True)
            stays = [told for stay, told in pairs if _touches(stay, period.start, end)]
            if not stays:
                continue
            spans = connection.spans(period.start, end, as_of)
            told = _named(merged(spans, period.start, end))
            found.append(Device(connection, _to_the_end(told, period, as_of), stays))
    return sorted(found, key=lambda one: (one.stays[0].start, name_of(one.connection)))


def told_stays(connection: Connection, as_of: int) -> Iterator[Stay]:
    """The stays of a connection; one without an end that fell silent ends with its last event.

    It is `no_evidence` from there on, not out of the room: nobody said that it was left.
    """
    for stay in connection.stays:
        if stay.end is None and connection.silent(as_of):
            yield stay._replace(end=connection.last, end_by="last_proof")
        else:
            yield stay


def full_at(pieces: Iterable[Piece], hour_ms: int) -> int | None:
    """The instant at which the valid time of a strip has come to the hour; None where it does not."""
    valid = 0
    for start, end, category in pieces:
        if category == "valid":
            if valid + end - start >= hour_ms:
                return start + hour_ms - valid
            valid += end - start
    return None


def name_of(connection: Connection) -> str:
    """What a connection is called where an event is told which it belongs to; the same every time."""
    c = connection
    named = msgspec.json.encode((c.source, c.room, c.instance, c.connection, c.account))
    return hashlib.sha256(named).hexdigest()[:12]


def belongs_to(event: Event, connections: Iterable[Connection]) -> list[Connection]:
    """Those of a person's connections in which an event stands (RULES section 4).

    A room's end stands in all of its source, room and instance. One that names neither account nor person
    found its account by the connection.
    """
    data = event.data
    if not event.type.startswith(("classroom.", "camera.")):
        return []
    where = (event.source, data.room or "", data.instance or "")
    there = [one for one in connections if (one.source, one.room, one.instance) == where]
    if event.type == "classroom.ended":
        return there
    there = [one for one in there if one.connection == (data.connection or "")]
    if not data.account and not data.person and data.connection:
        return there
    return [one for one in there if one.account == (data.account or "")]


def _named(timeline: Iterable[Span]) -> list[Piece]:
    return [(start, end, ONLINE[category]) for start, end, category in timeline]


def _to_the_end(told: list[Piece], period: Period, as_of: int) -> list[Piece]:
    return told if as_of >= period.end else [*told, (as_of, period.end, AHEAD)]


def _touches(stay: Stay, start: int, end: int) -> bool:
    return stay.start < end and (stay.end is None or stay.end > start)
