"""The empty workbooks: the form of the annex, ready to print and fill in, and taken once filled in."""

from __future__ import annotations

import io
from datetime import time
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

from monitor.hours.plan import open_cohort
from monitor.workbook import PLAN_FILE, ROSTER_FILE, WorkbookErrors, read_workbooks, write_templates
from monitor.workbook.class_columns import CLASS
from monitor.workbook.plan_columns import TIMETABLE
from monitor.workbook.template import ROSTER_LINES, plan_template, roster_template
from tests.workbook.numbers import invented
from tests.workbook.sheets import ANNEX, MAY_11, clocks, saved


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def filled_roster() -> bytes:
    workbook = opened(roster_template())
    sheet = workbook["学员名册"]
    sheet["A3"] = "办班单位（盖章）：某技师学院"
    sheet["F3"] = "研修项目：数控加工"
    sheet["G3"] = "研修起止日期：2026年5月11日至2026年5月22日"
    for index in range(1, 16):
        line = ["男", "大专", invented(index), "某机床厂/技师", f"Z{index}", "技师", None, None, f"a-{index}"]
        for column, value in enumerate([f"学员{index}", *line], start=2):
            sheet.cell(index + 4, column, value)
    return saved(workbook)


def filled_plan() -> bytes:
    workbook = opened(plan_template())
    values = {
        "班次名称": "数控高级研修班",
        "每学时分钟": 45,
        "课间分钟": 5,
        "平台编号": "main",
        "摄像头证据": "heartbeat",
    }
    for row in workbook["班次"].iter_rows(min_row=2):
        row[1].value = values.get(row[0].value)
    sheet = workbook["课表"]
    columns = {str(c.value).split("（")[0]: c.column for c in sheet[2] if c.value}
    for row, line in enumerate(
        [
            {
                "课程名称": "开班",
                "类型": "开班动员",
                "方式": "线下",
                "开始时间": time(8),
                "结束时间": time(8, 25),
            },
            {
                "课程名称": "五轴加工",
                "类型": "授课",
                "方式": "线上",
                "学时": 4,
                "授课教师": "王老师",
                "开始时间": time(8, 30),
                "结束时间": time(11, 45),
                "教室号/会议号": "room-1",
            },
            {"课程名称": "研讨", "类型": "研讨", "方式": "线下", "节次时间": "13:30-14:15, 14:20-15:05"},
        ],
        start=3,
    ):
        for heading, value in ({"日期": MAY_11} | line).items():
            sheet.cell(row, columns[heading], value)
    for column, value in enumerate(["w01", "王老师", "u-9", "高级技师", "某技师学院"], start=1):
        workbook["教师"].cell(2, column, value)
    return saved(workbook)


def test_filled_in_they_are_taken_without_an_error() -> None:
    imported = read_workbooks(filled_roster(), filled_plan(), "tongzhou-2024", "tz-1")
    cohort = open_cohort(msgspec.json.encode(imported.cohort)).cohort
    assert (len(cohort.people), cohort.organizer, str(cohort.ends_on)) == (16, "某技师学院", "2026-05-22")
    assert [clocks(s)[0] for s in imported.cohort["sessions"]] == [
        "08:00-08:25",
        "08:30-09:15",
        "13:30-14:15",
    ]
    assert len(imported.identities) == 15


def test_empty_they_say_that_nobody_is_on_them() -> None:
    with pytest.raises(WorkbookErrors) as caught:
        read_workbooks(roster_template(), plan_template(), "tongzhou-2024", "tz-1")
    assert [e.expected.zh for e in caught.value.errors] == ["表头下面没有一名学员"]


def test_the_roster_has_the_form_of_the_annex_and_our_columns_beside_it() -> None:
    sheet = opened(roster_template())["学员名册"]
    assert sheet["A2"].value == "通州区高技能人才研修班学员名册"
    assert [sheet[c].value for c in ("A3", "F3", "G3")] == [
        "办班单位（盖章）：",
        "研修项目：",
        "研修起止日期：",
    ]
    assert tuple(cell.value for cell in sheet[4][:9]) == ANNEX
    assert all(str(cell.value).endswith("（选填）") for cell in sheet[4][9:])
    assert [sheet.cell(row, 1).value for row in (5, 4 + ROSTER_LINES)] == [1, ROSTER_LINES]
    foot = 5 + ROSTER_LINES
    assert [sheet.cell(foot, 1).value, sheet.cell(foot, 6).value] == ["填表人：", "联系电话："]


def test_numbers_that_a_spreadsheet_would_spoil_are_in_text_cells() -> None:
    sheet = opened(roster_template())["学员名册"]
    for column in ("E", "G", "J", "K"):
        assert {sheet[f"{column}{row}"].number_format for row in range(5, 5 + ROSTER_LINES)} == {"@"}
    timetable = opened(plan_template())["课表"]
    formats = {c.value: timetable.cell(3, c.column).number_format for c in timetable[2]}
    assert [formats[h] for h in ("教室号/会议号", "日期", "开始时间")] == ["@", "yyyy-mm-dd", "hh:mm"]


def test_every_sheet_prints_on_a4_across_with_its_heading_on_each_page() -> None:
    for data, title, rows, area, panes in (
        (roster_template(), "学员名册", "$2:$4", "$A$1:$I$35", "C5"),
        (plan_template(), "课表", "$1:$2", "$A$1:$N$62", "D3"),
    ):
        sheet = opened(data)[title]
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert (sheet.print_title_rows, sheet.print_area.split("!")[-1]) == (rows, area)
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.freeze_panes == panes


def test_values_to_choose_from_are_drop_downs() -> None:
    workbook = opened(plan_template())
    lists = {
        rule.formula1 for rule in workbook["课表"].data_validations.dataValidation if rule.type == "list"
    }
    assert '"授课,实操,研讨,交流,参观考察,开班动员,结业仪式,辅导撰写总结,考试,自学"' in lists
    assert {'"线上,线下"', '"是,否"', "'教师'!$B$2:$B$41"} <= lists
    assert '"heartbeat,state,none"' in {r.formula1 for r in workbook["班次"].data_validations.dataValidation}
    roster = opened(roster_template())["学员名册"].data_validations.dataValidation
    assert '"男,女"' in {rule.formula1 for rule in roster}


def test_each_column_is_explained_in_chinese_and_english_and_only_there_by_example() -> None:
    explained = opened(plan_template())["说明"]
    lines = {str(row[0].value).split("（")[0]: row for row in explained.iter_rows()}
    for column in (*TIMETABLE, *CLASS):
        assert column.zh
        assert column.en
        assert lines[column.header][1].value
    assert opened(plan_template())["课表"]["B3"].value is None


def test_nothing_in_them_is_a_formula_or_a_link() -> None:
    for data in (roster_template(), plan_template()):
        for sheet in opened(data):
            cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
            assert {cell.data_type for cell in cells} <= {"s", "n"}
            assert not any(cell.hyperlink for cell in cells)


def test_they_are_the_same_bytes_each_time() -> None:
    assert roster_template() == roster_template()
    assert plan_template() == plan_template()


def test_they_are_written_into_a_directory_and_never_over_a_file(tmp_path: Path) -> None:
    directory = tmp_path / "空表"
    assert [path.name for path in write_templates(directory)] == [ROSTER_FILE, PLAN_FILE]
    (directory / ROSTER_FILE).unlink()
    with pytest.raises(FileExistsError) as caught:
        write_templates(directory)
    assert PLAN_FILE in str(caught.value.filename)
    assert not (directory / ROSTER_FILE).exists()
