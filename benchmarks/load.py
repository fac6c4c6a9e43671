"""Load: deliveries pushed over loopback as fast as they are answered, so many under way and no more.

In: an address, requests or frames made before. Out: seconds from the first byte to the last answer, and every
answer as it came. Never: reads an answer while the clock runs, more than one process, another host.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.cores import as_load

HOST = "127.0.0.1"
PATIENCE_S = 120.0
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back for the delivery of that number; status 0 on a stream."""

    number: int
    status: int
    body: bytes


class Pushed(NamedTuple):
    """How long it took in all, each answer, and how long each took (seconds)."""

    seconds: float
    answers: list[Answer]
    latencies: list[float]


class _Connection(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the last is answered."""

    def __init__(self, waiting: Iterator[tuple[int, bytes]], pushed: Pushed, over: asyncio.Event) -> None:
        self._waiting, self._pushed, self._over = waiting, pushed, over
        self._number = -1
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        following = next(self._waiting, None)
        if following is None:
            self._number = -1
            self._over.set()
            return
        self._number, request = following
        self._sent = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head)
        size = int(length[1]) if length else 0
        if len(self._buffer) < head + 4 + size:
            return
        self._pushed.latencies.append(time.perf_counter() - self._sent)
        body = self._buffer[head + 4 : head + 4 + size]
        self._pushed.answers.append(Answer(self._number, int(self._buffer[9:12]), body))
        self._buffer = b""
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._number >= 0:
            self._over.set()


def push(port: int, requests: list[bytes], connections: int) -> Pushed:
    """Every request, over so many connections."""

    async def run() -> Pushed:
        loop = asyncio.get_running_loop()
        pushed = Pushed(0.0, [], [])
        waiting = iter(list(enumerate(requests)))
        overs = [asyncio.Event() for _ in range(min(connections, len(requests)))]
        begun = time.perf_counter()
        transports = []
        for over in overs:
            line = _Connection(waiting, pushed, over)
            made = await loop.create_connection(lambda line=line: line, HOST, port)  # type: ignore[misc]
            transports.append(made[0])
        async with asyncio.timeout(PATIENCE_S):
            for over in overs:
                await over.wait()
        seconds = time.perf_counter() - begun
        for transport in transports:
            transport.close()
        return pushed._replace(seconds=seconds)

    with as_load():
        return asyncio.run(run())


class _Stream(asyncio.Protocol):
    """One WebSocket: so many frames under way, answered in order."""

    def __init__(
        self, path: str, token: str, waiting: Iterator[tuple[int, bytes]], window: int, pushed: Pushed
    ) -> None:
        self._hello = (
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Authorization: Bearer {token}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        self._waiting, self._window, self._pushed = waiting, window, pushed
        self._under_way: deque[tuple[int, float]] = deque()
        self._buffer = b""
        self.open = asyncio.Event()
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._hello)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open.is_set():
            head, whole, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not whole:
                self._buffer = head
                return
            if b" 101 " not in head[:20]:
                raise RuntimeError(head.decode("utf-8", "replace"))
            self.open.set()
        payloads, self._buffer = unframed(self._buffer)
        now = time.perf_counter()
        for payload in payloads:
            number, sent = self._under_way.popleft()
            self._pushed.latencies.append(now - sent)
            self._pushed.answers.append(Answer(number, 0, payload))
        if payloads:
            self.fill()

    def fill(self) -> None:
        """Send on what the window has room for."""
        out, now = [], time.perf_counter()
        while len(self._under_way) < self._window and (following := next(self._waiting, None)) is not None:
            self._under_way.append((following[0], now))
            out.append(following[1])
        if out:
            self.transport.write(b"".join(out))  # type: ignore[attr-defined]
        elif not self._under_way:
            self.over.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self.open.set()
        self.over.set()


def unframed(buffer: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of whole unmasked frames of data, and what is left over."""
    found, at = [], 0
    while len(buffer) - at >= 2:
        size, start = buffer[at + 1] & 127, at + 2
        if size > 125:
            wide = 2 if size == 126 else 8
            if len(buffer) - start < wide:
                break
            size, start = int.from_bytes(buffer[start : start + wide], "big"), start + wide
        if len(buffer) < start + size:
            break
        if buffer[at] & 15 in (1, 2):
            found.append(buffer[start : start + size])
        at = start + size
    return found, buffer[at:]


def stream(port: int, path: str, token: str, frames: list[bytes], streams: int, window: int) -> Pushed:
    """Every frame, over so many streams, each with so many frames under way."""

    async def run() -> Pushed:
        loop = asyncio.get_running_loop()
        pushed = Pushed(0.0, [], [])
        numbered = list(enumerate(frames))
        lines = [
            _Stream(path, token, iter(numbered[n::streams]), window, pushed)
            for n in range(min(streams, len(frames)))
        ]
        for line in lines:
            await loop.create_connection(lambda line=line: line, HOST, port)  # type: ignore[misc]
        async with asyncio.timeout(PATIENCE_S):
            for line in lines:
                await line.open.wait()
            begun = time.perf_counter()
            for line in lines:
                line.fill()
            for line in lines:
                await line.over.wait()
        seconds = time.perf_counter() - begun
        for line in lines:
            line.transport.close()
        return pushed._replace(seconds=seconds)

    with as_load():
        return asyncio.run(run())
