"""Clients that dawdle: headers, bodies and frames that never end; meanwhile everybody else is served."""

from __future__ import annotations

import asyncio
import resource

import pytest

from tests.faults.child import LONG, hurt, serving
from tests.faults.kept import holds
from tests.faults.raw import Line, chunked, head
from tests.faults.sender import Ground, Sender, client

IDLE = 10_000 if LONG else 1_000
SPARE = 500
"""Descriptors that both sides need beside those of the idle connections."""


def raised(wanted: int) -> bool:
    """Whether this process, and with it the service, may have so many descriptors; it may from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return True


async def trickle(line: Line, data: bytes) -> None:
    """A byte now and then, as long as the other side listens."""
    for byte in data:
        await line.send(bytes([byte]))
        await asyncio.sleep(0.5)
        if line.reader.at_eof():
            return


async def test_who_dawdles_is_let_go_and_holds_up_nobody(ground: Ground) -> None:
    if not raised(IDLE + SPARE):
        pytest.skip(f"{IDLE} idle connections need a hard limit of {IDLE + SPARE} open files (ulimit -Hn)")
    slow, busy = Sender(prefix="slow"), Sender(prefix="busy")
    async with serving(ground.data, hurry=not LONG) as child, client(keep=False) as http:
        idle = []
        for _ in range(IDLE // 50):
            idle += await asyncio.gather(*(Line.open(child.port) for _ in range(50)))
        name, body = slow.delivery(50)
        begun = {
            "a header, and no end of it": head(name, body)[:-20],
            "a header, and no body": head(name, body),
            "half a body": head(name, body) + body[: len(body) // 2],
            "half the chunks": head(name, body, "Transfer-Encoding: chunked", length=-1)
            + chunked(body)[:300],
            "an answer, and half of another request": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
        }
        lines = {how: await Line.open(child.port) for how in begun}
        for how, data in begun.items():
            await lines[how].send(data)
        trickles = {"of a header": head(name, body), "of a body": body}
        drops = []
        for how, data in trickles.items():
            lines[how] = await Line.open(child.port)
            if how == "of a body":
                await lines[how].send(head(name, body))
            drops.append(asyncio.create_task(trickle(lines[how], data)))
        told = await asyncio.gather(
            *(busy.post(http, child.url, busy.delivery(n % 9 + 1)[0]) for n in range(300))
        )
        assert {202} == {status for status, _, _ in told}
        gone = asyncio.gather(*(line.ends() for line in [*idle, *lines.values()]))
        while not gone.done():
            assert 202 == (await busy.post(http, child.url, busy.delivery()[0]))[0]
            await asyncio.wait([gone], timeout=0.2)
        last = dict(zip(lines, (await gone)[len(idle) :], strict=True))
        for how in ("a header, and no body", "half a body", "half the chunks", "of a body"):
            assert last[how].startswith(b"HTTP/1.1 408 "), how
        await asyncio.gather(*drops)
        for line in [*idle, *lines.values()]:
            line.close()
        assert 202 == (await busy.post(http, child.url, busy.delivery()[0]))[0]
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert busy.kept == await holds(ground.data, Sender(sent=busy.sent | slow.sent, kept=busy.kept))


async def test_without_descriptors_left_those_who_are_connected_are_served(ground: Ground) -> None:
    sender = Sender()

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    async with hurt(ground.data, before=few) as child, client(limit=1) as http:
        assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0]
        lines = [await Line.open(child.port) for _ in range(100)]
        for _ in range(50):
            assert 202 == (await sender.post(http, child.url, sender.delivery(3)[0]))[0]
        for line in lines:
            line.close()
        async with client() as fresh:
            assert 202 == (await sender.post(fresh, child.url, sender.delivery()[0]))[0]
        assert 0 == await child.end()
        told = [line for line in child.said() if line["event"] == "descriptors.none_left"]
        assert 1 <= len(told)
        assert len(child.words()) < 50_000  # it says so now and then, not for each that waits
    assert sender.kept == await holds(ground.data, sender)
