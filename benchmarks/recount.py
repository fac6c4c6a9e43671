"""How long a recount takes, as a multiple of what a plain loop needs to decode the same lines.

A 30-trainee class of 84 hours with a camera beat each 15 s is made up (516,000 events, seeded) and
written to a file. In each round, in rotated order, each in a process of its own, are timed: (a) the limit, a
plain loop that decodes each line with msgspec and throws it away; (b) `monitor recount --json` on the same
file, its imports included.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.rounds import Wanted, median, result, rotated

TRAINEES = 30
BEAT_SECONDS = 15
DAYS = 11
FIRST_DAY = datetime(2026, 5, 11, tzinfo=UTC)
HALVES = (("s{:02d}a", 0, 30, 4), ("s{:02d}p", 5, 30, 4))

PLAIN_LOOP = """
import gc, sys, time
import msgspec
gc.disable()
decode = msgspec.json.Decoder().decode
begun = time.perf_counter()
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        decode(line)
print(time.perf_counter() - begun)
"""

RECOUNT = """
import sys, time
begun = time.perf_counter()
from monitor.__main__ import main
sys.stdout = open("/dev/null", "w")
code = main(["recount", "--json", "--cohort", sys.argv[2], "--events", sys.argv[1],
             "--as-of", "2026-06-01T00:00:00Z"])
took = time.perf_counter() - begun
print(took if code == 0 else "failed", file=sys.__stdout__)
"""


def text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_class(folder: Path, days: int = DAYS) -> int:
    """A class on ten full days and a half one (or fewer); returns the number of its events."""
    rng = random.Random(84)
    sessions: list[dict[str, Any]] = []
    rows: list[tuple[datetime, str, dict[str, Any]]] = []
    for day in range(days):
        for name, hour, minute, hours in HALVES[: 2 if day < 10 else 1]:
            begun = FIRST_DAY + timedelta(days=day, hours=hour, minutes=minute)
            periods = [begun + timedelta(minutes=50 * number) for number in range(hours)]
            session = {"id": name.format(day), "course": f"course {day}", "mode": "online", "room": "room-1"}
            kind = "discussion" if day < 2 else "lecture"
            spans = [[text(start), text(start + timedelta(minutes=45))] for start in periods]
            sessions.append({**session, "kind": kind, "periods": spans})
            for number in range(TRAINEES):
                rows += stay(
                    rng, begun, periods[-1] + timedelta(minutes=47), f"{name.format(day)}-{number}", number
                )
    rows.sort(key=lambda row: row[0])
    with open(folder / "events.ndjson", "w", encoding="utf-8") as lines:
        for number, (at, kind, data) in enumerate(rows):
            event = {"specversion": "1.0", "id": f"01K{number:023d}", "source": "main", "type": kind}
            lines.write(json.dumps({**event, "time": text(at), "data": data}) + "\n")
    people = [{"id": f"t{n:02d}", "role": "trainee", "accounts": [f"u-{n}"]} for n in range(TRAINEES)]
    cohort = {"policy": "beijing-2026", "cohort": {"id": "bench"}, "people": people, "sessions": sessions}
    sources = [{"id": "main", "camera": "heartbeat", "heartbeat_seconds": BEAT_SECONDS}]
    (folder / "cohort.json").write_text(json.dumps({**cohort, "sources": sources}), "utf-8")
    return len(rows)


def stay(
    rng: random.Random, begun: datetime, ended: datetime, connection: str, number: int
) -> list[tuple[datetime, str, dict[str, Any]]]:
    """One trainee's half-day: a join, beats with jitter, some lost, some with the camera off, a leave."""
    data = {"cohort": "bench", "account": f"u-{number}", "room": "room-1", "connection": connection}
    at = begun - timedelta(seconds=rng.uniform(10, 300))
    rows = [(at, "classroom.joined", data)]
    while at < ended:
        at += timedelta(seconds=BEAT_SECONDS + rng.gauss(0, 0.3))
        if rng.random() > 0.01:
            camera = "off" if rng.random() < 0.02 else "on"
            rows.append((at, "camera.heartbeat", {**data, "camera": camera}))
    return [*rows, (at + timedelta(seconds=2), "classroom.left", data)]


def seconds(program: str, *arguments: str) -> float:
    """How long the program says that it took, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run(wanted: Wanted) -> dict[str, Any]:
    """{"recount": {..., "events": n, "seconds": ours, median}}: less is better."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        events = write_class(folder, max(1, round(DAYS * min(wanted.scale, 1))))
        files = (str(folder / "events.ndjson"), str(folder / "cohort.json"))
        sides = {
            "limit": partial(seconds, PLAIN_LOOP, files[0]),
            "recount": partial(seconds, RECOUNT, *files),
        }
        found = rotated(sides, wanted)
    return {
        "recount": result(
            [one["recount"] / one["limit"] for one in found],
            events=events,
            seconds={side: median(one[side] for one in found) for side in sides},
        )
    }
