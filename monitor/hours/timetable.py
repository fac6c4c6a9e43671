"""What is on: the periods that run, with how many do what in each, and the one that comes next.

In: a plan, the periods that run, the rows of the board. Out: rows ready for JSON. Never: measures anybody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from monitor.hours.plan import Period, Plan
from monitor.instant import rfc3339


def running(plan: Plan, runs: Iterable[Period], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The periods that run, by place in the plan; `states` and `attention` count the trainees' rows."""
    states: dict[tuple[str, int], Counter[str]] = {}
    attention: dict[tuple[str, int], Counter[str]] = {}
    for row in rows:
        if row["role"] != "trainee":
            continue
        key = (row["session"], row["index"])
        states.setdefault(key, Counter())[row["state"]] += 1
        if "attention" in row:
            attention.setdefault(key, Counter())[row["attention"]] += 1
    found = []
    for period in runs:
        key = (period.session.id, period.index)
        counts = {"states": dict(states.get(key, {})), "attention": dict(attention.get(key, {}))}
        found.append({**told(plan, period), **counts})
    return found


def upcoming(plan: Plan, as_of: int) -> dict[str, Any] | None:
    """The first period that has not begun at `as_of`; None after the last."""
    place = bisect_left(plan.starts, as_of)
    return told(plan, plan.periods[place]) if place < len(plan.periods) else None


def told(plan: Plan, period: Period) -> dict[str, Any]:
    """A period as a board shows it. `hour` of `hours`: which of its local date, those at one time as one."""
    session = period.session
    starts = _starts_of_day(plan, period)
    return {
        "id": f"{session.id}/{period.index}",
        "session": session.id,
        "index": period.index,
        "course": session.course,
        "kind": session.kind,
        "mode": session.mode,
        "teacher": session.teacher,
        "room": session.room,
        "place": session.place,
        "start": rfc3339(period.start),
        "end": rfc3339(period.end),
        "countable": period.countable,
        "hour_ms": plan.policy.hour_ms,
        "hour": starts.index(period.start) + 1,
        "hours": len(starts),
    }


def _starts_of_day(plan: Plan, period: Period) -> Sequence[int]:
    """When the periods of its local date start, in order, each instant once."""
    first = last = period.number
    while first > 0 and plan.periods[first - 1].on == period.on:
        first -= 1
    while last + 1 < len(plan.periods) and plan.periods[last + 1].on == period.on:
        last += 1
    return sorted({one.start for one in plan.periods[first : last + 1]})
