"""Many periods measured at once: the seconds of each by category, by columns (RULES section 4).

In: what connections say, periods, an instant. Out: milliseconds by category, the same as of each period by
itself. Never: judges, keeps anything.

::

    edges      |     |   |      |     |        where a span of a connection begins or ends
    category   valid  n.e valid  c.off         the first of those that hold from there on
    sums       0     |41 |41    |80            ms of each category up to there: a period's are differences
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.hours.evidence import Connection
from monitor.hours.ids import Numbers
from monitor.hours.plan import Period
from monitor.hours.span import NOT_IN_ROOM, ONLINE

Truths = npt.NDArray[np.bool_]

_BITS: Final = 12
MOST: Final = 1 << _BITS - 1
"""Connections at one instant that can be counted."""
_LOWEST: Final = 1 << _BITS * np.arange(NOT_IN_ROOM).reshape(-1, 1)
_COUNTED: Final = np.append(1 << _BITS * np.arange(NOT_IN_ROOM), 0)
"""One number counts how many connections each category holds of, twelve bits each; being out is no layer."""


def measured(
    connections: Sequence[Connection], periods: Sequence[Period], as_of: int
) -> list[dict[str, int]]:
    """Milliseconds by category of whole periods, at `as_of` (ms); categories without time are left out."""
    starts = np.array([period.start for period in periods])
    ends = np.array([period.end for period in periods])
    edges, holds = _timeline(connections, as_of, int(starts.min()), int(ends.max()))
    lasts = np.zeros(holds.shape, np.int64)
    np.cumsum(holds[:, :-1] * (edges[1:] - edges[:-1]), axis=1, out=lasts[:, 1:])
    upto = []
    for at in (starts, ends):
        place = edges.searchsorted(at, "right") - 1
        upto.append(lasts[:, place] + holds[:, place] * (at - edges[place]))
    found = np.empty((NOT_IN_ROOM + 1, len(periods)), np.int64)
    found[:-1] = upto[1] - upto[0]
    found[-1] = ends - starts - found[:-1].sum(axis=0)
    return [
        {name: time for name, time in zip(ONLINE, times, strict=True) if time} for times in found.T.tolist()
    ]


def _timeline(connections: Sequence[Connection], as_of: int, start: int, end: int) -> tuple[Numbers, Truths]:
    """Edges in order from `start` on, and for each category but being out whether it holds from there on."""
    begins: list[npt.ArrayLike] = []
    closes: list[npt.ArrayLike] = []
    categories: list[npt.ArrayLike] = []
    for connection in connections:
        if connection.tells_of(start, end):
            begun = np.frombuffer(connection.starts, np.int64)
            begins.append(begun)
            closes += (begun[1:], [connection.last])
            categories.append(np.frombuffer(connection.categories, np.uint8))
            for span in connection.tail(as_of):
                begins.append([span[0]])
                closes.append([span[1]])
                categories.append([span[2]])
    edges = np.concatenate((*begins, *closes, [start])).clip(start, end)
    change = _COUNTED[np.concatenate((*categories, *categories, [NOT_IN_ROOM]))]
    change[len(edges) >> 1 :] *= -1
    order = edges.argsort(kind="stable")
    edges = edges[order]
    count = change[order].cumsum()
    last = np.append(edges[1:] > edges[:-1], True)  # of those at one instant the last knows them all
    edges, count = edges[last], count[last]
    first = count & -count
    return edges, (first >= _LOWEST) & (first < _LOWEST << _BITS)
