"""Totals, attendance rate (出勤率) and standing of a trainee, and of the cohort (RULES section 8).

In: judged periods. Out: sums, the forecast (what is still possible), the standing. Never: judges a period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
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


def totals(plan: Plan, judged: Iterable[Judged], as_of: int, signed_in: Callable[[Slot], bool]) -> Totals:
    """Add up one trainee's periods; `signed_in` tells whether a slot has an accepted sign-in of theirs."""
    policy = plan.policy
    counting = [one for one in judged if one.verdict not in COUNTED_FOR_NOTHING]
    credited = [one for one in counting if one.verdict == "credited"]
    hopeful = [one for one in counting if one.verdict in ("pending", "upcoming") or one.can_still]
    seminar = sum(one.period.seminar for one in credited)
    possible = _capped((one.period.on for one in (*credited, *hopeful)), policy)
    possible_seminar = _capped((one.period.on for one in (*credited, *hopeful) if one.period.seminar), policy)
    required = _capped((one.period.on for one in counting if one.settled), policy)
    held = {one.period.slot for one in counting if as_of >= one.period.slot.end + policy.silence_ms}
    proven = {one.period.slot for one in credited}
    return Totals(
        credited=len(credited),
        seminar=seminar,
        online=sum(one.period.session.mode == "online" for one in credited),
        required=required,
        rate=percent(len(credited), required),
        slots_required=len(held),
        slots_met=sum(slot in proven or (slot.mode == "offline" and signed_in(slot)) for slot in held),
        possible=possible,
        possible_seminar=possible_seminar,
        gap=max(0, policy.total_hours - len(credited)),
        gap_seminar=max(0, policy.seminar_hours - seminar),
        standing=_standing(
            policy,
            met=len(credited) >= policy.total_hours and seminar >= policy.seminar_hours,
            hope=bool(hopeful),
            refused=any(one.verdict == "refused" for one in counting),
            spare=min(possible - policy.total_hours, possible_seminar - policy.seminar_hours),
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


def _capped(dates: Iterable[date], policy: Policy) -> int:
    """How many, but no more than daily_cap on any local date."""
    return sum(min(policy.daily_cap, count) for count in Counter(dates).values())


class Planned(msgspec.Struct, frozen=True):
    """What the timetable holds, in class hours, whoever it is for."""

    hours: int
    seminar: int


def planned(plan: Plan) -> Planned:
    """The countable hours of the timetable, capped by day."""
    countable = [period for period in plan.periods if period.countable]
    return Planned(
        hours=_capped((period.on for period in countable), plan.policy),
        seminar=_capped((period.on for period in countable if period.seminar), plan.policy),
    )
