"""Classes and what a platform tells of them: cohort files, and events in the order of their time.

In: a name, when its days begin. Out: a cohort file; CloudEvents whose ids, connections and jitter compress as
badly as real ones. Never: an event ahead of the instant up to which it is asked.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from monitor.instant import rfc3339

SOURCE = "main"
TRAINEES = 30
BEAT_MS = 15_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PERIODS = 8
PROMPT_DAYS = 2
"""A class whose events come now began no longer ago: events over 72 hours old would all be findings."""

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Class(NamedTuple):
    """A class: the id of its cohort, the days' first instants, its trainees' accounts, its cohort file."""

    id: str
    days: tuple[int, ...]
    accounts: tuple[str, ...]
    file: bytes
    names_cohort: bool = True

    @property
    def room(self) -> str:
        return f"room-{self.id}"


def zone_of_noon(now: int) -> str:
    """A time zone in which it is about noon, so that a class that is on now lies within one local date."""
    offset = 12 - now // HOUR % 24
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


def made(name: str, days: tuple[int, ...], *, zone: str = "Asia/Shanghai", trainees: int = TRAINEES) -> Class:
    """A class of eight periods a day, 45 minutes each and five between them, under the rules of Beijing."""
    accounts = tuple(f"u-{random.Random(f'{name}{n}').randrange(10**8):08d}" for n in range(trainees))
    sessions = [
        {
            "id": f"s{number:02d}",
            "course": f"course {number}",
            "kind": "discussion" if number < 2 else "lecture",
            "mode": "online",
            "room": f"room-{name}",
            "periods": [
                [rfc3339(start), rfc3339(start + 45 * MINUTE)]
                for start in (first + n * 50 * MINUTE for n in range(PERIODS))
            ],
        }
        for number, first in enumerate(days)
    ]
    people: list[dict[str, Any]] = [
        {"id": f"t{n:03d}", "role": "trainee", "name": f"学员{n:03d}", "accounts": [account]}
        for n, account in enumerate(accounts)
    ]
    file = {
        "policy": "beijing-2026",
        "cohort": {"id": name, "name": f"班次 {name}", "timezone": zone},
        "sources": [{"id": SOURCE, "camera": "heartbeat", "heartbeat_seconds": BEAT_MS // 1000}],
        "people": people,
        "sessions": sessions,
    }
    return Class(name, days, accounts, json.dumps(file, ensure_ascii=False).encode())


def days_before(now: int, count: int) -> tuple[int, ...]:
    """When the days of a class began that is over: half past eight in Shanghai, the last one yesterday."""
    today = now // DAY * DAY + 30 * MINUTE
    return tuple(today - DAY * (count - n) for n in range(count))


class Event(NamedTuple):
    """An event on its way: its id, its time, its JSON."""

    id: str
    at: int
    json: bytes


def events(one: Class, *, seed: int = 1, random_ids: bool = False) -> Iterator[Event]:
    """What the platform tells of a class, day by day: joins, beats each 15 s (some lost or off), leaves."""
    rng = random.Random(f"{one.id}|{seed}")
    for begun in one.days:
        stays = {account: f"c-{rng.getrandbits(64):016x}" for account in one.accounts}
        ended = begun + PERIODS * 50 * MINUTE - 3 * MINUTE
        for tick in range(begun - MINUTE, ended, BEAT_MS):
            moments = sorted((tick + rng.randrange(BEAT_MS), account) for account in one.accounts)
            for at, account in moments:
                if tick < begun - MINUTE + BEAT_MS:
                    yield said(one, rng, at, "classroom.joined", account, stays[account], None, random_ids)
                elif tick + BEAT_MS >= ended:
                    yield said(one, rng, at, "classroom.left", account, stays[account], None, random_ids)
                elif rng.random() > 0.01:
                    camera = "off" if rng.random() < 0.02 else "on"
                    stay = stays[account]
                    yield said(one, rng, at, "camera.heartbeat", account, stay, camera, random_ids)


def said(
    one: Class,
    rng: random.Random,
    at: int,
    kind: str,
    account: str,
    connection: str,
    camera: str | None,
    random_ids: bool = False,
) -> Event:
    """One event, written as a platform would write it."""
    event_id = str(uuid.UUID(int=rng.getrandbits(128), version=4)) if random_ids else ulid(at, rng)
    cohort = f'"cohort":"{one.id}",' if one.names_cohort else ""
    shown = f',"camera":"{camera}"' if camera else ""
    text = (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{SOURCE}","type":"{kind}","time":"{rfc3339(at)}",'
        f'"data":{{{cohort}"account":"{account}","room":"{one.room}","connection":"{connection}"{shown}}}}}'
    )
    return Event(event_id, at, text.encode())


def ulid(at: int, rng: random.Random) -> str:
    """An id that sorts by time: 48 bits of milliseconds, 80 random ones, in 26 characters."""
    number = at << 80 | rng.getrandbits(80)
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))
