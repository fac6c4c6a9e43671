"""Requests that are framed oddly or lie about their length: read in one way only, or not at all."""

from __future__ import annotations

import pytest

from tests.faults.child import serving
from tests.faults.kept import holds
from tests.faults.raw import Line, chunked, head, spoken
from tests.faults.sender import Ground, Sender

CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"


async def test_what_is_framed_oddly_is_answered_once_each_and_kept_whole(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child:
        line = await Line.open(child.port)
        pipelined = [sender.delivery(n % 3 + 1) for n in range(100)]
        await line.send(b"".join(head(name, body) + body for name, body in pipelined))
        for name, _ in pipelined:
            sender.hear(name, *await line.answer())
        for size in (1, 7, 65_536):
            name, body = sender.delivery(20)
            await line.send(head(name, body, CHUNKED, length=-1) + chunked(body, size))
            sender.hear(name, *await line.answer())
        name, body = sender.delivery(20)  # byte by byte
        for byte in head(name, body) + body[:500]:
            await line.send(bytes([byte]))
        await line.send(body[500:])
        sender.hear(name, *await line.answer())
        line.close()
        assert set(sender.sent) == set(sender.kept)
        assert 0 == await child.end()
    assert sender.kept == await holds(ground.data, sender)


def smuggled(name: str, body: bytes) -> dict[str, bytes]:
    """Two framings that disagree; read in the wrong way, the request behind is a delivery of its own."""
    hidden = head(name, body) + body
    zero = b"0\r\n\r\n"
    return {
        "length and chunks": head("a", zero, CHUNKED) + zero + hidden,
        "chunks and length": head("a", b"", CHUNKED, f"Content-Length: {len(hidden)}", length=-1)
        + zero
        + hidden,
        "two lengths": head("a", b"", f"Content-Length: {len(hidden)}") + hidden,
        "lengths in a list": head("a", b"", f"Content-Length: 0, {len(hidden)}", length=-1) + hidden,
        "length with a sign": head("a", b"", "Content-Length: +0", length=-1) + hidden,
        "negative length": head("a", b"", "Content-Length: -1", length=-1) + hidden,
        "length in hex": head("a", b"", "Content-Length: 0x0", length=-1) + hidden,
        "endless length": head("a", b"", f"Content-Length: {10**30}", length=-1) + hidden,
        "space before the colon": head("a", b"", "Transfer-Encoding : chunked") + zero + hidden,
        "chunked twice": head("a", b"", CHUNKED, CHUNKED, length=-1) + zero + hidden,
        "chunked is not last": head("a", b"", "Transfer-Encoding: chunked, identity", length=-1)
        + zero
        + hidden,
        "unknown coding": head("a", b"", "Transfer-Encoding: xchunked", length=-1) + zero + hidden,
        "folded header": head("a", b"", "Transfer-Encoding:\r\n chunked", length=-1) + zero + hidden,
        "bare line feeds": head("a", b"", CHUNKED, length=-1).replace(b"\r\n", b"\n") + zero + hidden,
        "chunk size with a sign": head("a", b"", CHUNKED, length=-1) + b"+0\r\n\r\n" + hidden,
        "chunk size too long": head("a", b"", CHUNKED, length=-1) + b"f" * 40 + b"\r\n" + hidden,
        "nul in a header": head("a", b"", "X-Odd: a\0b") + hidden,
    }


@pytest.fixture
def both() -> tuple[Sender, str, bytes]:
    sender = Sender(prefix="hidden")
    return sender, *sender.delivery()


async def test_what_hides_behind_a_framing_that_can_be_read_in_two_ways_is_never_taken(
    ground: Ground, both: tuple[Sender, str, bytes]
) -> None:
    sender, name, body = both
    wrong = {}
    async with serving(ground.data) as child:
        for how, data in smuggled(name, body).items():
            statuses, rest = await spoken(child.port, data)
            if len(statuses) != 1 or statuses[0] != 400 or rest:
                wrong[how] = statuses
        assert {} == wrong
        assert [] == child.mishaps()
        assert 0 == await child.end()
    assert {} == await holds(ground.data, sender)


async def test_lengths_that_lie_and_bodies_too_large_are_refused_and_never_half_kept(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child:
        name, body = sender.delivery(10)
        line = await Line.open(child.port)
        await line.send(head(name, body) + body[:100])
        line.close()  # half a body, and gone
        line = await Line.open(child.port)
        await line.send(head(name, body, CHUNKED, length=-1) + chunked(body)[:-200])
        line.writer.write_eof()  # half the chunks, and no more
        assert (await line.answer())[0] in (0, 400)
        line.close()
        line = await Line.open(child.port)
        await line.send(head(name, body, length=len(body) - 10) + body)  # shorter than it is
        assert (await line.answer())[0] in (
            400,
            401,
        )  # the rest is no request, or the signature proves nothing
        line.close()
        line = await Line.open(child.port)
        await line.send(head(name, body, length=5 * 2**20 + 1))
        assert 413 == (await line.answer())[0]
        line.close()
        line = await Line.open(child.port)
        await line.send(head(name, body, CHUNKED, length=-1))
        for _ in range(100):
            await line.send(b"10000\r\n" + bytes(65_536) + b"\r\n")
        assert 413 == (await line.answer())[0]
        line.close()
        line = await Line.open(child.port)
        await line.send(head(name, body, "X-Long: " + "x" * 9000) + body)
        assert 431 == (await line.answer())[0]
        line.close()
        line = await Line.open(child.port)
        await line.send(head(name, body, *(f"X-{n}: x" for n in range(120))) + body)
        assert (await line.answer())[0] in (400, 431)
        line.close()
        assert [] == child.mishaps()
        assert 0 == await child.end()
    assert {} == await holds(ground.data, sender)
