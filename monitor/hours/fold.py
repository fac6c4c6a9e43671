"""A cohort's events to its result at any instant: a pure function of their set.

In: events, as `Index` takes them. Out: verdicts, totals, findings, and what the live board and a doubting
person ask: who does what now, when does time change something, which events stand behind a period. Never:
decodes, reads a clock. The live service and the recount use this same fold, so no rule is written twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec

from monitor.cohort import Person
from monitor.event import Event
from monitor.hours.findings import Finding, findings
from monitor.hours.index import Index
from monitor.hours.plan import Period, Plan, rooms_of
from monitor.hours.proof import Proof
from monitor.hours.standing import Planned, Totals, percent, planned, totals
from monitor.hours.verdict import Judged, judge, judge_one
from monitor.instant import rfc3339


class Standing(msgspec.Struct, frozen=True):
    """One trainee's part of a result."""

    person: Person
    totals: Totals
    periods: list[Judged]


class Result(msgspec.Struct, frozen=True):
    """What RULES says of a cohort at `as_of`; `rate` in percent, None without required hours."""

    plan: Plan
    as_of: int
    planned: Planned
    rate: str | None
    people: list[Standing]
    findings: list[Finding]


class Fold(Index):
    """The events of one cohort, folded: `add` events, ask `result` at any instant."""

    def at(self, as_of: int) -> Fold:
        """The fold as it stands at `as_of`: itself, or another for an instant already passed."""
        if as_of >= self.sorted_to or not self.stands_past(as_of):
            self.up_to(as_of)
            return self
        if self.lean:
            raise ValueError("a lean fold keeps too little to go back")
        earlier = Fold(self.plan)
        earlier.take_over(self, as_of)
        return earlier

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
        """One trainee's verdicts and totals, of a fold that stands `at` as_of."""
        traces = self.traces[person.id]

        def measured(period: Period) -> dict[str, int]:
            return traces.measure(period, as_of)

        periods = judge(self.plan, person, as_of, measured, self.corrections.get(person.id, ()))
        return Standing(person, totals(self.plan, periods, as_of, traces.signed_in), periods)

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
        """On which events a period of a person rests: those in it, and its neighbours'.

        Raises LookupError where there is no such person, session or period.
        """
        fold = self.at(as_of)
        period = next(
            (p for p in self.plan.periods if p.session.id == session_id and p.index == number), None
        )
        if period is None or person_id not in fold.traces:
            raise LookupError(f"no period {session_id}/{number} of {person_id}")
        traces = fold.traces[person_id]
        proof = Proof(self.plan)
        for room in rooms_of(period.session):
            for connection in traces.rooms.get(room, ()):
                proof.of_connection(connection, connection.around(period.start, period.end))
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

    # --- the board ---------------------------------------------------------------------------------------

    def now(self, as_of: int) -> list[dict[str, Any]]:
        """What each person does in the period that runs at `as_of`, trainees and its teacher."""
        fold = self.at(as_of)
        return [
            fold._doing(person, period, as_of)
            for period in self._runs(as_of)
            for person in self.plan.people.values()
            if self._expected(person, period)
        ]

    def _expected(self, person: Person, period: Period) -> bool:
        if person.role == "teacher":
            return period.session.teacher == person.id
        return self.plan.enrolled(person, period)

    def _doing(self, person: Person, period: Period, as_of: int) -> dict[str, Any]:
        traces = self.traces[person.id]
        if period.session.mode == "online":
            timeline = traces.timeline(period, as_of)
            words = ["camera_on", "camera_on", "camera_on", "camera_off", "no_evidence", "not_in_room"]
            state = words[timeline[-1][2]]
            since = as_of
            for start, _, category in reversed(timeline):
                if words[category] != state:
                    break
                since = start
        else:
            found = traces.presence(period.slot)
            state = "signed_in" if found.there else "signed_out" if found.stays else "not_signed_in"
            since = (
                found.stays[-1][0]
                if found.there
                else found.stays[-1][1]
                if found.stays
                else period.slot.start
            )
        doing: dict[str, Any] = {
            "person": person.id,
            "role": person.role,
            "session": period.session.id,
            "index": period.index,
            "state": state,
            "since": rfc3339(since),
            "milliseconds": traces.measure(period, as_of),
        }
        if person.role == "trainee":
            one = self._running(person, period, as_of)
            doing |= {"verdict": one.verdict, "reachable": one.reachable, "can_still": one.can_still}
        return doing

    def next_change(self, as_of: int) -> int | None:
        """The next instant after `as_of` at which time alone changes the result; None when never again."""
        fold = self.at(as_of)
        return min((at for at in fold._due(as_of) if at > as_of), default=None)

    def _due(self, as_of: int) -> Iterator[int]:
        place = bisect_right(self.plan.instants, as_of)
        yield from self.plan.instants[place : place + 1]
        for traces in self.traces.values():
            for connection in traces.connections():
                due = connection.next_change(as_of)
                if due is not None:
                    yield due
        for event in self._ahead:
            yield event.at
        for _, _, at in self._beats_ahead:
            yield at
        for period in self._runs(as_of):
            for person in self.plan.trainees:
                one = self._running(person, period, as_of)
                if one.can_still and one.reachable is not None:
                    yield as_of + one.reachable - self.plan.policy.hour_ms + 1

    def _runs(self, as_of: int) -> list[Period]:
        """The periods that have begun and are not settled."""
        silence_ms = self.plan.policy.silence_ms
        return [period for period in self.plan.periods if period.start < as_of < period.end + silence_ms]

    def _running(self, person: Person, period: Period, as_of: int) -> Judged:
        """A trainee's running period: no walk and no correction touches it yet."""
        traces = self.traces[person.id]
        return judge_one(self.plan, person, period, as_of, lambda p: traces.measure(p, as_of), ())
