"""Killed at any moment: what was acknowledged is there, what was not is whole or not there at all."""

import os
import random
import signal
import subprocess
import sys

import pytest

from monitor.store.ledger import Ledger
from monitor.store.place import Place, Server
from tests.store.logs import verified

CHILD = """
import asyncio, sys
from pathlib import Path
from monitor.store.log import Log
from monitor.store.place import Server

async def main():
    place = sys.argv[1]
    log = Log(Server(place) if place.startswith("postgresql:") else Path(place))
    async def push(lane):
        for n in range(100_000):
            entry = await log.append("delivery", "main", 5, {"webhook-id": f"{sys.argv[2]}-{lane}-{n}"},
                                     b"x" * (n % 700), "native/1", once=f"{sys.argv[2]}-{lane}-{n}")
            sys.stdout.write(f"{entry.position} {entry.hash}\\n")
            sys.stdout.flush()
    await asyncio.gather(*(push(lane) for lane in range(16)))

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(4))
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(seed: int, place: Place) -> None:
    acknowledged: dict[int, str] = {}
    chance = random.Random(seed)
    for life in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, place.url if isinstance(place, Server) else str(place), f"{life}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 400)):
            position, link = child.stdout.readline().split()
            acknowledged[int(position)] = link
        os.kill(child.pid, signal.SIGKILL)
        for line in child.stdout:  # what was in the pipe when it died was acknowledged, too
            if line.endswith("\n"):
                position, link = line.split()
                acknowledged[int(position)] = link
        child.stdout.close()
        child.wait()
        found = verified(place)
        assert found.broken is None
        ledger = Ledger(place)
        kept = {entry.position: entry.hash for entry in ledger.read(0, None, None, None, 1_000_000)}
        ledger.close()
        assert acknowledged.items() <= kept.items()
