"""Offline evidence: sign-ins and sign-outs of one slot to stays, and what a period gets of them.

In: a person's marks in a slot. Out: stays, and milliseconds by category (RULES section 5). Never: gives an
online session minutes.

::

    slot        |08:30 ........................... 12:00|
    marks       in 08:40        out 10:00     in 11:00
    stays       |---------------------|       |---------|
                from 08:30, in time   10:05
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from monitor.hours.plan import Slot
from monitor.hours.rulebook import Policy

IN, OUT = range(2)

Mark = tuple[int, int, str, str]
"""(instant, IN or OUT, event id, source): sorts as RULES section 5 orders marks."""


class Presence(NamedTuple):
    """A person's stays in a slot, in order; `there` when the last one had no sign-out.

    `signed_at` is the instant of the sign-in that began the last one, which may be before the slot.
    """

    stays: list[tuple[int, int]]
    there: bool
    signed_at: int


def accepted(mark: Mark, slot: Slot, policy: Policy) -> bool:
    """Whether a sign-in counts: from sign_in_opens before the slot until its end."""
    return slot.start - policy.sign_in_opens_minutes * 60_000 <= mark[0] < slot.end


def presence(marks: Iterable[Mark], slot: Slot, policy: Policy) -> Presence:
    """The stays of one person in one slot from all their marks there."""
    stays: list[tuple[int, int]] = []
    there = False
    began = signed_at = 0
    for mark in sorted(marks):
        at, which = mark[:2]
        if which == IN and not there and accepted(mark, slot, policy):
            in_time = not stays and at <= slot.start + policy.sign_in_grace_minutes * 60_000
            began, there, signed_at = slot.start if in_time else at, True, at
        elif which == OUT and there:
            stays.append((began, at + policy.sign_out_grace_minutes * 60_000))
            there = False
    if there:
        stays.append((began, slot.end))
    return Presence(stays, there, signed_at)


def spans(found: Presence, start: int, end: int) -> list[tuple[int, int, str]]:
    """`[start, end)` as (start, end, category): late before the first stay, valid in one, else left_early."""
    if end <= start:
        return []
    if not found.stays:
        return [(start, end, "no_sign_in")]
    told: list[tuple[int, int, str]] = []
    reached = min(max(found.stays[0][0], start), end)
    if reached > start:
        told.append((start, reached, "late"))
    for began, ended in found.stays:
        low, high = max(began, reached), min(ended, end)
        if low >= high:
            continue
        if low > reached:
            told.append((reached, low, "left_early"))
        elif told and told[-1][2] == "valid":
            low = told.pop()[0]
        told.append((low, high, "valid"))
        reached = high
    if reached < end:
        told.append((reached, end, "left_early"))
    return told


def categories(found: Presence, start: int, end: int) -> dict[str, int]:
    """Milliseconds of `[start, end)` by category; categories without time are left out."""
    sums: dict[str, int] = {}
    for low, high, category in spans(found, start, end):
        sums[category] = sums.get(category, 0) + high - low
    return sums
