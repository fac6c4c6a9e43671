"""The forms in which people write dates, times, numbers and names, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.workbook import values
from monitor.workbook.grid import Broken, Unsolved
from monitor.workbook.people import split_work
from monitor.workbook.values import Unfit

MAY_11 = date(2026, 5, 11)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-05-11",
        "2026/5/11",
        "2026.5.11",
        "2026年5月11日",
        "2026年05月11号",
        "２０２６年５月１１日",
        " 2026 年 5 月 11 日 ",
        "2026-05-11 00:00:00",
        "20260511",
        20260511,
        "2026年5月11日（星期一）",
        "2026年5月11日 周一",
        date(2026, 5, 11),
        datetime.fromisoformat("2026-05-11T08:30"),
        46153,
        46153.0,
        46153.354,
    ],
)
def test_a_date_is_read_in_the_usual_forms(typed: Any) -> None:
    assert values.day(typed) == MAY_11


@pytest.mark.parametrize(
    "typed",
    [
        "5月11日",
        "2026-13-01",
        "2026-02-29",
        "26年5月11日",
        "11/5/2026",
        "明天",
        2026.5,
        12,
        "1926-05-11",
        True,
        time(8),
    ],
)
def test_what_is_no_date_or_could_be_two_is_refused(typed: Any) -> None:
    with pytest.raises(Unfit):
        values.day(typed)


def test_a_date_without_year_takes_the_only_year_there_is() -> None:
    assert values.day("5月11日（周一）", years=frozenset({2026})) == MAY_11
    with pytest.raises(Unfit, match="no year"):
        values.day("5月11日", years=frozenset({2025, 2026}))


def test_a_weekday_that_does_not_fit_the_date_is_refused() -> None:
    with pytest.raises(Unfit) as caught:
        values.day("2026年5月11日（周二）")
    assert "星期一" in caught.value.sentence.zh


def test_serials_of_a_1904_workbook_count_from_1904() -> None:
    assert values.day(46153 - 1462, mac_dates=True) == MAY_11


HALF_PAST_EIGHT = 8 * 3600 + 30 * 60


@pytest.mark.parametrize(
    "typed",
    [
        "08:30",
        "8:30",
        "8：30",
        "８：３０",
        "08:30:00",
        "8.30",
        "8点30分",
        "8时30",
        "8点半",
        "上午8:30",
        "8:30 AM",
        time(8, 30),
        datetime.fromisoformat("2026-05-11T08:30"),
        timedelta(hours=8, minutes=30),
        0.3541666666666667,
        0.35416666666,
        46153.354166667,
        time(8, 29, 59, 999999),
    ],
)
def test_a_time_is_read_in_the_usual_forms(typed: Any) -> None:
    assert values.clock(typed) == HALF_PAST_EIGHT


@pytest.mark.parametrize(
    ("typed", "hour"),
    [("下午2:00", 14), ("下午14:00", 14), ("2:00 pm", 14), ("中午12:00", 12), ("中午1:00", 13)],
)
def test_the_afternoon_is_understood(typed: str, hour: int) -> None:
    assert values.clock(typed) == hour * 3600


@pytest.mark.parametrize("typed", ["24:00", "8:60", "830", 8.3, 8, "早上", "8:3", True, timedelta(hours=25)])
def test_what_is_no_time_is_refused(typed: Any) -> None:
    with pytest.raises(Unfit):
        values.clock(typed)


@given(st.integers(0, values.DAY_SECONDS - 1))
def test_every_second_of_a_day_survives_text_and_serial(second: int) -> None:
    assert values.clock(values.clock_text(second)) == second
    assert values.clock(second / values.DAY_SECONDS) == second


@pytest.mark.parametrize(
    "typed",
    [
        "08:30-09:15, 09:20-10:05",
        "8:30-9:15;9:20-10:05",
        "8：30—9：15；9：20～10：05",
        "08:30至09:15、09:20到10:05",
        "第1节 08:30-09:15\n第2节 09:20-10:05",
        "上午8:30-9:15，上午9:20-10:05",
    ],
)
def test_a_list_of_periods_is_read_in_the_usual_forms(typed: str) -> None:
    assert [f"{values.clock_text(a)}-{values.clock_text(b)}" for a, b in values.spans(typed)] == [
        "08:30-09:15",
        "09:20-10:05",
    ]


def test_the_end_of_a_span_lies_in_the_same_half_of_the_day() -> None:
    assert values.spans("下午2:00-2:45") == [(14 * 3600, 14 * 3600 + 45 * 60)]


@pytest.mark.parametrize("typed", ["第1-4节", "08:30", "08:30-09:15 休息", "08:30-25:15"])
def test_what_is_no_list_of_spans_is_refused(typed: str) -> None:
    with pytest.raises(Unfit):
        values.spans(typed)


@pytest.mark.parametrize(
    ("typed", "number"), [(4, 4), (4.0, 4), ("4", 4), ("4学时", 4), ("４", 4), ("45分钟", 45), ("4.0", 4)]
)
def test_whole_numbers_may_carry_their_unit(typed: Any, number: int) -> None:
    assert values.whole(typed) == number


@pytest.mark.parametrize("typed", [4.5, -1, "四", "4.5", True, float("inf"), "1" * 30])
def test_what_is_no_whole_number_is_refused(typed: Any) -> None:
    with pytest.raises(Unfit):
        values.whole(typed)


@pytest.mark.parametrize(
    "reader", [values.text, values.day, values.clock, values.whole, values.identity_number]
)
def test_formulas_without_a_result_and_error_values_are_refused(reader: Any) -> None:
    for value in (Unsolved(), Broken("#N/A")):
        with pytest.raises(Unfit):
            reader(value)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张　三", "张三"),
        (" 张 三 ", "张三"),
        ("Anna  Lee", "Anna Lee"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
    ],
)
def test_blanks_that_only_line_up_names_are_taken_out(typed: str, name: str) -> None:
    assert values.person_name(typed) == name


@pytest.mark.parametrize("typed", ["=1+1", "@SUM(A1)", "+1"])
def test_a_name_that_a_spreadsheet_would_run_is_refused(typed: str) -> None:
    with pytest.raises(Unfit):
        values.person_name(typed)


def test_numbers_as_text_keep_their_digits_or_are_refused() -> None:
    assert values.text(13800000000) == "13800000000"
    assert values.text(12.0) == "12"
    with pytest.raises(Unfit, match="last digits are lost"):
        values.text(1.6010010085e15)


@pytest.mark.parametrize(
    "typed", ["u-1；u-2", "u-1;u-2", "u-1，u-2", "u-1、u-2", "u-1 u-2", "u-1\nu-2", "u-1;u-2;u-1"]
)
def test_accounts_are_separated_by_any_of_the_usual_signs(typed: str) -> None:
    assert values.items(typed) == ["u-1", "u-2"]


def test_a_meeting_number_in_groups_is_one_number() -> None:
    assert values.room("123 456 789") == "123456789"
    assert values.room(123456789) == "123456789"
    assert values.room("room 1") == "room 1"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("某机床厂/技师", ("某机床厂", "技师")),
        ("某机床厂／技师", ("某机床厂", "技师")),
        ("某（北京）有限公司 车间主任", ("某（北京）有限公司", "车间主任")),
        ("某公司、班组长", ("某公司", "班组长")),
        ("单位：某公司 职务：班组长", ("某公司", "班组长")),
        ("某公司车间主任", ("某公司车间主任", None)),
        ("某公司 某分公司", ("某公司 某分公司", None)),
        ("某集团/某分公司/班长", ("某集团/某分公司/班长", None)),
        ("Acme China", ("Acme China", None)),
    ],
)
def test_employer_and_post_are_parted_only_where_that_is_clear(
    typed: str, expected: tuple[str, str | None]
) -> None:
    assert split_work(typed) == expected
