"""Deliveries for classes at which nobody looks: they lie here, and are parted by cohort many at a time.

In: entries of the log with what was taken of them, none of which is for a cohort that somebody watches. Out:
to each cohort what it was told. Never: more than `most` events or deliveries; folds anything.

A delivery may name a hundred cohorts. Parted by itself it costs each of them as much as a hundred events for
one of them do; so hundreds of deliveries are parted together, by columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from monitor.beats import Beats, Said, Taken
from monitor.hours.memory import CLOCK_MS, LATE_MS
from monitor.store.entry import Entry

Part = tuple[Entry, Taken]


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
        self._said: dict[int, Said] = {}
        self._events = 0

    def add(self, entry: Entry, taken: Taken) -> bool:
        """One more; whether there are so many now that they are to be parted."""
        self._parts.append((entry, taken))
        if (beats := taken.every) is not None:
            for one in beats.said:
                self._said[one.number] = one
        self._events += len(taken.ids)
        return self._events >= self._most_events or len(self._parts) >= self._most_parts

    def parted(self) -> tuple[list[Lot], list[Part]]:
        """All of it: plain beats by cohort, and the deliveries that told something else. Empty after that."""
        parts, self._parts = self._parts, []
        said, self._said = self._said, {}
        self._events = 0
        plain: dict[str, list[Part]] = {}
        others = []
        for part in parts:
            if part[1].events:
                others.append(part)
            elif part[1].every is not None:
                plain.setdefault(part[0].source, []).append(part)
        return [lot for some in plain.values() for lot in _lots(some, said)], others


def _lots(parts: Sequence[Part], said: Mapping[int, Said]) -> Iterator[Lot]:
    """The beats of deliveries of one source, by the cohorts that they name; `said` has what they say."""
    every = [beats for _, taken in parts if (beats := taken.every) is not None]
    numbers = np.frombuffer(b"".join([beats.numbers for beats in every]), np.int64)
    others = ([beats.ids for beats in every], [beats.prints for beats in every])
    found, place = np.unique(numbers, return_inverse=True)
    cohorts: dict[str, list[Said]] = {}
    code_of: dict[str, int] = {}
    codes_found = []
    for one in map(said.__getitem__, found.tolist()):
        cohort = one.cohort or ""
        code = code_of.setdefault(cohort, len(code_of))
        codes_found.append(code)
        if code == len(cohorts):
            cohorts[cohort] = [one]
        else:
            cohorts[cohort].append(one)
    codes = np.array(codes_found, np.uint16 if len(cohorts) < 1 << 16 else np.int64)[place]
    order = codes.argsort(kind="stable")
    codes = codes[order]
    edges = codes.searchsorted(np.arange(len(cohorts) + 1)).tolist()
    at = np.frombuffer(b"".join([beats.at for beats in every]), np.int64)[order]
    number = np.repeat(np.arange(len(every)), [len(beats) for beats in every])[order]
    arrived = np.array([entry.at for entry, _ in parts])[number]
    late = (at < arrived - LATE_MS) | (at > arrived + CLOCK_MS)
    ahead = at >= arrived
    first_of_part = np.append(True, (number[1:] != number[:-1]) | (codes[1:] != codes[:-1]))
    ends = np.append(0, first_of_part.cumsum())[edges].tolist()
    number = number[first_of_part]
    which = array("q", number.tobytes())
    positions = array("q", np.array([entry.position for entry, _ in parts])[number].tobytes())
    columns = [numbers[order].tobytes(), at.tobytes()]
    columns += [np.frombuffer(b"".join(column), np.int64)[order].tobytes() for column in others]
    told = [array("q", column) for column in columns]
    starts = edges[:-1]
    each = zip(
        cohorts.items(),
        pairwise(edges),
        pairwise(ends),
        np.minimum.reduceat(at, starts).tolist(),
        np.maximum.reduceat(at, starts).tolist(),
        np.maximum.reduceat(arrived, starts).tolist(),
        np.logical_or.reduceat(late, starts).tolist(),
        np.logical_or.reduceat(ahead, starts).tolist(),
        strict=True,
    )
    for (cohort, some), (low, high), (begin, end), first, last, latest, odd, is_ahead in each:
        of_it, instants, ids, prints = (column[low:high] for column in told)
        yield Lot(
            cohort,
            Beats(some, (of_it, instants, ids, prints), first, last),
            parts,
            which[begin:end],
            positions[begin:end],
            parts[which[end - 1]][0],
            latest,
            at[low:high][ahead[low:high]].tolist() if is_ahead else [],
            odd,
        )
