"""HTTP by hand: bytes out, bytes in, for requests that no client would send."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.faults.child import PATIENCE
from tests.faults.sender import BATCH, proof


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        """Sends what the other side still takes."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> tuple[int, Any]:
        """One answer: its status and its document; (0, None) where the connection ends without one."""
        async with asyncio.timeout(PATIENCE):
            try:
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
                body = await self.reader.readexactly(int(headers["content-length"]))
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0, None
        return int(head.split()[1]), json.loads(body)

    async def ends(self) -> bytes:
        """What still comes until the other side closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        self.writer.close()


async def spoken(port: int, data: bytes) -> tuple[list[int], bytes]:
    """All bytes at once; the statuses of all answers until the service closes, and what came last."""
    line = await Line.open(port)
    try:
        await line.send(data)
        statuses = []
        while (found := await line.answer())[0]:
            statuses.append(found[0])
        return statuses, await line.ends()
    finally:
        line.close()


def head(name: str, body: bytes, *more: str, length: int | None = None, **changes: str) -> bytes:
    """The header of a signed delivery; `more` lines as they are; `length` -1 leaves Content-Length away."""
    lines = ["POST /v1/ingest/main HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {BATCH}"]
    lines += [f"{header}: {value}" for header, value in {**proof(name, body), **changes}.items()]
    size = len(body) if length is None else length
    lines += [f"Content-Length: {size}"] if size >= 0 else []
    return "\r\n".join([*lines, *more, "", ""]).encode()


def chunked(body: bytes, size: int = 100) -> bytes:
    parts = [body[n : n + size] for n in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
