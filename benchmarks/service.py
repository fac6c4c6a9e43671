"""The service that is measured: the real one, a process of its own, on a data folder of its own.

In: classes. Out: a folder with a source, tokens and those classes in it; the running service; what it keeps.
Never: a service that outlives us, an address beyond loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import cores
from benchmarks.classroom import BEAT_MS, SOURCE, Class
from benchmarks.load import HOST
from benchmarks.sealed import new_secret
from monitor.clock import now_ms
from monitor.control import AddSource, AddToken, ImportCohort, opened
from monitor.store.folder import Folder

_START_S = 90.0
_END_S = 60.0


class Keys(NamedTuple):
    """What a platform and a center hold: the secret, and their tokens."""

    secret: str
    platform: str
    center: str


class Running(NamedTuple):
    """The service while it runs."""

    port: int
    process: int
    folder: Path
    keys: Keys

    def need(self, cohorts: Iterable[str]) -> None:
        """Asks for each cohort, so that the service holds it from now on."""
        for cohort in cohorts:
            self.get(f"/v1/cohorts/{cohort}/attendance")

    def get(self, path: str) -> bytes:
        """What a door answers to the center."""
        asked = urllib.request.Request(
            f"http://{HOST}:{self.port}{path}", headers={"Authorization": f"Bearer {self.keys.center}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=120) as answer:
            return bytes(answer.read())


def prepared(path: Path, classes: Iterable[Class]) -> Keys:
    """A data folder with a source, its token, a center's token and the classes in it."""

    async def prepare() -> Keys:
        folder = Folder(path)
        folder.lock()
        try:
            async with opened(folder) as (_, office):
                secret, by, now = new_secret(), "bench", now_ms()
                await AddSource(
                    by=by, id=SOURCE, kind="native", secret=secret, heartbeat_seconds=BEAT_MS // 1000
                ).carry_out(office, now)
                for one in classes:
                    await ImportCohort(by=by, file=one.file.decode(), why="bench").carry_out(office, now)
                tokens = [
                    msgspec.to_builtins(await order.carry_out(office, now))
                    for order in (
                        AddToken(by=by, role="platform", source=SOURCE),
                        AddToken(by=by, role="center"),
                    )
                ]
                return Keys(secret, *(_text(token) for token in tokens))
        finally:
            folder.unlock()

    return asyncio.run(prepare())


def _text(told: object) -> str:
    """The text of a token, wherever it stands in what came of the order."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list | tuple):
        return next((text for part in told if (text := _text(part))), "")
    return told if isinstance(told, str) and len(told) > 30 else ""


def copied(template: Path, path: Path) -> Path:
    """A copy of a prepared folder."""
    shutil.copytree(template, path, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    return path


@contextlib.contextmanager
def serving(path: Path, keys: Keys) -> Iterator[Running]:
    """The service over a data folder while the block runs; drained and gone when it ends."""
    command = [sys.executable, "-m", "monitor.demo.leash", "serve"]
    command += ["--data", str(path), "--host", HOST, "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    errors = path.with_name(path.name + ".errors")
    with errors.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment | {"PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
        )
    cores.of_service(process.pid)
    try:
        yield Running(_port(process, errors), process.pid, path, keys)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _port(process: subprocess.Popen[bytes], errors: Path) -> int:
    assert process.stdout is not None
    until = time.monotonic() + _START_S
    while (left := until - time.monotonic()) > 0 and select.select([process.stdout], [], [], left)[0]:
        line = process.stdout.readline()
        if found := re.search(rb"://[^/\s]+:(\d+)", line):
            return int(found[1])
        if not line:
            break
    raise RuntimeError("the service did not start:\n" + errors.read_text("utf-8", "replace")[-2000:])


def size(path: Path) -> int:
    """Bytes of every file in a data folder."""
    return sum(file.stat().st_size for file in path.iterdir() if file.is_file())


def seconds_worked(process: int) -> float:
    """Seconds for which a process kept a core busy, in itself and for it in the kernel; 0 where not told."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
