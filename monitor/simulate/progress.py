"""A line that says how far something is, on a terminal only.

In: how many, of how many if that is known, and words. Out: one line on standard error that is written over.
Never: writes where nobody looks (a file, a pipe), more than a few times a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, TextIO
from unicodedata import east_asian_width

EVERY_MS: Final = 150
_BAR: Final = 24


class Progress:
    """One line of progress. `clock` (ms) spaces the writing."""

    def __init__(self, words: str, clock: Callable[[], int], out: TextIO | None = None) -> None:
        self._words = words
        self._clock = clock
        self._out = out or sys.stderr
        self._shown = self._out.isatty()
        self._last: int | None = None
        self._width = 0

    def at(self, done: int, of: int | None = None, more: str = "") -> None:
        """Say how far it is, if the last time is long enough ago."""
        now = self._clock()
        if not self._shown or (self._last is not None and now - self._last < EVERY_MS):
            return
        self._last = now
        share = min(1.0, done / of) if of else 0.0
        bar = f"[{'█' * int(share * _BAR):·<{_BAR}}] {share:4.0%}" if of else f"{done:,}"
        self._write(f"{self._words} {bar}{f' {more}' if more else ''}")

    def done(self) -> None:
        """Clear the line."""
        if self._shown and self._width:
            self._write("")
            self._out.write("\r")
            self._out.flush()

    def _write(self, line: str) -> None:
        width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
        self._out.write(f"\r{line}{' ' * max(0, self._width - width)}")
        self._out.flush()
        self._width = width
