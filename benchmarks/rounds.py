"""Rounds: every side once in each, in rotated order, so that a machine that drifts drifts under all of them.

In: sides, each a call that measures once. Out: what each said in each round; ratios and their median. Never:
times anything itself.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Say = Callable[[str], None]
"""Where progress goes: a terminal, or nowhere."""


class Wanted(NamedTuple):
    """What to measure: which rows of a file, how many rounds, how large; where others' packages are."""

    names: Sequence[str]
    rounds: int
    scale: float = 1.0
    say: Say = lambda _: None
    peers: Path | None = None


def rotated(sides: Mapping[str, Callable[[], Any]], wanted: Wanted) -> list[dict[str, Any]]:
    """What each side measured in each round; round by round another one begins."""
    names = list(sides)
    found = []
    for number in range(wanted.rounds):
        first = number % max(1, len(names))
        measured = {}
        for name in names[first:] + names[:first]:
            wanted.say(f"round {number + 1}/{wanted.rounds}: {name}")
            measured[name] = sides[name]()
        found.append({name: measured[name] for name in names})
    return found


def result(ratios: Iterable[float], **more: Any) -> dict[str, Any]:
    """{"ratio": their median, "rounds": each, ...}: to three digits that mean something."""
    each = list(ratios)
    return {"ratio": digits(statistics.median(each)), "rounds": [digits(one) for one in each], **more}


def median(values: Iterable[float]) -> float:
    """The median of measured values, to three digits."""
    return digits(statistics.median(list(values)))


def digits(value: float) -> float:
    """The value to three significant digits, or to a whole number from 100 on."""
    return float(f"{value:.3g}") if abs(value) < 100 else round(value)


def share(values: list[float], part: float) -> float:
    """The value that `part` (0 to 1) of them do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
