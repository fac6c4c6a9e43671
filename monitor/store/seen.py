"""Which deliveries were kept in the last days, so that none is kept twice.

In: keys of delivery ids with where they were kept; memory is bounded, the disk knows all of them. Out: where
an id may have been kept; two ids can have one key, so the writer of the log compares the entries. Never: a
thread of its own; the writer asks and tells, one delivery at a time.
"""

import hashlib
from bisect import insort

from monitor.store.ledger import KEY_BITS, Ledger

DAY_MS = 86_400_000
KEY_DAYS = 7
"""How many days at least an id is remembered: platforms re-send for three at most (Standard Webhooks)."""
_KEPT_DAYS = KEY_DAYS + 3
"""Of how many days with deliveries: today, a week before it, and two that a wrong clock made up."""


def delivery_key(source: str, once: str) -> int:
    """A delivery id as it is remembered: 40 bits, which two of a million million share."""
    return int.from_bytes(hashlib.sha256(f"{source}\n{once}".encode()).digest()[: KEY_BITS // 8], "big")


class Seen:
    """The delivery ids of the last days: the youngest in memory, all of them on disk.

    As long as memory holds all that the disk holds (`_whole`), an id that memory doesn't know is new and the
    disk is not asked.

    A day is one of the last because few days with deliveries came after it, not because a clock says so: a
    clock that is ahead for a while and then set right adds the days it showed, and no id is forgotten for it.
    """

    def __init__(self, ledger: Ledger, remember: int) -> None:
        self._remember = remember
        self._at: dict[int, int] = {}
        self._new: list[int] = []
        self._days = ledger.key_days()
        self._new_days: list[int] = []
        self._until = 0
        for key, position in ledger.keys(remember):
            self._at[key] = position
        self._whole = len(self._at) < remember

    def find(self, ledger: Ledger, key: int) -> list[int]:
        """The positions at which the id may have been kept (or will be, with this commit)."""
        kept = self._at.get(key)
        if kept is not None:
            return [kept]
        return [] if self._whole or not self._days else ledger.key(self._days, key)

    def add(self, day: int, key: int, position: int) -> None:
        """Takes an id on, for now."""
        self._at[key] = position
        self._new.append(key)
        if day not in self._days:
            insort(self._days, day)
            self._new_days.append(day)

    def forget(self, today: int) -> int:
        """The day before which ids are to be forgotten; 0 where there are none."""
        days = [day for day in self._days if day <= today + 1]  # the others a wrong clock made up
        self._until = days[-_KEPT_DAYS] if len(days) > _KEPT_DAYS else 0
        return self._until

    def forgotten(self, clean: bool) -> None:
        """Whether no older ids are left on disk."""
        if clean:
            self._days = [day for day in self._days if day >= self._until]

    def settle(self) -> None:
        """What was taken on is durable."""
        self._new.clear()
        self._new_days.clear()
        while len(self._at) > self._remember:
            self._whole = False
            del self._at[next(iter(self._at))]

    def undo(self) -> None:
        """What was taken on was not kept."""
        for key in self._new:
            self._at.pop(key, None)
        self._new.clear()
        self._days = [day for day in self._days if day not in self._new_days]
        self._new_days.clear()
