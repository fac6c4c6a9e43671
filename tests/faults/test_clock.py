"""The clock steps: back an hour, ahead two months and back again; the log goes on and nothing is lost."""

from __future__ import annotations

import aiohttp

from monitor.app import service
from monitor.config import Config
from tests.faults.kept import holds
from tests.faults.sender import AT, BATCH, Ground, Sender, event, proof
from tests.serve.school import Clock

HOUR = 3_600_000
DAY = 24 * HOUR


async def push(
    http: aiohttp.ClientSession, url: str, sender: Sender, name: str, at: int
) -> tuple[int, dict[str, object]]:
    body = sender.sent[name]
    headers = {**proof(name, body, at // 1000), "content-type": BATCH}
    async with http.post(f"{url}/v1/ingest/main", data=body, headers=headers) as answer:
        said = await answer.json(content_type=None)
        sender.hear(name, answer.status, said)
        return answer.status, said


async def test_a_clock_that_steps_back_and_forth_loses_nothing_and_takes_nothing_twice(
    ground: Ground,
) -> None:
    sender, clock = Sender(), Clock()
    times = [AT + DAY, AT + DAY - HOUR, AT + 60 * DAY, AT + DAY, AT + 2 * DAY]
    async with service(Config(data=ground.data, port=0), clock) as running, aiohttp.ClientSession() as http:
        attendance = f"{running.url}/v1/cohorts/bj-cnc-01/attendance"
        first, _ = sender.delivery(3)
        for n, at in enumerate(times):
            clock.now = at
            name, _ = sender.delivery(3)
            assert 202 == (await push(http, running.url, sender, name, at))[0]
            status, said = await push(http, running.url, sender, first, at)
            assert (202, 0 if n else 3) == (status, said["accepted"])
            stale, _ = sender.delivery()
            assert 401 == (await push(http, running.url, sender, stale, at + HOUR))[0]
            running.parts.live.tick(at)
            async with http.get(attendance, headers=ground.bearer("admin")) as answer:
                assert 200 == answer.status, await answer.text()
    clock.now = AT + DAY
    async with service(Config(data=ground.data, port=0), clock) as running, aiohttp.ClientSession() as http:
        for name in list(sender.kept):
            status, said = await push(http, running.url, sender, name, clock.now)
            assert (202, 0, 3) == (status, said["accepted"], said["duplicate"])
    await holds(ground.data, sender)


async def test_boards_go_on_when_the_clock_stepped_back(ground: Ground) -> None:
    from websockets.asyncio.client import connect

    sender, clock = Sender(), Clock()
    async with service(Config(data=ground.data, port=0), clock) as running, aiohttp.ClientSession() as http:
        clock.now = AT + 2 * HOUR
        where = running.url.replace("http", "ws", 1) + "/v1/live?cohort=bj-cnc-01"
        async with connect(where, additional_headers=ground.bearer("admin")) as board:
            assert '"snapshot"' in str(await board.recv())
            for at in (AT + 2 * HOUR, AT + HOUR, AT + HOUR + 1000):
                clock.now = at
                name, _ = sender.delivery()
                body = sender.sent[name]
                assert event(f"{name}.0", int(name[2:]))["id"].encode() in body
                assert 202 == (await push(http, running.url, sender, name, at))[0]
                assert '"change"' in str(await board.recv())
    assert sender.kept == await holds(ground.data, sender)
