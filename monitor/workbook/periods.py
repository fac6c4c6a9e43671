"""The periods of one timetable row, worked out from what the row states.

In: start and end of the row or a list of spans, hours, minutes an hour, minutes between. Out: the periods in
seconds since midnight, or `Misfit` naming the cell to mend. Never: rounds, or leaves over a minute unsaid.

    start ├─ minutes ─┤ pause ├─ minutes ─┤ pause ├─ minutes ─┤ end       hours = 3
"""

from __future__ import annotations

from typing import Final

from monitor.workbook.values import Unfit, clock_text

Span = tuple[int, int]

LONGEST_GUESSED_PAUSE_MINUTES: Final = 20
"""A longer break between equal periods is a lunch that nobody has written down."""


class Misfit(Unfit):
    """What a row states does not fit together; `key` is the column to look at first."""

    def __init__(self, key: str, zh: str, en: str) -> None:
        self.key = key
        super().__init__(zh, en)


def check_list(listed: list[Span]) -> None:
    """Each span ends after it starts, and none starts before the one before it has ended."""
    last_end = 0
    for start, end in listed:
        if start >= end:
            raise Misfit(
                "periods",
                f"{clock_text(start)}-{clock_text(end)} 的结束时间应晚于开始时间",
                f"{clock_text(start)}-{clock_text(end)} must end after it starts",
            )
        if start < last_end:
            raise Misfit(
                "periods",
                f"{clock_text(start)} 开始的一节与前一节重叠或次序颠倒",
                f"the period that starts at {clock_text(start)} overlaps the one before it",
            )
        last_end = end


def tile(
    start: int, end: int, hours: int | None, minutes: int | None, pause: int | None, uncounted: bool
) -> list[Span]:
    """Equal periods from start to end. Of hours, minutes and pause what is not stated follows from the rest.

    `uncounted`: a session of a kind that bears no hours; without hours it is one period.
    """
    if start >= end:
        raise Misfit("end", "结束时间应晚于开始时间", "must be later than the start")
    length = end - start
    if uncounted and not hours:
        return [(start, end)]
    if hours == 0:
        raise Misfit("hours", "学时应至少为1", "must be at least 1")
    if minutes == 0:
        raise Misfit("minutes", "每学时分钟应大于0", "must be more than 0")
    if hours == 1 and (minutes is None or minutes * 60 == length):
        return [(start, end)]
    count, period, gap = _completed(length, hours, minutes, pause)
    span = f"{clock_text(start)}-{clock_text(end)}"
    if count < 1 or count * period + (count - 1) * gap != length:
        raise Misfit(
            "end",
            f"{span} 共{_minutes(length)}分钟，排不成整数个{_minutes(period)}分钟的学时"
            f"（课间{_minutes(gap)}分钟）；有午休或大课间的，请分行写，或用“节次时间”逐节列出",
            f"{span} is {_minutes(length)} minutes, which whole hours of {_minutes(period)} minutes with "
            f"{_minutes(gap)} between don't fill; for a longer break, use two rows or list the periods",
        )
    if hours is not None and hours != count:
        raise Misfit(
            "hours",
            f"所填时间{span}排出{count}学时（每学时{_minutes(period)}分钟，课间{_minutes(gap)}分钟），与所填学时不符",
            f"{span} gives {count} periods of {_minutes(period)} minutes with {_minutes(gap)} between, "
            "not the hours stated",
        )
    step = period + gap
    return [(start + index * step, start + index * step + period) for index in range(count)]


def _completed(
    length: int, hours: int | None, minutes: int | None, pause: int | None
) -> tuple[int, int, int]:
    """Count, period and gap in seconds; the one that is missing worked out, rounded down."""
    if minutes is not None:
        period = minutes * 60
        if pause is not None:
            return (length + pause * 60) // (period + pause * 60), period, pause * 60
        if hours is None:
            return length // period, period, 0
        gap = (length - hours * period) // max(1, hours - 1)
        if 0 <= gap <= LONGEST_GUESSED_PAUSE_MINUTES * 60 and gap % 60 == 0:
            return hours, period, gap
        return length // period, period, 0
    if hours is not None and pause is not None:
        period = (length - (hours - 1) * pause * 60) // hours // 60 * 60
        if period > 0:
            return hours, period, pause * 60
        raise Misfit("pause", "课间比整段时间还长", "the breaks are longer than the whole span")
    if hours is not None:
        raise Misfit(
            "minutes",
            "只有起止时间和学时，排不出每节的时间；请填每学时分钟或课间分钟，或用“节次时间”逐节列出",
            "start, end and hours alone don't say when each period is; fill in the minutes of an hour or of "
            "a break, or list the periods",
        )
    raise Misfit(
        "hours",
        "请填学时、每学时分钟，或用“节次时间”逐节列出",
        "fill in the hours, the minutes of an hour, or list the periods",
    )


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:g}"
