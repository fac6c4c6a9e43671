"""Whose turn it is to be told: at once, one cohort after the other, for half of the time at most.

In: names of cohorts that have something to tell. Out: `tell(name)`, in the next turn of the loop. Never: a
cohort passed over for one that came after it; more than SHARE of the time spent on telling, but for SLACK.

    event ─┬─▶ last in the queue ─▶ told ─┬─▶ the next is told, as soon as the loop has looked at all else
    event ─┘   (rides along)              └─▶ or, where the share is used up, when it holds again

So nothing waits while there is little to do, and what comes while others are told rides in one change.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

SHARE: Final = 0.5
"""Of the time, what telling takes at most; the rest belongs to those who push and ask."""
SLACK_SECONDS: Final = 0.02
"""So much earlier than its share allows may telling begin: a burst is told at once, and paid for later."""

Later = Callable[[float, Callable[[], None]], object]
"""`later(seconds, call)` calls once so many seconds have passed; 0: in the next turn of the loop."""


class Turns:
    """The queue. `seconds` is a clock that never goes back."""

    def __init__(self, later: Later, seconds: Callable[[], float], tell: Callable[[str], None]) -> None:
        self._later = later
        self._seconds = seconds
        self._tell = tell
        self._queue: deque[str] = deque()
        self._waiting: set[str] = set()
        self._armed = False
        self._paid = 0.0  # until when the time was spent that telling has taken so far

    def add(self, name: str) -> None:
        """It has something to tell; who waits already waits no longer for that."""
        if name in self._waiting:
            return
        self._waiting.add(name)
        self._queue.append(name)
        if not self._armed:
            self._armed = True
            self._arm()

    def _arm(self) -> None:
        self._later(max(0.0, self._paid - SLACK_SECONDS - self._seconds()), self._next)

    def _next(self) -> None:
        name = self._queue.popleft()
        self._waiting.discard(name)
        begun = self._seconds()
        try:
            self._tell(name)
        finally:
            took = self._seconds() - begun
            self._paid = max(self._paid, begun) + took / SHARE
            if self._queue:
                self._arm()
            else:
                self._armed = False


def call_later(seconds: float, call: Callable[[], None]) -> object:
    """`Later` of the running loop."""
    loop = asyncio.get_running_loop()
    return loop.call_later(seconds, call) if seconds > 0 else loop.call_soon(call)
