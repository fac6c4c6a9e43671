"""The class sheet: what holds for the whole class, the platforms, and lines that nobody knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.workbook.numbers import invented
from tests.workbook.sheets import CLASS, MAY_11, book, errors, lesson, only_error, plan, read, timetable_rows

OFFLINE = lesson(**{"方式": "线下", "教室号/会议号": None, "地点": "301"})


def cohort(*lines: list[Any]) -> dict[str, Any]:
    return dict(read(None, plan(klass=[*CLASS, *lines])).cohort["cohort"])


def wrong(*lines: list[Any]) -> str:
    return only_error(None, plan(klass=[*CLASS, *lines])).sentence("zh")


def test_every_line_is_read() -> None:
    found = cohort(
        ["班次名称：", "数控高级研修班"],
        ["承办单位", "某职业学校"],
        ["承办单位编号", "91110000"],
        ["研修项目", "五轴"],
        ["区", "通州区"],
        ["时区", "北京时间"],
        ["开始日期", MAY_11],
        ["结束日期", "2026年5月22日"],
        ["备案时间", datetime.fromisoformat("2026-04-30T15:20")],
    )
    assert found == {
        "id": "bj-1",
        "name": "数控高级研修班",
        "organizer": "某职业学校",
        "organizer_id": "91110000",
        "project": "五轴",
        "district": "通州区",
        "timezone": "Asia/Shanghai",
        "starts_on": "2026-05-11",
        "ends_on": "2026-05-22",
        "filed_at": "2026-04-30T15:20:00+08:00",
    }


@pytest.mark.parametrize(
    ("typed", "filed_at"),
    [
        ("2026-04-30", "2026-04-30"),
        ("2026年4月30日 15：20", "2026-04-30T15:20:00+08:00"),
        (datetime.fromisoformat("2026-04-30"), "2026-04-30"),
    ],
)
def test_a_filing_has_a_date_or_a_date_and_a_time(typed: Any, filed_at: str) -> None:
    assert cohort(["备案时间", typed])["filed_at"] == filed_at


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (["时区", "火星"], "不认识的时区"),
        (["时区", "../../etc/passwd"], "不认识的时区"),
        (["开始日期", "五月"], "应为日期"),
        (["班次地点", "某处"], "不认识的项目"),
        (["每学时分钟", "很多"], "应为整数"),
        (["心跳秒数", 0], "至少为1"),
        (["平台编号", "other"], "填了两处"),
    ],
)
def test_what_can_not_be_read_is_named(line: list[Any], word: str) -> None:
    assert word in wrong(line)


def test_another_id_than_the_one_given_is_an_error() -> None:
    error = only_error(None, plan(klass=[["班次编号", "bj-2"], *CLASS[1:]]))
    assert (error.sheet, error.cell, error.value) == ("班次", "B1", "bj-2")


def test_an_end_before_the_start_is_an_error() -> None:
    assert "早于" in wrong(["开始日期", "2026-05-11"], ["结束日期", "2026-05-10"])


def test_a_session_outside_the_dates_of_the_class_is_an_error_at_its_date() -> None:
    data = plan(lesson(日期="2025-05-11"), klass=[*CLASS, ["开始日期", "2026-05-11"]])
    error = only_error(None, data)
    assert (error.cell, "起止日期之内" in error.expected.zh) == ("A2", True)


def test_a_date_without_year_takes_that_of_the_class() -> None:
    data = plan(lesson(日期="5月11日（周一）"), klass=[*CLASS, ["开始日期", "2026-05-11"]])
    assert read(None, data).cohort["sessions"][0]["periods"][0][0][:10] == "2026-05-11"


def test_several_platforms_stand_side_by_side() -> None:
    klass = [
        ["项目", "内容"],
        ["平台编号", "main", "zoom"],
        ["摄像头证据", "心跳", "状态"],
        ["心跳秒数", 15, None],
    ]
    assert read(None, plan(klass=klass)).cohort["sources"] == [
        {"id": "main", "camera": "heartbeat", "heartbeat_seconds": 15},
        {"id": "zoom", "camera": "state"},
    ]


def test_a_platform_needs_id_and_camera_and_none_of_our_own_ids() -> None:
    found = errors(
        None, plan(klass=[["平台编号", "main", "zoom", "main"], ["摄像头证据", "heartbeat", None, "是"]])
    )
    assert [error.cell for error in found] == ["C1", "D2", "D1"]
    assert "自用" in only_error(None, plan(klass=[["平台编号", "staff"], ["摄像头证据", "none"]])).expected.zh


def test_online_sessions_need_a_platform_offline_ones_do_not() -> None:
    assert "却没有平台" in only_error(None, plan(klass=[["班次编号", "bj-1"]])).expected.zh
    assert read(None, plan(OFFLINE, klass=[["班次编号", "bj-1"]])).cohort["sources"] == []
    given = [{"id": "main", "camera": "state", "heartbeat_seconds": None}]
    assert read(None, plan(klass=[["班次编号", "bj-1"]]), sources=given).cohort["sources"] == given


def test_without_a_class_sheet_the_roster_and_beijing_time_stand_in() -> None:
    data = book({"课表": timetable_rows([OFFLINE])})
    found = read(None, data)
    assert found.cohort["cohort"] == {
        "id": "bj-1",
        "timezone": "Asia/Shanghai",
        "organizer": "某技师学院",
        "project": "数控加工",
    }
    assert any("没有“班次”表" in note.sentence("zh") for note in found.notes)


def test_where_roster_and_class_sheet_differ_the_class_sheet_holds_and_it_is_noted() -> None:
    found = read(None, plan(klass=[*CLASS, ["承办单位", "另一学校"]]))
    assert found.cohort["cohort"]["organizer"] == "另一学校"
    assert any("名册表头与“班次”表不同" in note.sentence("zh") for note in found.notes)


def test_an_identity_number_on_the_class_sheet_is_masked() -> None:
    assert cohort(["班次名称", f"班 {invented(1)}"])["name"] == f"班 110***{invented(1)[-4:]}"
