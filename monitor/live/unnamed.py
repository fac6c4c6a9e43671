"""What names no cohort and so may concern each: kept once, read by a cohort when somebody needs it.

In: entries of the log with what of them names no cohort. Out: those behind a place up to which one has read.
Never: more than `most` events; who has not read what makes way for others has to fold anew.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from monitor.beats import Taken
from monitor.store.entry import Entry

Part = tuple[Entry, Taken]


class Unnamed:
    """A queue that many read, each at its own pace. Places in it count up and are never used again."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._parts: deque[Part] = deque()
        self._events = 0
        self.first = self.end = 0
        """The places of the first part that is kept, and behind the last."""

    def add(self, entry: Entry, taken: Taken) -> None:
        """One more, behind all others."""
        self._parts.append((entry, taken))
        self._events += len(taken.ids)
        self.end += 1
        while self._events > self._most and len(self._parts) > 1:
            self._events -= len(self._parts.popleft()[1].ids)
            self.first += 1

    def after(self, place: int) -> list[Part] | None:
        """The parts from a place on, in order; None where the first of them is gone."""
        if place < self.first:
            return None
        return list(islice(self._parts, place - self.first, None))
