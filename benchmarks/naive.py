"""The ordinary stack beside ours: naive_stack.py under uvicorn, in a process of its own.

In: a Python that has its packages, a database, a secret. Out: the port it listens on; how many events it
kept. Never: a process that outlives the block.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cores
from benchmarks.load import HOST

PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "aiosqlite", "greenlet")
_START_S = 60.0


@contextlib.contextmanager
def serving(python: str, database: Path, secret: str) -> Iterator[int]:
    """The stack while the block runs."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    command = [python, "-m", "uvicorn", "naive_stack:app", "--host", HOST, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "error", "--app-dir", str(Path(__file__).parent)]
    errors = database.with_suffix(".errors")
    with errors.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=os.environ | {"BENCH_DATABASE": str(database), "BENCH_SECRET": secret},
        )
    cores.of_service(process.pid)
    try:
        _wait(port, process, errors)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], errors: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 0.2):
            return
        time.sleep(0.05)
    raise RuntimeError("the ordinary stack did not start:\n" + errors.read_text("utf-8", "replace")[-2000:])


def count(database: Path) -> int:
    """How many events it kept."""
    with contextlib.closing(sqlite3.connect(database)) as found:
        return int(found.execute("SELECT count(*) FROM event").fetchone()[0])
