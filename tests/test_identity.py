"""Identity numbers: which are taken, which not and why, and that no error ever shows one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.identity import (
    REGIONS,
    IdentityError,
    birth_date,
    check,
    gender,
    holds_number,
    mask,
    mask_within,
)
from tests.workbook.numbers import closed, invented

PUBLISHED_SAMPLES = ("810000199408230021", "830000199201300022")
"""Printed by the police of Beijing on the pattern of the residence permits; they belong to nobody."""

numbers = st.builds(
    lambda region, county, born, serial: closed(f"{region}{county:04d}{born:%Y%m%d}{serial:03d}"),
    st.sampled_from(sorted(REGIONS)),
    st.integers(0, 9999),
    st.dates(date(1900, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)


def refused(number: str) -> IdentityError:
    with pytest.raises(IdentityError) as caught:
        check(number)
    return caught.value


@pytest.mark.parametrize("number", PUBLISHED_SAMPLES)
def test_the_published_samples_are_taken(number: str) -> None:
    assert number == check(number)


@given(numbers)
def test_every_number_built_by_the_standard_is_taken_as_it_is(number: str) -> None:
    assert number == check(number)


@given(numbers, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, step: int) -> None:
    old = 10 if number[place] == "X" else int(number[place])
    new = (old + step) % 10 if place < 17 else (old + step) % 11
    wrong = number[:place] + ("X" if new == 10 else str(new)) + number[place + 1 :]
    if wrong != number:
        refused(wrong)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_always_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        refused(swapped)


@given(st.one_of(numbers, st.text(max_size=30), st.from_regex(r"[0-9]{14,19}[Xx]?", fullmatch=True)))
def test_no_error_shows_the_number_or_the_digit_that_would_mend_it(typed: str) -> None:
    wrong = typed[:-1] + "0" if len(typed) == 18 else typed
    try:
        check(wrong)
    except IdentityError as error:
        shown = " ".join((str(error), repr(error), error.masked, *error.sentence))
        assert len(wrong.strip()) < 12 or wrong not in shown
        assert typed not in shown or len(typed.strip()) < 12
        assert wrong[3:14] not in shown or len(wrong.strip()) < 15
    else:
        assert len(wrong) >= 18


@given(st.text(max_size=40))
def test_whatever_is_typed_gives_a_number_or_the_one_error(typed: str) -> None:
    try:
        number = check(typed)
    except IdentityError:
        return
    assert number == check(number)


@given(numbers)
def test_gender_and_birth_date_are_those_in_the_number(number: str) -> None:
    assert number[6:14] == f"{birth_date(number):%Y%m%d}"
    assert ("男" if number[16] in "13579" else "女") == gender(number)


X_NUMBER = next(n for n in (invented(i) for i in range(100)) if n.endswith("X"))


@pytest.mark.parametrize(
    "typed",
    [
        X_NUMBER.lower(),
        f"  {X_NUMBER} ",
        f"'{X_NUMBER}",
        f"\u2018{X_NUMBER}",
        f"{X_NUMBER[:6]} {X_NUMBER[6:14]} {X_NUMBER[14:]}",
        f"{X_NUMBER[:6]}\u3000{X_NUMBER[6:]}\n",
        f"\u200b{X_NUMBER}\ufeff\u00a0",
        X_NUMBER.translate({ord("0") + i: ord("０") + i for i in range(10)}).replace("X", "Ｘ"),
        X_NUMBER.replace("X", "×"),
        X_NUMBER.replace("X", "Х"),
    ],
)
def test_what_people_and_spreadsheets_add_is_taken_off(typed: str) -> None:
    assert check(typed) == X_NUMBER


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "18位"),
        (invented(1)[:-1], "17位"),
        (invented(1) + "0", "19位"),
        ("110199850203001", "15位的旧号码"),
        ("1.10199E+17", "科学计数法"),
        ("1.10199198502030E+17", "科学计数法"),
        (invented(1)[:-2] + "A1", "前17位"),
        (closed("99019919850203001"), "地址码"),
        (closed("16019919850203001"), "地址码"),
        (closed("11019919850230001"), "出生日期"),
        (closed("11019918991231001"), "出生日期"),
        (closed("11019919851301001"), "出生日期"),
    ],
)
def test_each_fault_is_named(typed: str, word: str) -> None:
    assert word in refused(typed).sentence.zh


def test_a_foreigners_card_of_2023_begins_with_nine_and_the_province_follows() -> None:
    card = closed("911156198108030024"[:17])
    assert card == check(card)
    assert "地址码" in refused(closed("99915619810803002")).sentence.zh


def test_who_was_born_after_the_class_began_is_no_holder() -> None:
    number = invented(1, born="20260512")
    assert number == check(number, on=date(2026, 5, 12))
    with pytest.raises(IdentityError, match="出生日期"):
        check(number, on=date(2026, 5, 11))


def test_the_mask_keeps_three_and_four_and_hides_short_texts_whole() -> None:
    number = invented(1)
    assert f"110***{number[-4:]}" == mask(number)
    assert mask("1234567") == "***"
    assert mask("张三") == "***"


def test_a_number_within_a_text_is_masked_and_found() -> None:
    number = invented(1)
    assert f"证件 110***{number[-4:]}，另注" == mask_within(f"证件 {number}，另注")
    assert mask_within("电话13800000000") == "电话13800000000"
    assert holds_number(f"T{number}")
    assert holds_number(number.translate({ord("0") + i: 0x1D7CE + i for i in range(10)}))
    assert holds_number(" " * 500 + f"证件 {number[:6]} {number[6:14]} {number[14:]}")
    assert holds_number(f"证件{number[:6]} {number[6:]}另注")
    assert not holds_number("S000011000001221000001")
    assert not holds_number("普通备注 13800000000")
