"""A period's strip is the whole period, second for second, and says what the verdict's milliseconds say."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.event import decode
from monitor.hours.days import class_days, days_of
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.span import ONLINE
from monitor.hours.strip import AHEAD, CATEGORIES, NOT_ENROLLED, belongs_to, devices, full_at, name_of, strip
from monitor.instant import instant

from .cohorts import Made, classes, law, made

anything = st.one_of(made(), classes())


def folded(whole: Made) -> tuple[Fold, int]:
    as_of = instant(whole.as_of)
    fold = Fold(open_cohort(whole.cohort_bytes))
    for line in whole.lines:
        fold.add(decode(line))
    return fold.at(as_of), as_of


@law
@given(anything)
def test_a_strip_is_the_whole_period_and_its_sums_are_the_milliseconds(whole: Made) -> None:
    fold, as_of = folded(whole)
    for standing in fold.result(as_of).people:
        for judged in standing.periods:
            period = judged.period
            traces = fold.traces[standing.person.id]
            pieces = strip(fold.plan, standing.person, traces, period, as_of)
            assert (period.start, period.end) == (pieces[0][0], pieces[-1][1])
            assert all(before[1] == after[0] for before, after in pairwise(pieces))
            assert all(start < end for start, end, _ in pieces)
            assert all(before[2] != after[2] for before, after in pairwise(pieces))
            sums: Counter[str] = Counter()
            for start, end, category in pieces:
                assert category in CATEGORIES
                sums[category] += end - start
            for category in (AHEAD, NOT_ENROLLED):
                del sums[category]
            assert judged.milliseconds == sums


@law
@given(anything)
def test_the_hour_is_full_when_its_valid_time_says_so(whole: Made) -> None:
    fold, as_of = folded(whole)
    hour = fold.plan.policy.hour_ms
    for standing in fold.result(as_of).people:
        for judged in standing.periods:
            pieces = strip(fold.plan, standing.person, fold.traces[standing.person.id], judged.period, as_of)
            at = full_at(pieces, hour)
            assert (at is not None) == (judged.milliseconds.get("valid", 0) >= hour)
            if at is not None:
                valid = [(start, min(end, at)) for start, end, c in pieces if c == "valid" and start < at]
                assert hour == sum(end - start for start, end in valid)


@law
@given(anything)
def test_what_holds_is_the_first_that_any_device_says(whole: Made) -> None:
    """RULES section 4: over all connections the first of the categories holds; out of all of them, none."""
    fold, as_of = folded(whole)
    for standing in fold.result(as_of).people:
        traces = fold.traces[standing.person.id]
        for judged in standing.periods:
            period = judged.period
            if judged.verdict == "not_enrolled" or period.session.mode != "online" or as_of <= period.start:
                continue
            found = devices(traces, period, as_of)
            for start, end, category in strip(fold.plan, standing.person, traces, period, as_of):
                if category == AHEAD:
                    continue
                for at in (start, end - 1):
                    said = [c for one in found for low, high, c in one.strip if low <= at < high]
                    assert category == min(said, key=ONLINE.index, default="not_in_room")


@law
@given(anything)
def test_days_add_up_to_the_totals(whole: Made) -> None:
    fold, as_of = folded(whole)
    result = fold.result(as_of)
    for standing in result.people:
        days = days_of(fold.plan, standing.periods)
        assert standing.totals.credited == sum(day.credited for day in days)
        assert standing.totals.required == sum(day.required for day in days)
    days = class_days(fold.plan, result.people, as_of)
    if days:
        assert result.rate == days[-1].rate_so_far
    assert all(day.present <= day.trainees and day.settled <= day.countable for day in days)


@law
@given(anything)
def test_every_event_of_a_matched_connection_is_told_to_belong_to_it(whole: Made) -> None:
    """An event with an account that somebody holds, in a room of a listed source, is of one connection."""
    fold, as_of = folded(whole)
    plan = fold.plan
    everywhere = {person: list(traces.connections()) for person, traces in fold.traces.items()}
    names = [name_of(one) for there in everywhere.values() for one in there]
    for event in (decode(line) for line in whole.lines):
        data, taken = event.data, fold.as_taken(event)
        kept = taken is event or taken == event
        of_a_room = event.type in ("classroom.joined", "camera.heartbeat", "camera.on") and data.room
        if not kept or not of_a_room or data.person or not data.account or not fold.counts(event, as_of):
            continue
        holder = plan.owner(event.source, data.account) if event.source in plan.sources else None
        if holder is None:
            continue
        (connection,) = belongs_to(event, everywhere[holder])
        assert (event.source, data.room, data.account) == (
            connection.source,
            connection.room,
            connection.account,
        )
        assert name_of(connection) in names
