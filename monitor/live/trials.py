"""A cohort as it would be under another file: folded from the log with it, and nothing written.

In: a cohort as it is told, the bytes of another file. Out: what the answer would be, at the same position and
instant. Never: keeps the file; two folds at a time, for each costs what a restart of that cohort does.
"""

from __future__ import annotations

import asyncio

import msgspec

from monitor.hours.ids import Doubt
from monitor.live.held import Decoder, Held, Told, fold_log
from monitor.live.versions import Versions
from monitor.store.entry import Entry
from monitor.store.log import Log


class Trials:
    """Where cohorts are tried under other files, one after the other."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def told(self, log: Log, decoder: Decoder, now: Told, file: bytes) -> Told:
        """The answer that `now` would be, were `file` the file in force."""
        async with self._one_at_a_time:
            entry = msgspec.structs.replace(await log.entry(now.version), body=file)
            try:
                return (await _folded(log, decoder, now, entry, whole=False)).tell(now.as_of)
            except Doubt:
                return (await _folded(log, decoder, now, entry, whole=True)).tell(now.as_of)


async def _folded(log: Log, decoder: Decoder, now: Told, entry: Entry, *, whole: bool) -> Held:
    held = await fold_log(
        log,
        decoder,
        now.plan.cohort.id,
        now.position,
        _InForce(log, entry),
        whole=whole,
        as_of=now.as_of,
    )
    assert held is not None
    return held


class _InForce(Versions):
    """One file, whatever the log says."""

    def __init__(self, log: Log, entry: Entry) -> None:
        super().__init__(log)
        self._entry = entry

    async def at(self, cohort: str, until: int) -> Entry | None:
        """The file, at any position."""
        return self._entry
