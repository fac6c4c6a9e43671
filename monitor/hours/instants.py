"""Plain beats in order, four bytes each: a class has hundreds of thousands.

In: beats in order, each its instant in milliseconds times two, and one more where the camera is off. Out: the
same. Never: out of order.

    parts   base, offsets of 32 bits   base, offsets ..   each reaches over 24 days
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

import numpy as np

_SPAN: Final = 1 << 32
_FEW: Final = 16


class Instants:
    """A list that only grows at its end."""

    __slots__ = ("_base", "_full", "_offsets")

    def __init__(self) -> None:
        self._full: tuple[tuple[int, array[int]], ...] = ()
        self._base = 0
        self._offsets: array[int] = array("I")

    def __len__(self) -> int:
        return len(self._offsets) + sum(len(offsets) for _, offsets in self._full)

    @property
    def last(self) -> int:
        """The last of them; IndexError where there are none."""
        return self._base + self._offsets[-1]

    def whole(self) -> array[int]:
        """All of them, eight bytes each."""
        found = array("q")
        for base, offsets in (*self._full, (self._base, self._offsets)):
            found.frombytes((np.frombuffer(offsets, np.uint32).astype(np.int64) + base).tobytes())
        return found

    def add(self, beats: array[int]) -> None:
        """Puts beats that are in order, none before `last`, behind the others."""
        while beats:
            if not self._offsets:
                self._base = beats[0]
            base = self._base
            fits = len(beats) if beats[-1] - base < _SPAN else bisect_left(beats, base + _SPAN)
            some = beats if fits == len(beats) else beats[:fits]
            if fits <= _FEW:
                self._offsets.extend([one - base for one in some])
            else:
                offsets = np.frombuffer(some, np.int64) - base
                self._offsets.frombytes(offsets.astype(np.uint32).tobytes())
            beats = beats[fits:]
            if beats:
                self._full += ((base, self._offsets),)
                self._offsets = array("I")

    @classmethod
    def of(cls, beats: array[int]) -> Instants:
        """Beats that are in order."""
        found = cls()
        found.add(beats)
        return found
