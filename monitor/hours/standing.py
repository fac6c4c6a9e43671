"""Totals, attendance rate (出勤率) and standing of a trainee, and of the cohort (RULES section 8).

In: judged periods. Out: sums, the forecast (what is still possible), the standing. Never: judges a period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import msgspec

from monitor.hours.plan import Plan, Slot
from monitor.hours.rulebook import Policy
from monitor.hours.verdict import COUNTED_FOR_NOTHING, Judged


class Totals(msgspec.Struct, frozen=True):
    """One trainee's sums, in class hours (学时); `rate` in percent with two decimals, None without hours."""

    credited: int
    seminar: int
    online: int
    required: int
    rate: str | None
    slots_required: int
    slots_met: int
    possible: int
    possible_seminar: int
    gap: int
    gap_seminar: int
    standing: str


def percent(part: int, whole: int) -> str | None:
    """`part` of `whole` in percent, two decimals, half up; None when there is no whole."""
    if whole == 0:
        return None
    hundredths = (part * 20_000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def spare(plan: Plan, totals: Totals) -> dict[str, int]:
    """How many hours may still be missed before a total is out of reach: what `possible` is over it, or 0."""
    policy = plan.policy
    return {
        "spare": max(0, totals.possible - policy.total_hours),
        "spare_seminar": max(0, totals.possible_seminar - policy.seminar_hours),
    }


def totals(plan: Plan, judged: Iterable[Judged], as_of: int, signed_in: Callable[[Slot], bool]) -> Totals:
    """Add up one trainee's periods; `signed_in` tells whether a slot has an accepted sign-in of theirs."""
    policy, silence_ms = plan.policy, plan.policy.silence_ms
    credited = seminar = online = 0
    hope = refused = False
    possible: Counter[date] = Counter()
    possible_seminar: Counter[date] = Counter()
    required: Counter[date] = Counter()
    held: set[Slot] = set()
    proven: set[Slot] = set()
    for one in judged:
        verdict, period = one.verdict, one.period
        if verdict in COUNTED_FOR_NOTHING:
            continue
        if one.settled:
            required[period.on] += 1
        if as_of >= period.slot.end + silence_ms:
            held.add(period.slot)
        if verdict == "credited":
            credited += 1
            seminar += period.seminar
            online += period.session.mode == "online"
            proven.add(period.slot)
        elif verdict in ("pending", "upcoming") or one.can_still:
            hope = True
        else:
            refused = refused or verdict == "refused"
            continue
        possible[period.on] += 1
        if period.seminar:
            possible_seminar[period.on] += 1
    hours, hours_seminar, hours_required = (
        _capped(on, policy) for on in (possible, possible_seminar, required)
    )
    return Totals(
        credited=credited,
        seminar=seminar,
        online=online,
        required=hours_required,
        rate=percent(credited, hours_required),
        slots_required=len(held),
        slots_met=sum(slot in proven or (slot.mode == "offline" and signed_in(slot)) for slot in held),
        possible=hours,
        possible_seminar=hours_seminar,
        gap=max(0, policy.total_hours - credited),
        gap_seminar=max(0, policy.seminar_hours - seminar),
        standing=_standing(
            policy,
            met=credited >= policy.total_hours and seminar >= policy.seminar_hours,
            hope=hope,
            refused=refused,
            spare=min(hours - policy.total_hours, hours_seminar - policy.seminar_hours),
        ),
    )


def _standing(policy: Policy, *, met: bool, hope: bool, refused: bool, spare: int) -> str:
    """The first that holds; `spare` is how many hours can still be missed."""
    if met:
        return "met"
    if not hope:
        return "short"
    if spare < 0:
        return "unrecoverable"
    return "at_risk" if refused and spare <= policy.reserve_hours else "on_track"


def _capped(by_date: Mapping[date, int], policy: Policy) -> int:
    """How many, but no more than daily_cap on any local date."""
    return sum(min(policy.daily_cap, count) for count in by_date.values())


class Planned(msgspec.Struct, frozen=True):
    """What the timetable holds, in class hours, whoever it is for."""

    hours: int
    seminar: int


def planned(plan: Plan) -> Planned:
    """The countable hours of the timetable, capped by day."""
    countable = [period for period in plan.periods if period.countable]
    return Planned(
        hours=_capped(Counter(period.on for period in countable), plan.policy),
        seminar=_capped(Counter(period.on for period in countable if period.seminar), plan.policy),
    )
