"""Which event ids of a source came before, and whether they said the same then (RULES section 3).

In: of each event a hash of its id, and a print of its contents. Out: those that are new; `Doubt` where an id
came with another print. Never: the ids, the contents. 12 bytes an event: a class has hundreds of thousands.

    young   {id: print}                    the last few
    runs    [ids, sorted][prints]  [ids][prints] ..   each at least four times as long as the next
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Prints = npt.NDArray[np.uint32]

_YOUNG: Final = 1_024
_RATIO: Final = 4


class Doubt(Exception):
    """Only a fold that keeps every event whole can tell."""


class Ids:
    """The ids of one source."""

    def __init__(self) -> None:
        self._young: dict[int, int] = {}
        self._runs: list[tuple[Numbers, Prints]] = []

    def knows(self, one: int) -> int | None:
        """The print that this id came with; None where it is new."""
        known = self._young.get(one)
        if known is not None:
            return known
        for ids, prints in self._runs:
            place = int(ids.searchsorted(one))
            if place < len(ids) and ids[place] == one:
                return int(prints[place])
        return None

    def add(self, one: int, print_: int) -> bool:
        """Takes one event; False where it is known already. Doubt where that id said something else."""
        print_ &= 0xFFFFFFFF
        known = self.knows(one)
        if known is None:
            self._young[one] = print_
            if len(self._young) >= _YOUNG:
                self._settle()
            return True
        if known != print_:
            raise Doubt
        return False

    def add_many(self, ids: Numbers, prints: Prints) -> npt.NDArray[np.bool_] | None:
        """Takes many; which of them are new, None for all of them. Doubt as above."""
        self._settle()
        order = _order(ids)
        ids, prints = ids[order], prints[order]
        new: npt.NDArray[np.bool_] | None = None
        same = ids[1:] == ids[:-1]
        if same.any():
            if (prints[1:] != prints[:-1])[same].any():
                raise Doubt
            new = np.ones(len(ids), np.bool_)
            new[1:] = ~same
        for run, known in self._runs:
            hit = _met(run, known, ids, prints)
            if hit is not None:
                new = ~hit if new is None else new & ~hit
        if new is None:
            self._run(ids, prints)
            return None
        self._run(ids[new], prints[new])
        found = np.empty(len(new), np.bool_)
        found[order] = new
        return found

    def _settle(self) -> None:
        if self._young:
            ids = np.fromiter(self._young.keys(), np.int64, len(self._young))
            prints = np.fromiter(self._young.values(), np.uint32, len(self._young))
            order = ids.argsort()
            self._young.clear()
            self._run(ids[order], prints[order])

    def _run(self, ids: Numbers, prints: Prints) -> None:
        runs = self._runs
        if not len(ids):
            return
        runs.append((ids, prints))
        while len(runs) > 1 and len(runs[-2][0]) < _RATIO * len(runs[-1][0]):
            (some, of_some), (others, of_others) = runs.pop(), runs.pop()
            if len(some) > len(others):
                some, of_some, others, of_others = others, of_others, some, of_some
            place = others.searchsorted(some)
            runs.append((np.insert(others, place, some), np.insert(of_others, place, of_some)))


def _met(run: Numbers, known: Prints, ids: Numbers, prints: Prints) -> npt.NDArray[np.bool_] | None:
    """Which of some ids stand in a run, both in order; None for none of them. Doubt where prints differ."""
    turned = len(run) < len(ids)
    some, others = (run, ids) if turned else (ids, run)
    place = others.searchsorted(some)
    place[place == len(others)] = 0
    hit = others[place] == some
    if not hit.any():
        return None
    of_some, of_others = (known, prints) if turned else (prints, known)
    if (of_others[place] != of_some)[hit].any():
        raise Doubt
    found = np.zeros(len(ids), np.bool_)
    found[place[hit] if turned else hit] = True
    return found


def _order(ids: Numbers) -> Numbers:
    """The places of numbers, as they come in order.

    Sorting takes a third of the time where the places ride along in the lower bits, which can't be where two
    ids are alike in all the upper ones.
    """
    low = (1 << len(ids).bit_length()) - 1
    keys = ids & ~low
    keys |= np.arange(len(ids))
    keys.sort()
    order = keys & low
    keys &= ~low
    return ids.argsort() if (keys[1:] == keys[:-1]).any() else order
