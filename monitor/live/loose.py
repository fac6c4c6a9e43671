"""Deliveries for classes at which nobody looks: they lie here, and are parted by cohort many at a time.

In: entries of the log with what was taken of them, none of which is for a cohort that somebody watches. Out:
to each cohort what it was told. Never: more than `most` events or deliveries; folds anything.

A delivery may name a hundred cohorts. Parted by itself it costs each of them as much as a hundred events for
one of them do; so hundreds of deliveries are parted together, by columns.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.beats import Beats, Said, Taken, name_of
from monitor.hours.memory import CLOCK_MS, LATE_MS
from monitor.store.entry import Entry

Part = tuple[Entry, Taken]
Column = npt.NDArray[np.int64]
_ALL: Final = -1  # no code


class Lot(NamedTuple):
    """Plain beats of one source for one cohort, brought by those of `parts` that `which` names, in order.

    `positions` are theirs, `last` is the last of them, `arrived` the latest arrival (ms). `ahead` are the
    instants not before their own arrival; `odd`: one of them came late or is of a wrong clock.
    """

    cohort: str
    beats: Beats
    parts: Sequence[Part]
    which: array[int]
    positions: array[int]
    last: Entry
    arrived: int
    ahead: list[int]
    odd: bool


class Loose:
    """What was not given to its cohorts yet."""

    def __init__(self, most_events: int = 32_768, most_parts: int = 4_096) -> None:
        self._most_events = most_events
        self._most_parts = most_parts
        self._parts: list[Part] = []
        self._events = 0

    def add(self, entry: Entry, taken: Taken) -> bool:
        """One more; whether there are so many now that they are to be parted."""
        self._parts.append((entry, taken))
        self._events += len(taken.ids)
        return self._events >= self._most_events or len(self._parts) >= self._most_parts

    def parted(self) -> tuple[list[Lot], list[Part]]:
        """All of it: plain beats by cohort, and the deliveries that told something else. Empty after that."""
        parts, self._parts = self._parts, []
        self._events = 0
        plain: dict[str, list[Part]] = {}
        others = []
        for part in parts:
            if part[1].events:
                others.append(part)
            elif part[1].every is not None:
                plain.setdefault(part[0].source, []).append(part)
        return [lot for some in plain.values() for lot in _lots(some)], others


def _lots(parts: Sequence[Part]) -> Iterator[Lot]:
    """The beats of deliveries of one source, by the cohorts that they name."""
    every = [beats for _, taken in parts if (beats := taken.every) is not None]
    keeps = _keeps(every)
    cohorts, order, edges = _by_cohort(_column([beats.codes for beats in every]))
    at = _column([beats.at for beats in every])[order]
    number = np.repeat(np.arange(len(every)), [len(beats) for beats in every])[order]
    arrived = np.array([entry.at for entry, _ in parts])[number]
    late = (at < arrived - LATE_MS) | (at > arrived + CLOCK_MS)
    ahead = at >= arrived
    first_of_part = np.append(True, number[1:] != number[:-1])
    first_of_part[edges[:-1]] = True
    ends = np.append(0, first_of_part.cumsum())[edges].tolist()
    number = number[first_of_part]
    which = array("q", number.tobytes())
    positions = array("q", np.array([entry.position for entry, _ in parts])[number].tobytes())
    told = [
        array("q", _column(column)[order].tobytes())
        for column in (
            [beats.numbers for beats in every],
            [beats.at for beats in every],
            [beats.ids for beats in every],
            [beats.prints for beats in every],
            [beats.codes for beats in every],
        )
    ]
    starts = edges[:-1]
    each = zip(
        cohorts,
        pairwise(edges.tolist()),
        pairwise(ends),
        np.minimum.reduceat(at, starts).tolist(),
        np.maximum.reduceat(at, starts).tolist(),
        np.maximum.reduceat(arrived, starts).tolist(),
        np.logical_or.reduceat(late, starts).tolist(),
        np.logical_or.reduceat(ahead, starts).tolist(),
        strict=True,
    )
    for code, (low, high), (begin, end), first, last, latest, odd, is_ahead in each:
        numbers, instants, ids, prints, codes = (column[low:high] for column in told)
        yield Lot(
            name_of(code) or "",
            Beats(keeps.get(code, ()) + keeps[_ALL], (numbers, instants, ids, prints, codes), first, last),
            parts,
            which[begin:end],
            positions[begin:end],
            parts[which[end - 1]][0],
            latest,
            at[low:high][ahead[low:high]].tolist() if is_ahead else [],
            odd,
        )


def _by_cohort(codes: Column) -> tuple[list[int], Column, Column]:
    """The codes there are, the places of all by code, and where in that order each code's begin and end."""
    base = int(codes.min())
    small = codes - base
    if int(small.max()) < 1 << 16:
        counts = np.bincount(small)
        found = np.flatnonzero(counts)
        order = small.astype(np.uint16).argsort(kind="stable")
        found, counts = found + base, counts[found]
    else:
        found, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
        order = place.argsort(kind="stable")
    return found.tolist(), order, np.append(0, counts.cumsum())


def _keeps(every: Sequence[Beats]) -> dict[int, tuple[object, ...]]:
    """By code what keeps alive what beats say; under `_ALL` what does so for those of all cohorts."""
    by_code: dict[int, set[object]] = defaultdict(set)
    by_code[_ALL] = set()
    for keeps in {beats.keeps for beats in every}:
        for one in keeps:
            by_code[one.named.code if isinstance(one, Said) else _ALL].add(one)
    return {code: tuple(keeps) for code, keeps in by_code.items()}


def _column(parts: Sequence[array[int]]) -> Column:
    return np.frombuffer(b"".join(parts), np.int64)
