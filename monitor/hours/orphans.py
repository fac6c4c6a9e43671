"""Events of a connection that name nobody: they wait until an account is named for it (RULES section 3).

In: beats without account or person. Out: the same, to the one whose connection it turns out to be. Never: who
that is.
"""

from __future__ import annotations

from array import array

from monitor.hours.evidence import Beat, Connection


class Orphans:
    """Events of a connection that name nobody, until an account is named for it."""

    def __init__(self) -> None:
        self.fresh: list[Beat] = []
        self.fresh_beats = array("q")

    def __len__(self) -> int:
        return len(self.fresh) + len(self.fresh_beats)

    def first(self) -> int:
        """The instant of the first of them."""
        return min([*(beat >> 1 for beat in self.fresh_beats), *(beat[0] for beat in self.fresh)])

    def go_to(self, connection: Connection) -> None:
        """All of them become that connection's."""
        connection.fresh += self.fresh
        connection.fresh_beats += self.fresh_beats

    def clear(self) -> None:
        """None are left."""
        self.fresh, self.fresh_beats = [], array("q")
