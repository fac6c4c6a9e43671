"""Timetables around the present: days behind, a period going on now whatever the hour, days ahead.

In: an instant, a time zone, how long a period is. Out: local dates and spans (ms) that keep every rule of a
timetable: periods in order, none over midnight. Never: reads a clock, knows what is taught.

    00:00                      now                          24:00
      ├──┤ ├──┤ ├──┤ ├──┤   ├───▲──┤ ├──┤ ├──┤ ├──┤            mostly: begun about 20 minutes ago
      ▲──┤ ├──┤ ├──┤ ...                                       just after midnight: begun at 00:00
                                    ... ├──┤ ├──┤ ├───▲┤       just before: ends at 23:59:59
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from monitor.simulate.stay import MINUTE, SECOND, Span

RUNNING_FOR: Final = 20 * MINUTE
PAUSE: Final = 10 * MINUTE
MORNING: Final = time(8, 30)
AFTERNOON: Final = time(13, 30)
PERIODS_A_DAY: Final = 8


class Days(msgspec.Struct, frozen=True):
    """Local dates behind, in order, today, and ahead.

    `at_midnight`: tomorrow's class begins at 00:00, because nothing more fits into today.
    """

    behind: tuple[date, ...]
    today: date
    ahead: tuple[date, ...]
    at_midnight: bool


def days_around(now: int, zone: ZoneInfo, behind: int, ahead: int, length: int) -> Days:
    """`behind` and `ahead` weekdays before and after today, which has class whatever weekday it is."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    late = around(now, zone, length)[-1][0] <= now
    before = _weekdays(today, -1, behind)[::-1]
    after = _weekdays(today, 1, ahead)
    if late and ahead:
        tomorrow = today + timedelta(days=1)
        after = (tomorrow, *_weekdays(tomorrow, 1, ahead - 1))
    return Days(before, today, after, late)


def around(now: int, zone: ZoneInfo, length: int, count: int = PERIODS_A_DAY) -> list[Span]:
    """`count` periods of `length` within the local date of `now`, one of which is going on.

    What is going on began about `RUNNING_FOR` ago. Up to three periods before it, where those don't begin in
    the night, the others after it, as far as the date has room; the rest before.
    """
    midnight = at(datetime.fromtimestamp(now / 1000, zone).date(), time(), zone)
    last = midnight + 24 * 60 * MINUTE - SECOND
    start = min(now - RUNNING_FOR, last - length) - midnight
    start = midnight + max(0, start) // (5 * MINUTE) * (5 * MINUTE)
    end = last if last - now < 25 * MINUTE else start + length
    step = length + PAUSE
    room_after = max(0, (last - end) // step)
    room_before = (start - midnight) // step
    by_day = max(0, start - midnight - 8 * 60 * MINUTE) // step
    before = min(3, by_day, room_before)
    after = min(room_after, count - 1 - before)
    before = min(room_before, count - 1 - after)
    earlier = [(start - n * step, start - n * step + length) for n in range(before, 0, -1)]
    later = [(end + PAUSE + n * step, end + PAUSE + n * step + length) for n in range(after)]
    return [*earlier, (start, end), *later]


def ordinary(day: date, zone: ZoneInfo, length: int) -> list[Span]:
    """Four periods from 08:30 and four from 13:30."""
    return [span for begin in (MORNING, AFTERNOON) for span in row(at(day, begin, zone), length, 4)]


def row(start: int, length: int, count: int) -> list[Span]:
    """`count` periods from `start` on, with pauses."""
    step = length + PAUSE
    return [(start + n * step, start + n * step + length) for n in range(count)]


def at(day: date, when: time, zone: ZoneInfo) -> int:
    """A local time as an instant (ms)."""
    return int(datetime.combine(day, when, zone).timestamp() * 1000)


def text(moment: int, zone: ZoneInfo) -> str:
    """An instant as a cohort file writes it: local, with its offset."""
    return datetime.fromtimestamp(moment / 1000, zone).isoformat()


def _weekdays(day: date, step: int, count: int) -> tuple[date, ...]:
    found: list[date] = []
    while len(found) < count:
        day += timedelta(days=step)
        if day.weekday() < 5:
            found.append(day)
    return tuple(found)
