"""P6: how fast a class is folded with all rules, over how fast numpy adds up the same beats without any.

In: rounds, a scale. Out: a ratio of rates. A class of 30 trainees and 80 hours with a beat each 15 s, its
events in the order in which they arrive. Ours: what the intake hands over of deliveries of 100 events, ids
compared, to verdicts, totals, standing and findings. numpy: two arrays of integers (who, when), sorted, cut
into stretches where nothing was heard for longer than the silence, clipped to the periods, summed by trainee;
no joins, cameras, devices, verdicts or findings. Each in a process of its own. `lines` is the same class from
the lines of a file, which includes decoding.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from array import array
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import classroom, cores
from benchmarks.rounds import Wanted, median, result, rotated
from monitor.clock import now_ms

DAYS = 10
_INSIDE = 3
"""Each process does it so often and tells the median."""

_OURS = """
import gc, json, statistics, sys, time
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.ingest import native

file, lines, as_of, inside, how, source = sys.argv[1:]
plan = open_cohort(open(file, "rb").read())
body = open(lines, "rb").read()
as_of = int(as_of)
chunks, taken, whole = [], [], body.split(b"\\n")[:-1]
if how == "lines":
    chunks = [b"\\n".join(whole[n:n + 2000]) + b"\\n" for n in range(0, len(whole), 2000)]
else:
    for n in range(0, len(whole), 100):
        body = b"[" + b",".join(whole[n:n + 100]) + b"]"
        taken.append(native.take(body, source, as_of, False)[0])
gc.collect(); gc.freeze()
took = []
for _ in range(int(inside)):
    begun = time.perf_counter()
    fold = Fold(plan, lean=how == "events")
    fold.up_to(as_of)
    for one in taken:
        for event in one.events:
            fold.add(event)
        for name in one.cohorts():
            if (beats := one.beats(name)) is not None:
                fold.add_beats(source, beats)
    for chunk in chunks:
        fold.add_lines(chunk)
    result = fold.result(as_of)
    took.append(time.perf_counter() - begun)
valid = {one.person.id: sum(p.milliseconds.get("valid", 0) for p in one.periods) for one in result.people}
print(json.dumps({"seconds": statistics.median(took), "valid": sorted(valid.values())}))
"""

_NUMPY = """
import json, statistics, sys, time
import numpy as np

who_file, when_file, periods, inside, silence = sys.argv[1:]
who, when = np.fromfile(who_file, np.int64), np.fromfile(when_file, np.int64)
starts, ends = np.array(json.loads(periods), np.int64).T
base, silence = int(starts[0]) - 86_400_000, int(silence)
took = []
for _ in range(int(inside)):
    begun = time.perf_counter()
    key = (who << 40) | (when - base)
    key.sort()
    person, at = key >> 40, (key & ((1 << 40) - 1)) + base
    same = (person[1:] == person[:-1]) & (at[1:] - at[:-1] <= silence)
    low, high, of = at[:-1][same], at[1:][same], person[:-1][same]
    total = np.zeros(int(who.max()) + 1, np.int64)
    place = np.searchsorted(ends, low, "right")
    for step in (0, 1):  # a stretch reaches into two periods at most
        here = np.minimum(place + step, len(starts) - 1)
        inside_ms = np.minimum(high, ends[here]) - np.maximum(low, starts[here])
        good = (inside_ms > 0) & (place + step < len(starts))
        total += np.bincount(of[good], inside_ms[good], len(total)).astype(np.int64)
    took.append(time.perf_counter() - begun)
print(json.dumps({"seconds": statistics.median(took), "valid": sorted(int(v) for v in total)}))
"""


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P6": ...}."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, now = Path(name), now_ms()
        days = max(1, int(DAYS * min(1, wanted.scale)))
        one = classroom.made("bench", classroom.days_before(now, days))
        count = _written(folder, one)
        periods = [
            (start, start + 45 * classroom.MINUTE)
            for first in one.days
            for start in (first + n * 50 * classroom.MINUTE for n in range(classroom.PERIODS))
        ]
        file, lines = str(folder / "cohort.json"), str(folder / "events.ndjson")
        inside = str(_INSIDE)
        sides = {
            how: partial(_told, sys.executable, _OURS, file, lines, str(now), inside, how, classroom.SOURCE)
            for how in ("events", "lines")
        }
        sides |= {
            "numpy": partial(
                _told,
                sys.executable,
                _NUMPY,
                str(folder / "who"),
                str(folder / "when"),
                json.dumps(periods),
                inside,
                "90000",
            ),
        }
        found = rotated(sides, wanted)
    return {
        "P6": result(
            [one["numpy"] / one["events"] for one in found],
            parts={"lines": result(one["numpy"] / one["lines"] for one in found)},
            events=count,
            seconds={side: median(one[side] for one in found) for side in sides},
        )
    }


def _written(folder: Path, one: classroom.Class) -> int:
    """The class as a cohort file and lines, and its beats with the camera on as two arrays."""
    numbers = {account: number for number, account in enumerate(one.accounts)}
    who, when, count = array("q"), array("q"), 0
    with (folder / "events.ndjson").open("wb") as lines:
        for event in classroom.events(one):
            lines.write(event.json + b"\n")
            count += 1
            if b'"camera":"on"' in event.json:
                data = json.loads(event.json)["data"]
                who.append(numbers[data["account"]])
                when.append(event.at)
    (folder / "cohort.json").write_bytes(one.file)
    (folder / "who").write_bytes(who.tobytes())
    (folder / "when").write_bytes(when.tobytes())
    return count


def _told(python: str, program: str, *arguments: str) -> float:
    with cores.as_service():
        done = subprocess.run(
            [python, "-c", program, *arguments], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return float(json.loads(done.stdout)["seconds"])
