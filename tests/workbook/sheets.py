"""Workbooks built in memory for the tests: plain lists of rows in, bytes out. All people are invented."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl

from monitor.workbook import CellError, Imported, WorkbookErrors, read_workbooks
from tests.workbook.numbers import invented

TITLE = "通州区高技能人才研修班学员名册"
ANNEX = (
    "序号",
    "姓名",
    "性别",
    "学历",
    "身份证号",
    "工作单位及职务",
    "国家职业资格证书/职业技能等级证书编号",
    "等级",
    "备注",
)

MAY_11 = datetime.fromisoformat("2026-05-11")

Rows = Sequence[Sequence[Any]]


def person(index: int, **changes: Any) -> list[Any]:
    """A line of the annex; `changes` by the names below."""
    line = {
        "number": index,
        "name": f"学员{'甲乙丙丁戊己庚辛'[index % 8]}",
        "gender": "男",
        "education": "大专",
        "identity": invented(index),
        "work": "某机床厂/技师",
        "certificate": f"Z{index:04d}",
        "level": "技师",
        "note": None,
    }
    return list((line | changes).values())


def annex_rows(people: Rows, headings: Sequence[Any] = ANNEX) -> list[list[Any]]:
    """The whole form: annex mark, title, head line, heading, people, foot."""
    return [
        ["附件2："],
        [TITLE],
        [
            "办班单位（盖章）：某技师学院",
            None,
            None,
            None,
            None,
            "研修项目：数控加工",
            None,
            "研修起止日期：",
        ],
        list(headings),
        *[list(line) for line in people],
        ["填表人：某某", None, None, None, None, "联系电话：010-00000000"],
    ]


def book(sheets: dict[str, Rows], merged: dict[str, Sequence[str]] | None = None) -> bytes:
    """An .xlsx file with these sheets, rows from A1; `merged` by sheet as in A1:C1."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for number, cells in enumerate(rows, start=1):
            for column, value in enumerate(cells, start=1):
                if value is not None:
                    sheet.cell(number, column, value)
        for area in (merged or {}).get(title, ()):
            sheet.merge_cells(area)
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def roster(people: Rows | None = None, headings: Sequence[Any] = ANNEX) -> bytes:
    return book({"学员名册": annex_rows(people if people is not None else [person(1), person(2)], headings)})


CLASS = [["班次编号", "bj-1"], ["平台编号", "main"], ["摄像头证据", "heartbeat"]]

HEADINGS = (
    "日期",
    "课程名称",
    "类型",
    "方式",
    "开始时间",
    "结束时间",
    "学时",
    "每学时分钟",
    "课间分钟",
    "授课教师",
    "教室号/会议号",
)


def lesson(**changes: Any) -> dict[str, Any]:
    """A line of a timetable by headings."""
    return {
        "日期": MAY_11,
        "课程名称": "五轴加工",
        "类型": "授课",
        "方式": "线上",
        "开始时间": "08:30",
        "结束时间": "11:45",
        "学时": 4,
        "每学时分钟": 45,
        "课间分钟": 5,
        "授课教师": "王老师",
        "教室号/会议号": "room-1",
    } | changes


def timetable_rows(lessons: Sequence[dict[str, Any]]) -> list[list[Any]]:
    headings = list(dict.fromkeys(key for line in lessons for key in line)) or list(HEADINGS)
    return [headings, *[[line.get(heading) for heading in headings] for line in lessons]]


def plan(
    *lessons: dict[str, Any],
    klass: Rows = CLASS,
    teachers: Rows | None = None,
    merged: Sequence[str] = (),
) -> bytes:
    """A plan: class sheet, timetable with its heading in row 1, teachers if given."""
    sheets: dict[str, Rows] = {"班次": klass, "课表": timetable_rows(lessons or [lesson()])}
    if teachers is not None:
        sheets["教师"] = teachers
    return book(sheets, {"课表": merged})


def read(roster_bytes: bytes | None = None, plan_bytes: bytes | None = None, **options: Any) -> Imported:
    return read_workbooks(
        roster() if roster_bytes is None else roster_bytes,
        plan() if plan_bytes is None else plan_bytes,
        "beijing-2026",
        "bj-1",
        **options,
    )


def errors(
    roster_bytes: bytes | None = None, plan_bytes: bytes | None = None, **options: Any
) -> list[CellError]:
    """The errors of two workbooks that can't be taken."""
    try:
        read(roster_bytes, plan_bytes, **options)
    except WorkbookErrors as raised:
        return raised.errors
    return []


def only_error(
    roster_bytes: bytes | None = None, plan_bytes: bytes | None = None, **options: Any
) -> CellError:
    found = errors(roster_bytes, plan_bytes, **options)
    assert len(found) == 1, [str(error) for error in found]
    return found[0]


def trainees(imported: Imported) -> list[dict[str, Any]]:
    return [person for person in imported.cohort["people"] if person["role"] == "trainee"]


def clocks(session: dict[str, Any]) -> list[str]:
    """A session's periods as in 08:30-09:15."""
    return [f"{start[11:16]}-{end[11:16]}" for start, end in session["periods"]]
