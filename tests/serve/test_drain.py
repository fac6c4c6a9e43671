"""The end of the service: what is under way is answered, and one deadline holds for all that won't end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from monitor import app
from tests.serve.school import COHORT, School, school


class Talk:
    """A connection by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def rest(self) -> bytes:
        """All that still comes, until the other side closes or cuts the line."""
        async with asyncio.timeout(30):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def talk(place: School, said: bytes) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.url.rpartition(":")[2]))
    writer.write(said)
    await writer.drain()
    try:
        yield Talk(reader, writer)
    finally:
        writer.transport.abort()


def head(path: str, **headers: str) -> bytes:
    lines = [f"{path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def upgrade(place: School, path: str, role: str) -> bytes:
    return head(
        f"GET {path}",
        Upgrade="websocket",
        Connection="Upgrade",
        **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="},
        **place.headers(role),
    )


def delivery(place: School) -> tuple[bytes, bytes]:
    """Head and body of a delivery."""
    headers, body = place.signed(place.beats("u-1", "08:30:00", "08:40:00"))
    return head("POST /v1/ingest/main", **headers, **{"Content-Length": str(len(body))}), body


async def test_whatever_will_not_end_is_cut_at_one_deadline(tmp_path: Path, monkeypatch: Any) -> None:
    """Half a header, half a body, a stream and a board that don't listen, a door that takes for ever."""
    monkeypatch.setattr(app, "DRAIN_SECONDS", 0.5)
    async with asyncio.timeout(30), AsyncExitStack() as lines:
        async with school(tmp_path / "data") as place:
            begun = asyncio.Event()

            async def never(*_: Any) -> None:
                begun.set()
                await asyncio.Event().wait()

            monkeypatch.setattr(place.parts.live, "answer", never)
            start, body = delivery(place)
            said = (
                start[:40],
                start + body[:100],
                head(f"GET /v1/cohorts/{COHORT}/attendance", **place.headers("admin")),
                upgrade(place, "/v1/ingest/main/stream", "platform"),
                upgrade(place, f"/v1/live?cohort={COHORT}", "admin"),
            )
            half_head, half_body, slow, stream, board = [
                await lines.enter_async_context(talk(place, data)) for data in said
            ]
            for line in (stream, board):
                assert b" 101 " in await line.reader.readuntil(b"\r\n\r\n")
            stream.writer.write(b"\x82\x88\0\0\0\0x y z\n[]" * 200_000)  # answers that nobody reads
            await begun.wait()
        assert [b"", b"", b""] == [await line.rest() for line in (half_head, half_body, slow)]
        for line in (stream, board):
            await line.rest()


async def test_a_body_that_arrives_while_the_service_ends_is_taken_and_answered(tmp_path: Path) -> None:
    async with asyncio.timeout(30), AsyncExitStack() as lines:
        async with school(tmp_path / "data") as place:
            start, body = delivery(place)
            line = await lines.enter_async_context(talk(place, head("GET /healthz") + start + body[:100]))
            await line.reader.readuntil(b'{"status":"ok"}\n')  # and behind it the delivery has begun

            rest = asyncio.create_task(finish(place, line, body[100:]))
        await rest
        assert (await line.rest()).startswith(b"HTTP/1.1 202 ")


async def finish(place: School, line: Talk, said: bytes) -> None:
    """Says the rest in two parts, when the end is well under way: nobody can connect any more."""
    with suppress(ConnectionError):
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", int(place.url.rpartition(":")[2]))
            writer.close()
            await asyncio.sleep(0)
    for part in (said[:100], said[100:]):
        line.writer.write(part)
        for _ in range(20):
            await asyncio.sleep(0)


async def test_the_goodbye_of_a_platform_is_heard_while_the_service_ends(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """The end takes as long as the answers do, not as long as the patience with who says nothing."""
    monkeypatch.setattr(app, "DRAIN_SECONDS", 1_000)
    monkeypatch.setattr("monitor.serve.socket.CLOSE_SECONDS", 1_000)
    async with asyncio.timeout(60), AsyncExitStack() as lines:
        async with school(tmp_path / "data") as place:
            where = place.url.replace("http", "ws", 1) + "/v1/ingest/main/stream"
            socket = await lines.enter_async_context(
                connect(where, additional_headers=place.headers("platform"), max_queue=None)
            )
            for _ in range(300):
                await socket.send(b"nonsense")
            await socket.recv()
        await socket.wait_closed()
        assert socket.close_code == 1001
