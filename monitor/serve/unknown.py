"""Event types that the rules don't know, counted by name: how a platform's new type is noticed.

In: events as they are taken. Out: how many of each unknown type. Never: more than `MOST` names, or one that
may name a person: such are counted as `other`.
"""

from __future__ import annotations

import re
from typing import Final

from monitor.beats import Taken
from monitor.event import TYPES
from monitor.store.entry import Entry

MOST: Final = 50
OTHER: Final = "other"
_PLAIN: Final = re.compile(r"(?!.*\d{4})[A-Za-z][A-Za-z0-9._/-]{0,63}", re.ASCII)
"""A type as type names look: no number long enough to be somebody's."""


class UnknownTypes:
    """The counts since the start."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def took(self, _entry: Entry, taken: Taken) -> None:
        """Counts the events of one delivery that are of types nobody knows."""
        for name in sorted({event.type for event in taken.events} - TYPES):
            shown = self._shown(name)
            count = sum(event.type == name for event in taken.events)
            self.counts[shown] = self.counts.get(shown, 0) + count

    def _shown(self, name: str) -> str:
        if name in self.counts:
            return name
        return name if len(self.counts) < MOST and _PLAIN.fullmatch(name) else OTHER
