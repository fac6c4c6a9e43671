"""P10: bytes on disk an event, 100 a batch and one a request, after a checkpoint.

In: rounds, a scale. Out: bytes. The data folder is measured whole, before and after, with the service ended
(so that nothing waits in a write-ahead log); ids, connections and signatures are as random as real ones.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import ingest, proof, service
from benchmarks.rounds import Wanted, result, rotated

EVENTS = {"100 a batch": (50_000, 100), "one a request": (5_000, 1)}


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P10": ...}: `ratio` is bytes an event at 100 a batch; both stand in `parts`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        ground = ingest.Ground(Path(name), wanted.scale)
        sides = {part: partial(_bytes, ground, *events) for part, events in EVENTS.items()}
        found = rotated(sides, wanted._replace(rounds=min(wanted.rounds, 3)))
    parts = {part: result(one[part] for one in found) for part in EVENTS}
    return {"P10": {**parts["100 a batch"], "parts": parts}}


def _bytes(ground: ingest.Ground, events: int, each: int) -> float:
    path = ground.fresh()
    before = service.size(path)
    sent, warm = ground.deliveries(events, each)
    with service.serving(path, ground.keys) as running:
        running.need([ground.one.id])
        connections = ingest.BATCH_CONNECTIONS if each > 1 else ingest.CONNECTIONS
        done = ingest.pushed(running, sent, warm, connections)
    kept = proof.proven(path, sent, done.answers)
    return (service.size(path) - before) / kept
