"""Hours by local date: of one trainee, and of a class, as charts and calendars show them.

In: judged periods. Out: sums by date, under the same cap and rate as the totals (RULES section 8), so that
the days add up to them. Never: judges; a rate of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

import msgspec

from monitor.hours.plan import Plan
from monitor.hours.record import Standing
from monitor.hours.standing import percent
from monitor.hours.verdict import COUNTED_FOR_NOTHING, Judged


class Day(msgspec.Struct, frozen=True):
    """One trainee's local date: hours credited, periods settled, and hours required of these."""

    on: date
    credited: int
    settled: int
    required: int


class ClassDay(msgspec.Struct, frozen=True):
    """A class's local date.

    `periods`, `countable`, `settled`: on the timetable, whoever they are for. `trainees` had an hour due that
    day, `present` are those of them with proven time or a credited hour. `rate` in percent of that day,
    `rate_so_far` of all up to it; None without required hours.
    """

    on: date
    periods: int
    countable: int
    settled: int
    trainees: int
    present: int
    credited: int
    required: int
    rate: str | None
    credited_so_far: int
    required_so_far: int
    rate_so_far: str | None


def days_of(plan: Plan, judged: Iterable[Judged]) -> list[Day]:
    """A trainee's dates, of every period of the cohort, in order."""
    credited: Counter[date] = Counter()
    settled: Counter[date] = Counter()
    for one in judged:
        if one.verdict in COUNTED_FOR_NOTHING:
            continue
        credited[one.period.on] += one.verdict == "credited"
        settled[one.period.on] += one.settled
    cap = plan.policy.daily_cap
    return [
        Day(on, credited[on], settled[on], min(cap, settled[on]))
        for on in dict.fromkeys(period.on for period in plan.periods)
    ]


def class_days(plan: Plan, people: Iterable[Standing], as_of: int) -> list[ClassDay]:
    """The dates of a class at `as_of`, in order; their hours add up to those of the cohort's rate."""
    trainees: Counter[date] = Counter()
    present: Counter[date] = Counter()
    credited: Counter[date] = Counter()
    required: Counter[date] = Counter()
    for standing in people:
        there = {
            one.period.on
            for one in standing.periods
            if one.verdict not in COUNTED_FOR_NOTHING
            and (one.verdict == "credited" or one.milliseconds.get("valid"))
        }
        for day in days_of(plan, standing.periods):
            credited[day.on] += day.credited
            required[day.on] += day.required
            if day.required:
                trainees[day.on] += 1
                present[day.on] += day.on in there
    found: list[ClassDay] = []
    credited_so_far = required_so_far = 0
    for on in dict.fromkeys(period.on for period in plan.periods):
        periods = [period for period in plan.periods if period.on == on]
        countable = [period for period in periods if period.countable]
        credited_so_far += credited[on]
        required_so_far += required[on]
        found.append(
            ClassDay(
                on=on,
                periods=len(periods),
                countable=len(countable),
                settled=sum(as_of >= period.end + plan.policy.silence_ms for period in countable),
                trainees=trainees[on],
                present=present[on],
                credited=credited[on],
                required=required[on],
                rate=percent(credited[on], required[on]),
                credited_so_far=credited_so_far,
                required_so_far=required_so_far,
                rate_so_far=percent(credited_so_far, required_so_far),
            )
        )
    return found
