"""Whose turn it is to be told: in bursts, one cohort after the other, and never more than half of the time.

In: names of cohorts that have something to tell. Out: `tell(name)`, a moment later. Never: two turns of one
cohort within BURST_SECONDS, a cohort passed over for one that came after it.

    event   ─┬─▶ first in the queue ── BURST_SECONDS ──▶ told ── as long as that took ──▶ the next is told
    event   ─┘   (rides along)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

BURST_SECONDS: Final = 0.1
"""What comes for a cohort within this time reaches its watchers in one change."""

Later = Callable[[float, Callable[[], None]], object]
"""`later(seconds, call)` calls once so many seconds have passed."""


class Turns:
    """The queue. `seconds` is a clock that never goes back."""

    def __init__(self, later: Later, seconds: Callable[[], float], tell: Callable[[str], None]) -> None:
        self._later = later
        self._seconds = seconds
        self._tell = tell
        self._queue: deque[tuple[str, float]] = deque()
        self._waiting: set[str] = set()
        self._armed = False
        self._rested = 0.0  # when it may tell again

    def add(self, name: str) -> None:
        """It has something to tell; who waits already waits no longer for that."""
        if name in self._waiting:
            return
        self._waiting.add(name)
        self._queue.append((name, self._seconds() + BURST_SECONDS))
        if not self._armed:
            self._armed = True
            self._arm()

    def _arm(self) -> None:
        now = self._seconds()
        self._later(max(self._queue[0][1], self._rested) - now, self._next)

    def _next(self) -> None:
        name, _ = self._queue.popleft()
        self._waiting.discard(name)
        begun = self._seconds()
        try:
            self._tell(name)
        finally:
            now = self._seconds()
            self._rested = now + (now - begun)
            if self._queue:
                self._arm()
            else:
                self._armed = False
