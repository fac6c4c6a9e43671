"""The timers: one job at the next instant that is due, and none where nothing is."""

from __future__ import annotations

import asyncio

from monitor.clock import now_ms
from monitor.schedule import Schedule


class Watched:
    """Something that is due, and how often it was told the time."""

    def __init__(self, *due: int) -> None:
        self.left = list(due)
        self.told: list[int] = []
        self.rang = asyncio.Event()

    def due(self) -> int | None:
        return self.left[0] if self.left else None

    def tick(self, now: int) -> None:
        self.told.append(now)
        while self.left and self.left[0] <= now:
            self.left.pop(0)
        self.rang.set()


async def test_what_is_due_is_told_and_then_the_next() -> None:
    watched = Watched(now_ms() - 1000, now_ms() + 50)
    schedule = Schedule(now_ms, watched.due, watched.tick, lambda now: None)
    schedule.start()
    async with asyncio.timeout(20):
        while watched.left:
            await watched.rang.wait()
            watched.rang.clear()
    schedule.stop()
    assert len(watched.told) == 2
    assert watched.told == sorted(watched.told)


async def test_an_earlier_instant_takes_the_place_of_a_later_one() -> None:
    watched = Watched(now_ms() + 3_600_000)
    schedule = Schedule(now_ms, watched.due, watched.tick, lambda now: None)
    schedule.start()
    watched.left.insert(0, now_ms())
    schedule.arm()
    async with asyncio.timeout(20):
        await watched.rang.wait()
    schedule.stop()
    assert len(watched.told) == 1


async def test_where_nothing_is_due_there_is_no_job() -> None:
    watched = Watched(now_ms() + 3_600_000)
    schedule = Schedule(now_ms, watched.due, watched.tick, lambda now: None)
    schedule.start()
    names = [[job.id for job in schedule._scheduler.get_jobs()]]
    watched.left.clear()
    schedule.arm()
    names.append([job.id for job in schedule._scheduler.get_jobs()])
    schedule.stop()
    assert [sorted(found) for found in names] == [["live.drop_idle", "live.tick"], ["live.drop_idle"]]
