"""One trainee's record: the verdict on each period and the totals at an instant, kept from one to the next.

In: the trainee's traces and corrections, an instant. Out: verdicts, totals. Never: judges a settled period
again before something touched it; anything that a fresh record would not say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from monitor.cohort import Person
from monitor.hours.plan import Period, Plan
from monitor.hours.standing import Totals, totals
from monitor.hours.traces import Traces
from monitor.hours.verdict import Correction, Judged, Milliseconds, judge_one, walked


class Standing(msgspec.Struct, frozen=True):
    """One trainee's part of a result."""

    person: Person
    totals: Totals
    periods: list[Judged]


class Record:
    """Of a trainee, as of the last instant asked for. `touched` says from when on it holds no more."""

    def __init__(self, plan: Plan, person: Person, traces: Traces) -> None:
        self._plan = plan
        self._person = person
        self._traces = traces
        self._start_over()

    def _start_over(self) -> None:
        self._as_of = -1
        self._begun = 0
        self._running: set[int] = set()
        self._judged: list[Judged] = []
        self._final_until = 0

    def touched(self, since: int) -> None:
        """Evidence or corrections of what ends after `since` (ms) have changed."""
        if since < self._final_until:
            ends = [period.end for period in self._plan.periods[: self._begun]]
            self._running.update(number for number, end in enumerate(ends) if end > since)

    def standing(self, as_of: int, corrections: Sequence[Correction]) -> Standing:
        """Verdicts and totals at `as_of` (ms)."""
        self._judge(as_of, corrections)
        periods = walked(self._judged, self._plan.policy.daily_cap)
        return Standing(self._person, totals(self._plan, periods, as_of, self._traces.signed_in), periods)

    def _judge(self, as_of: int, corrections: Sequence[Correction]) -> None:
        """Judge what runs, what has begun since, and what was touched."""
        if as_of < self._as_of:
            self._start_over()
        begun = bisect_left(self._plan.starts, as_of)
        if self._judged:
            self._running.update(range(self._begun, begun))
            for number in self._running:
                self._judged[number] = self._one(self._plan.periods[number], as_of, corrections)
        else:
            self._traces.measure_settled(as_of)
            self._judged = [self._one(period, as_of, corrections) for period in self._plan.periods]
            self._running.update(range(begun))
        self._as_of, self._begun = as_of, begun
        for judged in [self._judged[number] for number in self._running]:
            if judged.settled:
                self._running.discard(judged.period.number)
                self._final_until = max(self._final_until, judged.period.end)

    def _one(self, period: Period, as_of: int, corrections: Sequence[Correction]) -> Judged:
        def measured(period: Period) -> Milliseconds:
            return self._traces.measure(period, as_of)

        return judge_one(self._plan, self._person, period, as_of, measured, corrections)
