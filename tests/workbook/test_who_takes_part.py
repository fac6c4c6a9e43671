"""Teachers and people of a session, by name or id; two of a name are not guessed."""

from __future__ import annotations

from tests.workbook.lessons import sessions, wrong
from tests.workbook.sheets import (
    ANNEX,
    lesson,
    only_error,
    person,
    plan,
    read,
    roster,
)


def test_teachers_come_from_their_sheet_by_name_or_id() -> None:
    teachers = [
        ["教师编号", "姓名", "平台账号", "职务/职称", "工作单位"],
        ["w7", "王老师", "u-9", "高级技师", "某技师学院"],
    ]
    found = read(None, plan(lesson(), lesson(授课教师="w7", 日期="2026-05-12"), teachers=teachers)).cohort
    assert [s["teacher"] for s in found["sessions"]] == ["w7", "w7"]
    assert found["people"][-1] == {
        "id": "w7",
        "role": "teacher",
        "name": "王老师",
        "accounts": ["u-9"],
        "employer": "某技师学院",
        "post": "高级技师",
    }
    column, sentence = wrong(lesson(授课教师="王教师"), teachers=teachers)
    assert (column, "没有这位教师" in sentence) == ("授课教师", True)


def test_two_teachers_of_one_name_need_their_ids() -> None:
    teachers = [["姓名", "平台账号"], ["王老师", "u-8"], ["王老师", "u-9"]]
    assert "同名" in wrong(lesson(), teachers=teachers)[1]
    assert sessions(lesson(授课教师="w02"), teachers=teachers)[0]["teacher"] == "w02"


def test_without_a_sheet_of_teachers_each_name_is_one_teacher() -> None:
    found = read(
        None, plan(lesson(), lesson(授课教师="李老师"), lesson(授课教师="王 老师"), lesson(授课教师=None))
    )
    assert [s.get("teacher") for s in found.cohort["sessions"]] == ["w01", "w02", "w01", None]
    assert [p["name"] for p in found.cohort["people"] if p["role"] == "teacher"] == ["王老师", "李老师"]


def test_people_of_a_session_are_found_by_name_or_id_and_two_of_a_name_are_not_guessed() -> None:
    names = roster([person(1, name="张三"), person(2, name="张三"), person(3, name="李　四")], ANNEX)
    by_id = read(names, plan(lesson(参加人员="t01，李 四")))
    assert by_id.cohort["sessions"][0]["people"] == ["t01", "t03"]
    assert "people" not in read(names, plan(lesson(参加人员="全体学员"))).cohort["sessions"][0]
    assert "同名" in only_error(names, plan(lesson(参加人员="张三"))).expected.zh
