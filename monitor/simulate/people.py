"""A day of a class as one platform sees it: everybody comes (or not), and the platform tells of it.

In: a cohort, a local date, a seed, which source tells. Out: `plan_day`, its events in the order in which
they are delivered, some late, twice or out of order. The same inputs give the same events, ids and all; a
changed timetable or account gives new ids, so that an id never stands for two things. Never: reads a clock,
sends anything, knows what an event is worth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from heapq import merge
from operator import attrgetter
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from monitor.cohort import Cohort, Person, Session
from monitor.simulate.character import TEACHER, Character, deal
from monitor.simulate.device import Facts, Report, card, connection, room_ended
from monitor.simulate.post import Posting, Shares, post
from monitor.simulate.stay import MINUTE, MISHAPS, Span, blocks, in_rooms, stays

BEAT_SECONDS: Final = 30
"""Between two beats, where neither the cohort file nor the person who starts the simulation says."""

LITTLE: Final = ("short_off", "short_off", "short_gap", "quick_reconnect", "two_devices")
"""What happens in a lively session; none of it costs an hour by itself."""


class Telling(msgspec.Struct, frozen=True):
    """What one source tells: `camera` as in a cohort file; of rooms online, sign-ins offline, or both."""

    source: str
    camera: str = "heartbeat"
    beat_seconds: int = BEAT_SECONDS
    rooms: bool = True
    sign_ins: bool = False
    left_open: tuple[str, ...] = ()
    """Sessions of whose rooms no end is ever told (a platform that forgot to close them)."""
    lively: tuple[str, ...] = ()
    """Sessions in which even the punctual do something now and then, so that there is much to see."""


def telling(cohort: Cohort, source: str, *, rooms: bool = True, sign_ins: bool = False) -> Telling:
    """What the source tells, its camera by the cohort's list of sources; one not listed there beats."""
    for listed in cohort.sources:
        if listed.id == source:
            beat = listed.heartbeat_seconds or BEAT_SECONDS
            return Telling(source, listed.camera, beat, rooms, sign_ins)
    return Telling(source, rooms=rooms, sign_ins=sign_ins)


def days(cohort: Cohort) -> list[date]:
    """The local dates with sessions, in order."""
    zone = ZoneInfo(cohort.timezone)
    return sorted({_date(session.periods[0][0], zone) for session in cohort.sessions})


def plan_day(
    cohort: Cohort, day: date, seed: int, tells: Telling, shares: Shares | None = None
) -> Iterator[Posting]:
    """All that the source tells of one local date, by `deliver_at`, a bit at a time."""
    number = days(cohort).index(day)  # what people do hangs on the n-th day, not on the calendar
    told = _reports(cohort, day, number, seed, tells)
    return post(told, shares or Shares(), f"{seed}|{cohort.id}|{tells.source}|{number}")


def _reports(cohort: Cohort, day: date, number: int, seed: int, tells: Telling) -> Iterator[Report]:
    zone = ZoneInfo(cohort.timezone)
    today = [s for s in cohort.sessions if _date(s.periods[0][0], zone) == day]
    print_of_day = _digest(seed, cohort.id, day, tells, *(msgspec.json.encode(s) for s in today))
    characters = deal((p.id for p in cohort.people if p.role == "trainee"), seed)
    found: list[Iterator[Report]] = []
    for person in cohort.people:
        if _enrolled(person, day):
            rng = Random(f"{seed}|{cohort.id}|{number}|{person.id}")
            found += _day_of(
                person, characters.get(person.id, TEACHER), cohort, today, tells, print_of_day, rng
            )
    found += [
        iter(ends)
        for session in today
        if session.mode == "online" and tells.rooms and session.id not in tells.left_open
        for ends in [_ends(session, cohort, print_of_day, Random(f"{seed}|{session.id}"))]
    ]
    return merge(*found, key=attrgetter("at"))


def _day_of(
    person: Person,
    character: Character,
    cohort: Cohort,
    today: Sequence[Session],
    tells: Telling,
    print_of_day: str,
    rng: Random,
) -> Iterator[Iterator[Report]]:
    """One person's day: an iterator of events for each connection and each sign-in."""
    if rng.random() < character.absent:
        return
    stranger = rng.random() < character.stranger
    own = account(person, tells.source, [source.id for source in cohort.sources])
    for session in today:
        # A source of its own for each session, so that what one source tells changes nothing of another's.
        chance = Random(f"{rng.random()}|{session.id}")
        if not _takes_part(person, session):
            continue
        key = _digest(print_of_day, session.id, person.id, own)
        if session.mode == "online" and tells.rooms:
            who = f"guest-{_digest(person.id, cohort.id)[:6]}" if stranger else own
            yield from _online(session, character, cohort, tells, key, who, chance)
        elif session.mode == "offline" and tells.sign_ins:
            signed = _sign_ins(session, character, cohort, key, own, chance)
            yield iter(sorted(signed, key=attrgetter("at")))


def _online(
    session: Session, character: Character, cohort: Cohort, tells: Telling, key: str, who: str, rng: Random
) -> Iterator[Iterator[Report]]:
    breakout = rng.choice(session.breakouts) if session.breakouts else None
    number = 0
    for run in blocks(session.periods):
        happens = [name for name in MISHAPS if rng.random() < character.mishaps.get(name, 0.0)]
        if tells.camera == "state":  # nothing beats there: what is silent elsewhere is a broken line here
            happens = ["dropped" if name == "silent" else name for name in happens]
        found = stays(run, happens, rng)
        if session.id in tells.lively:
            for period in run:
                found = MISHAPS[rng.choice(LITTLE)](found, [period], rng) if rng.random() < 0.4 else found
        moves = (run[0][0] + 4 * MINUTE, run[-1][1] - 5 * MINUTE)
        for stay in in_rooms(found, session.room or "", breakout, moves, rng):
            facts = Facts(
                cohort=cohort.id,
                account=who,
                room=stay.room,
                instance=session.id,
                connection=f"c-{key[:6]}-{number}",
            )
            yield connection(
                stay, f"{key}-{number}", facts, tells.camera, tells.beat_seconds, Random(rng.random())
            )
            number += 1


def _ends(session: Session, cohort: Cohort, print_of_day: str, rng: Random) -> list[Report]:
    """The end of the session's rooms: breakout rooms when all are called back, its own minutes after."""
    key = _digest(print_of_day, session.id)
    end = session.periods[-1][1]
    closing = [(end - 4 * MINUTE, room) for room in session.breakouts]
    closing.append((end + rng.randint(5 * MINUTE, 9 * MINUTE), session.room or ""))
    return [
        room_ended(f"{key}-end-{n}", at, cohort.id, room, session.id) for n, (at, room) in enumerate(closing)
    ]


def _sign_ins(
    session: Session, character: Character, cohort: Cohort, key: str, who: str, rng: Random
) -> Iterator[Report]:
    """A card held to the reader when coming, and when going where the session asks for that."""
    facts = Facts(cohort=cohort.id, account=who, session=session.id, method="card", place=session.place)
    start, end = session.periods[0][0], session.periods[-1][1]
    if rng.random() < character.forgets:
        return
    is_late = rng.random() < character.mishaps.get("late", 0.0)
    came = start + rng.randint(*_minutes(3, 27)) if is_late else start - rng.randint(*_minutes(1, 24))
    yield card(f"{key}-in", came, "in", facts)
    if rng.random() < 0.06:  # held twice, because the reader gave no sound
        yield card(f"{key}-again", came + rng.randint(1500, 4000), "in", facts)
    if session.sign_out:
        is_early = rng.random() < character.mishaps.get("early", 0.0)
        went = end - rng.randint(*_minutes(8, 40)) if is_early else end + rng.randint(*_minutes(0, 5))
        yield card(f"{key}-out", went, "out", facts)


def account(person: Person, source: str, listed: Sequence[str]) -> str:
    """The account under which the person appears on the source, or one that nobody knows."""
    own = [a.partition("/")[2] for a in person.accounts if a.startswith(f"{source}/")]
    anywhere = [a for a in person.accounts if a.partition("/")[0] not in listed]
    return (own + anywhere + [f"guest-{person.id}"])[0]


def _minutes(least: int, most: int) -> Span:
    return least * MINUTE, most * MINUTE


def _takes_part(person: Person, session: Session) -> bool:
    if person.role == "teacher":
        return session.teacher == person.id
    return session.people is None or person.id in session.people


def _enrolled(person: Person, day: date) -> bool:
    return not (
        (person.enrolled_on and day < person.enrolled_on)
        or (person.withdrawn_on and day > person.withdrawn_on)
    )


def _date(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1000, zone).date()


def _digest(*parts: object) -> str:
    return hashlib.blake2s("|".join(map(str, parts)).encode(), digest_size=6).hexdigest()
