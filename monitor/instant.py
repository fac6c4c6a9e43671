"""Instants: RFC 3339 text to integer milliseconds since 1970 UTC and back.

In: a time with an offset. Out: a number; finer digits are cut. Never: reads a clock, guesses an offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 253_402_300_800_000  # the year 10000, in milliseconds

# A time is 17 characters of minute, then `30.`, then `123+08:00`. Of each part there are few in a class, so
# that three look-ups replace parsing; each part holds for itself, so any three of them do.
_minutes: dict[str, int] = {}
_seconds: dict[str, int] = {}
_rests: dict[str, int] = {}
_REMEMBERED: Final = 100_000


def instant(text: str) -> int:
    """RFC 3339 with an offset, as integer milliseconds since 1970 UTC; finer digits are cut.

    Raises ValueError for anything else (no offset, no such day, a leap second that is none, before 1970).
    """
    try:
        return _minutes[text[:17]] + _seconds[text[17:20]] + _rests[text[20:]]
    except KeyError:
        return _parse(text)


def _parse(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not a time with an offset as in 2026-05-11T08:30:30.000+08:00 (RFC 3339)")
    year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
    fraction, sign, offset_hour, offset_minute = match.groups()[6:]
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        raise ValueError("there is no such day") from None
    offset = 0 if sign is None else (int(offset_hour) * 60 + int(offset_minute)) * (1 if sign == "+" else -1)
    if (
        hour > 23
        or minute > 59
        or second > 60
        or (sign and (int(offset_hour) > 23 or int(offset_minute) > 59))
    ):
        raise ValueError("there is no such time of day")
    whole = ((days * 24 + hour) * 60 + minute) * 60_000
    rest = int((fraction or "0")[:3].ljust(3, "0")) - offset * 60_000
    at = whole + second * 1000 + rest
    if second == 60 and (whole - offset * 60_000) % 86_400_000 != 86_340_000:
        raise ValueError("a leap second is only at 23:59:60 UTC")
    if not 0 <= at < _LAST:
        raise ValueError("outside the years 1970 to 9999")
    if fraction and second < 60 and 1970 < year < 9999:
        for memory, key, value in (
            (_minutes, text[:17], whole),
            (_seconds, text[17:20], second * 1000),
            (_rests, text[20:], rest),
        ):
            if len(memory) >= _REMEMBERED:
                memory.clear()
            memory[key] = value
    return at


def remembered() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """The three look-ups of `instant`, for loops that pass every beat there is."""
    return _minutes, _seconds, _rests


def rfc3339(at: int) -> str:
    """The instant `at` (milliseconds) as text, UTC with three digits: 2026-05-11T00:30:30.000Z."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
