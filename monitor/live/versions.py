"""Where each cohort's files stand in the log: found once, for all cohorts, when the first is asked for.

In: the log, and each cohort entry that comes after. Out: the entry of the file in force at any position, past
ones included. Never: opens a file; reads the whole log again for the next cohort.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from contextlib import aclosing

from monitor.store.entry import Entry
from monitor.store.log import Log


class Versions:
    """The positions of cohort files, by cohort, in order. `add` is told of every later one as it comes."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._positions: dict[str, list[int]] = {}
        self._found = False
        self._one_at_a_time = asyncio.Lock()

    def add(self, entry: Entry) -> None:
        """A file that is in the log from now on."""
        self._positions.setdefault(entry.headers.get("cohort", ""), []).append(entry.position)

    async def at(self, cohort: str, until: int) -> Entry | None:
        """The entry with the cohort's file as it was in force at position `until`; None where none was."""
        if not self._found:
            async with self._one_at_a_time:
                if not self._found:
                    await self._find()
        positions = self._positions.get(cohort, [])
        count = bisect_right(positions, until)
        return await self._log.entry(positions[count - 1]) if count else None

    async def _find(self) -> None:
        """Reads what is in the log by now; what comes meanwhile is added behind it."""
        until = self._log.head()[0]
        found: dict[str, list[int]] = {}
        async with aclosing(self._log.read(kinds={"cohort"}, sources={"staff"}, until=until)) as entries:
            async for entry in entries:
                found.setdefault(entry.headers.get("cohort", ""), []).append(entry.position)
        for cohort, added in self._positions.items():
            found.setdefault(cohort, []).extend(position for position in added if position > until)
        self._positions, self._found = found, True
