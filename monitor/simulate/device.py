"""What a platform tells of a connection, a room and a card reader, event by event.

In: a `Stay`, a room's end, a card held to the reader. Out: `Report`s in the order of their time, with ids
that depend on the inputs alone, and their CloudEvents JSON. Never: reads a clock, decides what people do.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Final

import msgspec

from monitor.instant import rfc3339
from monitor.simulate.stay import SECOND, Span, Stay


class Facts(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The `data` of an event; None is left out."""

    cohort: str | None = None
    account: str | None = None
    room: str | None = None
    instance: str | None = None
    connection: str | None = None
    camera: str | None = None
    session: str | None = None
    method: str | None = None
    place: str | None = None


class Report(msgspec.Struct, frozen=True, gc=False):
    """One thing a platform tells: its instant `at` (ms), id, type and data."""

    at: int
    id: str
    type: str
    data: Facts


class _CloudEvent(msgspec.Struct, frozen=True, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    time: str
    data: Facts


_encode: Final = msgspec.json.Encoder().encode


def wire(report: Report, source: str) -> bytes:
    """The report as one CloudEvents object of `source`."""
    time = f"{_second(report.at // 1000)}.{report.at % 1000:03d}Z"
    return _encode(_CloudEvent("1.0", report.id, source, report.type, time, report.data))


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    """A whole second as text; of a large class many events share one."""
    return rfc3339(second * 1000)[:19]


def connection(
    stay: Stay, key: str, who: Facts, camera: str, beat_seconds: int, rng: Random
) -> Iterator[Report]:
    """All that is told of one connection, in order. `who` has cohort, account, room, instance, connection.

    `camera`: what the source can tell, `heartbeat` (beats, and changes), `state` (changes alone) or `none`.
    """
    turns = _turns(stay, camera, rng)
    if camera == "heartbeat" and stay.camera and stay.seen:
        found = _beating(stay, turns, beat_seconds, rng)
    else:
        found = iter(turns)
    for n, (at, kind, shown) in enumerate(found):
        yield Report(at, f"{key}-{n}", kind, msgspec.structs.replace(who, camera=shown) if shown else who)


def _turns(stay: Stay, camera: str, rng: Random) -> list[tuple[int, str, str | None]]:
    """Join, leave, and the camera's turns on and off."""
    turns: list[tuple[int, str, str | None]] = []
    if stay.joins and stay.seen:
        turns.append((stay.came, "classroom.joined", None))
    if camera != "none" and stay.seen and stay.camera:
        on_at = min(stay.went - 1, stay.came + rng.randint(1 * SECOND, 5 * SECOND))
        if camera == "state":
            turns.append((on_at, "camera.on", None))
        for begin, end in _joined_up(stay.off):
            begin = max(begin, on_at)
            if begin < end < stay.went:
                turns += [(begin, "camera.off", None), (end, "camera.on", None)]
            elif begin < end:
                turns.append((begin, "camera.off", None))
    if stay.leaves:
        turns.append((stay.went, "classroom.left", None))
    return turns


def _beating(
    stay: Stay, turns: list[tuple[int, str, str | None]], beat_seconds: int, rng: Random
) -> Iterator[tuple[int, str, str | None]]:
    """The turns with the beats between them; a beat says what the camera is at its instant."""
    off = _joined_up(stay.off)
    waiting = turns[::-1]
    every = beat_seconds * SECOND
    jitter = min(1200, every // 10)
    beat = stay.came + rng.randint(1 * SECOND, 5 * SECOND)
    while beat < stay.went:
        while waiting and waiting[-1][0] <= beat:
            yield waiting.pop()
        if not _covers(stay.silent, beat):
            yield beat, "camera.heartbeat", "off" if _covers(off, beat) else "on"
        beat += every + int(rng.uniform(-jitter, jitter))
    yield from reversed(waiting)


def room_ended(key: str, at: int, cohort: str, room: str, instance: str) -> Report:
    """The room closed for everybody."""
    return Report(at, key, "classroom.ended", Facts(cohort=cohort, room=room, instance=instance))


def card(key: str, at: int, way: str, who: Facts) -> Report:
    """A card held to the reader, `way` `in` or `out`; `who` has cohort, account, session, method, place."""
    return Report(at, key, f"attendance.signed-{way}", who)


def _joined_up(spans: tuple[Span, ...]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _covers(spans: tuple[Span, ...] | list[Span], at: int) -> bool:
    return any(begin <= at < end for begin, end in spans)
