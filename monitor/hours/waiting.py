"""Beats on their way into a lean fold: each id once.

In: plain beats in columns, in any order, as often as they come. Out: what is new of them, few one by one and
many in columns; `Doubt` where an id came with differing contents. Never: whose a beat is, what it is worth.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np

from monitor.beats import Beats, Said, of_number, plain
from monitor.event import Event
from monitor.hours.ids import Doubt, Ids, Numbers
from monitor.hours.memory import CLOCK_MS

_FEW: Final = 64  # beats, up to which going one by one costs less than columns
_SMALL: Final = 16  # beats of one delivery, up to which their rows take less room than their objects
_MANY: Final = 1 << 19  # beats that wait at most, unless told otherwise: 17 MB
_NO_BEAT: Final = -1  # the print of an event that is no plain beat

Give = Callable[[str, Said, int], None]
"""`give(source, said, at)`: one beat."""
GiveMany = Callable[[str, Numbers, Numbers], None]
"""`give_many(source, numbers, at)`: one and more, each with the number of what it says, and its instant."""


class _Gathered:
    """Beats of one source: large parts as they are, the rows of small ones behind each other."""

    __slots__ = ("at", "ids", "keeps", "numbers", "parts", "prints")

    def __init__(self) -> None:
        self.parts: list[Beats] = []
        self.keeps: set[object] = set()
        self.at, self.ids, self.prints, self.numbers = array("q"), array("q"), array("q"), array("q")

    def add(self, beats: Beats) -> None:
        if len(beats.at) > _SMALL:
            self.parts.append(beats)
        else:
            self.keeps.update(beats.keeps)
            self.at.extend(beats.at)
            self.ids.extend(beats.ids)
            self.prints.extend(beats.prints)
            self.numbers.extend(beats.numbers)

    def columns(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Instants, ids, prints and what is said, as in `Beats`."""
        every: list[Beats | _Gathered] = [*self.parts, self]
        at, ids = [one.at for one in every], [one.ids for one in every]
        prints, numbers = [one.prints for one in every], [one.numbers for one in every]
        return _column(at), _column(ids), _column(prints), _column(numbers)


class Waiting:
    """The beats that were not given away yet, and the ids of all events that came."""

    def __init__(self, give: Give, give_many: GiveMany) -> None:
        self._give = give
        self._give_many = give_many
        self._ids: dict[str, Ids] = defaultdict(Ids)
        self._gathered: dict[str, _Gathered] = defaultdict(_Gathered)
        self._count = 0
        self.most = _MANY
        """Beats that wait at most."""

    def add(self, source: str, beats: Beats) -> None:
        """Takes beats of a source; they are given away when somebody asks, or when there are many."""
        self._gathered[source].add(beats)
        self._count += len(beats.at)
        if self._count >= self.most:
            self.go()

    def knows(self, event: Event) -> bool:
        """Whether an event read by itself came before as a plain beat; its id is taken on where not."""
        row = plain(event)
        if row is not None:
            self.go()  # it may be among those that wait
        print_ = _NO_BEAT if row is None else row.print ^ event.at
        if self._ids[event.source].add(hash(event.id), print_):
            return False
        ahead = event.received is not None and event.at - event.received > CLOCK_MS
        if row is None or ahead:
            raise Doubt
        return True

    def go(self) -> None:
        """Gives away all that wait."""
        if not self._count:
            return
        waiting, few = self._gathered, self._count < _FEW
        self._gathered, self._count = defaultdict(_Gathered), 0
        for source, gathered in waiting.items():
            at, ids, prints, numbers = gathered.columns()
            if few:
                self._one_by_one(source, at, ids, prints, numbers)
            else:
                self._in_columns(source, at, ids, prints, numbers)

    def _one_by_one(self, source: str, *columns: Numbers) -> None:
        ids = self._ids[source]
        for at, one, print_, number in zip(*(column.tolist() for column in columns), strict=True):
            if ids.add(one, print_ ^ at):
                self._give(source, of_number(number), at)

    def _in_columns(self, source: str, at: Numbers, ids: Numbers, prints: Numbers, numbers: Numbers) -> None:
        new = self._ids[source].add_many(ids, (prints ^ at).astype(np.uint32))
        if new is not None:
            at, numbers = at[new], numbers[new]
        if len(at):
            self._give_many(source, numbers, at)


def _column(parts: list[array[int]]) -> Numbers:
    return np.frombuffer(b"".join(parts), np.int64)
