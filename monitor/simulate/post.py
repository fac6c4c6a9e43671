"""How events travel: most at once, some out of order, twice, or long after; then in batches.

In: `Report`s in the order of their time. Out: `Posting`s in the order in which they are delivered, and
`Delivery`s, the bodies that are signed and sent. Never: loses one, reads a clock, sends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from random import Random
from typing import Final

import msgspec

from monitor.simulate.device import Report
from monitor.simulate.stay import MINUTE, SECOND, Span

PROMPT_MS: Final = (80, 900)
DISORDER_MS: Final = (3 * SECOND, 45 * SECOND)
TWICE_MS: Final = (1 * SECOND, 3 * MINUTE)
LATE_MS: Final = (5 * MINUTE, 90 * MINUTE)


class Shares(msgspec.Struct, frozen=True):
    """Which part of the events (0 to 1) is delivered twice, overtaken by later ones, long after its time."""

    duplicates: float = 0.01
    disorder: float = 0.03
    late: float = 0.003


class Posting(msgspec.Struct, frozen=True, gc=False):
    """A report and the instant (ms) at which the platform hands it over."""

    deliver_at: int
    report: Report


class Delivery(msgspec.Struct, frozen=True):
    """One body to sign and send, its events, and a webhook-id made of its contents: repeats have the same."""

    id: str
    body: bytes
    events: tuple[bytes, ...]


def post(reports: Iterable[Report], shares: Shares, seed: str) -> Iterator[Posting]:
    """The reports as they are handed over; `seed` decides which of them travel badly."""
    rng = Random(f"{seed}|post")
    waiting: list[tuple[int, int, Report]] = []
    number = 0
    for report in reports:
        while waiting and waiting[0][0] <= report.at:
            deliver_at, _, ready = heappop(waiting)
            yield Posting(deliver_at, ready)
        for delay in _delays(shares, rng):
            heappush(waiting, (report.at + delay, number, report))
            number += 1
    while waiting:
        deliver_at, _, ready = heappop(waiting)
        yield Posting(deliver_at, ready)


def _delays(shares: Shares, rng: Random) -> Iterator[int]:
    delay = _between(PROMPT_MS, rng)
    chance = rng.random()
    if chance < shares.late:
        delay += _between(LATE_MS, rng)
    elif chance < shares.late + shares.disorder:
        delay += _between(DISORDER_MS, rng)
    yield delay
    if rng.random() < shares.duplicates:
        yield delay + _between(TWICE_MS, rng)


def _between(span: Span, rng: Random) -> int:
    return span[0] + int(rng.random() * (span[1] - span[0]))


def delivery(events: Sequence[bytes]) -> Delivery:
    """A CloudEvents batch of the events, each already JSON."""
    body = b"[" + b",".join(events) + b"]"
    return Delivery(f"msg_{hashlib.blake2s(body, digest_size=16).hexdigest()}", body, tuple(events))
