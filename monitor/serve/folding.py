"""How far a cohort is folded anew from the log, said in the journal: a restart that takes long says why.

In: positions, as they are reached. Out: nothing for what takes less than a second; then a line now and then,
and one at the end. Never: which cohort, for what it is called is for those who may see it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

import structlog

FIRST_SECONDS: Final = 1.0
NEXT_SECONDS: Final = 5.0

_log = structlog.get_logger("monitor.live")
_number = count(1)


class Folding:
    """One fold, from its beginning. `folded` is told the seconds it took, once it is there."""

    def __init__(self, seconds: Callable[[], float], folded: Callable[[float], object]) -> None:
        self._seconds, self._folded = seconds, folded
        self._begun = seconds()
        self._next = self._begun + FIRST_SECONDS
        self._number: int | None = None

    def __call__(self, position: int, until: int) -> None:
        """It is at a position of the log, of those up to `until`."""
        now = self._seconds()
        if position >= until:
            self._folded(now - self._begun)
            if self._number is not None:
                self._say("班次已重算 a cohort is folded", position, until, now)
        elif now >= self._next:
            self._next = now + NEXT_SECONDS
            self._number = self._number or next(_number)
            self._say("正在从台账重算班次 folding a cohort from the log", position, until, now)

    def _say(self, what: str, position: int, until: int, now: float) -> None:
        _log.info(
            "cohort.folding",
            said=f"{what}: {100 * position // until} %",
            fold=self._number,
            position=position,
            until=until,
            seconds=round(now - self._begun, 1),
        )
