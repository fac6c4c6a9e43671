"""The empty workbooks to fill in: 名册模板.xlsx and 课表模板.xlsx.

In: a directory. Out: two files that `read_workbooks` takes once they are filled in. Never: writes over a file
that is there, writes a formula, or turns a text into a link or a number.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from monitor.workbook.class_columns import CLASS, SOURCE_KEYS
from monitor.workbook.columns import Column
from monitor.workbook.explanation import PLAN_NOTES, ROSTER_NOTES, write_explanation
from monitor.workbook.people_columns import ROSTER, TEACHERS
from monitor.workbook.plan_columns import TIMETABLE

ROSTER_FILE: Final = "名册模板.xlsx"
PLAN_FILE: Final = "课表模板.xlsx"

ROSTER_TITLE: Final = "通州区高技能人才研修班学员名册"
ROSTER_LINES: Final = 30
"""Tongzhou's largest class (第6条); a larger one inserts rows above the foot."""

TIMETABLE_LINES: Final = 60
TEACHER_LINES: Final = 20

LINE_HEIGHT: Final = 22

LAST_ROW: Final = 1_048_575
"""Rules for what may be typed reach to the end of the sheet: lines may be added."""

_A4: Final = 9
_MADE: Final = datetime.fromisoformat("2026-01-01")
"""A property of the file: the same bytes each time it is written."""

_FONT: Final = {"font_name": "宋体", "font_size": 11}
_CELL: Final = {**_FONT, "border": 1, "valign": "vcenter"}
_HEAD: Final = {**_CELL, "bold": True, "align": "center", "text_wrap": True}


def write_templates(directory: Path) -> list[Path]:
    """Write both workbooks into a directory, made if need be. Raises FileExistsError where one is there."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / ROSTER_FILE, directory / PLAN_FILE]
    for path in paths:
        if path.exists():
            raise FileExistsError(
                errno.EEXIST, "is there already; name another directory or move it away", str(path)
            )
    for path, data in zip(paths, (roster_template(), plan_template()), strict=True):
        with path.open("xb") as file:
            file.write(data)
    return paths


def roster_template() -> bytes:
    """The roster: annex 2 line for line, our columns to its right, and the sheet that explains them."""
    buffer = io.BytesIO()
    book = _book(buffer, "学员名册")
    sheet = book.add_worksheet("学员名册")
    printed = [column for column in ROSTER if column.printed]
    last = len(printed) - 1
    left = book.add_format({**_FONT, "valign": "vcenter"})
    sheet.write_string(0, 0, "附件2：", left)
    title = book.add_format({"font_name": "宋体", "font_size": 18, "bold": True, "align": "center"})
    sheet.merge_range(1, 0, 1, last, ROSTER_TITLE, title)
    sheet.set_row(1, 30)
    for first, end, words in (
        (0, 4, "办班单位（盖章）："),
        (5, 5, "研修项目："),
        (6, last, "研修起止日期："),
    ):
        if first < end:
            sheet.merge_range(2, first, 2, end, words, left)
        else:
            sheet.write_string(2, first, words, left)
    sheet.set_row(2, LINE_HEIGHT)
    _heading(book, sheet, 3, ROSTER)
    sheet.set_row(3, 46)
    first_row, last_row = 4, 3 + ROSTER_LINES
    _lines(book, sheet, first_row, last_row, ROSTER)
    for row in range(first_row, last_row + 1):
        sheet.write_number(row, 0, row - first_row + 1, book.add_format({**_CELL, "align": "center"}))
    foot = last_row + 1
    sheet.merge_range(foot, 0, foot, 4, "填表人：", left)
    sheet.merge_range(foot, 5, foot, last, "联系电话：", left)
    sheet.set_row(foot, LINE_HEIGHT)
    identity = [column.key for column in ROSTER].index("identity")
    sheet.data_validation(
        first_row,
        identity,
        last_row,
        identity,
        {
            "validate": "length",
            "criteria": "==",
            "value": 18,
            "error_type": "warning",
            "error_title": "身份证号",
            "error_message": "应为18位，按文本填写",
            "input_title": "身份证号",
            "input_message": "18位，按文本填写；导入时逐位校验，只加密保存",
        },
    )
    _page(sheet, first_row=1, head_row=3, last_row=foot, last_column=last)
    sheet.freeze_panes(4, 2)
    write_explanation(book, ROSTER_NOTES, [("学员名册", ROSTER)])
    book.close()
    return buffer.getvalue()


def plan_template() -> bytes:
    """The plan: class sheet, timetable, teachers, and the sheet that explains them."""
    buffer = io.BytesIO()
    book = _book(buffer, "课表")
    _class_sheet(book)
    sheet = book.add_worksheet("课表")
    last = max(index for index, column in enumerate(TIMETABLE) if not column.ours)
    title = book.add_format({"font_name": "宋体", "font_size": 16, "bold": True, "align": "center"})
    sheet.merge_range(0, 0, 0, last, "研修班课表", title)
    sheet.set_row(0, 28)
    _heading(book, sheet, 1, TIMETABLE)
    sheet.set_row(1, 32)
    _lines(book, sheet, 2, 1 + TIMETABLE_LINES, TIMETABLE)
    teacher = [column.key for column in TIMETABLE].index("teacher")
    sheet.data_validation(
        2,
        teacher,
        LAST_ROW,
        teacher,
        {
            "validate": "list",
            "source": f"='教师'!$B$2:$B${1 + 2 * TEACHER_LINES}",
            "error_type": "information",
            "error_message": "“教师”表里还没有这位教师",
        },
    )
    _page(sheet, first_row=0, head_row=1, last_row=1 + TIMETABLE_LINES, last_column=last)
    sheet.freeze_panes(2, 3)
    teachers = book.add_worksheet("教师")
    _heading(book, teachers, 0, TEACHERS)
    _lines(book, teachers, 1, TEACHER_LINES, TEACHERS)
    _page(teachers, first_row=0, head_row=0, last_row=TEACHER_LINES, last_column=len(TEACHERS) - 1)
    teachers.freeze_panes(1, 2)
    write_explanation(book, PLAN_NOTES, [("班次", CLASS), ("课表", TIMETABLE), ("教师", TEACHERS)])
    book.close()
    return buffer.getvalue()


def _book(buffer: io.BytesIO, title: str) -> Any:
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": title, "created": _MADE})
    return book


def _class_sheet(book: Any) -> None:
    sheet = book.add_worksheet("班次")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 36)
    sheet.set_column(2, 3, 16)
    head = book.add_format({**_HEAD, "bg_color": "#E7EEF5"})
    label = book.add_format({**_CELL, "bg_color": "#F5F8FB"})
    for column, words in enumerate(("项目", "内容", "第二个平台", "第三个平台")):
        sheet.write_string(0, column, words, head)
    for row, line in enumerate(CLASS, start=1):
        sheet.write_string(row, 0, line.header, label)
        several = line.key in SOURCE_KEYS
        form = book.add_format({**_CELL, "num_format": _form(line), "align": "left"})
        for column in range(1, 4 if several else 2):
            sheet.write_blank(row, column, None, form)
        rule: dict[str, Any] = {
            "validate": "any",
            "input_title": line.header,
            "input_message": _short(line.zh),
        }
        if line.choices:
            rule |= {"validate": "list", "source": list(line.choices)}
        elif line.form:
            rule |= _date_rule()
        sheet.data_validation(row, 1, row, 3 if several else 1, rule)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def _heading(book: Any, sheet: Any, row: int, columns: Sequence[Column]) -> None:
    """The headings; ours in grey and marked as optional."""
    usual, ours = (
        book.add_format({**_HEAD, "bg_color": "#E7EEF5"}),
        book.add_format({**_HEAD, "bg_color": "#EEEEEE", "font_color": "#555555"}),
    )
    for number, column in enumerate(columns):
        words = f"{column.header}（选填）" if column.ours else column.header
        sheet.write_string(row, number, words, ours if column.ours else usual)
        form = book.add_format({**_FONT, "num_format": _form(column)})
        sheet.set_column(number, number, column.width, form)


def _lines(book: Any, sheet: Any, first_row: int, last_row: int, columns: Sequence[Column]) -> None:
    """Empty lines with the format of each column, drop-downs and date rules."""
    for number, column in enumerate(columns):
        form = book.add_format({**_CELL, "num_format": _form(column), "text_wrap": True})
        for row in range(first_row, last_row + 1):
            sheet.set_row(row, LINE_HEIGHT)
            sheet.write_blank(row, number, None, form)
        if column.choices:
            rule = {"validate": "list", "source": list(column.choices), "error_message": "请从下拉列表中选择"}
            sheet.data_validation(first_row, number, LAST_ROW, number, rule)
        elif column.form == "yyyy-mm-dd":
            sheet.data_validation(first_row, number, LAST_ROW, number, _date_rule())


def _date_rule() -> dict[str, Any]:
    return {
        "validate": "date",
        "criteria": "between",
        "minimum": date(2000, 1, 1),
        "maximum": date(2099, 12, 31),
        "error_type": "warning",
        "error_message": "应为日期，如 2026-05-11",
    }


def _form(column: Column) -> str:
    return "@" if column.text else column.form or "General"


def _short(words: str) -> str:
    """An input message holds 255 characters."""
    return words if len(words) <= 200 else f"{words[:199]}…"


def _page(sheet: Any, *, first_row: int, head_row: int, last_row: int, last_column: int) -> None:
    """A4 landscape, as wide as one page, the lines down to the heading repeated on each."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.repeat_rows(first_row, head_row)
    sheet.print_area(0, 0, last_row, last_column)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页 共 &N 页")
