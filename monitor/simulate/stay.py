"""What one person does in one room for half a day: comes, goes, drops out, takes a second device.

In: a half-day's periods, what goes wrong in it, a random source. Out: `Stay`s, one for each connection.
Never: writes events (monitor.simulate.device does), knows a policy.

    one device      ├──────────────────────────────┤
    two devices     ├────phone────┤
                              ├──────laptop────────┤
    dropped         ├──────╳          ├────────────┤       ╳ no leave, a new connection id after it
    breakout rooms  ├main┤├────breakout─────┤├─main┤
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Final

import msgspec

Span = tuple[int, int]

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
LONG_BREAK: Final = 30 * MINUTE
"""A pause as long as this sends people out of the room (lunch); over a shorter one they stay."""


class Stay(msgspec.Struct, frozen=True):
    """One connection from `came` to `went` (ms). `off`, `silent`: spans without camera, without beats.

    `joins`, `leaves`: whether the platform tells of them; `seen` False: nothing but the leave is told.
    `camera` False: never turned on.
    """

    came: int
    went: int
    room: str = ""
    off: tuple[Span, ...] = ()
    silent: tuple[Span, ...] = ()
    joins: bool = True
    leaves: bool = True
    seen: bool = True
    camera: bool = True


def blocks(periods: Sequence[Span]) -> list[list[Span]]:
    """The periods of a session in runs between long breaks."""
    found: list[list[Span]] = []
    for period in periods:
        if found and period[0] - found[-1][-1][1] <= LONG_BREAK:
            found[-1].append(period)
        else:
            found.append([period])
    return found


def stays(periods: Sequence[Span], mishaps: Sequence[str], rng: Random) -> list[Stay]:
    """One person's connections to a room over one run of periods, each of `mishaps` having happened."""
    start, end = periods[0][0], periods[-1][1]
    found = [Stay(start - _some(rng, 0.7, 12), end + _some(rng, 0.1, 1.4))]
    for mishap in mishaps:
        found = MISHAPS[mishap](found, periods, rng)
    return [stay for stay in found if stay.came < stay.went]


def in_rooms(found: Sequence[Stay], room: str, breakout: str | None, moves: Span, rng: Random) -> list[Stay]:
    """The stays in `room`; with a breakout room, what lies between the two `moves` is spent there.

    Each move is a new connection, which begins shortly before or after the old one's end.
    """
    if breakout is None:
        return [msgspec.structs.replace(stay, room=room) for stay in found]
    placed = []
    for stay in found:
        cuts = [stay.came, *(cut for cut in moves if stay.came < cut < stay.went), stay.went]
        for n, (came, went) in enumerate(pairwise(cuts)):
            inside = moves[0] <= came < moves[1]
            begin = came + rng.randint(-1500, 6000) if n else came
            placed.append(
                msgspec.structs.replace(
                    stay,
                    room=breakout if inside else room,
                    came=begin,
                    went=went,
                    off=_within(stay.off, begin, went),
                    silent=_within(stay.silent, begin, went),
                    joins=stay.joins or n > 0,
                    leaves=stay.leaves or went != stay.went,
                )
            )
    return [stay for stay in placed if stay.came < stay.went]


# --- what happens ---------------------------------------------------------------------------------------


def _late(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Joins some minutes into the first period."""
    came = periods[0][0] + _some(rng, 2, 14)
    return [msgspec.structs.replace(stay, came=max(stay.came, came)) for stay in found]


def _early(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Leaves some minutes before the last period ends."""
    went = periods[-1][1] - _some(rng, 3, 16)
    return [msgspec.structs.replace(stay, went=min(stay.went, went)) for stay in found]


def _camera_off(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Turns the camera off for a while in one period (a call, a meal); now and then never turns it on."""
    if rng.random() < 0.08:
        return [msgspec.structs.replace(stay, camera=False) for stay in found]
    return _with(found, "off", _inside(rng.choice(list(periods)), _some(rng, 3, 22), rng))


def _short_off(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Turns the camera off for a minute or two."""
    return _with(found, "off", _inside(rng.choice(list(periods)), _some(rng, 0.7, 2.5), rng))


def _breaks_off(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Turns the camera off over the breaks, and on again before the bell."""
    for (_, end), (start, _) in pairwise(periods):
        if start - end >= 4 * MINUTE:
            found = _with(found, "off", (end + _some(rng, 0.1, 1), start - _some(rng, 0.3, 1.5)))
    return found


def _short_gap(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """A beat or two don't arrive."""
    return _with(found, "silent", _inside(rng.choice(list(periods)), _some(rng, 0.5, 1), rng))


def _silent(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """No beats for minutes, though nobody left: a laptop asleep, a browser tab put away."""
    return _with(found, "silent", _inside(rng.choice(list(periods)), _some(rng, 2, 16), rng))


def _two_devices(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """Begins on the phone, goes on at the laptop; the two overlap."""
    first, *rest = found
    change = rng.choice(list(periods))[0] + _some(rng, -4, 12)
    if not first.came + MINUTE < change < first.went - MINUTE:
        return found
    phone = msgspec.structs.replace(first, went=change + _some(rng, 0.3, 6))
    return [phone, msgspec.structs.replace(first, came=change), *rest]


def _break_line(found: list[Stay], at: int, back: int) -> list[Stay]:
    broken = []
    for stay in found:
        if stay.came < at < stay.went:
            broken.append(msgspec.structs.replace(stay, went=at, leaves=False))
            broken.append(msgspec.structs.replace(stay, came=back))
        else:
            broken.append(stay)
    return broken


def _quick_reconnect(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """The line breaks without a leave, and is back within a minute under a new connection id."""
    at, _ = _inside(rng.choice(list(periods)), MINUTE, rng)
    return _break_line(found, at, at + _some(rng, 0.08, 0.9))


def _dropped(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """The line breaks without a leave, and is back only after minutes."""
    at, back = _inside(rng.choice(list(periods)), _some(rng, 3, 16), rng)
    return _break_line(found, at, back)


def _vanished(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """The line breaks without a leave, and nothing more comes that half-day."""
    at, _ = _inside(rng.choice(list(periods)), MINUTE, rng)
    return [msgspec.structs.replace(s, went=min(s.went, at), leaves=s.leaves and s.went <= at) for s in found]


def _lost_join(found: list[Stay], periods: Sequence[Span], rng: Random) -> list[Stay]:
    """A second device of which only the leave is ever told."""
    came, went = _inside(rng.choice(list(periods)), _some(rng, 1, 5), rng)
    return [*found, Stay(came, went, joins=False, seen=False)]


MISHAPS: Final[dict[str, Callable[[list[Stay], Sequence[Span], Random], list[Stay]]]] = {
    "late": _late,
    "early": _early,
    "camera_off": _camera_off,
    "short_off": _short_off,
    "breaks_off": _breaks_off,
    "short_gap": _short_gap,
    "silent": _silent,
    "two_devices": _two_devices,
    "quick_reconnect": _quick_reconnect,
    "dropped": _dropped,
    "vanished": _vanished,
    "lost_join": _lost_join,
}
"""In this order they happen, when several happen to one person: `late` moves what `dropped` cuts."""


def _some(rng: Random, least: float, most: float) -> int:
    """Between two numbers of minutes, as milliseconds."""
    return int(rng.uniform(least, most) * MINUTE)


def _inside(period: Span, length: int, rng: Random) -> Span:
    """A span of `length`, or all there is, somewhere inside a period."""
    start, end = period
    begin = rng.randint(start, max(start, end - length))
    return begin, min(end, begin + length)


def _with(found: list[Stay], field: str, span: Span) -> list[Stay]:
    """The stays with a span added to `off` or `silent`, cut to each."""
    changed = []
    for stay in found:
        cut = _within((span,), stay.came, stay.went)
        changed.append(msgspec.structs.replace(stay, **{field: (*getattr(stay, field), *cut)}))
    return changed


def _within(spans: Sequence[Span], came: int, went: int) -> tuple[Span, ...]:
    cut = ((max(begin, came), min(end, went)) for begin, end in spans)
    return tuple((begin, end) for begin, end in cut if begin < end)
