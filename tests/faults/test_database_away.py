"""The database goes away under load, again and again: nothing acknowledged is lost, nothing is kept twice."""

from __future__ import annotations

import asyncio

from monitor.store.place import Server
from tests.databases import PostgreSQL
from tests.faults.child import serving, until
from tests.faults.kept import holds
from tests.faults.sender import Ground, Sender, client


async def test_sessions_that_are_cut_under_load_cost_no_delivery_and_no_restart(
    postgresql: PostgreSQL, served: Ground
) -> None:
    assert served.database is not None
    server = Server(served.database)
    sender, stop = Sender(), asyncio.Event()
    async with serving(served.data, database=served.database) as child, client() as http:
        lanes = [asyncio.create_task(sender.push(http, child.url, [1], stop)) for _ in range(12)]
        lanes += [asyncio.create_task(sender.push(http, child.url, [100, 7], stop)) for _ in range(4)]
        for _ in range(4):
            before = len(sender.kept)
            await until(lambda before=before: len(sender.kept) > before + 30)  # type: ignore[misc]
            assert await asyncio.to_thread(postgresql.cut, server) >= 1
        before = len(sender.kept)
        await until(lambda: len(sender.kept) > before + 30)
        stop.set()
        await asyncio.gather(*lanes)
        assert set(sender.refused.values()) <= {503}
        for name in list(sender.refused):
            status, said, _ = await sender.post(http, child.url, name)
            assert (status, said["accepted"] + said["duplicate"]) == (202, sender.events[name])
        async with http.get(
            f"{child.url}/v1/cohorts/bj-cnc-01/attendance", headers=served.bearer("admin")
        ) as answer:
            assert answer.status == 200
        async with http.get(f"{child.url}/readyz") as answer:
            assert answer.status == 200
        assert await child.end() == 0
        assert child.mishaps() == []
    assert sender.kept == await holds(served.data, sender, served.database)
