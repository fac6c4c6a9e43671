"""What one person does in a period that runs, told so that it holds until something happens.

In: a person's traces, a period that has begun, an instant. Out: a row of the board. Never: a number that
grows with the clock; a rule that the verdict does not follow.

Of the time up to `at` the row has the sums by category. From `at` on all of it, up to the period's end, is of
the category `running`. What a camera that beats says after its last beat is awaited, not yet proven: here it
runs as `valid`, and is taken back where the next beat does not come in time.

    period      |08:30 ........................................ now ....... 09:15|
    timeline     | not_in_room |  valid  | camera_off |  valid   |
    the row      |--- milliseconds, spans up to `at` -|at: running `valid`
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from monitor.cohort import Person
from monitor.hours import sign_in
from monitor.hours.attention import Course, attention
from monitor.hours.plan import Period, Plan, Slot
from monitor.hours.sign_in import Presence
from monitor.hours.span import ONLINE
from monitor.hours.traces import Traces
from monitor.instant import rfc3339

_Spans = list[tuple[int, int, str]]

_CAMERA_ON: Final = ("valid", "awaiting", "open")


class Doing(NamedTuple):
    """The row, and what is needed to keep it: `due` (ms) is when time alone changes it next, None for never.

    `since_at` is `at` of the row in milliseconds; `can_still` whether the period can be reached.
    """

    row: dict[str, Any]
    running: str
    since_at: int
    can_still: bool
    due: int | None


def doing(
    plan: Plan, person: Person, traces: Traces, period: Period, as_of: int, *, quiet: bool = False
) -> Doing:
    """The row of a person in a period that has begun before `as_of` and is not settled.

    `quiet`: the platforms have sent nothing for a while, so that online nobody's absence is known.
    """
    until = min(period.end, as_of)
    if period.session.mode == "online":
        spans = [(low, high, ONLINE[what]) for low, high, what in traces.timeline(period, as_of)]
        state, since = _online(spans)
        ends: list[int] = []
    else:
        presence = traces.presence(period.slot)
        spans = sign_in.spans(presence, period.start, until)
        state, since = _offline(plan, period.slot, presence)
        ends = [end + 1 for _, end in presence.stays if end < period.end]
        ends += [as_of + 1 for mark in traces.marks.get(period.slot, ()) if mark[0] == as_of]
    spans = [(low, high, "valid" if what == "awaiting" else what) for low, high, what in spans]
    running, at = spans[-1][2], _begin(spans, (spans[-1][2],))
    sums: dict[str, int] = {}
    shown: list[list[Any]] = []
    for low, high, what in spans:
        if low < at:
            sums[what] = sums.get(what, 0) + high - low
            if shown and shown[-1][0] == what:
                low = period.start + shown.pop()[1]
            shown.append([what, low - period.start, high - period.start])
    row: dict[str, Any] = {
        "id": f"{person.id} {period.session.id}/{period.index}",
        "person": person.id,
        "role": person.role,
        "session": period.session.id,
        "index": period.index,
        "until": rfc3339(period.end),
        "state": state,
        "since": rfc3339(since),
        "milliseconds": sums,
        "spans": shown,
        "at": rfc3339(at),
        "running": running,
    }
    can_still, lost_at, turns = False, None, None
    if person.role == "trainee":
        row["verdict"] = "live" if period.countable else "not_countable"
        if period.countable:
            margin, lost_at = _margin(plan, period, as_of, sums, at, running)
            can_still = margin - (0 if running in _counted(plan, period, as_of) else until - at) >= 0
            needed = max(0, plan.policy.hour_ms - sums.get("valid", 0))
            full_at = at + needed if not needed or running == "valid" else None
            course = Course(
                can_still=can_still,
                full_at=full_at if full_at is not None and full_at <= period.end else None,
                margin_ms=margin,
                lost_at=lost_at,
                off_since=since if state == "camera_off" else None,
                quiet=quiet and period.session.mode == "online",
            )
            word, turns = attention(course, as_of)
            row |= {
                "attention": word,
                "needed_ms": needed,
                "margin_ms": margin,
                "can_still": can_still,
                "lost_at": None if lost_at is None else rfc3339(lost_at),
            }
    dues = [due for due in (*ends, lost_at, turns) if due is not None and due > as_of]
    return Doing(row, running, at, can_still, min(dues, default=None))


def _begin(spans: _Spans, same: tuple[str, ...]) -> int:
    """When the run of these categories began that stands at the end."""
    begin = spans[-1][1]
    for low, _, what in reversed(spans):
        if what not in same:
            break
        begin = low
    return begin


def _online(spans: _Spans) -> tuple[str, int]:
    """The word for what is seen last, and since when."""
    last = spans[-1][2]
    same = _CAMERA_ON if last in _CAMERA_ON else (last,)
    return ("camera_on" if last in _CAMERA_ON else last), _begin(spans, same)


def _offline(plan: Plan, slot: Slot, presence: Presence) -> tuple[str, int]:
    if presence.there:
        return "signed_in", presence.signed_at
    if presence.stays:
        return "signed_out", presence.stays[-1][1] - plan.policy.sign_out_grace_minutes * 60_000
    return "not_signed_in", slot.start


def _counted(plan: Plan, period: Period, as_of: int) -> tuple[str, ...]:
    """The categories that `reachable` adds up (RULES section 6)."""
    if period.session.mode == "offline" and as_of <= _grace(plan, period):
        return ("valid", "no_sign_in")
    return ("valid", "open")


def _grace(plan: Plan, period: Period) -> int:
    return period.slot.start + plan.policy.sign_in_grace_minutes * 60_000


def _margin(
    plan: Plan, period: Period, as_of: int, sums: dict[str, int], at: int, running: str
) -> tuple[int, int | None]:
    """How much (ms) of what is left after `at` may be lost, and when the period is, if nothing changes."""
    had = sum(sums.get(what, 0) for what in _counted(plan, period, as_of))
    margin = had + period.end - at - plan.policy.hour_ms
    lost_at = at + margin + 1
    if running == "no_sign_in":
        lost_at = max(lost_at, _grace(plan, period) + 1)
    elif running in _counted(plan, period, as_of):
        return margin, None
    return margin, lost_at if margin >= 0 and lost_at <= period.end else None
