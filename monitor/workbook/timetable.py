"""The timetable (课表): rows to sessions with their periods.

In: the plan's book, the class sheet, the people. Out: sessions as the cohort file wants them, each with the
rows it came from. Never: checks what the counting rules ask of a timetable; that needs the whole cohort.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from monitor.identity import holds_number
from monitor.workbook import values
from monitor.workbook.class_sheet import ClassSheet, filed
from monitor.workbook.columns import first_words, words_to_keys
from monitor.workbook.faults import Faults, Place, shown
from monitor.workbook.grid import At, Book
from monitor.workbook.lesson_times import row_periods, time_place
from monitor.workbook.numbering import number_sessions
from monitor.workbook.participants import Participants
from monitor.workbook.people_columns import ROSTER_READ
from monitor.workbook.periods import Span
from monitor.workbook.plan_columns import KIND_WORDS, MODE_WORDS, TIMETABLE_READ
from monitor.workbook.roster import is_explaining
from monitor.workbook.table import Row, Table, check_heading, choose_sheet, find_table, rows_below

TIMETABLE_TITLES: Final = (
    "课表",
    "课程表",
    "课程安排",
    "课程安排表",
    "教学安排",
    "培训计划",
    "timetable",
    "plan",
)

UNCOUNTED: Final = ("opening", "closing", "summary_guidance", "exam", "self_study")
"""Kinds whose row may state no hours: such a row is one period from its start to its end."""

_KINDS: Final = words_to_keys(KIND_WORDS)
_MODES: Final = words_to_keys(MODE_WORDS)
_TOTAL: Final = re.compile(r"合计|总计|小计|共计|总学时|total")
_DESCRIBING: Final = ("theme", "tasks", "guide")


@dataclass(slots=True)
class Lesson:
    """A session as read: its keys, its periods with the cell of each, and the cell of each key."""

    session: dict[str, Any]
    day: date
    periods: list[tuple[Span, Place]]
    places: dict[str, Place] = field(default_factory=dict)


def find_timetable(book: Book, faults: Faults) -> Table | None:
    """The timetable's table; an error where there is none."""
    candidates = [
        (grid, table)
        for grid in book.shown()
        if not is_explaining(grid)
        and (table := find_table(grid, TIMETABLE_READ, {"course", "date"})) is not None
    ]
    if not candidates:
        swapped = any(find_table(grid, ROSTER_READ, {"name", "identity"}) for grid in book.shown())
        faults.wrong(
            Place(book.workbook),
            None,
            "找不到课表：没有一行表头同时有“日期”和“课程名称”"
            + ("；是不是把名册当课表了？" if swapped else ""),
            "no timetable in it: no heading has both 日期 (date) and 课程名称 (course)"
            + ("; is this the roster?" if swapped else ""),
        )
        return None
    return choose_sheet(candidates, TIMETABLE_TITLES, "课表", "timetable", faults)


def read_timetable(
    table: Table,
    sheet: ClassSheet,
    people: Participants,
    faults: Faults,
    before: Sequence[Mapping[str, Any]] = (),
    reserved: Collection[str] = (),
) -> list[Lesson]:
    """The sessions in the order of the sheet; rows with the same id are one.

    `before`: the sessions of the cohort file that holds, so that those without an id keep theirs; `reserved`:
    ids that new sessions must not get.
    """
    check_heading(table, TIMETABLE_READ, faults)
    for column, heading in table.extra.items():
        faults.note(
            table.grid.place(table.head_row, column, heading),
            "不认识的列，没有读",
            "an unknown column, not read",
        )
    reading = _Reading(table, sheet, people, faults)
    for row in rows_below(table, faults):
        banner = table.banner(row.number)
        if banner is None:
            reading.take(row)
        else:
            faults.note(
                table.grid.place(row.number), f"没有读：{shown(banner)}", f"not read: {shown(banner)}"
            )
    reading.finish(before, reserved)
    return reading.lessons


class _Reading:
    """One pass over the rows."""

    def __init__(self, table: Table, sheet: ClassSheet, people: Participants, faults: Faults) -> None:
        self.table = table
        self.sheet = sheet
        self.people = people
        self.faults = faults
        self.lessons: list[Lesson] = []
        self.by_id: dict[str, Lesson] = {}
        self.unnumbered: list[Lesson] = []
        self.hours: dict[At, list[tuple[Row, int, int]]] = {}
        stated = [sheet.values.get(key) for key in ("starts_on", "ends_on")]
        self.years = frozenset(int(day[:4]) for day in stated if day)

    def take(self, row: Row) -> None:
        timed = self._owns(row, ("start", "end", "span", "periods"))
        total = _TOTAL.match(values.squeezed(str(row.own("course") or "")))
        if (total and not timed) or not (timed or self._owns(row, ("course", "id", "kind"))):
            self._remark(row)
            return
        session = self._session(row)
        day = self._day(row)
        periods = self._periods(row, session.get("kind"))
        if day is None or periods is None:
            return
        keys = {key: row.place(key) for key in (*self.table.columns, "periods")}
        placed = [(span, time_place(row)) for span in periods]
        lesson = Lesson(session, day, placed, {"": self.table.grid.place(row.number), **keys})
        earlier = self.by_id.get(session["id"]) if session["id"] else None
        if earlier is not None:
            self._join(earlier, lesson, row)
            return
        self.lessons.append(lesson)
        if session["id"]:
            self.by_id[session["id"]] = lesson
        else:
            self.unnumbered.append(lesson)

    def _owns(self, row: Row, keys: tuple[str, ...]) -> bool:
        return any(row.own(key) is not None for key in keys)

    def _remark(self, row: Row) -> None:
        """A row without course, time or kind: a date alone, a total, words under the table."""
        own = [
            str(self.table.grid.own(row.number, column))
            for column in self.table.grid.filled(row.number)
            if column != self.table.columns.get("number")
        ]
        if own:
            text = shown(" ".join(own))
            self.faults.note(
                self.table.grid.place(row.number),
                f"没有课程和时间，没有读：{text}",
                f"no course and no time, not read: {text}",
            )

    def _session(self, row: Row) -> dict[str, Any]:
        session: dict[str, Any] = {"id": row.name("id", values.ident), "course": row.words("course")}
        if session["course"] is None and not self._failed(row, "course"):
            row.wrong("course", "课程名称不能为空", "must not be empty")
        session["kind"] = self._needed(row, "kind", _KINDS, "、".join(first_words(KIND_WORDS)))
        session["mode"] = self._needed(row, "mode", _MODES, "、".join(first_words(MODE_WORDS)))
        session["teacher"] = self.people.teacher(row)
        session["room"], session["place"] = self._where(row, session["mode"])
        for key in _DESCRIBING:
            session[key] = row.words(key)
        session["breakouts"] = self._breakouts(row)
        session["people"] = self.people.some(row)
        session["sign_out"] = row.read("sign_out", values.yes_no)
        session["filed_at"] = row.read(
            "filed_at", lambda value: filed(value, self.sheet, mac_dates=self.table.grid.mac_dates)
        )
        return session

    def _where(self, row: Row, mode: str | None) -> tuple[str | None, str | None]:
        """Room and place. A column for both (地点/教室号) is the room online and the place offline."""
        room, place = row.name("room", values.room), row.words("place")
        both = "where" if "where" in self.table.columns else "place"
        if mode == "online" and room is None and "room" not in self.table.columns and row.has(both):
            room = row.name(both, values.room)
            if both == "place":
                place = None
            row.note(both, "线上课，读作教室号/会议号", "an online session: read as its room")
        elif mode != "online" and place is None:
            place = row.words("where")
        if (
            mode == "online"
            and room is None
            and not {row.place("room"), row.place(both)} & self.faults.failed
        ):
            row.wrong(
                "room" if "room" in self.table.columns else both,
                "线上课必须填教室号/会议号，与平台推送的一致",
                "an online session needs the room or meeting number that the platform sends",
            )
        return room, place

    def _failed(self, row: Row, key: str) -> bool:
        return row.place(key) in self.faults.failed

    def _needed(self, row: Row, key: str, words: Mapping[str, str], shown: str) -> str | None:
        found = row.read(key, lambda value: values.one_of(value, words, shown))
        if found is None and key in self.table.columns and not row.has(key):
            row.wrong(key, f"不能为空；应为其中之一：{shown}", f"must not be empty; one of: {shown}")
        return found

    def _breakouts(self, row: Row) -> list[str]:
        rooms = row.read("breakouts", values.items) or []
        if any(holds_number(room) for room in rooms):
            row.wrong("breakouts", "身份证号只能写在“身份证号”列", "no identity number may stand here")
            return []
        return rooms

    def _day(self, row: Row) -> date | None:
        day = row.read("date", lambda value: values.day(value, self.table.grid.mac_dates, self.years))
        if day is None:
            if not self._failed(row, "date") and "date" in self.table.columns:
                row.wrong("date", "日期不能为空", "must not be empty")
            return None
        weekday = row.read("weekday", values.weekday)
        if weekday is not None and weekday != day.weekday():
            actual = "一二三四五六日"[day.weekday()]
            row.wrong("weekday", f"{day}是星期{actual}", f"{day} is a {day:%A}")
        first, last = (self.sheet.values.get(key) for key in ("starts_on", "ends_on"))
        if (first and day.isoformat() < first) or (last and day.isoformat() > last):
            row.wrong(
                "date",
                f"不在班次的起止日期之内（{first or '…'} 至 {last or '…'}）",
                f"lies outside the class's dates ({first or '...'} to {last or '...'})",
            )
        return day

    def _periods(self, row: Row, kind: str | None) -> list[Span] | None:
        """The row's periods; None, with an error, where they can't be worked out."""
        found = row_periods(row, self.sheet, uncounted=kind in UNCOUNTED)
        if found is None:
            return None
        if found.hours is not None and not (found.hours == 0 and kind in UNCOUNTED):
            cell = self.table.grid.origin(row.number, self.table.columns["hours"])
            self.hours.setdefault(cell, []).append((row, len(found.spans), found.hours))
        return found.spans

    def _join(self, lesson: Lesson, more: Lesson, row: Row) -> None:
        """Another row of the same session: its periods are added, the rest must agree or be empty."""
        if more.day != lesson.day:
            row.wrong(
                "date",
                f"同一课次应在同一天（前面是{lesson.day}）；请另编课次编号",
                f"a session lies on one day (above it is {lesson.day}); give this row another id",
            )
        for key, value in more.session.items():
            if key == "id" or value in (None, []):
                continue
            earlier = lesson.session.get(key)
            if earlier in (None, []):
                lesson.session[key] = value
                lesson.places[key] = more.places.get(key, more.places[""])
            elif earlier != value:
                row.wrong(
                    key,
                    "与同一课次前面的行不同；请改为一致，或另编课次编号",
                    "differs from the rows above of the same session; make them agree, or give another id",
                )
        (_, last_end), _ = lesson.periods[-1]
        (first, _), place = more.periods[0]
        if more.day == lesson.day and first < last_end:
            self.faults.wrong(
                place,
                values.clock_text(first),
                "与同一课次前一行的时间重叠或次序颠倒",
                "overlaps the row before it of the same session, or comes before it",
            )
        lesson.periods += more.periods

    def finish(self, before: Sequence[Mapping[str, Any]], reserved: Collection[str]) -> None:
        """Ids for the sessions that have none, and the stated hours against the periods found."""
        for lines in self.hours.values():
            row, _, hours = lines[0]
            found = sum(count for _, count, _ in lines)
            if hours != found:
                row.wrong(
                    "hours",
                    f"所填时间排出{found}节，与所填学时不符",
                    f"the times give {found} periods, not the hours stated",
                )
        self._number(before, reserved)
        if not self.lessons and not self.faults.errors:
            self.faults.wrong(
                self.table.grid.place(self.table.head_row),
                None,
                "表头下面没有一次课",
                "no session under the heading",
            )

    def _number(self, before: Sequence[Mapping[str, Any]], reserved: Collection[str]) -> None:
        """Ids for those that have none."""
        named = [session_object(lesson, self.sheet) for lesson in self.unnumbered]
        count = number_sessions(named, before, self.by_id, reserved)
        for lesson, session in zip(self.unnumbered, named, strict=True):
            lesson.session["id"] = session["id"]
        if count:
            self.faults.note(
                self.table.place("id"),
                f"{count}次课没有课次编号，已自动编号；再次导入时按日期、开始时间和课程名称认出。"
                "会改时间的课，请先填课次编号（cohort export 里有）",
                f"{count} sessions had no id and were numbered. The next import knows them by date, start "
                "and course; before a time is changed, fill in the ids (cohort export has them)",
            )


def session_object(lesson: Lesson, sheet: ClassSheet) -> dict[str, Any]:
    """The session as it stands in the cohort file: times with the class's offset, empty keys left out."""
    kept = {
        key: value
        for key, value in lesson.session.items()
        if value is not None and (value != [] or key == "people")
    }
    periods = [[sheet.instant(lesson.day, second) for second in span] for span, _ in lesson.periods]
    return kept | {"periods": periods}
