"""SIGTERM under load: what is under way is answered, exit code 0, and all that was acknowledged is there."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack

import aiohttp
import pytest
from websockets.asyncio.client import connect

from tests.faults.child import LONG, nursery, serving, until
from tests.faults.kept import holds
from tests.faults.raw import Line, head
from tests.faults.sender import Ground, Sender, client, connected, frame
from tests.faults.test_stream import by_hand, masked, poured


async def test_told_to_end_under_load_it_answers_and_ends_with_0_however_often_it_is_told(
    ground: Ground,
) -> None:
    sender, never = Sender(), asyncio.Event()
    async with serving(ground.data) as child, client() as http:
        lanes = [sender.push(http, child.url, [1, 30, 300], never) for _ in range(16)]
        lanes += [sender.stream(ground, child.url, [1, 20], never) for _ in range(4)]
        tasks = [asyncio.create_task(lane) for lane in lanes]
        await until(lambda: len(sender.kept) > 100)
        for _ in range(5):
            child.signal(signal.SIGTERM)
        assert 0 == await child.ended()
        await asyncio.gather(*tasks)
        assert [] == child.mishaps()
    assert {} == sender.refused
    there = await holds(ground.data, sender)
    assert len(there) >= len(sender.kept)


async def test_a_stream_is_answered_frame_by_frame_before_it_ends(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child, connected(ground, child.url) as socket:
        names = [sender.delivery() for _ in range(200)]
        for name, body in names:
            await socket.send(frame(name, body))
        first = json.loads(await socket.recv())
        child.signal(signal.SIGTERM)
        told = [first, *[json.loads(text) async for text in socket]]
        assert 1001 == socket.close_code
        assert 0 == await child.ended()
    for (name, _), said in zip(names, told, strict=False):
        sender.hear(name, said.get("status", 202), said)
    assert sender.kept == await holds(ground.data, sender)  # taken on and answered are the same


async def test_boards_that_watch_are_told_that_it_ends(ground: Ground) -> None:
    sender, never = Sender(), asyncio.Event()
    async with serving(ground.data) as child, client() as http, AsyncExitStack() as stack:
        where = child.url.replace("http", "ws", 1) + "/v1/live?cohort=bj-cnc-01"
        boards = [
            await stack.enter_async_context(connect(where, additional_headers=ground.bearer("admin")))
            for _ in range(20)
        ]
        for board in boards:
            assert "snapshot" == json.loads(await board.recv())["type"]
        tasks = [asyncio.create_task(sender.push(http, child.url, [1, 5], never)) for _ in range(4)]
        for board in boards:
            assert "change" == json.loads(await board.recv())["type"]
        child.signal(signal.SIGTERM)
        codes = []
        for board in boards:
            async for _ in board:
                pass
            codes.append(board.close_code)
        assert [1001] * 20 == codes
        assert 0 == await child.ended()
        await asyncio.gather(*tasks)
        assert [] == child.mishaps()
    await holds(ground.data, sender)


async def test_told_to_end_while_it_starts_it_ends_with_0_or_by_the_signal_and_starts_again(
    ground: Ground,
) -> None:
    async with nursery() as start:
        for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
            child = await start(ground.data)
            await asyncio.sleep(wait)
            assert await child.end() in (0, -signal.SIGTERM)
        child = await start(ground.data)
        await child.listens()
        async with aiohttp.ClientSession() as http, http.get(f"{child.url}/readyz") as answer:
            assert 200 == answer.status
        assert 0 == await child.end()
        assert [] == child.mishaps()


@pytest.mark.skipif(not LONG, reason="waits for the end of the service's patience; make test-long")
async def test_neither_half_a_body_nor_who_never_reads_keeps_it_from_ending(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child, by_hand(ground, child.port) as deaf:
        await poured(deaf, masked(2, b"x y z\n[]") * 5_000, 100_000_000)
        name, body = sender.delivery(50)
        line = await Line.open(child.port)
        await line.send(head(name, body) + body[:500])
        assert 0 == await child.end()
        line.close()
        assert [] == child.mishaps()
    assert {} == await holds(ground.data, sender)
