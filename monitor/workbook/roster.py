"""The roster (名册): the sheet in the form of Tongzhou's annex 2, and the sheet of teachers.

In: a book. Out: `Member`s in the order of the sheet, and what the lines above the heading say of the class.
Never: drops a row with a person in it without saying so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from monitor.workbook import values
from monitor.workbook.faults import Faults, Place, shown
from monitor.workbook.grid import Book, Grid
from monitor.workbook.people import Member, continue_member, read_member
from monitor.workbook.people_columns import ROSTER_READ, TEACHERS_READ
from monitor.workbook.plan_columns import TIMETABLE_READ
from monitor.workbook.table import Row, Table, check_heading, choose_sheet, find_table, masked, rows_below
from monitor.workbook.values import squeezed

ROSTER_TITLES: Final = ("学员名册", "名册", "学员花名册", "花名册", "roster")
TEACHER_TITLES: Final = ("教师", "教师表", "师资", "师资表", "授课教师", "教师名册", "teachers")
EXPLAINING: Final = ("说明", "填写说明", "填表说明", "示例", "example", "explanation")

FEWEST_DIGITS: Final = 6
"""Below the foot a row is a person only with a name and something like a number."""

_FOOT: Final = re.compile(
    r"^(填表人|填报人|制表人?|审核人?|经办人|负责人|单位负责人|联系人|联系电话|填表日期|填报日期|盖章|备注[:：]|注[:：]"
    r"|说明[:：]|合计|总计|共[0-9]+人)"
)
_LABELS: Final = {
    "organizer": ("办班单位", "承办单位", "培训单位"),
    "project": ("研修项目名称", "研修项目", "项目名称"),
    "dates": ("研修起止日期", "研修起止时间", "起止日期", "起止时间", "培训时间"),
}
_LABEL: Final = re.compile(
    "("
    + "|".join(label for labels in _LABELS.values() for label in labels)
    + r")\s*(?:[(（]盖章[)）])?\s*[:：]?"
)


@dataclass(slots=True)
class Head:
    """What the head line says: 办班单位, 研修项目, 研修起止日期, and where each was found."""

    organizer: str | None = None
    project: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    places: dict[str, Place] = field(default_factory=dict)


def is_explaining(grid: Grid) -> bool:
    """Whether a sheet explains the others, and so holds examples and no data."""
    return any(squeezed(grid.title).startswith(title) for title in EXPLAINING)


def find_roster(book: Book, faults: Faults) -> Table | None:
    """The roster's table; an error where there is none."""
    candidates = [
        (grid, table)
        for grid in book.shown()
        if not is_explaining(grid) and (table := find_table(grid, ROSTER_READ, {"name"})) is not None
        if {"identity", "gender", "certificate", "work", "accounts", "employer"} & table.columns.keys()
    ]
    if not candidates:
        swapped = any(find_table(grid, TIMETABLE_READ, {"course", "date"}) for grid in book.shown())
        faults.wrong(
            Place(book.workbook),
            None,
            "找不到名册：没有一行表头同时有“姓名”和“身份证号”"
            + ("；是不是把课表当名册了？" if swapped else ""),
            "no roster in it: no heading has both 姓名 (name) and 身份证号 (identity number)"
            + ("; is this the timetable?" if swapped else ""),
        )
        return None
    return choose_sheet(candidates, ROSTER_TITLES, "名册", "roster", faults)


def read_roster(table: Table, on: date | None, faults: Faults) -> list[Member]:
    """The trainees. Blank and numbered-only rows, titles, repeated headings and the foot are no people."""
    check_heading(table, ROSTER_READ, faults)
    members: list[Member] = []
    foot = False
    for row in rows_below(table, faults):
        if _is_foot(row):
            foot = True
            continue
        kind = _kind(row, foot)
        if kind == "person":
            members.append(read_member(row, "trainee", on, number_needed=True))
        elif kind == "more" and members:
            continue_member(members[-1], row)
        elif kind == "nameless":
            row.wrong("name", "这一行有内容却没有姓名", "the row holds something but no name")
        elif kind == "left":
            words = " ".join(str(table.grid.own(row.number, c)) for c in table.grid.filled(row.number))
            text = shown(words)
            faults.note(
                table.grid.place(row.number), f"没有读作学员：{text}", f"not read as a trainee: {text}"
            )
    if not members:
        faults.wrong(
            table.grid.place(table.head_row),
            None,
            "表头下面没有一名学员",
            "no trainee stands under the heading",
        )
    return members


def _kind(row: Row, foot: bool) -> str:
    """`person`, `more` of the one above, `blank` (numbered at most), `left` out with a note, `nameless`."""
    table, own = row.table, row.table.grid.filled(row.number)
    named, numbered = row.own("name") is not None, row.own("identity") is not None
    if table.banner(row.number) is not None and not numbered:
        return "left"
    if set(own) <= {table.columns.get("number", 0)}:
        return "blank"
    if foot and not (named and sum(c.isdigit() for c in str(row.own("identity"))) >= FEWEST_DIGITS):
        return "left"
    if named or (numbered and row.held("name") is not None):
        return "person"
    return "more" if row.held("name") is not None else "nameless"


def _is_foot(row: Row) -> bool:
    """A row that begins as the foot does (填表人, 联系电话) and has no identity number."""
    cells = [row.table.grid.own(row.number, column) for column in row.table.grid.filled(row.number)]
    begins = any(isinstance(cell, str) and _FOOT.match(squeezed(cell)) for cell in cells[:2])
    return begins and row.own("identity") is None


def read_head(table: Table, faults: Faults) -> Head:
    """The lines above the heading: labels and values in one cell, or the value in the cells to the right."""
    head = Head()
    for row in range(1, table.head_row):
        texts = {
            column: str(value)
            for column in table.grid.filled(row)
            if isinstance(value := table.grid.own(row, column), str)
        }
        line = "\n".join(texts.values())
        found = list(_LABEL.finditer(line))
        for label, following in zip(found, [*found[1:], None], strict=False):
            end = following.start() if following else len(line)
            value = " ".join(line[label.end() : end].strip(" \n\t:：_＿").split())
            if not value:
                continue
            column = next(c for c, text in texts.items() if label[1] in text)
            key = next(k for k, labels in _LABELS.items() if label[1] in labels)
            _take(head, key, value, table.grid.place(row, column, label[1]), faults)
    return head


def _take(head: Head, key: str, value: str, place: Place, faults: Faults) -> None:
    if key == "dates":
        days = re.split(
            r"\s*(?:至|到|[-–—~～]{1,2}(?=\s*[0-9]{4}\s*[年./-]|\s*[0-9]{1,2}\s*月))\s*", value, maxsplit=1
        )
        try:
            start = values.day(days[0])
            year = frozenset({start.year} if start else ())
            end = values.day(days[1], years=year) if len(days) == 2 else None
        except values.Unfit:
            faults.note(place, "研修起止日期读不出来，未采用", "the dates can't be read and were not used")
            return
        if start and end:
            head.starts_on, head.ends_on = start, end
            head.places |= {"starts_on": place, "ends_on": place}
        return
    if getattr(head, key) is None:
        setattr(head, key, masked(faults, place, value))
        head.places[key] = place


def read_teachers(book: Book, faults: Faults) -> list[Member] | None:
    """The teachers of the sheet 教师; None where there is no such sheet or nobody on it."""
    candidates = [
        (grid, table)
        for grid in book.shown()
        if squeezed(grid.title) in TEACHER_TITLES
        and (table := find_table(grid, TEACHERS_READ, {"name"})) is not None
    ]
    table = choose_sheet(candidates, TEACHER_TITLES, "教师表", "sheet of teachers", faults)
    if table is None:
        return None
    check_heading(table, TEACHERS_READ, faults)
    members = []
    for row in rows_below(table, faults):
        if _is_foot(row) or set(table.grid.filled(row.number)) <= {table.columns.get("number", 0)}:
            continue
        if row.own("name") is None:
            row.wrong("name", "这一行有内容却没有姓名", "the row holds something but no name")
            continue
        members.append(read_member(row, "teacher", None, number_needed=False))
    return members or None
