"""Ledgers to read with, beside the one that writes: each for one reader at a time.

In: a place. Out: a ledger, and the same back when it has been read from. Never: writes. A file is opened anew
each time, which costs nothing; connections to a server are kept for the next who reads.
"""

import contextlib
import threading
from pathlib import Path
from typing import Final

from monitor.store.ledger import Ledger
from monitor.store.place import Place

_KEPT: Final = 4


class Readers:
    """Who reads the log of one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._most = 0 if isinstance(place, Path) else _KEPT
        self._idle: list[Ledger] = []
        self._held_open: Ledger | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Keeps a file open while a service runs.

        With a reader open SQLite keeps its index of the WAL, which a full disk would not let it make anew.
        """
        if isinstance(self._place, Path):
            self._held_open = Ledger(self._place)
            self._held_open.head()

    def take(self) -> Ledger:
        """A ledger that answers."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                ledger = self._idle.pop()
            try:
                ledger.holds()
            except Exception:  # the server went away meanwhile
                ledger.close()
            else:
                return ledger
        return Ledger(self._place)

    def give(self, ledger: Ledger) -> None:
        """Takes it back."""
        with self._lock:
            if len(self._idle) < self._most:
                return self._idle.append(ledger)
        return ledger.close()

    def close(self) -> None:
        """Closes those that nobody reads from; the others close when they are given back."""
        with self._lock:
            self._most = 0
            idle, self._idle = self._idle, []
        if self._held_open is not None:
            idle.append(self._held_open)
        for ledger in idle:
            with contextlib.suppress(Exception):
                ledger.close()
