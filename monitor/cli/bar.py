"""A bar of progress: on a terminal alone, on what takes longer than a second.

In: how much is done. Out: a line on standard error that is written over. Never: anything where nobody looks.
"""

import sys
import time


class Bar:
    """A bar of progress on a terminal, from the first second on."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._since = time.monotonic()
        self._next = self._since + 1.0

    def __call__(self, done: int, total: int) -> None:
        """Shows how much is done."""
        if not self._shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.2
        share = done / total if total else 1.0
        filled = "#" * int(30 * share)
        end = "\n" if done >= total else ""
        print(f"\r{self._what} [{filled:<30}] {share:4.0%}", end=end, file=sys.stderr, flush=True)
