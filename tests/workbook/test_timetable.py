"""The timetable: rows to sessions, the hours against the clock, merged cells, and each error at its cell."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from monitor.cohort import KINDS
from monitor.workbook.plan_columns import KIND_WORDS, MODE_WORDS
from tests.workbook.lessons import FOUR, notes, sessions, wrong
from tests.workbook.numbers import invented
from tests.workbook.sheets import (
    CLASS,
    book,
    clocks,
    errors,
    lesson,
    only_error,
    person,
    plan,
    read,
    roster,
    timetable_rows,
)


def test_a_row_becomes_a_session_with_its_periods() -> None:
    assert sessions(lesson()) == [
        {
            "id": "s01",
            "course": "五轴加工",
            "kind": "lecture",
            "mode": "online",
            "teacher": "w01",
            "room": "room-1",
            "periods": [
                ["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"],
                ["2026-05-11T09:20:00+08:00", "2026-05-11T10:05:00+08:00"],
                ["2026-05-11T10:10:00+08:00", "2026-05-11T10:55:00+08:00"],
                ["2026-05-11T11:00:00+08:00", "2026-05-11T11:45:00+08:00"],
            ],
        }
    ]


def test_every_optional_column_is_read() -> None:
    found = sessions(
        lesson(
            课次编号="d1-am",
            地点="实训楼301",
            分组教室="room-2；room-3",
            参加人员="学员乙",
            需要签退="是",
            主题="误差分析",
            任务="每人一例",
            指导教师="赵老师",
            备案日期="2026年4月30日",
        )
    )[0]
    assert {key: found[key] for key in found.keys() - {"periods", "course", "kind", "mode", "teacher"}} == {
        "id": "d1-am",
        "room": "room-1",
        "place": "实训楼301",
        "breakouts": ["room-2", "room-3"],
        "people": ["t01"],
        "sign_out": True,
        "theme": "误差分析",
        "tasks": "每人一例",
        "guide": "赵老师",
        "filed_at": "2026-04-30",
    }


@pytest.mark.parametrize(
    "times",
    [
        {"开始时间": time(8, 30), "结束时间": time(11, 45)},
        {"开始时间": 0.3541666666666667, "结束时间": 0.4895833333333333},
        {"开始时间": "8：30", "结束时间": "11点45分"},
        {"开始时间": datetime.fromisoformat("2026-05-11T08:30"), "结束时间": "上午11:45"},
        {"开始时间": None, "结束时间": None, "时间": "08:30-11:45"},
        {"开始时间": None, "结束时间": None, "节次时间": "，".join(FOUR)},
        {"节次时间": "；".join(FOUR)},
        {"节次": "第1-4节"},
        {"每学时分钟": None},
        {"课间分钟": None},
        {"学时": None},
    ],
)
def test_the_times_may_be_stated_in_any_of_these_ways(times: dict[str, Any]) -> None:
    assert clocks(sessions(lesson(**times))[0]) == FOUR


def test_minutes_of_the_class_sheet_hold_where_a_row_has_none() -> None:
    klass = [*CLASS, ["每学时分钟", 45], ["课间分钟", "5分钟"]]
    row = lesson(每学时分钟=None, 课间分钟=None)
    assert clocks(sessions(row, klass=klass)[0]) == FOUR
    assert (
        len(
            sessions(lesson(每学时分钟=60, 课间分钟=7.0, 学时=3, 结束时间="11:44"), klass=klass)[0]["periods"]
        )
        == 3
    )


def test_the_offset_is_that_of_the_class_on_that_day() -> None:
    klass = [*CLASS, ["时区", "Europe/Berlin"]]
    assert sessions(lesson(), klass=klass)[0]["periods"][0][0] == "2026-05-11T08:30:00+02:00"
    winter = lesson(日期="2026-12-01")
    assert sessions(winter, klass=klass)[0]["periods"][0][0] == "2026-12-01T08:30:00+01:00"


@pytest.mark.parametrize(
    ("changes", "column", "word"),
    [
        ({"学时": 3}, "学时", "排出4学时"),
        ({"学时": 4.5}, "学时", "整数"),
        ({"结束时间": "11:50"}, "结束时间", "排不成整数个"),
        ({"结束时间": "08:00"}, "结束时间", "晚于开始时间"),
        ({"结束时间": None}, "结束时间", "不能为空"),
        ({"开始时间": "25:00"}, "开始时间", "应为时间"),
        ({"每学时分钟": None, "课间分钟": None}, "每学时分钟", "排不出每节的时间"),
        ({"日期": None}, "日期", "不能为空"),
        ({"日期": "2026年5月32日"}, "日期", "应为日期"),
        ({"课程名称": None}, "课程名称", "不能为空"),
        ({"类型": "上课"}, "类型", "授课、实操"),
        ({"类型": None}, "类型", "不能为空"),
        ({"方式": "空中"}, "方式", "线上、线下"),
        ({"方式": None}, "方式", "不能为空"),
        ({"教室号/会议号": None}, "教室号/会议号", "线上课必须填"),
        ({"节次时间": "08:30-09:15, 09:10-10:05"}, "节次时间", "重叠"),
        ({"节次时间": "、".join(FOUR), "开始时间": "08:00"}, "开始时间", "与节次时间不符"),
        ({"节次时间": "、".join(FOUR), "学时": 3}, "学时", "排出4节"),
        ({"星期": "周二"}, "星期", "星期一"),
        ({"参加人员": "学员乙；某某"}, "参加人员", "没有“某某”"),
        ({"授课教师": "王老师、李老师"}, "授课教师", "一位授课教师"),
        ({"授课教师": invented(3)}, "授课教师", "身份证号只能写在"),
        ({"需要签退": "也许"}, "需要签退", "是 或 否"),
        ({"备案日期": "昨天"}, "备案日期", "应为日期"),
        ({"课次编号": "第一课"}, "课次编号", "字母、数字"),
        ({"课次编号": "s/1"}, "课次编号", "字母、数字"),
        ({"分组教室": invented(3)}, "分组教室", "身份证号"),
    ],
)
def test_each_error_stands_at_its_cell(changes: dict[str, Any], column: str, word: str) -> None:
    found, sentence = wrong(lesson(**changes))
    assert found == column
    assert word in sentence


def test_an_error_names_sheet_row_column_value_and_what_was_expected() -> None:
    error = only_error(None, plan(lesson(), lesson(类型="上课")))
    assert error.sentence("zh") == (
        "课表 / 课表 / 第3行 / C列“类型”: 上课 —— 应为其中之一："
        "授课、实操、研讨、交流、参观考察、开班动员、结业仪式、辅导撰写总结、考试、自学"
    )
    assert error.sentence("en").startswith('plan / 课表 / row 3 / column C "类型": 上课 —— must be one of')
    assert error.as_dict()["cell"] == "C3"


def test_all_errors_of_all_rows_come_at_once() -> None:
    found = errors(
        roster([person(1, identity="1"), person(2, gender="女")]),
        plan(lesson(类型="上课", 日期="?"), lesson(学时=3), lesson(教室号=None, 方式="?")),
    )
    assert [(e.workbook, e.cell) for e in found] == [
        ("roster", "E5"),
        ("roster", "C6"),
        ("plan", "C2"),
        ("plan", "A2"),
        ("plan", "G3"),
        ("plan", "D4"),
    ]


@pytest.mark.parametrize(("key", "words"), KIND_WORDS.items())
def test_kinds_are_taken_in_chinese_and_in_english(key: str, words: tuple[str, ...]) -> None:
    for word in (key, key.upper(), *words, f" {words[0]} "):
        assert sessions(lesson(类型=word))[0]["kind"] == key


def test_the_kinds_are_those_of_the_cohort_file() -> None:
    assert tuple(KIND_WORDS) == KINDS
    for key, words in MODE_WORDS.items():
        assert {sessions(lesson(方式=word))[0]["mode"] for word in (key, *words)} == {key}


def test_a_kind_that_bears_no_hours_needs_none() -> None:
    for hours in (None, 0):
        opening = lesson(类型="开班动员", 开始时间="08:00", 结束时间="08:30", 学时=hours)
        assert clocks(sessions(opening)[0]) == ["08:00-08:30"]


def test_rows_with_the_same_id_are_one_session() -> None:
    morning = lesson(课次编号="d1", 学时=4)
    afternoon = lesson(课次编号="d1", 开始时间="13:30", 结束时间="15:05", 学时=2, 授课教师=None, 教室号=None)
    found = sessions(morning, lesson(课次编号="d2", 日期="2026-05-12"), afternoon)
    assert [s["id"] for s in found] == ["d1", "d2"]
    assert clocks(found[0]) == [*FOUR, "13:30-14:15", "14:20-15:05"]


@pytest.mark.parametrize(
    ("changes", "column", "word"),
    [
        ({"日期": "2026-05-12", "开始时间": "13:30", "结束时间": "16:45"}, "日期", "同一天"),
        ({"课程名称": "别的", "开始时间": "13:30", "结束时间": "16:45"}, "课程名称", "不同"),
        ({}, "开始时间", "重叠"),
    ],
)
def test_rows_of_one_session_must_agree(changes: dict[str, Any], column: str, word: str) -> None:
    found, sentence = wrong(lesson(课次编号="d1"), lesson(课次编号="d1", **changes))
    assert found == column
    assert word in sentence


def test_sessions_without_id_are_numbered_around_those_with_one() -> None:
    assert [s["id"] for s in sessions(lesson(), lesson(课次编号="s01", 日期="2026-05-12"))] == ["s02", "s01"]
    assert "已自动编号" in notes(lesson(课次编号=None))


AFTERNOON = {"开始时间": "13:30", "结束时间": "16:45"}


def ids(before: list[dict[str, Any]], *lessons: dict[str, Any], **options: Any) -> list[str]:
    """The ids of the sessions that are imported over others, given to those that start when they did."""
    return [session["id"] for session in sessions(*lessons, sessions=sessions(*before), **options)]


def test_a_row_inserted_changes_no_id() -> None:
    """Whatever was said of a session by its id goes on being said of it."""
    before = [lesson(), lesson(**AFTERNOON), lesson(日期="2026-05-12")]
    new = lesson(日期="2026-05-10", 课程名称="安全")
    assert ids(before, new, *before) == ["s04", "s01", "s02", "s03"]
    assert ids(before, before[2], before[1], before[0]) == ["s03", "s02", "s01"]
    assert ids(before, *before[1:]) == ["s02", "s03"]
    assert "已自动编号" not in "\n".join(
        note.sentence("zh") for note in read(None, plan(*before), sessions=sessions(*before)).notes
    )


def test_a_session_that_starts_at_another_time_or_is_another_course_is_a_new_one() -> None:
    before = [lesson(), lesson(**AFTERNOON)]
    assert ids(before, lesson(日期="2026-05-12"), before[1]) == ["s03", "s02"]
    assert ids(before, lesson(课程名称="安全"), before[1]) == ["s03", "s02"]


def test_sessions_of_one_course_at_one_time_are_known_by_their_room() -> None:
    groups = [lesson(**{"教室号/会议号": room}) for room in ("room-1", "room-2", "room-3")]
    assert ids(groups, groups[2], groups[0], groups[1]) == ["s03", "s01", "s02"]
    moved = lesson(**{"教室号/会议号": "room-9"})
    assert ids(groups, groups[0], moved, groups[2]) == ["s01", "s02", "s03"]
    other = lesson(**{"教室号/会议号": "room-8"})
    assert ids(groups, groups[0], moved, other) == ["s01", "s04", "s05"]


def test_an_id_that_a_row_states_or_that_is_reserved_is_given_to_no_other() -> None:
    before = [lesson(), lesson(**AFTERNOON)]
    stated = lesson(课次编号="s01", 日期="2026-05-13")
    assert ids(before, before[0], before[1], stated) == ["s03", "s02", "s01"]
    new = lesson(日期="2026-05-14")
    assert ids(before, *before, new, reserved={"s03", "s04"}) == ["s01", "s02", "s05"]


def test_a_date_and_a_course_merged_over_rows_hold_for_each() -> None:
    rows = [
        lesson(),
        lesson(日期=None, 课程名称=None, 开始时间="13:30", 结束时间="16:45"),
        lesson(日期="2026-05-12"),
    ]
    found = sessions(*rows, merged=["A2:A3", "B2:B3"])
    assert [(s["course"], s["periods"][0][0][:10]) for s in found] == [
        ("五轴加工", "2026-05-11"),
        ("五轴加工", "2026-05-11"),
        ("五轴加工", "2026-05-12"),
    ]


def test_hours_merged_over_rows_are_their_sum() -> None:
    rows = [lesson(学时=6), lesson(学时=None, 开始时间="13:30", 结束时间="15:05")]
    assert [len(s["periods"]) for s in sessions(*rows, merged=["G2:G3"])] == [4, 2]
    rows[0]["学时"] = 7
    column, sentence = wrong(*rows, merged=["G2:G3"])
    assert (column, "排出6节" in sentence) == ("学时", True)


def test_a_blank_date_that_is_not_merged_is_not_guessed() -> None:
    assert wrong(lesson(), lesson(日期=None))[0] == "日期"


def test_breaks_titles_and_remarks_are_no_sessions_and_are_noted() -> None:
    rows = timetable_rows([lesson(), {}, {}, lesson(开始时间="13:30", 结束时间="16:45")])
    rows[2] = ["午休"]
    rows[3] = []
    rows = [["研修班课表"], ["承办单位：某技师学院"], [], *rows, ["注：如有变动另行通知"]]
    data = book({"班次": CLASS, "课表": rows}, {"课表": ["A1:K1", "A6:K6"]})
    imported = read(None, data)
    assert len(imported.cohort["sessions"]) == 2
    said = "\n".join(note.sentence("zh") for note in imported.notes)
    assert "第6行 —— 没有读：午休" in said
    assert "注：如有变动另行通知" in said


def test_the_sheet_that_explains_is_never_read() -> None:
    data = book(
        {"说明": timetable_rows([lesson()]), "课程": timetable_rows([lesson(课程名称="真的")]), "班次": CLASS}
    )
    assert [s["course"] for s in read(None, data).cohort["sessions"]] == ["真的"]


@pytest.mark.parametrize("heading", ["地点/教室号", "地点或教室", "地点", "Place or room"])
def test_one_column_for_place_and_room_is_the_room_online_and_the_place_offline(heading: str) -> None:
    line = {key: value for key, value in lesson().items() if key != "教室号/会议号"}
    found = sessions(line | {heading: "room-7"}, line | {heading: "实训楼301", "方式": "线下"})
    assert [(s.get("room"), s.get("place")) for s in found] == [("room-7", None), (None, "实训楼301")]
    error = only_error(None, plan(line | {heading: None}))
    assert (error.column, "线上课必须填" in error.expected.zh) == (heading, True)


def test_a_line_with_the_total_is_no_session() -> None:
    rows = timetable_rows([lesson()])
    rows += [["合计", None, None, None, None, None, 4], [None, "总计", None, None, None, None, 4]]
    imported = read(None, book({"班次": CLASS, "课表": rows}))
    assert len(imported.cohort["sessions"]) == 1
    assert sum("没有课程和时间，没有读" in note.sentence("zh") for note in imported.notes) == 2


def test_a_meeting_number_is_the_number_that_the_platform_sends() -> None:
    assert sessions(lesson(**{"教室号/会议号": "123 456 789"}))[0]["room"] == "123456789"


def test_a_timetable_without_dates_or_lessons_is_an_error() -> None:
    assert (
        "没有一次课"
        in only_error(None, book({"班次": CLASS, "课表": [["日期", "课程名称", "类型", "方式"]]})).expected.zh
    )


def test_english_headings_are_read() -> None:
    row = ["2026-05-11", "CNC", "lecture", "online", "08:30-09:15, 09:20-10:05", 2, "Ms Wang", "room-1"]
    rows = [["Date", "Course", "Kind", "Mode", "Periods", "Hours", "Teacher", "Room"], row]
    found = read(None, book({"Timetable": rows, "班次": CLASS})).cohort["sessions"][0]
    assert (found["course"], len(found["periods"])) == ("CNC", 2)
