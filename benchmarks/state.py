"""P9: what a trainee's day with a beat each 15 s costs in memory, in KB (1,000 bytes) a trainee a day.

In: rounds, a scale. Out: KB. A class is folded from its log as the service does it, in a process of its own
under tracemalloc; counted is what is held when the fold stands and was asked once, less what the same process
held of the class without events, and tables of the process that don't grow with classes. Beside it: how much
larger the process has grown without tracemalloc.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import classroom, service
from benchmarks.rounds import Wanted, median, result
from benchmarks.stored import filled
from monitor.clock import now_ms

DAYS = 2

_PROGRAM = """
import asyncio, gc, json, os, sys, tracemalloc
from pathlib import Path
from monitor.clock import now_ms
from monitor.ingest import sources
from monitor.live.held import fold_log
from monitor.store.folder import Folder
from monitor.store.log import Log

def held():
    gc.collect()
    if traced:
        return tracemalloc.get_traced_memory()[0]
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def fold(folder, cohort):
    log = Log(Folder(Path(folder)).log)
    last = log.head()[0]
    first = await fold_log(log, sources, cohort, 1_000_000_000)
    told = first.tell(now_ms())
    await log.close()
    return first, told

async def main(empty, full, cohort):
    without = await fold(empty, cohort)
    await fold(full, cohort)  # tables of the process that are the same for any number of classes
    if traced:
        tracemalloc.start()
    before = held()
    with_events = await fold(full, cohort)
    print(json.dumps(held() - before))

traced = sys.argv[1] == "traced"
asyncio.run(main(*sys.argv[2:]))
"""


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P9": ...}."""
    trainees = max(3, int(classroom.TRAINEES * min(wanted.scale, 1)))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        now = now_ms()
        one = classroom.made("bench", classroom.days_before(now, DAYS), trainees=trainees)
        empty, full = Path(name) / "empty", Path(name) / "full"
        service.prepared(empty, [one])
        service.prepared(full, [one])
        kept = filled(full, [one], len(list(classroom.events(one, seed=100))))
        each, grown = [], []
        for number in range(min(wanted.rounds, 3)):
            wanted.say(f"round {number + 1}")
            each.append(_bytes("traced", empty, full, one.id) / 1000 / trainees / DAYS)
            grown.append(_bytes("resident", empty, full, one.id) / 1000 / trainees / DAYS)
    return {"P9": result(each, resident_kb=median(grown), beats_a_trainee_a_day=kept // trainees // DAYS)}


def _bytes(how: str, empty: Path, full: Path, cohort: str) -> float:
    command = [sys.executable, "-c", _PROGRAM, how, str(empty), str(full), cohort]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout)
