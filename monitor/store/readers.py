"""Reading a log beside the one that writes it: a ledger for each reader, off the event loop.

In: a place, positions. Out: entries. Never: writes. A file is opened anew
each time, which costs nothing; connections to a server are kept for the next who reads.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Collection
from pathlib import Path
from typing import Final, TypeVar

from monitor.store.entry import Entry
from monitor.store.ledger import Ledger
from monitor.store.place import Place

CHUNK: Final = 500
"""Entries read at a time."""
_KEPT: Final = 4

T = TypeVar("T")


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

    async def read(
        self,
        after: int,
        until: int,
        kinds: Collection[str] | None,
        sources: Collection[str] | None,
    ) -> AsyncGenerator[Entry]:
        """The entries after a position, up to and with `until`, of these kinds and sources, in order."""
        ledger = await asyncio.to_thread(self.take)
        try:
            while after < until:
                entries = await asyncio.to_thread(ledger.read, after, until, kinds, sources, CHUNK)
                if not entries:
                    return
                for one in entries:
                    yield one
                after = entries[-1].position
        finally:
            await asyncio.to_thread(self.give, ledger)

    def entry(self, position: int) -> Entry:
        """The entry at a position; KeyError where there is none. Not in the event loop's thread."""
        return self.lend(lambda ledger: ledger.entry(position))

    def lend(self, work: Callable[[Ledger], T]) -> T:
        """What somebody makes of a ledger. Not in the event loop's thread."""
        ledger = self.take()
        try:
            return work(ledger)
        finally:
            self.give(ledger)

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
