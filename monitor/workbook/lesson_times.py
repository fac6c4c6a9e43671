"""When the periods of one timetable row are: from the cells that say so, in whichever way they say it.

In: a row and the class sheet's defaults. Out: the periods and the hours stated, or None with the errors at
the cells. Never: takes two statements that disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.workbook import values
from monitor.workbook.class_sheet import ClassSheet
from monitor.workbook.faults import Place
from monitor.workbook.periods import Misfit, Span, check_list, tile
from monitor.workbook.table import Row


@dataclass(frozen=True, slots=True)
class RowPeriods:
    """The periods in seconds since midnight; `hours` as stated, None where they are not."""

    spans: list[Span]
    hours: int | None


def row_periods(row: Row, sheet: ClassSheet, *, uncounted: bool) -> RowPeriods | None:
    """The row's periods. `uncounted`: of a kind that bears no hours, so that it need not state any."""
    before = len(row.faults.errors)
    listed = _listed(row)
    start, end = row.read("start", values.clock), row.read("end", values.clock)
    if listed is None and not row.has("start") and not row.has("end"):
        whole = row.read("span", values.spans) or []
        if len(whole) == 1:
            start, end = whole[0]
        elif whole:
            listed = whole
    hours = row.read("hours", values.whole)
    minutes, pause = (
        row.read(key, values.whole) if row.has(key) else sheet.values.get(key) for key in ("minutes", "pause")
    )
    if len(row.faults.errors) > before:
        return None
    try:
        if listed is not None:
            _check_against(listed, start, end)
            return RowPeriods(listed, hours)
        if start is None or end is None:
            raise Misfit(
                "start" if start is None else "end",
                "不能为空；请填开始时间和结束时间，或填节次时间",
                "must not be empty; fill in start and end, or list the periods",
            )
        spans = tile(start, end, None if _hours_for_several(row) else hours, minutes, pause, uncounted)
    except Misfit as misfit:
        row.wrong(_shown_key(row, misfit.key), *misfit.sentence)
        return None
    if pause is None and len(spans) > 1:
        gap = (spans[1][0] - spans[0][1]) // 60
        row.note(
            "pause",
            f"没有填课间分钟，按{gap}分钟排出{len(spans)}节",
            f"no minutes of a break stated; {len(spans)} periods with {gap} minutes between",
        )
    return RowPeriods(spans, hours)


def time_place(row: Row) -> Place:
    """The cell that says when the row's periods are."""
    return row.place(next((key for key in ("periods", "start", "span") if row.has(key)), "start"))


def _listed(row: Row) -> list[Span] | None:
    """The list of periods; a mere label such as 第1-4节 is no list where start and end are there."""
    if not row.has("periods"):
        return None
    try:
        return values.spans(row.held("periods")) or None
    except values.Unfit as unfit:
        if not row.has("start") and not row.has("span"):
            row.wrong("periods", *unfit.sentence)
        return None


def _check_against(listed: list[Span], start: int | None, end: int | None) -> None:
    check_list(listed)
    for key, value, bound in (("start", start, listed[0][0]), ("end", end, listed[-1][1])):
        if value is not None and value != bound:
            raise Misfit(
                key,
                f"与节次时间不符（节次时间为 {values.clock_text(bound)}）",
                f"disagrees with the list of periods ({values.clock_text(bound)})",
            )


def _hours_for_several(row: Row) -> bool:
    """Whether the hours stand in a cell merged over several rows, and so are their sum."""
    column = row.table.columns.get("hours")
    return column is not None and row.table.grid.height(*row.table.grid.origin(row.number, column)) > 1


def _shown_key(row: Row, key: str) -> str:
    """The column to show an error at: the one meant, or what the sheet has in its place."""
    if key in row.table.columns:
        return key
    order = ("span", "periods", "start") if key in ("start", "end", "periods") else ("hours", "span", "end")
    return next((other for other in order if other in row.table.columns), key)
