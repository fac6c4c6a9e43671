"""Logs that were filled before: deliveries appended as the service appends them, without HTTP.

In: a prepared data folder, classes, how many events. Out: the log holds them. Never: a shorter way into the
file than the log's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.classroom import SOURCE, Class, Event, events
from benchmarks.sealed import deliveries, new_secret
from monitor.ingest.native import DECODER
from monitor.store.folder import Folder
from monitor.store.log import Log

_UNDER_WAY = 200
_TRAVEL_MS = 300


def filled(path: Path, classes: Sequence[Class], count: int, each: int = 100) -> int:
    """Appends `count` events of these classes (class after class), `each` a delivery that came at once."""

    async def fill() -> int:
        folder = Folder(path)
        folder.lock()
        log = Log(folder.log)
        kept = 0
        try:
            secret, told = new_secret(), _endless(classes)
            while kept < count:
                part = list(islice(told, min(count - kept, each * _UNDER_WAY)))
                arrivals = [event.at + _TRAVEL_MS for event in part[each - 1 :: each] or part[-1:]]
                arrivals.append(part[-1].at + _TRAVEL_MS)
                sent = deliveries(part, each, _UNDER_WAY, secret, arrivals[0])
                await asyncio.gather(
                    *(
                        log.append(
                            "delivery",
                            SOURCE,
                            at,
                            {
                                "webhook-id": one.id,
                                "webhook-timestamp": one.stamp,
                                "webhook-signature": one.signature,
                            },
                            one.body,
                            DECODER,
                            once=one.id,
                        )
                        for one, at in zip(sent, arrivals, strict=False)
                    )
                )
                kept += sum(len(one.events) for one in sent)
        finally:
            await log.close()
            folder.unlock()
        return kept

    return asyncio.run(fill())


def _endless(classes: Sequence[Class]) -> Iterator[Event]:
    seed = 100
    while True:
        for one in classes:
            yield from events(one, seed=seed)
        seed += 1
