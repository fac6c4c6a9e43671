"""The limit: what the standard library's sqlite3 writes on this disk, one row an event, every commit synced.

In: a folder, how many rows a commit. Out: rows a second, or what each commit took. Never: anything of ours.
Ids are in time order; the row is a 16-byte id, five integers and a 41-byte text, keyed by the id.
"""

from __future__ import annotations

import random
import sqlite3
import struct
import tempfile
import time
from pathlib import Path

_TABLE = """CREATE TABLE event(id BLOB PRIMARY KEY, trainee INTEGER NOT NULL, room INTEGER NOT NULL,
    kind INTEGER NOT NULL, at INTEGER NOT NULL, received INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID"""
_INSERT = "INSERT OR IGNORE INTO event VALUES(?,?,?,?,?,?,?)"
_BODY = '{"cam":1,"face":1,"fps":14.8,"dev":"web"}'
_FIRST = 1_767_225_600_000

Rows = list[tuple[bytes, int, int, int, int, int, str]]


def rows(count: int) -> Rows:
    """Rows whose ids are UUIDs of version 7 three milliseconds apart."""
    rng = random.Random(7)
    made: Rows = []
    for number in range(count):
        at = _FIRST + number * 3
        key = struct.pack(">Q", at << 16 | 0x7000 | rng.getrandbits(12)) + rng.randbytes(8)
        made.append((key, number % 3000, number % 100, 3, at, at + 250, _BODY))
    return made


def rate(made: Rows, each: int) -> float:
    """Rows a second, `each` a commit, into a fresh file."""
    took = commits(made, each)
    return len(made) / sum(took)


def commits(made: Rows, each: int) -> list[float]:
    """Seconds that each commit of `each` rows took, into a fresh file."""
    with tempfile.TemporaryDirectory(prefix="bench-raw-") as name:
        database = sqlite3.connect(Path(name) / "raw.sqlite", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(_TABLE)
        took = []
        for first in range(0, len(made), each):
            part = made[first : first + each]
            begun = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_INSERT, part)
            database.execute("COMMIT")
            took.append(time.perf_counter() - begun)
        database.close()
    return took
