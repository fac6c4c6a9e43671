"""P7: how fast a class is folded anew after a restart, over how fast raw rows are inserted.

In: rounds, a scale. Out: a ratio of rates. The log was written 100 events a delivery. In a process of its own
the service opens its rooms over that log and answers what `GET attendance` answers, rules and findings and
all; the clock runs from after the imports to the answer. Interpreter and imports, which cost the same for any
log, are not in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import classroom, cores, raw, service
from benchmarks.rounds import Wanted, median, result, rotated
from benchmarks.stored import filled
from monitor.clock import now_ms

EVENTS = 150_000
ROWS = 100_000

_PROGRAM = """
import asyncio, json, sys, time
from pathlib import Path
from monitor import app
from monitor.clock import now_ms
from monitor.config import Config

async def main(folder, cohort):
    begun = time.perf_counter()
    async with app.service(Config(data=Path(folder), port=0), now_ms, timers=False) as running:
        opened = time.perf_counter()
        told = await running.parts.live.answer(cohort, None, None, now_ms())
        over = time.perf_counter()
    counted = sum(row["credited"] for row in told.document["people"])
    print(json.dumps({"seconds": over - begun, "opening": opened - begun, "credited": counted}))

asyncio.run(main(*sys.argv[1:]))
"""


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P7": ...}."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path, now = Path(name) / "data", now_ms()
        one = classroom.made("bench", classroom.days_before(now, 10))
        service.prepared(path, [one])
        events = filled(path, [one], int(EVENTS * wanted.scale))
        rows = raw.rows(max(1_000, int(ROWS * wanted.scale)))
        sides = {"rebuild": partial(_rebuild, path, one.id, events), "raw": partial(_raw, rows)}
        found = rotated(sides, wanted)
    opening = [one["rebuild"]["opening"] for one in found]
    rates = [one["rebuild"]["per_second"] for one in found]
    return {
        "P7": result(
            [one["rebuild"]["per_second"] / one["raw"] for one in found],
            events=events,
            per_second={"rebuild": median(rates), "raw": median(one["raw"] for one in found)},
            opening_seconds=median(opening),
            credited=found[0]["rebuild"]["credited"],
        )
    }


def _raw(rows: raw.Rows) -> float:
    with cores.as_service():
        return raw.rate(rows, 1_000)


def _rebuild(path: Path, cohort: str, events: int) -> dict[str, Any]:
    with cores.as_service():
        command = [sys.executable, "-c", _PROGRAM, str(path), cohort]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    return {**told, "per_second": events / told["seconds"]}
