"""Which deliveries were kept in the last days, so that none is kept twice.

In: keys of delivery ids with where they were kept; memory is bounded, the disk knows all of them. Out: where
an id may have been kept; two ids can have one key, so the writer of the log compares the entries. Never: a
thread of its own; the writer asks and tells, one delivery at a time.
"""

import hashlib

from monitor.store.ledger import KEY_BITS, Ledger

DAY_MS = 86_400_000
KEY_DAYS = 7
"""How many days a delivery id is remembered: platforms re-send for three at most (Standard Webhooks)."""


def delivery_key(source: str, once: str) -> int:
    """A delivery id as it is remembered: 40 bits, which two of a million million share."""
    return int.from_bytes(hashlib.sha256(f"{source}\n{once}".encode()).digest()[: KEY_BITS // 8], "big")


class Seen:
    """The delivery ids of the last days: the youngest in memory, all of them on disk.

    As long as memory holds all that the disk holds (`_whole`), an id that memory doesn't know is new and the
    disk is not asked.
    """

    def __init__(self, ledger: Ledger, remember: int) -> None:
        self._remember = remember
        self._at: dict[int, int] = {}
        self._new: list[int] = []
        self._day = self._clean_to = 0
        for key, position in ledger.keys(remember):
            self._at[key] = position
        self._whole = len(self._at) < remember

    def find(self, ledger: Ledger, day: int, key: int) -> list[int]:
        """The positions at which the id may have been kept (or will be, with this commit)."""
        kept = self._at.get(key)
        if kept is not None:
            return [kept]
        return [] if self._whole else ledger.key(range(day - KEY_DAYS, day + 2), key)

    def add(self, key: int, position: int) -> None:
        """Takes an id on, for now."""
        self._at[key] = position
        self._new.append(key)

    def forget(self, day: int) -> int:
        """The day before which ids are to be forgotten; 0 where there are none."""
        self._day = day - KEY_DAYS
        return self._day if self._day > self._clean_to else 0

    def forgotten(self, clean: bool) -> None:
        """Whether no older ids are left on disk."""
        if clean:
            self._clean_to = max(self._clean_to, self._day)

    def settle(self) -> None:
        """What was taken on is durable."""
        self._new.clear()
        while len(self._at) > self._remember:
            self._whole = False
            del self._at[next(iter(self._at))]

    def undo(self) -> None:
        """What was taken on was not kept."""
        for key in self._new:
            self._at.pop(key, None)
        self._new.clear()
