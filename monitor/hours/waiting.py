"""Beats on their way into a lean fold: each id once.

In: plain beats in columns, in any order, as often as they come. Out: what is new of them, few one by one and
many in columns; `Doubt` where an id came with differing contents. Never: whose a beat is, what it is worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np

from monitor.beats import Beats, Said, of_number, plain
from monitor.event import Event
from monitor.hours.ids import Doubt, Ids, Numbers
from monitor.hours.memory import CLOCK_MS

_FEW: Final = 64  # beats, up to which going one by one costs less than columns
_MANY: Final = 1 << 19  # beats that wait at most: 17 MB
_NO_BEAT: Final = -1  # the print of an event that is no plain beat

Give = Callable[[str, Said, int], None]
"""`give(source, said, at)`: one beat."""
GiveMany = Callable[[str, Numbers, Numbers], None]
"""`give_many(source, numbers, at)`: one and more, each with the number of what it says, and its instant."""


class Waiting:
    """The beats that were not given away yet, and the ids of all events that came."""

    def __init__(self, give: Give, give_many: GiveMany) -> None:
        self._give = give
        self._give_many = give_many
        self._ids: dict[str, Ids] = defaultdict(Ids)
        self._parts: dict[str, list[Beats]] = defaultdict(list)
        self._count = 0

    def add(self, source: str, beats: Beats) -> None:
        """Takes beats of a source; they are given away when somebody asks, or when there are many."""
        self._parts[source].append(beats)
        self._count += len(beats)
        if self._count >= _MANY:
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
        parts, few = self._parts, self._count < _FEW
        self._parts, self._count = defaultdict(list), 0
        for source, some in parts.items():
            if few:
                self._one_by_one(source, some)
            else:
                self._by_column(source, some)

    def _one_by_one(self, source: str, parts: list[Beats]) -> None:
        ids = self._ids[source]
        for beats in parts:
            rows = zip(beats.numbers, beats.at, beats.ids, beats.prints, strict=True)
            for number, at, one, print_ in rows:
                if ids.add(one, print_ ^ at):
                    self._give(source, of_number(number), at)

    def _by_column(self, source: str, parts: list[Beats]) -> None:
        at, ids, prints, numbers = (
            np.frombuffer(b"".join(columns), np.int64)
            for columns in zip(*((b.at, b.ids, b.prints, b.numbers) for b in parts), strict=True)
        )
        new = self._ids[source].add_many(ids, (prints ^ at).astype(np.uint32))
        if new is not None:
            at, numbers = at[new], numbers[new]
        if len(at):
            self._give_many(source, numbers, at)
