"""One cohort's place among those that are live: what is held of it, who watches, what its boards were told.

In: what is held, once it is folded, and entries for it. Out: its board turned to an instant, and what that
changed. Never: reads the log, sends, reads a clock.
"""

from __future__ import annotations

import asyncio

from monitor.beats import Taken
from monitor.hours.ids import Doubt
from monitor.live.change import Change, difference
from monitor.live.held import Held
from monitor.live.loose import Lot
from monitor.live.state import Board, Mask
from monitor.live.watch import VIEWS, Channel, View
from monitor.store.entry import Entry


class Place:
    """What is known of one cohort: folded or being folded, and its watchers."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.held: Held | None = None
        self.stale = True
        self.whole = False
        self.missed: list[tuple[Entry, Taken]] | None = None
        self.read = 0
        self.channel = Channel()
        self.board: Board | None = None
        self.used_at = 0
        self.arrived: int | None = None
        """When the first event arrived that its watchers were not told of yet; None where there is none."""

    def doubt(self) -> None:
        """Only a fold that keeps every event can tell: it is to be folded so."""
        self.whole = self.stale = True

    def take(self, entry: Entry, taken: Taken) -> bool:
        """Folds an entry into what is held; whether that has something to tell now."""
        try:
            return self.held is not None and self.held.take(entry, taken)
        except Doubt:
            self.doubt()
            return True

    def take_many(self, lot: Lot) -> None:
        """Folds what many entries brought into what is held."""
        try:
            if self.held is not None:
                self.held.take_many(lot)
        except Doubt:
            self.doubt()

    def waits(self, at: int) -> None:
        """Something that arrived at this instant is to be told."""
        if self.arrived is None and self.channel.watchers:
            self.arrived = at

    def moved_on(self) -> bool:
        """Whether its watchers have not been told of what it holds now, for somebody asked before them."""
        board, held = self.board, self.held
        return board is not None and held is not None and (board.held, board.as_of) != (held, held.as_of)

    def due(self) -> int | None:
        """The next instant at which its watchers are to be told what time alone has changed."""
        if self.held is None or self.stale or not self.channel.watchers:
            return None
        return self.held.due()

    def turn(self, held: Held, now: int, mask: Mask, *, demo: bool) -> tuple[Board, dict[View, Change]]:
        """The board of what is held at `now`, and what has changed; of one folded anew, by comparison."""
        old = self.board
        if old is not None and old.held is held:
            return old, dict.fromkeys(VIEWS, old.turn(now, demo=demo))
        board = Board(held, mask)
        board.turn(now, demo=demo)
        self.board = board
        if old is None:
            return board, {view: {} for view in VIEWS}
        before, after = old.states(), board.states()
        return board, {view: difference(before[view], after[view]) for view in VIEWS}
