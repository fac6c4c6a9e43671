"""The verdict on each period of one trainee (RULES section 6).

In: the milliseconds of each period by category, the corrections that count. Out: verdicts with reasons,
after the walk over credited periods. Never: looks at events; changes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from monitor.cohort import Person
from monitor.hours.plan import Period, Plan
from monitor.hours.span import REASONS

COUNTED_FOR_NOTHING: Final = ("not_enrolled", "not_countable")
"""Verdicts of periods that stand in no total."""

Milliseconds = dict[str, int]


class Correction(NamedTuple):
    """A correction that counts: sorts by (time, id); `number` None means all periods of the session."""

    at: int
    id: str
    person: str
    session: str
    number: int | None
    credit: bool


class Judged(msgspec.Struct, frozen=True):
    """One period of one trainee. `reachable` (ms) for a live period; `settled` at as_of."""

    period: Period
    verdict: str
    reason: str | None
    milliseconds: Milliseconds
    settled: bool
    reachable: int | None = None
    can_still: bool = False


def judge_one(
    plan: Plan,
    person: Person,
    period: Period,
    as_of: int,
    measured: Callable[[Period], Milliseconds],
    corrections: Sequence[Correction],
) -> Judged:
    """One period, before the walk: final for those that are not settled, which it never touches."""
    settled = as_of >= period.end + plan.policy.silence_ms
    if not plan.enrolled(person, period):
        return Judged(period, "not_enrolled", None, {}, settled)
    milliseconds = measured(period) if as_of > period.start else {}
    if not period.countable:
        return Judged(period, "not_countable", None, milliseconds, settled)
    if not settled:
        if as_of <= period.start:
            return Judged(period, "upcoming", None, milliseconds, settled)
        reachable = _reachable(plan, period, as_of, milliseconds)
        can_still = reachable >= plan.policy.hour_ms
        return Judged(period, "live", None, milliseconds, settled, reachable, can_still)
    verdict, reason = _settled(plan, period, milliseconds, corrections)
    return Judged(period, verdict, reason, milliseconds, settled)


def _settled(
    plan: Plan, period: Period, milliseconds: Milliseconds, corrections: Sequence[Correction]
) -> tuple[str, str | None]:
    named = [c for c in corrections if c.session == period.session.id and c.number in (None, period.index)]
    if named:
        return ("credited" if max(named).credit else "refused"), "manual"
    valid = milliseconds.get("valid", 0)
    if valid >= plan.policy.hour_ms:
        return "credited", None
    if valid + milliseconds.get("open", 0) >= plan.policy.hour_ms:
        return "pending", "open"
    return "refused", max(REASONS, key=lambda reason: milliseconds.get(reason, 0))


def _reachable(plan: Plan, period: Period, as_of: int, milliseconds: Milliseconds) -> int:
    """What a live period can still come to: proven, perhaps proven, and what is left of it."""
    counted = ["valid", "awaiting", "open"]
    grace = period.slot.start + plan.policy.sign_in_grace_minutes * 60_000
    if period.session.mode == "offline" and as_of <= grace:
        counted.append("no_sign_in")
    return sum(milliseconds.get(name, 0) for name in counted) + max(0, period.end - as_of)


def walked(judged: Sequence[Judged], daily_cap: int) -> list[Judged]:
    """The same after the walk: credited periods that overlap an earlier one, or are over the cap, refused."""
    found = list(judged)
    still: dict[date, list[Period]] = {}
    for number, one in enumerate(found):
        if one.verdict != "credited":
            continue
        period = one.period
        there = still.setdefault(period.on, [])
        if any(period.start < other.end and other.start < period.end for other in there):
            found[number] = msgspec.structs.replace(one, verdict="refused", reason="overlap")
        elif len(there) >= daily_cap:
            found[number] = msgspec.structs.replace(one, verdict="refused", reason="over_daily_cap")
        else:
            there.append(period)
    return found
