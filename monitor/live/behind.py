"""The events on which a period rests, out of the log; and which positions the log has.

In: an answer, and which period of whom. Out: the events as they were delivered, each with the position and
hash of its delivery. Never: which events prove what (`hours/proof.py` knows).
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.event import Event
from monitor.live.held import Decoder, Told
from monitor.store.log import Log


class PositionUnknown(LookupError):
    """A position that the log does not have, or at which there was no such cohort yet."""


class Behind(NamedTuple):
    """An event on which a period rests; position and hash of the delivery that brought it first."""

    event: Event
    position: int
    hash: str


async def behind(
    log: Log, decoder: Decoder, told: Told, person: str, session: str, number: int
) -> list[Behind]:
    """By time, each with the delivery that first brought it; LookupError where there is no such period."""
    proof = told.fold.behind(person, session, number, told.as_of)
    found: dict[tuple[str, str], Behind] = {}
    if proof.first is None or proof.last is None:
        return []
    for position in list(told.arrivals.positions(proof.first, proof.last)):
        if position > told.position:
            break
        entry = await log.entry(position)
        for event in decoder.events(entry):
            taken = told.fold.as_taken(event)
            if proof.has(taken):
                found.setdefault((event.source, event.id), Behind(taken, entry.position, entry.hash))
    return sorted(found.values(), key=lambda one: (one.event.at, one.event.source, one.event.id))


def position_in(log: Log, position: str) -> int:
    """A position of the log; PositionUnknown where it is none."""
    wanted = int(position) if position.isascii() and position.isdigit() and len(position) < 19 else 0
    if not 1 <= wanted <= log.head()[0]:
        raise PositionUnknown(position)
    return wanted
