"""Playing a timetable: what is past goes out at once or quicker than it was, what is now as it happens.

In: `Posting`s in the order of their delivery, a push, a pace, a clock. Out: every event of the window handed
to the push, in batches. Never: hands an event over before its time, waits longer than it must.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from heapq import merge
from operator import attrgetter
from random import Random

import msgspec

from monitor.cohort import Cohort
from monitor.simulate.device import wire
from monitor.simulate.people import Telling, days, plan_day
from monitor.simulate.post import Delivery, Posting, Shares, delivery
from monitor.simulate.push import Push

DAY_MS = 24 * 3_600_000
GATHER_MS = 1000
"""How long a platform gathers events before it sends them, when they come one by one."""


class Window(msgspec.Struct, frozen=True):
    """Which events are played: those whose time is in `[start, end)`; None is open."""

    start: int | None = None
    end: int | None = None

    def __contains__(self, at: int) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


class Pace(msgspec.Struct, frozen=True):
    """How quickly: `speed` times real time from `begins_at` (ms of the timetable); None: at once.

    However quick, what is played never overtakes the clock.
    """

    begins_at: int
    started_at: int
    speed: float | None = 1.0

    def due(self, posting: Posting) -> int:
        """The instant of the timetable at which a posting goes out: its delivery; at once, its own time."""
        return posting.report.at if self.speed is None else posting.deliver_at

    def reached(self, now: int) -> int:
        """The instant of the timetable that is played at `now`."""
        if self.speed is None:
            return now
        return min(now, self.begins_at + int((now - self.started_at) * self.speed))

    def wait(self, until: int, now: int) -> float:
        """Seconds from `now` until the timetable reaches `until`, a minute at most, then ask again."""
        to_go = max(0, until - self.reached(now))
        behind = now - self.reached(now) > to_go
        return min(60.0, to_go / 1000 / (self.speed if self.speed and behind else 1.0))


def postings(cohort: Cohort, tells: Telling, seed: int, shares: Shares, window: Window) -> Iterator[Posting]:
    """All days' events in the window, in the order of their delivery. Whole days are planned, then cut."""
    planned = [
        plan_day(cohort, day, seed, tells, shares)
        for day in days(cohort)
        if _touches(cohort, day.toordinal(), window)
    ]
    for posting in merge(*planned, key=attrgetter("deliver_at")):
        if posting.report.at in window:
            yield posting


async def play(
    planned: Iterable[Posting],
    push: Push,
    pace: Pace,
    clock: Callable[[], int],
    *,
    source: str,
    batch: int = 500,
    twice: float = 0.0,
    seed: int = 0,
    moved: Callable[[int, int], None] | None = None,
) -> int:
    """Hand every event to the push when its time has come; returns how many.

    `twice`: the share of deliveries that go out a second time, whole. `moved` hears after each delivery how
    many events have gone and which instant of the timetable is reached.
    """
    chance = Random(f"{seed}|{source}|twice")
    count = 0
    async for reached, events in _gathered(planned, pace, clock, source, batch):
        sent: Delivery = delivery(events)
        await push.send(sent, again=chance.random() < twice)
        count += len(events)
        if moved:
            moved(count, reached)
    return count


async def _gathered(
    planned: Iterable[Posting], pace: Pace, clock: Callable[[], int], source: str, batch: int
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Batches as they fall due: full ones at once, others when nothing more is due for now."""
    events: list[bytes] = []
    reached = at = pace.reached(clock())
    for posting in planned:
        due = pace.due(posting)
        if due > reached:
            reached = pace.reached(clock())
        while due > reached:
            if events:
                yield at, events
                events = []
            # Wait for it and a moment longer, so that what comes close behind goes with it.
            await asyncio.sleep(pace.wait(due + GATHER_MS, clock()))
            reached = pace.reached(clock())
        events.append(wire(posting.report, source))
        at = due
        if len(events) >= batch:
            yield at, events
            events = []
            await asyncio.sleep(0)
    if events:
        yield at, events


def _touches(cohort: Cohort, ordinal: int, window: Window) -> bool:
    """Whether a local date can have events in the window; a day either side, for time zones."""
    begins = (ordinal - 719_163) * DAY_MS  # 1970-01-01 is day 719,163
    return (window.end is None or begins - DAY_MS < window.end) and (
        window.start is None or window.start < begins + 2 * DAY_MS
    )
