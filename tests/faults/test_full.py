"""A full disk: deliveries are answered by 503 until there is space again; then all goes on by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.child import LONG, PATIENCE, until
from tests.faults.disk import Disk, on_a_small_disk, with_short_files
from tests.faults.kept import entries, holds
from tests.faults.sender import Ground, Sender, client, connected, frame

Place = Callable[[Ground, Path], Any]


async def status(http: aiohttp.ClientSession, url: str, **more: Any) -> int:
    async with http.get(url, **more) as answer:
        return answer.status


async def ready(http: aiohttp.ClientSession, disk: Disk, wanted: int) -> None:
    """Waits until /readyz says so; nothing is pushed meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while wanted != await status(http, f"{disk.child.url}/readyz"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def more_than(found: dict[str, int], count: int) -> None:
    """Waits until that many have been added."""
    before = len(found)
    await until(lambda: len(found) > before + count)


@pytest.mark.parametrize("place", [on_a_small_disk, with_short_files])
async def test_a_full_disk_is_told_and_forgiven(place: Place, ground: Ground, tmp_path: Path) -> None:
    sender = Sender()
    async with place(ground, tmp_path) as disk, client() as http:
        ground, url = disk.ground, disk.child.url
        admin = ground.bearer("admin")
        for turn in range(5 if LONG else 1):
            for _ in range(20):
                name, _ = sender.delivery()
                disk.fill()
            names = [sender.delivery(3, padding=20_000)[0] for _ in range(60)]
            told = [await sender.post(http, url, name) for name in names]
            while told[-1][0] == 202:  # files may have had room inside
                names.append(sender.delivery(3, padding=20_000)[0])
                told.append(await sender.post(http, url, names[-1]))
            refused = [one for one in told if one[0] != 202]
            assert {503} == {one[0] for one in refused}
            assert {"not_kept"} == {one[1]["reason"] for one in refused}
            assert all(int(one[2]["Retry-After"]) > 0 for one in refused)
            assert 503 == await status(http, f"{url}/readyz")
            assert 200 == await status(http, f"{url}/healthz")
            async with connected(ground, url) as socket:
                last, body = names[-1], sender.sent[names[-1]]
                await socket.send(frame(last, body))
                said = json.loads(await socket.recv())
                assert (503, "not_kept") == (said["status"], said["reason"])
            decided = {"person": "t01", "session": "s01", "period": 0, "credit": True, "reason": "x" * 900}
            corrections = f"{url}/v1/cohorts/bj-cnc-01/corrections"
            async with http.post(corrections, json=decided, headers=ground.bearer("clerk")) as answer:
                assert answer.status >= 500
            async with http.get(corrections, headers=admin) as answer:
                assert [] == (await answer.json())["corrections"]
            disk.free()
            await ready(http, disk, 200)
            for name in [*names, *names[:5]]:
                assert 202 == (await sender.post(http, url, name))[0], turn
        disk.fill()
        assert 0 == await disk.child.end()
        disk.free()
        there = await holds(ground.data, sender)
        assert sender.kept == there
        assert [] == disk.child.mishaps()


async def test_many_that_wait_on_a_commit_that_fails_are_all_refused_and_none_is_half_there(
    ground: Ground, tmp_path: Path
) -> None:
    sender, stop = Sender(), asyncio.Event()
    async with with_short_files(ground, tmp_path) as disk, client() as http:
        ground, url = disk.ground, disk.child.url
        lanes = [sender.push(http, url, [1, 40, 400], stop) for _ in range(16)]
        lanes += [sender.stream(ground, url, [1, 90], stop) for _ in range(2)]
        tasks = [asyncio.create_task(lane) for lane in lanes]
        for _ in range(3):
            await more_than(sender.kept, 100)
            disk.fill()
            await more_than(sender.refused, 50)
            disk.free()
        stop.set()
        await asyncio.gather(*tasks)
        assert {503} == set(sender.refused.values())
        assert set(sender.sent) == {*sender.kept, *sender.refused}
        there = await holds(ground.data, sender)
        assert set() == set(there) & set(sender.refused)
        await ready(http, disk, 200)
        for name in list(sender.refused):
            _, said, _ = await sender.post(http, url, name)
            assert sender.events[name] == said["accepted"]
        assert sender.kept == await holds(ground.data, sender)
        assert 0 == await disk.child.end()
    assert len(await entries(ground.data)) > len(sender.kept)


@pytest.mark.parametrize("place", [on_a_small_disk, with_short_files])
async def test_while_nothing_can_be_written_everything_can_be_read(
    place: Place, ground: Ground, tmp_path: Path
) -> None:
    sender = Sender()
    async with place(ground, tmp_path) as disk, client() as http:
        ground, url = disk.ground, disk.child.url
        for n in range(3):
            disk.fill()  # whatever the service gives up is taken at once
            await sender.post(http, url, sender.delivery(3, padding=20_000)[0])
            attendance = f"{url}/v1/cohorts/bj-cnc-01/attendance"
            assert 200 == await status(http, attendance, headers=ground.bearer("admin")), n
