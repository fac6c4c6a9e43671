"""Both workbooks together: what comes out opens as a cohort, and no identity number with it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime, time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.cohort import parse
from monitor.hours.plan import CohortFileError, open_cohort
from monitor.workbook import CellError, Imported, WorkbookErrors
from monitor.workbook.rule_words import in_chinese
from tests.workbook.numbers import invented
from tests.workbook.sheets import (
    ANNEX,
    CLASS,
    HEADINGS,
    annex_rows,
    book,
    errors,
    lesson,
    person,
    plan,
    read,
    roster,
)


def file_of(imported: Imported) -> bytes:
    return msgspec.json.encode(imported.cohort)


def test_what_was_read_is_a_cohort_file_that_opens() -> None:
    imported = read()
    opened = open_cohort(file_of(imported))
    assert [p.id for p in opened.cohort.people] == ["t01", "t02", "w01"]
    assert len(opened.periods) == 4


def test_a_workbook_that_can_not_be_read_does_not_hide_the_errors_of_the_other() -> None:
    found = errors(b"no workbook", plan(lesson(类型="?")))
    assert [(e.workbook, e.cell) for e in found] == [("roster", ""), ("plan", "C2")]
    found = errors(roster([person(1, identity="1")]), b"")
    assert [(e.workbook, e.cell) for e in found] == [("plan", ""), ("roster", "E5")]


@pytest.mark.parametrize(
    ("lessons", "klass", "where"),
    [
        (
            [lesson(), lesson(日期="2026-05-12", 每学时分钟=30, 课间分钟=5, 结束时间="10:10", 学时=3)],
            CLASS,
            {
                "课表 / 课表 / 第3行 / E列“开始时间”: 08:30-09:00 —— "
                "这一节只有30分钟；beijing-2026 每学时为40分钟"
            },
        ),
        (
            [lesson()],
            [*CLASS, ["心跳秒数", 300]],
            {"课表 / 班次 / 第4行 / B列“心跳秒数”: 300 —— 心跳秒数300超过办法允许的90秒"},
        ),
    ],
)
def test_errors_of_the_cohort_as_a_whole_are_said_at_the_cell(
    lessons: list[dict[str, Any]], klass: Any, where: set[str]
) -> None:
    imported = read(None, plan(*lessons, klass=klass))
    with pytest.raises(CohortFileError) as caught:
        open_cohort(file_of(imported))
    said = {imported.cell_error(e.where, e.problem).sentence("zh") for e in caught.value.errors}
    assert where <= said


def test_an_account_for_one_platform_and_for_all_held_by_two_is_said_in_chinese() -> None:
    people = roster([[*person(1), "u-1"], [*person(2), "main/u-1"]], [*ANNEX, "平台账号"])
    imported = read(people)
    with pytest.raises(CohortFileError) as caught:
        open_cohort(file_of(imported))
    error = caught.value.errors[0]
    said = imported.cell_error(error.where, error.problem)
    assert said.cell == "J6"
    assert said.sentence("zh").endswith("账号“main/u-1”已属于编号“t01”的人")


def test_every_path_of_the_cohort_leads_to_a_cell() -> None:
    imported = read()
    cells = imported.cells
    assert cells["people[1]"] == "名册 / 学员名册 / 第6行"
    assert cells["people[1].name"] == "名册 / 学员名册 / 第6行 / B列“姓名”"
    assert cells["people[2]"] == "课表 / 课表 / 第2行 / J列“授课教师”"
    assert cells["sessions[0].periods[3]"] == "课表 / 课表 / 第2行 / E列“开始时间”"
    assert cells["sources[0].camera"] == "课表 / 班次 / 第3行 / B列“摄像头证据”"
    place = imported.place("sessions[0].periods[3][1]")
    assert place is not None
    assert place.cell == "E2"
    assert imported.place("policy") is None
    assert imported.cell_error("policy", "unknown policy x; known are y").sentence("zh") == (
        "课表 —— policy：不认识的办法“x”；可用：y"
    )


def test_a_sentence_without_a_chinese_one_stays_as_it_is() -> None:
    assert in_chinese("must be text, not 3") == "must be text, not 3"


def test_no_identity_number_leaves_but_by_its_own_door() -> None:
    people = [person(i, note=f"旧号 {invented(i + 100)}") for i in range(1, 20)]
    imported = read(roster(people), plan(lesson(主题=f"{invented(300)}")))
    numbers = [invented(i) for i in (*range(1, 20), *range(101, 120), 300)]
    seen = json.dumps(imported.cohort, ensure_ascii=False) + repr(imported)
    seen += "".join(note.sentence(lang) for note in imported.notes for lang in ("zh", "en"))
    assert [number for number in numbers if number in seen] == []
    assert list(imported.identities.values()) == numbers[:19]


def test_a_number_in_a_heading_or_a_title_is_masked_too() -> None:
    number = invented(5)
    people = book({f"名册{number}": annex_rows([[*person(1), "x"]], [*ANNEX, number])})
    imported, said = outcome(people, plan(lesson(**{number: "x"})))
    assert imported is not None
    assert number not in said
    assert f"110***{number[-4:]}：x" in said


cell = st.one_of(
    st.none(),
    st.text(max_size=12).filter(lambda s: all(c >= " " or c in "\t\n" for c in s) and "\ufffe" not in s),
    st.sampled_from(
        [
            "姓名",
            "身份证号",
            "日期",
            "课程名称",
            "全体",
            "08:30-09:15",
            "2026-05-11",
            "8:30",
            "线上",
            "授课",
            "填表人",
            "t01",
        ]
    ),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(date(1900, 3, 1), date(2200, 1, 1)).map(lambda d: datetime.combine(d, time())),
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.integers(0, 200).map(invented),
)


def writable(rows: list[list[Any]]) -> list[list[Any]]:
    """Without the characters that XML has no way to write, and without formulas."""
    return [
        [None if isinstance(v, str) and (v.startswith("=") or not v.isprintable()) else v for v in row]
        for row in rows
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(cell, max_size=11), max_size=6),
    st.lists(st.lists(cell, max_size=13), max_size=6),
    st.lists(st.lists(cell, max_size=3), max_size=4),
    st.sampled_from([(), ("A5:C6",), ("B2:B4", "D2:E2"), ("A1:I1",)]),
)
def test_whatever_stands_in_the_cells_gives_a_cohort_or_errors_and_never_a_number(
    people: list[list[Any]], lessons: list[list[Any]], klass: list[list[Any]], merged: tuple[str, ...]
) -> None:
    roster_rows = annex_rows(writable(people), [*ANNEX, "平台账号", "入班日期"])
    plan_rows = [[*HEADINGS, "节次时间", "参加人员"], *writable(lessons)]
    roster_bytes = book({"名册": roster_rows}, {"名册": merged})
    plan_bytes = book({"班次": [*CLASS, *writable(klass)], "课表": plan_rows}, {"课表": merged})
    typed = [
        v
        for rows in (people, lessons, klass)
        for row in rows
        for v in row
        if isinstance(v, str) and len(v) == 18
    ]
    imported, said = outcome(roster_bytes, plan_bytes)
    assert [number for number in typed if number[:17].isdigit() and number in said] == []
    if imported is not None:
        assert parse(file_of(imported))[1] == []


def outcome(roster_bytes: bytes, plan_bytes: bytes) -> tuple[Imported | None, str]:
    """What comes of two workbooks, and everything that is said on the way."""
    imported: Imported | None = None
    found: list[CellError] = []
    try:
        imported = read(roster_bytes, plan_bytes)
        notes, said = imported.notes, json.dumps(imported.cohort, ensure_ascii=False) + repr(imported)
    except WorkbookErrors as raised:
        notes, said, found = raised.notes, str(raised), raised.errors
    assert (imported is None) == bool(found)
    said += "".join(error.sentence(lang) + str(error.as_dict()) for error in found for lang in ("zh", "en"))
    return imported, said + "".join(note.sentence(lang) for note in notes for lang in ("zh", "en"))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12), st.booleans())
def test_a_damaged_workbook_gives_errors_or_a_cohort_and_nothing_else(
    part: int, where: float, cut: int, put: bytes, inside: bool
) -> None:
    data = roster()
    if inside:
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
            names = old.namelist()
            for name in names:
                content = old.read(name)
                chosen = name == names[part % len(names)]
                new.writestr(name, damaged(content, where, cut, put) if chosen else content)
        data = buffer.getvalue()
    else:
        data = damaged(data, where, cut, put)
    imported, _ = outcome(data, plan())
    assert imported is None or imported.cohort["people"]


def damaged(data: bytes, where: float, cut: int, put: bytes) -> bytes:
    """Some bytes taken out at a place, others put in."""
    at = int(where * len(data))
    return data[:at] + put + data[at + cut :]
