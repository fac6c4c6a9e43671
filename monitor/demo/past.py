"""The days behind: lived through by the real service, with a clock that is moved along.

In: a stage, an instant up to which it is played. Out: a data folder as it would be had the service run all
that time. Were the past pushed at the present, every event older than 72 hours would be a finding
(`late_event`, RULES section 9), and no arrival would be believable. So here, and only here, the service is
handed another clock than the wall's; over the same sockets, through the same doors. Never: runs afterwards;
the present is played to `monitor serve` itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from heapq import merge
from pathlib import Path
from typing import Final

from monitor.app import service
from monitor.config import Config
from monitor.control import carry_out
from monitor.demo.stage import WEEK_MS, Act, Stage, acts, set_up
from monitor.orders import Order
from monitor.simulate.device import wire
from monitor.simulate.line import HttpLine
from monitor.simulate.play import Window, postings
from monitor.simulate.post import Posting, Shares, delivery
from monitor.simulate.push import Push
from monitor.simulate.sign import Signer
from monitor.simulate.stay import MINUTE
from monitor.simulate.tally import Tally
from monitor.store.folder import Folder

SLICE_MS: Final = 15 * MINUTE
"""The clock moves in steps of this, so that events arrive that long after their time at most."""
BATCH: Final = 1000


class MovedClock:
    """A clock that says what it is told."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        """The instant it was set to, in UTC milliseconds."""
        return self.at


async def live_through(
    stage: Stage, data: Path, until: int, moved: Callable[[int, float], None]
) -> dict[str, Tally]:
    """Play everything that is delivered before `until`; returns a tally for each source.

    A stage that nothing was set up of is set up first, a week before its first day. `moved` hears how many
    events have gone and which share of the time is over.
    """
    first = min(session.periods[0][0] for cohort in stage.cohorts.values() for session in cohort.sessions)
    begins = stage.played_until or first - WEEK_MS
    clock = MovedClock(min(begins, until))
    async with service(Config(data=data, port=0), clock, timers=False) as running:
        if not stage.tokens:
            folder = Folder(data)

            async def give(order: Order) -> object:
                return await carry_out(folder, order, clock)

            await set_up(stage, give)
        async with AsyncExitStack() as stack:
            pushes = {
                source: await stack.enter_async_context(
                    Push(HttpLine(running.url, source, Signer(secret), clock), seed=stage.seed)
                )
                for source, secret in stage.secrets.items()
            }
            count = 0
            for edge, waiting in _slices(acts(stage), stage.seed, stage.played_until, until):
                clock.at = edge
                for source, events in waiting.items():
                    for n in range(0, len(events), BATCH):
                        await pushes[source].send(delivery(events[n : n + BATCH]))
                    count += len(events)
                for push in pushes.values():
                    await push.drain()
                moved(count, (edge - first) / max(1, until - first))
    stage.played_until = until
    return {source: push.tally for source, push in pushes.items()}


def told(stage_acts: list[Act], seed: int, since: int) -> Iterator[tuple[int, str, Posting]]:
    """What all sources tell, in the order of delivery, from `since` on."""
    streams = [_of(act, seed) for act in stage_acts]
    for item in merge(*streams, key=lambda item: item[0]):
        if item[0] >= since:
            yield item


def _of(act: Act, seed: int) -> Iterator[tuple[int, str, Posting]]:
    for posting in postings(act.cohort, act.tells, seed, Shares(), Window()):
        yield posting.deliver_at, act.tells.source, posting


def _slices(
    stage_acts: list[Act], seed: int, since: int, until: int
) -> Iterator[tuple[int, dict[str, list[bytes]]]]:
    """By source what is delivered in a slice of time, with the instant at which the slice is over."""
    waiting: dict[str, list[bytes]] = defaultdict(list)
    edge = 0
    for deliver_at, source, posting in told(stage_acts, seed, since):
        if deliver_at >= until:
            break
        if deliver_at >= edge:
            if waiting:
                yield edge, waiting
                waiting = defaultdict(list)
            edge = min(until, (deliver_at // SLICE_MS + 1) * SLICE_MS)
        waiting[source].append(wire(posting.report, source))
    if waiting:
        yield edge, waiting
