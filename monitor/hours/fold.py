"""A cohort's events to its result at any instant: a pure function of their set.

In: events, as `Index` takes them. Out: verdicts, totals, findings, and what a doubting person asks: which
stays there were, which events stand behind a period. Never: decodes, reads a clock. The live service and the
recount use this same fold, so no rule is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import msgspec

from monitor.cohort import Person
from monitor.event import Event
from monitor.hours.evidence import Connection
from monitor.hours.findings import Finding, findings
from monitor.hours.index import Index
from monitor.hours.plan import Plan, rooms_of
from monitor.hours.proof import Proof
from monitor.hours.record import Record, Standing
from monitor.hours.standing import Planned, percent, planned
from monitor.hours.traces import Touch
from monitor.instant import rfc3339


class Result(msgspec.Struct, frozen=True):
    """What RULES says of a cohort at `as_of`; `rate` in percent, None without required hours."""

    plan: Plan
    as_of: int
    planned: Planned
    rate: str | None
    people: list[Standing]
    findings: list[Finding]


class Fold(Index):
    """The events of one cohort, folded: `add` events, ask `result` at any instant.

    `beginnings` counts how often all that was made of the events was thrown away and made anew.
    """

    beginnings = 0

    def _start_over(self, sorted_to: int) -> None:
        super()._start_over(sorted_to)
        self._records: dict[str, Record] = {}
        self._touches: dict[str, Touch] = {}
        self.beginnings += 1

    def at(self, as_of: int) -> Fold:
        """The fold as it stands at `as_of`: itself, or another for an instant already passed.

        It moves no farther than events are waiting for it, so that an earlier instant may still be asked for.
        """
        if self.stands_past(as_of):
            if self.lean:
                raise ValueError("a lean fold keeps too little to go back")
            earlier = Fold(self.plan)
            earlier.take_over(self, as_of)
            return earlier
        self.up_to(self.sorted_to)
        if any(at <= as_of for at in self.waiting()):
            self.up_to(as_of)
        for person_id in self.touched:
            touch = self.traces[person_id].touch()
            record, before = self._records.get(person_id), self._touches.get(person_id)
            if record is not None:
                record.touched(touch.since)
            self._touches[person_id] = touch if before is None else before.and_then(touch)
        self.touched.clear()
        return self

    def touches_since(self) -> dict[str, Touch]:
        """Who was touched since this was asked last, as far as the fold stands; one may ask and no more."""
        found, self._touches = self._touches, {}
        return found

    def waiting(self) -> Iterator[int]:
        """The instants (ms) of events that have not come, as far as the fold stands."""
        for event in self._ahead:
            yield event.at
        for _, _, at in self._beats_ahead:
            yield at

    def result(self, as_of: int) -> Result:
        """Verdicts, totals and findings at the instant `as_of` (milliseconds)."""
        fold = self.at(as_of)
        people = [fold.standing(person, as_of) for person in self.plan.trainees]
        credited = sum(one.totals.credited for one in people)
        required = sum(one.totals.required for one in people)
        return Result(
            plan=self.plan,
            as_of=as_of,
            planned=planned(self.plan),
            rate=percent(credited, required),
            people=people,
            findings=fold.findings(as_of),
        )

    def standing(self, person: Person, as_of: int) -> Standing:
        """One person's verdicts and totals, of a fold that stands `at` as_of."""
        record = self._records.get(person.id)
        if record is None:
            record = self._records[person.id] = Record(self.plan, person, self.traces[person.id])
        return record.standing(as_of, self.corrections.get(person.id, ()))

    def findings(self, as_of: int) -> list[Finding]:
        """What a person should look at, of a fold that stands `at` as_of."""
        return findings(
            self.plan, as_of, self.traces, self.noticed, self.memory, lambda event: self.counts(event, as_of)
        )

    def touches(self, event: Event) -> bool:
        """Whether the event can ever count for this cohort."""
        return event.data.cohort in (None, self.plan.cohort.id) and self.listed(event.source)

    def as_taken(self, event: Event) -> Event:
        """The event as it is taken where its id came with differing contents; else itself."""
        return event if self.lean else self.memory.event(event.source, event.id) or event

    # --- the proof of a period ---------------------------------------------------------------------------

    def stays(self, person_id: str, as_of: int) -> list[dict[str, Any]]:
        """A person's stays in rooms, by start: where, from when to when, and what says so."""
        found = []
        for connection in self.at(as_of).traces[person_id].connections():
            for stay in connection.stays:
                end, end_by = stay.end, stay.end_by
                if end is None and connection.silent(as_of):
                    end, end_by = connection.last, "last_proof"
                span = (stay.start, end, stay.start_by, end_by)
                found.append((stay.start, connection.source, connection.room, connection.connection, span))
        return [
            {
                "source": source,
                "room": room,
                "connection": connection,
                "from": rfc3339(start),
                "to": None if end is None else rfc3339(end),
                "from_by": start_by,
                "to_by": end_by,
            }
            for _, source, room, connection, (start, end, start_by, end_by) in sorted(
                found, key=lambda f: f[:4]
            )
        ]

    def behind(self, person_id: str, session_id: str, number: int, as_of: int) -> Proof:
        """On which events a period of a person rests: those in it, and their neighbours on the connections.

        Where no connection touches the period, the nearest of that local date, before and behind it. Raises
        LookupError where there is no such person, session or period.
        """
        fold = self.at(as_of)
        period = next(
            (p for p in self.plan.periods if p.session.id == session_id and p.index == number), None
        )
        if period is None or person_id not in fold.traces:
            raise LookupError(f"no period {session_id}/{number} of {person_id}")
        traces = fold.traces[person_id]
        proof = Proof(self.plan)
        near: list[tuple[int, Connection]] = []
        for room in rooms_of(period.session):
            for connection in traces.rooms.get(room, ()):
                seen = connection.around(period.start, period.end)
                own = [at for at in seen if self.plan.date_of(at) == period.on]
                if any(period.start <= at <= period.end for at in seen) or connection.spans(
                    period.start, period.end, as_of
                ):
                    reach = [at for at in seen if connection.reaches(at, period.start, period.end)]
                    proof.of_connection(connection, sorted({*own, *reach}))
                else:
                    near += [(at, connection) for at in own]
        if proof.first is None:
            before = [one for one in near if one[0] < period.start]
            behind = [one for one in near if one[0] > period.end]
            for at, connection in (
                *sorted(before, key=itemgetter(0))[-1:],
                *sorted(behind, key=itemgetter(0))[:1],
            ):
                proof.of_connection(connection, [at])
        for at, _, event_id, source in traces.marks.get(period.slot, ()):
            proof.of_event(source, event_id, at)
        for correction in fold.corrections.get(person_id, ()):
            if correction.session == session_id and correction.number in (None, number):
                proof.of_event("staff", correction.id, correction.at)
        return proof

    def excuses(self, person_id: str, as_of: int) -> list[dict[str, Any]]:
        """A person's leaves (请假), by time: they change no number and are shown beside them."""
        events = self.at(as_of).excused.get(person_id, ())
        return [
            {
                "session": event.data.session,
                "at": rfc3339(event.at),
                "reason": event.data.reason,
                "by": event.data.by,
            }
            for event in sorted(events, key=lambda event: (event.at, event.id))
        ]
