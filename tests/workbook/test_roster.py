"""The roster: found wherever it stands, every column kept, each error at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from monitor.identity import check
from tests.workbook.numbers import invented
from tests.workbook.sheets import (
    ANNEX,
    annex_rows,
    book,
    errors,
    only_error,
    person,
    plan,
    read,
    roster,
    trainees,
)


def people(rows: Sequence[Sequence[Any]], headings: Sequence[Any] = ANNEX) -> list[dict[str, Any]]:
    return trainees(read(roster(rows, headings)))


def notes(roster_bytes: bytes) -> str:
    return "\n".join(note.sentence("zh") for note in read(roster_bytes).notes)


def test_the_annex_is_read_line_for_line() -> None:
    imported = read(roster([person(1, name="张　三", note="班长")]))
    assert trainees(imported) == [
        {
            "id": "t01",
            "role": "trainee",
            "name": "张三",
            "gender": "男",
            "education": "大专",
            "employer": "某机床厂",
            "post": "技师",
            "certificate": "Z0001",
            "level": "技师",
            "note": "班长",
        }
    ]
    assert imported.identities == {"t01": invented(1)}
    assert imported.cohort["cohort"]["organizer"] == "某技师学院"
    assert imported.cohort["cohort"]["project"] == "数控加工"


def test_the_table_is_found_wherever_it_starts_and_in_any_order_of_columns() -> None:
    headings = [
        "备 注",
        "身份证\n号码",
        "姓   名",
        "性别*",
        "等级（级别）",
        "工作单位及职务",
        "学历",
        "证书编号",
    ]
    line = ["班长", invented(1), "张三", "男", "技师", "某厂/工长", "本科", "Z1"]
    rows = [[None, None, *cells] for cells in ([], ["标题"], [], headings, line)]
    found = trainees(read(book({"Sheet1": rows})))[0]
    assert [found[key] for key in ("name", "note", "level", "certificate", "employer", "education")] == [
        *("张三", "班长", "技师", "Z1", "某厂", "本科")
    ]


def test_a_heading_of_two_lines_is_read_as_one() -> None:
    rows = [
        ["序号", "姓名", "身份证号", "证书", None, "备注"],
        [None, None, None, "编号", "等级", None],
        [1, "张三", invented(1), "Z1", "技师", "班长"],
    ]
    merged = {"名册": ["A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2"]}
    found = trainees(read(book({"名册": rows}, merged)))
    assert [(p["name"], p["certificate"], p["level"], p["note"]) for p in found] == [
        ("张三", "Z1", "技师", "班长")
    ]


def test_blank_rows_numbers_written_ahead_titles_repeated_headings_and_the_foot_are_no_people() -> None:
    rows = annex_rows([person(1)])
    foot = rows.pop()
    rows += [[], [2], [3], ["附件2："], ["通州区名册（续）"], list(ANNEX), person(2), [], foot, ["审核人："]]
    data = book({"名册": rows}, {"名册": ["A10:I10", "A9:I9"]})
    assert [p["name"] for p in trainees(read(data))] == ["学员乙", "学员丙"]
    assert "没有读作学员：通州区名册（续）" in notes(data)


def test_a_person_below_the_foot_is_still_read() -> None:
    rows = annex_rows([person(1)])
    rows.append(person(2))
    assert len(trainees(read(book({"名册": rows})))) == 2


def test_names_below_the_foot_are_those_of_who_filled_the_form_in() -> None:
    rows = annex_rows([person(1)])
    rows += [[None, "某某"], [None, "某某", None, None, "办公室"]]
    data = book({"名册": rows})
    assert len(trainees(read(data))) == 1
    assert "第8行 —— 没有读作学员：某某 办公室" in notes(data)


def test_a_value_merged_over_several_people_holds_for_each() -> None:
    rows = annex_rows([person(1), person(2, work=None), person(3, work=None)])
    found = trainees(read(book({"名册": rows}, {"名册": ["F5:F7"]})))
    assert [p["employer"] for p in found] == ["某机床厂"] * 3


def test_a_second_certificate_in_a_row_below_a_merged_name_joins_the_first() -> None:
    second = [None, None, None, None, None, None, "Z9999", "高级技师", None]
    rows = annex_rows([person(1), second, person(2)])
    found = trainees(read(book({"名册": rows}, {"名册": [f"{c}5:{c}6" for c in "ABCDEF"]})))
    assert [(p["certificate"], p["level"]) for p in found] == [
        ("Z0001；Z9999", "技师；高级技师"),
        ("Z0002", "技师"),
    ]


def test_columns_that_nobody_knows_are_kept_in_the_note() -> None:
    rows = annex_rows([[*person(1, note="班长"), 13800000000, "是", "无头"]], [*ANNEX, "手机", "住宿"])
    assert trainees(read(book({"名册": rows})))[0]["note"] == "班长；手机：13800000000；住宿：是；L列：无头"


def test_our_own_columns_are_read() -> None:
    headings = [*ANNEX, "学员编号（选填）", "平台账号（选填）", "入班日期", "退班日期"]
    line = [*person(1), "p-7", "u-1；main/u-2", "2026年5月12日", "2026.5.20"]
    found = people([line], headings)[0]
    assert [found["id"], found["accounts"], found["enrolled_on"], found["withdrawn_on"]] == [
        "p-7",
        ["u-1", "main/u-2"],
        "2026-05-12",
        "2026-05-20",
    ]


def test_ids_left_out_are_given_in_order_around_those_that_are_there() -> None:
    headings = [*ANNEX, "学员编号"]
    found = people([person(1), [*person(2), "t01"], person(3)], headings)
    assert [p["id"] for p in found] == ["t02", "t01", "t03"]


def test_people_known_from_an_earlier_import_keep_their_ids() -> None:
    known = {invented(2): "t05", invented(9): "t01"}
    imported = read(roster([person(1), person(2)]), known=known)
    assert {p["id"]: p["name"] for p in trainees(imported)} == {"t02": "学员乙", "t05": "学员丙"}
    assert not [note for note in imported.notes if "没有编号" in note.text.zh]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        (110199198502030038, "末几位已丢失"),
        (1.10199198502030e17, "末几位已丢失"),
        (110199850203003, "末几位已丢失"),
        ("1.10199E+17", "科学计数法"),
        (invented(1)[:-1], "17位"),
        (None, "不能为空"),
        ("=1+1", "公式"),
        (True, "18位"),
    ],
)
def test_an_identity_number_that_a_spreadsheet_spoiled_is_named_at_its_cell(typed: Any, word: str) -> None:
    error = only_error(roster([person(1, identity=typed)]))
    assert (error.workbook, error.sheet, error.row, error.column, error.cell) == (
        "roster",
        "学员名册",
        5,
        "身份证号",
        "E5",
    )
    assert word in error.sentence("zh")


@pytest.mark.parametrize(
    "typed", [f"'{invented(1)}", f" {invented(1)} ", invented(1).lower(), f"\u200b{invented(1)}"]
)
def test_what_comes_along_with_a_copied_number_is_taken_off(typed: str) -> None:
    assert read(roster([person(1, identity=typed)])).identities == {"t01": invented(1)}


def test_a_wrong_check_digit_is_said_without_the_number_and_without_the_right_digit() -> None:
    right = invented(1)
    wrong = right[:-1] + ("2" if right[-1] != "2" else "3")
    error = only_error(roster([person(1, identity=wrong)]))
    assert error.value == f"110***{wrong[-4:]}"
    for lang in ("zh", "en"):
        assert wrong not in error.sentence(lang)
        assert wrong[3:14] not in error.sentence(lang)
    assert error.sentence("zh").startswith("名册 / 学员名册 / 第5行 / E列“身份证号”: 110***")
    assert "校验码不对" in error.sentence("zh")


@pytest.mark.parametrize("digits", [8, 12, 13, 14, 16, 17])
def test_a_number_cut_short_is_masked_like_a_whole_one(digits: int) -> None:
    short = invented(1)[:digits]
    error = only_error(roster([person(1, identity=short)]))
    assert error.value == (f"110***{short[-4:]}" if digits >= 12 else "***")


def test_a_gender_that_disagrees_with_the_number_is_an_error_at_the_gender() -> None:
    error = only_error(roster([person(1, gender="女")]))
    assert (error.cell, error.value) == ("C5", "女")
    assert people([person(1, gender="女", identity=invented(1, male=False))])[0]["gender"] == "女"
    assert only_error(roster([person(1, gender="未知")])).cell == "C5"


def test_the_same_number_twice_is_one_person_too_many() -> None:
    error = only_error(roster([person(1), person(2, identity=f" {invented(1)}")]))
    assert error.cell == "E6"
    assert "第5行" in error.sentence("zh")
    assert "row 5" in error.sentence("en")


def test_the_same_name_twice_is_only_noted() -> None:
    data = roster([person(1, name="张三"), person(2, name="张三")])
    assert len(trainees(read(data))) == 2
    assert "第6行 / B列“姓名” —— 与第5行同名" in notes(data)


def test_the_same_id_or_account_twice_is_an_error() -> None:
    headings = [*ANNEX, "学员编号", "平台账号"]
    found = errors(roster([[*person(1), "p1", "u-1;u-2"], [*person(2), "p1", "u-2"]], headings))
    assert [error.cell for error in found] == ["J6", "K6"]


def test_an_id_with_signs_that_addresses_use_is_refused() -> None:
    assert only_error(roster([[*person(1), "p/1"]], [*ANNEX, "学员编号"])).cell == "J5"


def test_who_leaves_before_joining_is_an_error() -> None:
    headings = [*ANNEX, "入班日期", "退班日期"]
    assert only_error(roster([[*person(1), "2026-05-12", "2026-05-11"]], headings)).cell == "K5"


def test_a_row_with_contents_but_no_name_is_an_error() -> None:
    assert only_error(roster([person(1), person(2, name=None, identity=None)])).cell == "B6"
    assert only_error(roster([person(1), person(2, name=None)])).cell == "B6"


def test_an_identity_number_in_another_column_never_reaches_the_cohort() -> None:
    number = invented(7)
    headings = [*ANNEX, "平台账号"]
    assert only_error(roster([[*person(1), number]], headings)).cell == "J5"
    assert only_error(roster([person(1, name=number)])).value == f"110***{number[-4:]}"
    data = roster([person(1, note=f"配偶 {number}", certificate=f"T{number}")])
    imported = read(data)
    assert number not in str(imported.cohort)
    assert trainees(imported)[0]["certificate"] == f"T110***{number[-4:]}"
    assert trainees(imported)[0]["note"] == f"配偶 110***{number[-4:]}"
    assert "已遮去中间各位" in notes(data)
    assert number not in notes(data)


def test_a_certificate_number_that_lost_its_digits_is_an_error() -> None:
    assert only_error(roster([person(1, certificate=1601001008500001)])).cell == "G5"


def test_a_missing_column_or_one_that_is_there_twice_is_named() -> None:
    without = [h for h in ANNEX if h != "身份证号"]
    line = [v for i, v in enumerate(person(1)) if i != 4]
    assert "找不到“身份证号”列" in only_error(roster([line], without)).sentence("zh")
    assert "出现了两次" in only_error(roster([[*person(1), "x"]], [*ANNEX, "姓名"])).sentence("zh")


def test_no_roster_at_all_is_said_and_a_timetable_in_its_place_is_recognised() -> None:
    assert "找不到名册" in errors(book({"甲": [["a"]]}))[0].sentence("zh")
    found = errors(plan(), roster())
    assert "是不是把课表当名册了" in found[0].sentence("zh")
    assert "是不是把名册当课表了" in found[1].sentence("zh")


def test_a_roster_without_people_is_an_error() -> None:
    assert "没有一名学员" in only_error(roster([[1], [2]])).sentence("zh")


def test_of_two_rosters_neither_is_guessed() -> None:
    rows = annex_rows([person(1)])
    assert "不止一张名册" in only_error(book({"甲": rows, "乙": rows})).sentence("zh")
    assert len(trainees(read(book({"甲": rows, "学员名册": annex_rows([person(2), person(3)])})))) == 2


@pytest.mark.parametrize(
    "line",
    [
        ["办班单位（盖章）：某技师学院 研修项目：数控加工 研修起止日期：2026年5月11日至2026年5月22日"],
        ["办班单位(盖章)", "某技师学院", "研修项目", "数控加工", "研修起止日期", "2026.5.11-2026.5.22"],
        ["办班单位：某技师学院", None, "研修项目：数控加工", "研修起止日期：2026年5月11日—5月22日"],
    ],
)
def test_the_head_line_is_read_in_one_cell_or_in_several(line: list[Any]) -> None:
    rows = [["标题"], line, list(ANNEX), person(1)]
    cohort = read(book({"名册": rows})).cohort["cohort"]
    assert [cohort[key] for key in ("organizer", "project", "starts_on", "ends_on")] == [
        *("某技师学院", "数控加工", "2026-05-11", "2026-05-22")
    ]


def test_numbers_are_kept_in_their_normal_form() -> None:
    imported = read(roster([person(i) for i in range(1, 6)]))
    assert [check(number) for number in imported.identities.values()] == list(imported.identities.values())
