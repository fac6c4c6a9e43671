"""The service as a child process that is hurt: started, killed, limited, traced; and what it wrote down.

Only processes that were started here are ever signalled, by their own id; they end with the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.faults.nursery import leashed

LONG = os.environ.get("MONITOR_LONG") == "1"
"""Whether `make test-long` runs this."""

PATIENCE = 300
"""Seconds after which something that must happen counts as never happening. No test measures time."""

ROOT = Path(__file__).parents[2]

Told = Callable[[], Awaitable[bytes]]


class Died(Exception):
    """The service ended before it listened: its last words; its exit code, of a signal minus its number."""

    def __init__(self, words: str, code: int | None = None) -> None:
        super().__init__(words)
        self.code = code


class Child:
    """A service that was started. `pid` is its own, also where a tracer or a nursery stands above it."""

    def __init__(self, journal: Path, line: Told) -> None:
        self.journal = journal
        self.url = ""
        self.pid = 0
        self.code: int | None = None
        self._line = line

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def _next(self) -> str:
        line = (await self._line()).decode()
        word, _, rest = line.strip().partition(" ")
        if word == "pid":
            self.pid = int(rest)
        elif word == "ended":
            self.code = int(rest)
        elif "http" in line:
            self.url = line.split()[-1]
        return word

    async def born(self) -> None:
        """Waits until there is a process."""
        async with asyncio.timeout(PATIENCE):
            while not self.pid and await self._next():
                pass

    async def listens(self) -> None:
        """Waits for the address; Died where the service ends first."""
        async with asyncio.timeout(PATIENCE):
            while not (self.url and self.pid):
                if not await self._next() or self.code is not None:
                    await self.ended()
                    raise Died(self.words()[-2000:], self.code)

    async def ended(self) -> int:
        """Waits for the end; the exit code."""
        async with asyncio.timeout(PATIENCE):
            while self.code is None:
                if not await self._next():
                    raise Died("and nobody saw how")
        return self.code

    def signal(self, number: int) -> None:
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def kill(self) -> None:
        """Kill -9, and gone."""
        if self.code is None:
            self.signal(signal.SIGKILL)
            await self.ended()

    async def end(self) -> int:
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    def words(self) -> str:
        return self.journal.read_text("utf-8", "replace")

    def said(self) -> list[dict[str, Any]]:
        """The lines of the journal that are whole."""
        found = []
        for line in self.words().splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict)]

    def mishaps(self) -> list[str]:
        """What the journal says went wrong in a way that nobody foresaw."""
        bad = [
            json.dumps(line) for line in self.said() if "frames" in line or line.get("level") == "critical"
        ]
        return bad + re.findall(r"^Traceback.*|^Exception ignored.*", self.words(), re.M)

    def memory_kb(self) -> int:
        """Resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0])


class Alone(Child):
    """A service that is our own child."""

    def __init__(self, journal: Path, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        super().__init__(journal, process.stdout.readline)
        self.process = process
        self.pid = process.pid

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            self.code = await self.process.wait()
        return self.code


def _journal(data: Path) -> Path:
    return data.with_name(f"{data.name}.journal")


def _arguments(data: Path, database: str | None) -> list[str]:
    elsewhere = [] if database is None else ["--database", database]
    return ["serve", "--data", str(data), "--port", "0", *elsewhere]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}


async def spawn(
    data: Path,
    *,
    database: str | None = None,
    above: Sequence[str] = (),
    before: Callable[[], None] | None = None,
    journal: Path | None = None,
) -> Alone:
    """Starts the service as people do; `above` stands before its command, `before` runs in the child."""

    def prepare() -> None:
        leashed()
        if before is not None:
            before()

    journal = journal or _journal(data)
    with journal.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(*above, sys.executable, "-m", "monitor", *_arguments(data, database)),
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            preexec_fn=prepare,
        )
    return Alone(journal, process)


@asynccontextmanager
async def hurt(data: Path, **more: Any) -> AsyncIterator[Alone]:
    """A service that listens, started by `spawn`; whatever is left of it in the end is killed."""
    child = await spawn(data, **more)
    try:
        await child.listens()
        if more.get("above"):
            child.pid = only_child(child.pid)
        yield child
    finally:
        if child.process.returncode is None:
            await child.kill()


def only_child(pid: int) -> int:
    """The process that a tracer traces."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@functools.cache
def _nursery() -> str:
    """Where the one nursery of these tests listens; made when it is first needed."""
    address = f"\0monitor-faults-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=listening,
            stdout=subprocess.DEVNULL,
            env=_environment(),
            cwd=ROOT,
            preexec_fn=leashed,
        )
    return address


@asynccontextmanager
async def nursery() -> AsyncIterator[Callable[..., Awaitable[Child]]]:
    """Starts services quickly, one after the other, each killed or ended before the next."""
    reader, writer = await asyncio.open_unix_connection(_nursery())
    children: list[Child] = []

    async def start(
        data: Path, database: str | None = None, *, journal: Path | None = None, hurry: bool = False
    ) -> Child:
        journal = journal or _journal(data)
        journal.touch()
        told = {"arguments": _arguments(data, database), "journal": str(journal), "hurry": hurry}
        writer.write(json.dumps(told).encode() + b"\n")
        child = Child(journal, reader.readline)
        children.append(child)
        await child.born()
        return child

    try:
        yield start
    finally:
        if children:
            await children[-1].kill()
        writer.close()


@asynccontextmanager
async def serving(data: Path, **more: Any) -> AsyncIterator[Child]:
    """A service that listens, started quickly; whatever is left of it in the end is killed."""
    async with nursery() as start:
        child = await start(data, **more)
        await child.listens()
        yield child


async def until(true: Callable[[], Any]) -> None:
    """Waits for something that nobody tells us of."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
