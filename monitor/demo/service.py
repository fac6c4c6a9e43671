"""The service of the demo: `monitor serve` as a child that ends with us.

In: a data folder, a port. Out: the address it listens on; its end. Never: lets the child outlive us, or see a
setting of the environment that names somebody's real data.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 8080
_PORTS: Final = 100
_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 30.0


class ServiceFailed(Exception):
    """The service did not start, or ended by itself; the text has its last words."""


class Child:
    """The running service."""

    def __init__(self, url: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.url = url
        self._process = process
        self._log = log

    async def ended(self) -> None:
        """Returns never while the service runs; raises ServiceFailed when it ends by itself."""
        code = await self._process.wait()
        raise ServiceFailed(f"the service ended by itself (exit code {code})\n{_last_words(self._log)}")


def free_port(wanted: int | None) -> int:
    """The port that was asked for (0: any), or the first free one from 8080 on."""
    if wanted is not None:
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + _PORTS):
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port
    return 0


@asynccontextmanager
async def serving(data: Path, port: int, log: Path) -> AsyncIterator[Child]:
    """The service over a data folder while the block runs. Raises ServiceFailed when it doesn't start."""
    command = [sys.executable, "-m", "monitor.demo.leash", "serve"]
    command += ["--data", str(data), "--host", HOST, "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,  # the leash: closed when we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=environment | {"PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # Ctrl-C is ours; the service ends when we say so
        )
    try:
        yield Child(await _address(process, log), process, log)
    finally:
        await _end(process)


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            while line := await process.stdout.readline():
                if found := re.search(rb"https?://\S+", line):
                    return found[0].decode()
    except TimeoutError:
        raise ServiceFailed(
            f"the service did not start in {_START_SECONDS:.0f} s\n{_last_words(log)}"
        ) from None
    raise ServiceFailed(f"the service did not start\n{_last_words(log)}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, so that it drains; SIGKILL for one that does not end."""
    for number, patience in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, None)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await process.wait()


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-5:])
