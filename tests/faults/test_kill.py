"""kill -9 at any moment: all that was acknowledged is there, and nothing is there in part or twice."""

from __future__ import annotations

import asyncio
import random
import signal

import aiohttp
import pytest

from tests.faults.child import LONG, Child, nursery, serving, until
from tests.faults.kept import holds
from tests.faults.sender import Ground, Sender, client

ROUNDS, KILLS = (50, 20) if LONG else (4, 5)
ROUNDS_ON_A_SERVER = 10 if LONG else 1
MOST_HEARD = 600 if LONG else 300
"""After how many answers, at most, the service is killed."""

REASON = "教师点名在场"


async def propose(ground: Ground, url: str, http: aiohttp.ClientSession, told: list[int]) -> None:
    """Staff decide meanwhile; the numbers they were told."""
    where = f"{url}/v1/cohorts/bj-cnc-01/corrections"
    asked = {"person": "t01", "session": "s01", "period": 0, "credit": True, "reason": REASON}
    while True:
        try:
            async with http.post(where, json=asked, headers=ground.bearer("clerk")) as answer:
                said = await answer.json(content_type=None)
                if answer.status == 201:
                    told.append(said["n"])
        except (aiohttp.ClientError, OSError):
            return


async def life(
    child: Child,
    ground: Ground,
    sender: Sender,
    decided: list[int],
    chance: random.Random,
    there: dict[str, int],
) -> None:
    """The service from its start to its violent end, with everybody talking to it."""
    how = chance.choice(["answers", "answers", "answers", "moments", "start", "end"])
    if how == "start":
        await asyncio.sleep(chance.random() * 0.3)
        await child.kill()
        return
    try:
        await child.listens()
        async with client() as http:
            await again(sender, child, http, chance, there)
            never = asyncio.Event()
            before = sender.heard
            lanes = [sender.push(http, child.url, [1], never) for _ in range(12)]
            lanes += [sender.push(http, child.url, [7, 100, 300], never) for _ in range(4)]
            lanes += [sender.stream(ground, child.url, sizes, never) for sizes in ([1], [1, 50], [2, 1, 1])]
            lanes += [propose(ground, child.url, http, decided)]
            tasks = [asyncio.create_task(lane) for lane in lanes]
            wanted = before + (1 if how == "moments" else chance.randrange(1, MOST_HEARD))
            await until(lambda: sender.heard >= wanted)
            if how == "moments":
                await asyncio.sleep(chance.random() * 0.3)
            if how == "end":
                child.signal(signal.SIGTERM)
                await asyncio.sleep(chance.random() * 0.1)
            await child.kill()
            await asyncio.gather(*tasks)
    finally:
        await child.kill()
    assert [] == child.mishaps()


async def again(
    sender: Sender, child: Child, http: aiohttp.ClientSession, chance: random.Random, there: dict[str, int]
) -> None:
    """What was left without an answer is sent again, and some of what was answered: none is kept twice."""
    open_ended = [name for name in sender.sent if name not in sender.kept][-150:]
    answered = chance.sample(sorted(sender.kept), min(20, len(sender.kept)))
    names = open_ended + answered
    told = await asyncio.gather(*(sender.post(http, child.url, name) for name in names))
    for name, (status, said, _) in zip(names, told, strict=True):
        assert 202 == status
        count = sender.events[name]
        if name in there:
            assert (0, count, there[name]) == (said["accepted"], said["duplicate"], int(said["position"]))
        else:
            assert (count, 0) == (said["accepted"], said["duplicate"])


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_absent(
    seed: int, ground: Ground
) -> None:
    await killed_again_and_again(seed, ground)


@pytest.mark.parametrize("seed", range(ROUNDS_ON_A_SERVER))
async def test_the_same_holds_with_all_of_it_in_a_database(seed: int, served: Ground) -> None:
    await killed_again_and_again(seed, served)


async def killed_again_and_again(seed: int, ground: Ground) -> None:
    chance = random.Random(seed)
    sender, decided, there = Sender(), list[int](), dict[str, int]()
    async with nursery() as start:
        for _ in range(KILLS):
            await life(await start(ground.data, ground.database), ground, sender, decided, chance, there)
            there = await holds(ground.data, sender, ground.database)
    async with serving(ground.data, database=ground.database) as child, client() as http:
        await again(sender, child, http, chance, there)
        assert decided == sorted(set(decided))
        where = f"{child.url}/v1/cohorts/bj-cnc-01/corrections?limit=500"
        async with http.get(where, headers=ground.bearer("admin")) as answer:
            rows = (await answer.json())["corrections"]
        assert list(range(1, len(rows) + 1)) == [row["n"] for row in rows]
        assert {REASON} >= {row["reason"] for row in rows}
        assert len(rows) == 500 or not decided or decided[-1] <= len(rows)
        async with http.get(
            f"{child.url}/v1/cohorts/bj-cnc-01/attendance", headers=ground.bearer("admin")
        ) as answer:
            assert 200 == answer.status
        assert 0 == await child.end()
        assert [] == child.mishaps()
    await holds(ground.data, sender, ground.database)
    assert sender.kept
