"""Periods worked out from start, end, hours and minutes: exactly, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.workbook.periods import Misfit, check_list, tile
from monitor.workbook.values import clock_text


def shown(spans: list[tuple[int, int]]) -> list[str]:
    return [f"{clock_text(start)}-{clock_text(end)}" for start, end in spans]


def at(text: str) -> int:
    return int(text[:2]) * 3600 + int(text[3:]) * 60


FOUR = ["08:30-09:15", "09:20-10:05", "10:10-10:55", "11:00-11:45"]


@pytest.mark.parametrize(
    ("hours", "minutes", "pause"), [(4, 45, 5), (None, 45, 5), (4, 45, None), (4, None, 5)]
)
def test_any_two_of_hours_minutes_and_pause_give_the_third(
    hours: int | None, minutes: int | None, pause: int | None
) -> None:
    assert shown(tile(at("08:30"), at("11:45"), hours, minutes, pause, False)) == FOUR


def test_minutes_alone_are_enough_where_they_fill_the_span_without_breaks() -> None:
    assert shown(tile(at("08:30"), at("10:00"), None, 45, None, False)) == ["08:30-09:15", "09:15-10:00"]


def test_one_hour_is_the_whole_span() -> None:
    assert shown(tile(at("08:30"), at("09:15"), 1, None, None, False)) == ["08:30-09:15"]


def test_a_kind_without_hours_is_one_period() -> None:
    assert shown(tile(at("08:00"), at("08:30"), None, 45, 5, True)) == ["08:00-08:30"]
    assert shown(tile(at("08:00"), at("08:30"), 0, 45, 5, True)) == ["08:00-08:30"]


@pytest.mark.parametrize(
    ("end", "hours", "minutes", "pause", "key"),
    [
        ("08:30", 1, None, None, "end"),
        ("11:50", None, 45, 5, "end"),
        ("11:45", 3, 45, 5, "hours"),
        ("11:45", 4, None, None, "minutes"),
        ("11:45", None, None, None, "hours"),
        ("11:45", 0, 45, 5, "hours"),
        ("11:45", 4, 0, 5, "minutes"),
        ("11:45", 4, None, 90, "pause"),
        ("09:15", 1, 40, None, "end"),
        ("15:30", 6, 45, None, "end"),
        ("09:00", None, 45, 5, "end"),
    ],
)
def test_what_does_not_fit_names_the_cell_to_mend(
    end: str, hours: int | None, minutes: int | None, pause: int | None, key: str
) -> None:
    with pytest.raises(Misfit) as caught:
        tile(at("08:30"), at(end), hours, minutes, pause, False)
    assert caught.value.key == key


@given(st.integers(1, 10), st.integers(30, 60), st.integers(0, 20))
def test_what_was_tiled_is_found_again(hours: int, minutes: int, pause: int) -> None:
    length = (hours * minutes + (hours - 1) * pause) * 60
    expected = [(i * (minutes + pause) * 60, (i * (minutes + pause) + minutes) * 60) for i in range(hours)]
    assert expected == tile(0, length, hours, minutes, pause, False)
    assert expected == tile(0, length, None, minutes, pause, False)
    assert expected == tile(0, length, hours, minutes, None, False)


@given(
    st.integers(1, 86_000),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(0, 120),
    st.none() | st.integers(0, 120),
    st.booleans(),
)
def test_periods_fill_the_span_from_end_to_end_or_nothing_is_given(
    length: int, hours: int | None, minutes: int | None, pause: int | None, uncounted: bool
) -> None:
    try:
        spans = tile(0, length, hours, minutes, pause, uncounted)
    except Misfit:
        return
    assert (spans[0][0], spans[-1][1]) == (0, length)
    assert all(start < end for start, end in spans)
    assert len({end - start for start, end in spans}) == 1
    assert not hours or len(spans) == hours
    check_list(spans)


def test_a_list_that_overlaps_or_runs_backwards_is_refused() -> None:
    for listed in ([(10, 20), (15, 30)], [(20, 30), (10, 20)], [(10, 10)]):
        with pytest.raises(Misfit):
            check_list(listed)
