"""Findings: what a person should look at (RULES section 9). They change no number.

In: what was noticed while sorting events, the traces of people, the plan. Out: findings in their order.
Never: an error, a verdict.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from monitor.event import Event
from monitor.hours.memory import CLOCK_MS, LATE_MS, Memory
from monitor.hours.plan import Plan
from monitor.hours.standing import planned
from monitor.hours.traces import Traces
from monitor.instant import rfc3339


class Finding(msgspec.Struct, frozen=True):
    """One finding; of the other keys only those that its code has."""

    code: str
    at: int | None = None
    person: str | None = None
    session: str | None = None
    index: int | None = None
    source: str | None = None
    event: str | None = None
    account: str | None = None
    type: str | None = None
    room: str | None = None

    def shown(self) -> dict[str, Any]:
        """As in WIRE section 3: `at` as text or null, other keys where they say something."""
        keys = ("person", "session", "index", "source", "event", "account", "type", "room")
        named = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        return {"code": self.code, "at": None if self.at is None else rfc3339(self.at), **named}


class Noticed:
    """What is seen while events are sorted, before anybody asks for findings."""

    def __init__(self) -> None:
        self.first: dict[tuple[str, str, str], int] = {}
        self.corrections: list[Finding] = []
        self.changes = 0
        """How often something was noticed that was not known."""

    def at(self, code: str, source: str, what: str, at: int) -> None:
        """Keep the earliest instant of something unknown: `code`, of a source, named `what`."""
        key = (code, source, what)
        known = self.first.get(key)
        if known is None or at < known:
            self.first[key] = at
            self.changes += 1

    def correction(self, finding: Finding) -> None:
        """Keep what is wrong with a correction."""
        self.corrections.append(finding)
        self.changes += 1


_NAMED_AS = {
    "account_unmatched": "account",
    "unknown_type": "type",
    "unknown_room": "room",
    "unknown_session": "session",
}


def findings(
    plan: Plan,
    as_of: int,
    traces: Mapping[str, Traces],
    noticed: Noticed,
    memory: Memory,
    counts: Callable[[Event], bool],
) -> list[Finding]:
    """All findings at `as_of`; `counts` tells whether an event counts by then."""
    found = [*of_plan(plan), *of_events(plan, noticed, memory, counts)]
    for person_id, left in traces.items():
        found += of_person(plan, as_of, person_id, left)
    return sorted(found, key=order)


def of_person(plan: Plan, as_of: int, person_id: str, traces: Traces) -> list[Finding]:
    """Those that a person's traces make; nothing but the traces and the timetable changes them."""
    return [
        *_of_teacher(plan, as_of, person_id, traces),
        *_of_sign_outs(plan, as_of, person_id, traces),
        *_of_connections(plan, as_of, person_id, traces),
    ]


def of_events(plan: Plan, noticed: Noticed, memory: Memory, counts: Callable[[Event], bool]) -> list[Finding]:
    """Those that single events make, whoever they are of."""

    def counting(keys: Iterable[tuple[str, str]]) -> Iterator[Event]:
        for key in keys:
            event = memory.event(*key)
            if event is not None and counts(event):
                yield event

    return [
        *_of_first_seen(noticed),
        *noticed.corrections,
        *_of_arrivals(plan, counting(memory.odd_arrivals)),
        *(Finding("id_reused", e.at, source=e.source, event=e.id) for e in counting(memory.reused)),
    ]


def order(finding: Finding) -> tuple[Any, ...]:
    """What findings are sorted by."""
    named = (finding.at, finding.person, finding.session, finding.index, finding.source, finding.event)
    places = [(value is not None, value if value is not None else 0) for value in named]
    return (finding.code, *places, msgspec.json.encode(finding.shown(), order="sorted"))


def of_plan(plan: Plan) -> Iterator[Finding]:
    """Those that the timetable alone makes, at any instant."""
    policy = plan.policy
    starts: dict[date, int] = {}
    count: Counter[date] = Counter()
    for period in plan.periods:
        if period.countable:
            count[period.on] += 1
            starts.setdefault(period.on, period.start)
    for on, number in count.items():
        if number > policy.daily_cap:
            yield Finding("daily_cap_exceeded", starts[on])
    hours = planned(plan)
    if hours.hours < policy.total_hours:
        yield Finding("plan_below_total")
    if hours.seminar < policy.seminar_hours:
        yield Finding("plan_below_seminar")
    enough = hours.hours >= policy.total_hours and hours.seminar >= policy.seminar_hours
    if enough and (hours.hours == policy.total_hours or hours.seminar == policy.seminar_hours):
        yield Finding("plan_without_slack")


def _of_teacher(plan: Plan, as_of: int, person_id: str, traces: Traces) -> Iterator[Finding]:
    for period in plan.taught.get(person_id, ()):
        if as_of < period.end + plan.policy.silence_ms:
            continue
        if period.session.mode == "online":
            proven = traces.measure(period, as_of).get("valid", 0) >= plan.policy.hour_ms
        else:
            proven = traces.signed_in(period.slot)
        if not proven:
            session = period.session.id
            yield Finding("teacher_not_proven", period.start, person_id, session, period.index)


def _of_sign_outs(plan: Plan, as_of: int, person_id: str, traces: Traces) -> Iterator[Finding]:
    if plan.people[person_id].role != "trainee" or not traces.marks:
        return
    for session in plan.cohort.sessions:
        slot = plan.slot_of[session.id]
        if session.sign_out and as_of >= slot.end + plan.policy.silence_ms and traces.presence(slot).there:
            yield Finding("sign_out_missing", slot.end, person_id, session.id)


def _of_connections(plan: Plan, as_of: int, person_id: str, traces: Traces) -> Iterator[Finding]:
    for connection in traces.connections():
        source = connection.source
        for at, event_id in connection.strays:
            yield Finding("leave_without_join", at, person_id, source=source, event=event_id)
        if not connection.stays:
            continue
        entries = set()
        ends = plan.room_ends.get(connection.room, [])
        first, last = connection.stays[0].start, connection.stays[-1].end
        behind = bisect_right(ends, as_of if last is None else min(as_of, last))
        for settled in ends[bisect_left(ends, first) : behind]:
            stay = connection.in_room_at(settled)
            if stay is not None:
                entries.add(stay.start)
        for at in entries:
            yield Finding("join_without_leave", at, person_id, source=source)


def _of_first_seen(noticed: Noticed) -> Iterator[Finding]:
    for (code, source, what), at in noticed.first.items():
        finding = Finding(code, at, source=source)
        named = _NAMED_AS.get(code)
        yield msgspec.structs.replace(finding, **{named: what}) if named else finding


def _of_arrivals(plan: Plan, events: Iterable[Event]) -> Iterator[Finding]:
    wrong_clock: dict[tuple[str, date], int] = {}
    for event in events:
        if event.received is None:
            continue
        if event.received - event.at > LATE_MS:
            yield Finding("late_event", event.at, source=event.source, event=event.id)
        if event.at - event.received > CLOCK_MS:
            key = (event.source, plan.date_of(event.received))
            wrong_clock[key] = min(wrong_clock.get(key, event.at), event.at)
    for (source, _), at in wrong_clock.items():
        yield Finding("clock_off", at, source=source)
