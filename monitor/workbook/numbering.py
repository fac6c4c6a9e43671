"""Ids for sessions that the timetable gives none: those they had in the import before, else free ones.

In: the sessions read, and those of the cohort file that holds. Out: each with an id. Never: gives an id that
named another session: what was said of that one (a sign-in, a correction) would be said of this one then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from monitor.instant import instant

Session = Mapping[str, Any]
"""A session as in the cohort file."""


def number_sessions(
    new: Sequence[dict[str, Any]],
    before: Sequence[Session],
    claimed: Collection[str],
    reserved: Collection[str] = (),
) -> int:
    """Gives each of `new` (without id) one: a session that starts when it did, of the same course, keeps it.

    Among several of those the same room or place decides, then who it is for; where that leaves doubt, a new
    id is given. `claimed`: ids that other rows state. `reserved`: ids that new sessions must not get. Returns
    how many were not recognised.
    """
    left = [session for session in before if session["id"] not in claimed]
    unnamed = list(new)
    for sure, key in _KEYS:
        unnamed, left = _recognise(unnamed, left, key, in_order=sure)
    used = {*claimed, *reserved, *(session["id"] for session in before)}
    free = (name for index in range(1, 10**6) if (name := f"s{index:02d}") not in used)
    for session in unnamed:
        session["id"] = next(free)
    return len(unnamed)


def _recognise(
    new: list[dict[str, Any]],
    before: list[Session],
    key: Callable[[Session], Hashable],
    *,
    in_order: bool,
) -> tuple[list[dict[str, Any]], list[Session]]:
    """Those that are not each other's by this key. Equal ones are paired `in_order`, or not at all."""
    waiting = _by(before, key)
    found: set[str] = set()
    for same, sessions in _by(new, key).items():
        earlier = waiting.get(same, [])
        if in_order or len(sessions) == len(earlier) == 1:
            for session, known in zip(sessions, earlier, strict=False):
                session["id"] = known["id"]
                found.add(known["id"])
    return (
        [session for session in new if not session.get("id")],
        [session for session in before if session["id"] not in found],
    )


def _by(sessions: Iterable[Any], key: Callable[[Session], Hashable]) -> dict[Hashable, list[Any]]:
    found: dict[Hashable, list[Any]] = {}
    for session in sessions:
        found.setdefault(key(session), []).append(session)
    return found


def _start(session: Session) -> tuple[Hashable, ...]:
    return (instant(session["periods"][0][0]), session.get("course"))


def _where(session: Session) -> tuple[Hashable, ...]:
    return (*_start(session), session.get("room"), session.get("place"))


def _who(session: Session) -> tuple[Hashable, ...]:
    people = session.get("people")
    return (*_where(session), None if people is None else tuple(sorted(people)))


_KEYS: Final = ((True, _who), (False, _where), (False, _start))
"""From the surest to the least sure; whether sessions that it can't tell apart are paired in order."""
