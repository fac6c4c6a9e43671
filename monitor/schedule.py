"""Named jobs and their times; no logic.

In: what is to be called, and when. Out: calls. Never: decides what happens then.

    live.tick        once, at the next instant at which time alone changes something that somebody watches
    live.drop_idle   every few minutes
    sessions.sweep   every minute
    log.note_head    every minute
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

IDLE_MINUTES: Final = 5
SWEEP_MINUTES: Final = 1
HEAD_MINUTES: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule:
    """The service's jobs, in its event loop. `arm` whenever `due` may differ from what it was."""

    def __init__(
        self,
        clock: Callable[[], int],
        due: Callable[[], int | None],
        tick: Callable[[int], None],
        drop_idle: Callable[[int], object],
        sweep: Callable[[], Awaitable[None]] | None = None,
        note_head: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._clock, self._due, self._tick, self._drop_idle = clock, due, tick, drop_idle
        self._sweep, self._note_head = sweep, note_head
        self._armed: int | None = None
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begins."""
        self._scheduler.add_job(
            self._idle, "interval", minutes=IDLE_MINUTES, id="live.drop_idle", coalesce=True, max_instances=1
        )
        if self._sweep is not None:
            self._scheduler.add_job(
                self._sweep,
                "interval",
                minutes=SWEEP_MINUTES,
                id="sessions.sweep",
                coalesce=True,
                max_instances=1,
            )
        if self._note_head is not None:
            self._scheduler.add_job(
                self._note_head,
                "interval",
                minutes=HEAD_MINUTES,
                id="log.note_head",
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()
        self.arm()

    def stop(self) -> None:
        """Ends; nothing is called any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def arm(self) -> None:
        """Sets the one job at the next instant that is due.

        One that is set for an earlier instant stays: it finds nothing to do then, and is set anew. With each
        beat what is due moves on a little, and setting a job costs more than a ring that nobody needs.
        """
        due = self._due()
        if due == self._armed or not self._scheduler.running:
            return
        if due is not None and self._armed is not None and self._armed < due:
            return
        self._armed = due
        if due is not None:
            self._scheduler.add_job(
                self._fire,
                "date",
                run_date=_EPOCH + timedelta(milliseconds=due),
                id="live.tick",
                replace_existing=True,
                misfire_grace_time=None,
            )
        elif self._scheduler.get_job("live.tick") is not None:
            self._scheduler.remove_job("live.tick")

    async def _fire(self) -> None:
        self._armed = None
        self._tick(self._clock())
        self.arm()

    async def _idle(self) -> None:
        self._drop_idle(self._clock())
