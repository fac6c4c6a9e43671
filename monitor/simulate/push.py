"""Pushing: several deliveries at a time, each repeated until it is settled.

In: deliveries, a line to send them on, patience. Out: a `Tally`. Never: more than `in_flight` under way,
keeps their order, gives an event up without counting it.
"""

from __future__ import annotations

import asyncio
from random import Random
from types import TracebackType
from typing import Protocol

import msgspec

from monitor.simulate.post import Delivery, delivery
from monitor.simulate.tally import STOP, Answer, Tally


class Stopped(Exception):
    """The push can't go on; the text says why and what to do."""


class Line(Protocol):
    """How a delivery goes out: one attempt, one answer; a broken line is an answer with status 0."""

    async def attempt(self, sent: Delivery) -> Answer:
        """Send the delivery once and wait for what is said to it."""

    async def close(self) -> None:
        """Hang up."""


class Patience(msgspec.Struct, frozen=True):
    """Seconds: to the first repeat, at most between two, until a delivery is given up."""

    first: float = 0.5
    most: float = 30.0
    in_all: float = 300.0

    def pause(self, attempt: int, retry_after: float | None, rng: Random) -> float:
        """How long to wait after failed `attempt` (from 1): doubling, jittered, no less than Retry-After."""
        backoff: float = min(self.most, self.first * 2.0 ** min(attempt - 1, 16)) * rng.uniform(0.5, 1.0)
        return max(backoff, retry_after or 0.0)


class Push:
    """Sends deliveries down a line. Use as an async context: `send` each, then `drain`."""

    def __init__(
        self, line: Line, *, in_flight: int = 8, patience: Patience | None = None, seed: int = 0
    ) -> None:
        self.tally = Tally()
        self._line = line
        self._patience = patience or Patience()
        self._rng = Random(f"{seed}|pauses")
        self._room = asyncio.Semaphore(in_flight)
        self._under_way: set[asyncio.Task[None]] = set()
        self._halted = asyncio.Event()
        self._stopped = ""

    async def __aenter__(self) -> Push:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._line.close()

    async def send(self, sent: Delivery, *, again: bool = False) -> None:
        """Hand over a delivery; waits while too many are under way. `again`: it goes out twice, on purpose.

        Raises Stopped once the service has said that it makes no sense to go on.
        """
        await self._room.acquire()
        if self._stopped:
            self._room.release()
            raise Stopped(self._stopped)
        copies = 2 if again else 1
        self.tally.handed += len(sent.events) * copies
        self.tally.repeated += copies - 1
        task = asyncio.create_task(self._carry([sent] * copies))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def drain(self) -> Tally:
        """Wait until every delivery is settled. Raises Stopped where the service said to stop."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))
        if self._stopped:
            raise Stopped(self._stopped)
        return self.tally

    async def _carry(self, waiting: list[Delivery]) -> None:
        """Settle one delivery after the other; whatever ends this early, no event goes uncounted."""
        try:
            while waiting:
                waiting += await self._settle(waiting[0])
                del waiting[0]
        finally:
            for left in waiting:
                self.tally.lose(len(left.events), "stopped" if self._stopped else "interrupted")
            self._room.release()

    async def _settle(self, sent: Delivery) -> list[Delivery]:
        """Attempt after attempt until the delivery is settled; the halves, where it was too large."""
        waited = 0.0
        attempt = 0
        while not self._stopped:
            attempt += 1
            self.tally.octets += len(sent.body)
            answer = await self._line.attempt(sent)
            match self.tally.judge(sent, answer):
                case "done":
                    return []
                case "stop":
                    self._stopped = self._stopped or STOP[answer.status]
                    self._halted.set()
                    return []
                case "split":
                    middle = len(sent.events) // 2
                    return [delivery(sent.events[:middle]), delivery(sent.events[middle:])]
            pause = self._patience.pause(attempt, answer.retry_after, self._rng)
            waited += pause
            if waited > self._patience.in_all:
                self.tally.lose(len(sent.events), answer.reason)
                return []
            self.tally.retries += 1
            await self._wait(pause)
        self.tally.lose(len(sent.events), "stopped")
        return []

    async def _wait(self, pause: float) -> None:
        """Pause before a repeat, no longer than until the push is stopped."""
        try:
            async with asyncio.timeout(pause):
                await self._halted.wait()
        except TimeoutError:
            pass
