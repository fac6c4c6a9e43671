"""Instants in order, four bytes each where they lie within seven weeks, as a class's beats do.

In: instants in milliseconds, in order. Out: the same. Never: out of order.
"""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

_SPAN: Final = 1 << 32
_FEW: Final = 16


class Instants:
    """A list that only grows at its end."""

    __slots__ = ("_at", "_base")

    def __init__(self) -> None:
        self._base = 0
        self._at: array[int] = array("I")

    def __len__(self) -> int:
        return len(self._at)

    @property
    def last(self) -> int:
        """The latest of them; IndexError where there are none."""
        return self._base + self._at[-1]

    def whole(self) -> array[int]:
        """All of them, eight bytes each."""
        if self._at.typecode == "q":
            return array("q", self._at)
        return array("q", (np.frombuffer(self._at, np.uint32).astype(np.int64) + self._base).tobytes())

    def add(self, at: array[int]) -> None:
        """Puts instants that are in order, none before `last`, behind the others."""
        if not at:
            return
        if not self._at:
            self._base = at[0]
        if self._at.typecode == "I" and at[-1] - self._base >= _SPAN:
            self._at, self._base = self.whole(), 0
        if self._at.typecode == "q":
            self._at.extend(at)
        elif len(at) <= _FEW:
            self._at.extend([one - self._base for one in at])
        else:
            offsets = np.frombuffer(at, np.int64) - self._base
            self._at.frombytes(offsets.astype(np.uint32).tobytes())

    @classmethod
    def of(cls, at: array[int]) -> Instants:
        """Instants that are in order."""
        found = cls()
        found.add(at)
        return found
