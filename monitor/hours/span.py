"""Half-open spans of time `[start, end)` in milliseconds, each with the category of evidence it is.

In: the layers of one person's connections. Out: one timeline, in which of several categories at one instant
the first holds. Never: knows what a category is worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

Span = tuple[int, int, int]
"""(start, end, category), the category as an index into ONLINE."""

VALID, AWAITING, OPEN, CAMERA_OFF, NO_EVIDENCE, NOT_IN_ROOM = range(6)

ONLINE: Final = ("valid", "awaiting", "open", "camera_off", "no_evidence", "not_in_room")
"""Categories of an online period (RULES section 4), the one that holds before those behind it."""

OFFLINE: Final = ("valid", "no_sign_in", "late", "left_early")
"""Categories of an offline period (RULES section 5)."""

REASONS: Final = ("camera_off", "no_evidence", "not_in_room", "open", "no_sign_in", "late", "left_early")
"""Why a period is refused: the one with the most time, the first listed on a tie (RULES section 6)."""


def merged(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """One timeline over `[start, end)`: at each instant the first category of all spans there.

    ::

        phone    |  valid  |no_evidence |
        laptop        | camera_off |  valid   |
        merged   |  valid  |c.off|n.e|  valid |not_in_room

    Where no span is, the person is `not_in_room`. Neighbours of one category are one span.
    """
    spans = [span for span in spans if span[0] < end and span[1] > start]
    if all(before[1] <= after[0] for before, after in pairwise(spans)):
        return _one_after_the_other(spans, start, end)
    edges: list[tuple[int, int, int]] = []
    for span_start, span_end, category in spans:
        edges.append((max(span_start, start), category, 1))
        edges.append((min(span_end, end), category, -1))
    edges.sort()
    here = [0] * len(ONLINE)
    timeline: list[Span] = []
    at = start
    for edge, category, change in [*edges, (end, NOT_IN_ROOM, 0)]:
        if edge > at:
            first = next((c for c in range(NOT_IN_ROOM) if here[c]), NOT_IN_ROOM)
            if timeline and timeline[-1][2] == first:
                timeline[-1] = (timeline[-1][0], edge, first)
            else:
                timeline.append((at, edge, first))
            at = edge
        here[category] += change
    return timeline


def _one_after_the_other(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The timeline of spans in order that don't overlap, as a single device's are."""
    timeline: list[Span] = []
    at = start

    def put(until: int, category: int) -> None:
        begun = timeline.pop()[0] if timeline and timeline[-1][2] == category else at
        timeline.append((begun, until, category))

    for low, high, category in spans:
        if low > at:
            put(low, NOT_IN_ROOM)
            at = low
        high = min(high, end)
        if high > at:
            put(high, category)
            at = high
    if at < end:
        put(end, NOT_IN_ROOM)
    return timeline


def totals(timeline: Iterable[Span]) -> dict[str, int]:
    """Milliseconds by category name; categories without time are left out."""
    found: dict[str, int] = {}
    for start, end, category in timeline:
        name = ONLINE[category]
        found[name] = found.get(name, 0) + end - start
    return found
