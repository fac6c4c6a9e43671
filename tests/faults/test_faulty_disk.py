"""A disk that refuses at the worst moments: a write or a sync of the log fails, or kill -9 falls there."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from tests.faults.child import LONG, PATIENCE, Died, hurt, nursery
from tests.faults.kept import holds
from tests.faults.sender import Ground, Sender, client
from tests.faults.strace import inject, needs_strace

TURNS = 40 if LONG else 1


async def settle(sender: Sender, url: str, names: list[str]) -> None:
    """Sends until everything was taken, as platforms do."""
    async with client() as http:

        async def one(name: str) -> None:
            async with asyncio.timeout(PATIENCE):
                while (await sender.post(http, url, name))[0] == 503:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(one(name) for name in names))


@needs_strace
@pytest.mark.parametrize("seed", range(TURNS))
@pytest.mark.parametrize("call", ["pwrite64:error=EIO", "pwrite64:error=ENOSPC", "fdatasync:error=EIO"])
async def test_what_the_disk_refuses_is_refused_and_sent_again_is_kept_once(
    call: str, seed: int, ground: Ground
) -> None:
    chance = random.Random(seed)
    first = chance.randrange(3, 40)
    more = 0 if "fdatasync" in call else chance.choice([0, 1, 5])
    await refused_meanwhile(ground, f"{call}:when={first}..{first + more}")


@needs_strace
async def test_what_a_failing_sync_left_in_the_file_is_kept_once(ground: Ground) -> None:
    await refused_meanwhile(ground, "fdatasync:error=EIO:when=6..9")


async def refused_meanwhile(ground: Ground, fault: str) -> None:
    """Pushes until all is taken; then everything is there once, where it was said to be."""
    sender = Sender()
    async with hurt(ground.data, above=inject(ground.data / "log.sqlite-wal", fault)) as child:
        for _ in range(5):
            await settle(sender, child.url, [sender.delivery(size)[0] for size in (1, 1, 1, 30, 200)])
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert set(sender.sent) == set(sender.kept)
    assert sender.kept == await holds(ground.data, sender)


@needs_strace
@pytest.mark.parametrize("seed", range(TURNS))
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
async def test_killed_between_a_write_and_its_sync(call: str, seed: int, ground: Ground) -> None:
    chance = random.Random(f"{call}{seed}")
    sender, stop = Sender(), asyncio.Event()
    fault = f"{call}:signal=KILL:when={chance.randrange(3, 60)}"
    try:
        async with hurt(ground.data, above=inject(ground.data / "log.sqlite-wal", fault)) as child:
            async with client() as http:
                lanes = [sender.push(http, child.url, [1, 20, 200], stop) for _ in range(8)]
                await asyncio.gather(*lanes)
            await child.ended()
    except Died as died:
        if died.code != -signal.SIGKILL:  # it may fall on a write of the start
            raise
    there = await holds(ground.data, sender)
    async with nursery() as start:
        child = await start(ground.data)
        await child.listens()
        unanswered = [name for name in sender.sent if name not in sender.kept]
        async with client() as http:
            for name in unanswered:
                _, said, _ = await sender.post(http, child.url, name)
                assert (0 if name in there else sender.events[name]) == said["accepted"]
        assert 0 == await child.end()
    assert sender.kept == await holds(ground.data, sender)
