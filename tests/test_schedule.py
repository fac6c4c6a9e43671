"""The timers: one job at the next instant that is due, and none where nothing is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor import app
from monitor.clock import now_ms
from monitor.config import Config
from monitor.schedule import Schedule
from tests.store.logs import keep


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


async def test_each_minute_it_is_noted_where_the_log_ends() -> None:
    watched = Watched()

    async def note() -> None: ...

    schedule = Schedule(now_ms, watched.due, watched.tick, lambda now: None, note_head=note)
    schedule.start()
    job = schedule._scheduler.get_job("log.note_head")
    schedule.stop()
    assert (job.func, job.trigger.interval.total_seconds()) == (note, 60)


async def test_a_service_notes_where_its_log_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Schedule] = []

    class Seen(Schedule):
        def start(self) -> None:
            super().start()
            made.append(self)

    monkeypatch.setattr(app, "Schedule", Seen)
    async with app.service(Config(data=tmp_path / "data", port=0), now_ms) as running:
        await keep(running.parts.log)
        await made[0]._scheduler.get_job("log.note_head").func()
        position, link = running.parts.log.head()
        assert await running.parts.office.cabinet.fact("head") == f"{position} {link}"


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
