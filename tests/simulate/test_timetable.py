import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from monitor.hours.plan import open_cohort
from monitor.instant import instant
from monitor.simulate import school
from monitor.simulate.stay import MINUTE
from monitor.simulate.timetable import around, days_around

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = instant("2026-05-13T00:00:00+08:00")
EVERY_TEN_MINUTES = [MIDNIGHT + n * 10 * MINUTE for n in range(144)]
LAST_SECONDS = [MIDNIGHT + 24 * 60 * MINUTE - 1000 * n for n in (2, 30, 60, 89)]


@pytest.mark.parametrize("length", [45 * MINUTE, 50 * MINUTE])
@pytest.mark.parametrize("now", EVERY_TEN_MINUTES + LAST_SECONDS)
def test_at_any_time_of_day_a_period_is_going_on_and_eight_fit_into_the_date(now, length):
    spans = around(now, SHANGHAI, length)

    assert len(spans) == 8
    assert sum(start <= now < end for start, end in spans) == 1
    assert all(end - start >= length for start, end in spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    assert spans[0][0] >= MIDNIGHT
    assert spans[-1][1] < MIDNIGHT + 24 * 60 * MINUTE


@pytest.mark.parametrize("now", EVERY_TEN_MINUTES)
def test_the_period_going_on_began_about_twenty_minutes_ago_but_at_the_ends_of_the_day(now):
    ago = next(now - start for start, end in around(now, SHANGHAI, 45 * MINUTE) if start <= now < end)

    if MIDNIGHT + 25 * MINUTE <= now < MIDNIGHT + (23 * 60 + 35) * MINUTE:
        assert 20 * MINUTE <= ago < 25 * MINUTE
    else:
        assert 0 <= ago < 50 * MINUTE


@pytest.mark.parametrize("now", EVERY_TEN_MINUTES)
def test_something_is_still_to_come_today_or_at_midnight(now):
    spans = around(now, SHANGHAI, 45 * MINUTE)
    days = days_around(now, SHANGHAI, 2, 2, 45 * MINUTE)

    assert days.at_midnight == (spans[-1][0] <= now)
    if days.at_midnight:
        assert days.ahead[0] == days.today + timedelta(days=1)


def test_days_behind_and_ahead_are_weekdays_and_today_is_whatever_it_is():
    sunday = instant("2026-05-17T10:00:00+08:00")
    days = days_around(sunday, SHANGHAI, 3, 2, 45 * MINUTE)

    assert [str(day) for day in days.behind] == ["2026-05-13", "2026-05-14", "2026-05-15"]
    assert str(days.today) == "2026-05-17"
    assert [str(day) for day in days.ahead] == ["2026-05-18", "2026-05-19"]


def test_in_the_night_tomorrow_has_class_from_midnight_even_on_a_saturday():
    friday_night = instant("2026-05-15T23:50:00+08:00")
    days = days_around(friday_night, SHANGHAI, 1, 2, 45 * MINUTE)

    assert [str(day) for day in days.ahead] == ["2026-05-16", "2026-05-18"]


@pytest.mark.parametrize("now", EVERY_TEN_MINUTES[::3] + LAST_SECONDS)
def test_the_made_up_class_keeps_every_rule_of_a_cohort_file_at_any_time_of_day(now):
    content = school.made_up(5, now, "main", 1, camera="heartbeat", beat_seconds=30)
    plan = open_cohort(msgspec.json.encode(content))

    assert len(plan.trainees) == 5
    assert sum(period.start <= now < period.end for period in plan.periods) == 1


def test_names_are_invented_and_differ():
    names = [person["name"] for person in school.people(60, ["严老师"], ["main"], 1)]

    assert len(set(names)) == 61


def test_no_two_local_dates_are_mixed_up_in_another_time_zone():
    now = int(datetime(2026, 11, 1, 6, 30, tzinfo=UTC).timestamp() * 1000)  # New York sets its clocks back
    spans = around(now, ZoneInfo("America/New_York"), 45 * MINUTE)

    assert sum(start <= now < end for start, end in spans) == 1
