"""A stream that is misused: floods, frames over the limit, answers that nobody reads; memory is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.exceptions import WebSocketException

from tests.faults.child import LONG, serving, until
from tests.faults.kept import holds
from tests.faults.raw import Line
from tests.faults.sender import Ground, Sender, client, connected, frame

POURED = 200_000_000 if LONG else 4_000_000
MOST_KB = 150_000 if LONG else 60_000
"""How much more memory a flood may cost: what stands in queues is far below this."""


def masked(opcode: int, payload: bytes = b"", *, last: bool = True, length: int | None = None) -> bytes:
    """A client's frame; `length` lies about it."""
    size = len(payload) if length is None else length
    first = bytes([(0x80 if last else 0) | opcode])
    if size < 126:
        told = bytes([0x80 | size])
    elif size < 65_536:
        told = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        told = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return first + told + bytes(4) + payload  # a mask of zeros leaves the payload as it is


@asynccontextmanager
async def by_hand(ground: Ground, port: int) -> AsyncIterator[Line]:
    """A stream whose frames are made here, and whose answers are read when we like."""
    line = await Line.open(port)
    lines = [
        "GET /v1/ingest/main/stream HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
        *(f"{name}: {value}" for name, value in ground.bearer("platform").items()),
    ]
    await line.send("\r\n".join([*lines, "", ""]).encode())
    try:
        assert b" 101 " in await line.reader.readuntil(b"\r\n\r\n")
        yield line
    finally:
        line.writer.transport.abort()


async def poured(line: Line, data: bytes, most: int) -> int:
    """Sends the same again and again, until the other side takes no more or has had `most` bytes."""
    line.writer.transport.set_write_buffer_limits(high=len(data))
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most and not line.writer.is_closing():
            async with asyncio.timeout(1):
                await line.send(data)
            sent += len(data)
    return sent


async def test_floods_and_answers_that_nobody_reads_cost_bounded_memory(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child, client() as http:
        assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0]
        floods = {
            "pings": masked(9, b"x" * 125) * 1000,
            "empty pings": masked(9) * 10_000,
            "pongs": masked(10) * 10_000,
            "empty frames": masked(2) * 10_000,
            "unsigned frames": masked(2, b"x y z\n[]") * 5_000,
            "fragments": masked(2, b"x", last=False) + masked(0, b"x", last=False) * 5_000,
        }
        for how, data in floods.items():
            before = child.memory_kb()
            async with by_hand(ground, child.port) as line:
                await poured(line, data, POURED)
                assert child.memory_kb() - before < MOST_KB, how
                assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0], how
        deliveries = [sender.delivery(300) for _ in range(150)]
        before = child.memory_kb()
        async with by_hand(ground, child.port) as line:
            line.writer.transport.set_write_buffer_limits(high=1)
            with contextlib.suppress(TimeoutError):
                for name, body in deliveries:
                    async with asyncio.timeout(1):
                        await line.send(masked(2, frame(name, body)))
            assert child.memory_kb() - before < MOST_KB
        await until(lambda: len(os.listdir(f"/proc/{child.pid}/fd")) < 40)
        for name, _ in deliveries:  # some were kept, none was answered
            assert 202 == (await sender.post(http, child.url, name))[0]
        assert [] == child.mishaps()
        assert 0 == await child.end()
    assert sender.kept == await holds(ground.data, sender)


async def test_frames_that_break_the_protocol_end_the_stream_and_nothing_else(ground: Ground) -> None:
    sender = Sender()
    name, body = sender.delivery(3)
    whole = frame(name, body)
    broken = {
        "an opcode that does not exist": masked(3, b"x"),
        "a fragment of nothing": masked(0, b"x"),
        "text that is not UTF-8": masked(1, b"\xff\xfe"),
        "a ping over 125 bytes": masked(9, b"x" * 126),
        "a length of 2^63": masked(2, b"x", length=2**63),
        "over the limit": masked(2, b"x", length=11 * 2**20),
        "over the limit in fragments": masked(2, bytes(2**20), last=False)
        + masked(0, bytes(2**20), last=False) * 11,
    }
    async with serving(ground.data) as child:
        for how, data in broken.items():
            async with by_hand(ground, child.port) as line:
                await line.send(data)
                assert (await line.ends())[:1] in (b"\x88", b""), how  # told, or cut off in the middle
        async with by_hand(ground, child.port) as line:
            await line.send(masked(2, whole)[: len(whole) // 2])  # half a frame, and gone
        async with connected(ground, child.url) as socket:
            await socket.send([whole[:10], whole[10:200], whole[200:]])  # in three fragments
            said = json.loads(await socket.recv())
            assert 3 == said["accepted"]
            sender.hear(name, 202, said)
        assert [] == child.mishaps()
        assert 0 == await child.end()
    assert sender.kept == await holds(ground.data, sender)


async def test_what_came_before_a_frame_over_the_limit_is_answered_before_the_stream_ends(
    ground: Ground,
) -> None:
    sender = Sender()
    async with serving(ground.data) as child:
        deliveries = [sender.delivery(n) for n in range(1, 100, 5)]
        async with connected(ground, child.url) as socket:
            with contextlib.suppress(WebSocketException):
                for name, body in deliveries:
                    await socket.send(frame(name, body))
                await socket.send(bytes(11 * 2**20))
            for name, _ in deliveries:
                said = json.loads(await socket.recv())
                sender.hear(name, said.get("status", 202), said)
            with pytest.raises(WebSocketException):
                await socket.recv()
            assert 1009 == socket.close_code
        assert 0 == await child.end()
    assert set(sender.kept) == set(sender.sent)
    assert sender.kept == await holds(ground.data, sender)
