"""The present: what people do now, pushed to the running service as it happens.

In: a stage, the service's address, a clock. Out: every event at its time, until told to stop. Never: ends by
itself before the timetable does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from monitor.demo.past import told
from monitor.demo.service import ServiceFailed
from monitor.demo.stage import Stage, acts
from monitor.simulate.line import HttpLine
from monitor.simulate.play import Pace, play
from monitor.simulate.push import Push, Stopped
from monitor.simulate.sign import Signer
from monitor.simulate.tally import Tally

_DRAIN_SECONDS = 5.0


async def play_on(
    stage: Stage, url: str, clock: Callable[[], int], moved: Callable[[dict[str, Tally]], None]
) -> None:
    """Push what is delivered from `stage.played_until` on; `moved` hears of every delivery."""
    tallies: dict[str, Tally] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for source, secret in stage.secrets.items():
                group.create_task(_source(stage, source, secret, url, clock, tallies, moved))
    except* Stopped as stopped:
        raise ServiceFailed(str(stopped.exceptions[0])) from None


async def _source(
    stage: Stage,
    source: str,
    secret: str,
    url: str,
    clock: Callable[[], int],
    tallies: dict[str, Tally],
    moved: Callable[[dict[str, Tally]], None],
) -> None:
    own = [act for act in acts(stage) if act.tells.source == source]
    planned = (posting for _, _, posting in told(own, stage.seed, stage.played_until))
    pace = Pace(stage.played_until, clock())
    async with Push(HttpLine(url, source, Signer(secret), clock), seed=stage.seed) as push:
        tallies[source] = push.tally
        try:
            await play(
                planned, push, pace, clock, source=source, seed=stage.seed, moved=lambda *_: moved(tallies)
            )
        finally:
            with contextlib.suppress(TimeoutError):  # told to end: what is under way gets a moment
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await push.drain()
