"""The register (考勤册) of a class, kept from one instant to the next: where each stands, what each does now.

In: a fold, instants that only grow. Out: totals of trainees, rows of the periods that run, findings, which of
these changed since the last time, and when time alone changes something next. Never: judges or measures
anybody whom neither an event nor the clock has touched; says anything else than a fresh one at that instant.

    events ─▶ fold ─▶ touches ─▶ those people ─┐
    the timetable's instants ────▶ everybody ──┼─▶ rows, totals, findings ─▶ `changed`
    a silence, a margin used up ─▶ that person ┘
    a platform gone quiet, or back ─▶ everybody, above
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import Any

from monitor.cohort import Person
from monitor.event import Event
from monitor.hours import findings, timetable
from monitor.hours.doing import Doing, doing
from monitor.hours.dues import Dues
from monitor.hours.findings import Finding
from monitor.hours.fold import Fold
from monitor.hours.plan import Period
from monitor.hours.quiet import Quiet, quiet
from monitor.hours.standing import Totals, percent
from monitor.hours.traces import Touch, Traces

Rows = list[dict[str, Any]]


class Changed:
    """What has changed since it was asked last; in the first answer everything.

    `totals` of these people; `doing`: these rows of `now`, by person and number of the period; `running`:
    `now` has other rows than before, not only changed ones; `findings`: some of them.
    """

    def __init__(self, *, everything: bool = False) -> None:
        self.totals: set[str] = set()
        self.doing: set[tuple[str, int]] = set()
        self.running = self.findings = everything


class Register:
    """Of one cohort, at `as_of` (ms; -1 before the first `turn`). It alone asks its fold who was touched."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._plan = fold.plan
        self.as_of = -1
        self.totals: dict[str, Totals] = {}
        self._changed = Changed(everything=True)
        self._beginning = -1
        self._place = -1
        self._settled_until = 0
        self._runs: list[Period] = []
        self._expected: dict[str, list[Period]] = {}
        self._doing: dict[tuple[str, int], Doing] = {}
        self._dues = Dues()
        self.quiet = Quiet()
        """Which platforms have gone quiet while a class is on."""
        self._credited = self._required = 0
        self._of_plan = list(findings.of_plan(self._plan))
        self._of_people: dict[str, list[Finding]] = {}
        self._of_events: list[Finding] = []
        self._noted = (-1, -1, -1)
        self._odd_due: int | None = None

    # --- what it says ----------------------------------------------------------------------------------

    @property
    def rate(self) -> str | None:
        """The cohort's attendance rate (RULES section 8)."""
        return percent(self._credited, self._required)

    def now(self) -> Rows:
        """What each person does in the periods that run: by period, then in the order of the cohort file."""
        return [self._doing[key].row for key in self._keys()]

    def row(self, key: tuple[str, int]) -> dict[str, Any]:
        """One row of `now`, by person and number of the period."""
        return self._doing[key].row

    def running(self) -> Rows:
        """The periods that run, and how many do what in each."""
        return timetable.running(self._plan, self._runs, (found.row for found in self._doing.values()))

    def standings(self) -> dict[str, int]:
        """How many trainees stand where (RULES section 8)."""
        return dict(Counter(totals.standing for totals in self.totals.values()))

    def findings(self) -> list[Finding]:
        """All findings, in their order."""
        found = [*self._of_plan, *self._of_events]
        for of_person in self._of_people.values():
            found += of_person
        return sorted(found, key=findings.order)

    def changed(self) -> Changed:
        """What changed since this was asked last."""
        found, self._changed = self._changed, Changed()
        return found

    def due(self) -> int | None:
        """The next instant after `as_of` at which time alone changes something; None when never again."""
        instants = self._plan.instants
        found = [at for at in self._fold.waiting() if at > self.as_of]
        if self.quiet.due is not None:
            found.append(self.quiet.due)
        if self._place < len(instants):
            found.append(instants[self._place])
        if (due := self._dues.next()) is not None:
            found.append(due)
        return min(found, default=None)

    # --- how it is kept --------------------------------------------------------------------------------

    def turn(self, as_of: int) -> None:
        """Moves on to an instant, and to all that the fold has taken. ValueError for one that is over."""
        if as_of < self.as_of or self._fold.at(as_of) is not self._fold:
            raise ValueError(f"the register stands at {max(self.as_of, self._fold.sorted_to)} already")
        touches: dict[str, Touch | None] = {**self._fold.touches_since()}
        place = bisect_right(self._plan.instants, as_of)
        anew = place != self._place or self._beginning != self._fold.beginnings
        if anew:
            self._begin(as_of, place)
        before, self.quiet = self.quiet, quiet(self._plan, self._fold.heard, self._runs, as_of)
        if anew or before.all != self.quiet.all:
            for person in self._plan.people.values():
                self._look(person, as_of, touches.get(person.id), all_of_it=True)
        else:
            for name in self._dues.come(as_of):
                touches.setdefault(name, None)
            for name, touch in touches.items():
                self._look(self._plan.people[name], as_of, touch)
        self._look_at_events(as_of)
        self.as_of = as_of

    def _begin(self, as_of: int, place: int) -> None:
        """The timetable has moved on: other periods run, or it is another day of the register."""
        self._place, self._beginning = place, self._fold.beginnings
        keys = list(self._keys())
        silence_ms = self._plan.policy.silence_ms
        runs_before = self._runs
        self._runs = [p for p in self._plan.periods if p.start < as_of < p.end + silence_ms]
        ended = (p.end for p in self._plan.periods if p.end + silence_ms <= as_of)
        self._settled_until = max(ended, default=0)
        self._expected = {
            person.id: [period for period in self._runs if self._is_expected(person, period)]
            for person in self._plan.people.values()
        }
        if keys != list(self._keys()):
            self._doing = {}
            self._changed.running = True
        elif self._runs != runs_before:  # one in which nobody is expected
            self._changed.running = True

    def _is_expected(self, person: Person, period: Period) -> bool:
        if person.role == "teacher":
            return period.session.teacher == person.id
        return self._plan.enrolled(person, period)

    def _keys(self) -> Iterator[tuple[str, int]]:
        for period in self._runs:
            for name, periods in self._expected.items():
                if period in periods:
                    yield name, period.number

    def _look(self, person: Person, as_of: int, touch: Touch | None, *, all_of_it: bool = False) -> None:
        """Looks at one person again."""
        name, traces = person.id, self._fold.traces[person.id]
        due = None
        if all_of_it or touch is None or not self._as_before(name, touch, as_of):
            judge = all_of_it or (touch is not None and self._settles(touch))
            for period in self._expected[name]:
                found = doing(self._plan, person, traces, period, as_of, quiet=self.quiet.all)
                key, before = (name, period.number), self._doing.get((name, period.number))
                self._doing[key] = found
                if before is None or before.row != found.row:
                    self._changed.doing.add(key)
                    judge = judge or before is None or before.can_still != found.can_still
            if judge and person.role == "trainee":
                self._total(person, as_of)
            if all_of_it or touch is not None:
                self._find(name, traces, as_of)
        for period in self._expected[name]:
            row_due = self._doing[name, period.number].due
            if row_due is not None and (due is None or row_due < due):
                due = row_due
        for connection in traces.connections():
            change = connection.next_change(as_of)
            if change is not None and (due is None or change < due):
                due = change
        self._dues.set(name, due)

    def _as_before(self, name: str, touch: Touch, as_of: int) -> bool:
        """Whether all that came goes on with what was: beats of a camera that was on, in time."""
        since = touch.since
        if touch.more or since > self.as_of or self._settles(touch):
            return False
        for period in self._expected[name]:
            found = self._doing[name, period.number]
            if found.due is not None and found.due <= as_of:
                return False
            if found.running != "valid" or found.since_at > since or period.session.mode == "offline":
                return False
        return all(connection.holds(since, as_of) for connection in touch.connections)

    def _settles(self, touch: Touch) -> bool:
        """Whether it may change what is settled already, or what a person decided."""
        return touch.more or touch.since < self._settled_until

    def _total(self, person: Person, as_of: int) -> None:
        found = self._fold.standing(person, as_of).totals
        before = self.totals.get(person.id)
        if found == before:
            return
        self.totals[person.id] = found
        self._changed.totals.add(person.id)
        self._credited += found.credited - (0 if before is None else before.credited)
        self._required += found.required - (0 if before is None else before.required)

    def _find(self, name: str, traces: Traces, as_of: int) -> None:
        found = findings.of_person(self._plan, as_of, name, traces)
        if found != self._of_people.get(name, []):
            self._of_people[name] = found
            self._changed.findings = True

    def _look_at_events(self, as_of: int) -> None:
        """Findings of single events: made anew where one more was noticed, or one's instant has come."""
        fold = self._fold
        noted = (fold.beginnings, fold.noticed.changes, fold.memory.oddities)
        if noted == self._noted and (self._odd_due is None or as_of < self._odd_due):
            return
        ahead: list[int] = []

        def counts(event: Event) -> bool:
            if event.at > as_of:
                ahead.append(event.at)
            return fold.counts(event, as_of)

        found = findings.of_events(self._plan, fold.noticed, fold.memory, counts)
        self._noted, self._odd_due = noted, min(ahead, default=None)
        if found != self._of_events:
            self._of_events = found
            self._changed.findings = True
