import msgspec
import pytest

from monitor.demo.classes import beijing, tongzhou
from monitor.demo.past import told
from monitor.demo.stage import SEED, TRAINEES, acts, design
from monitor.event import decode
from monitor.hours.fold import Fold
from monitor.hours.plan import Plan, open_cohort
from monitor.hours.recount import document
from monitor.instant import instant
from monitor.simulate.device import wire
from monitor.simulate.stay import MINUTE

MIDNIGHT = instant("2026-05-13T00:00:00+08:00")
TIMES_OF_DAY = [MIDNIGHT + n * 30 * MINUTE for n in range(48)]
EDGES = [
    MIDNIGHT + 1,
    *(MIDNIGHT + 24 * 60 * MINUTE - seconds * 1000 for seconds in (3000, 1500, 600, 60, 5)),
]


def plan(content) -> Plan:
    return open_cohort(msgspec.json.encode(content))


@pytest.mark.parametrize("make", [beijing, tongzhou])
@pytest.mark.parametrize("now", TIMES_OF_DAY + EDGES)
def test_at_any_time_of_day_the_file_has_no_error_and_one_online_period_is_going_on(make, now):
    periods = plan(make(now, 20, SEED)).periods
    on = [period for period in periods if period.start <= now < period.end]

    assert [period.session.mode for period in on] == ["online"]
    assert any(period.end <= now for period in periods)
    assert any(period.start > now for period in periods)


@pytest.mark.parametrize("now", [*TIMES_OF_DAY[::6], EDGES[-1]])
@pytest.mark.parametrize(("make", "hours", "seminar"), [(beijing, 88, 24), (tongzhou, 84, 18)])
def test_the_plans_have_a_little_slack_over_80_and_16(make, hours, seminar, now):
    made = plan(make(now, 5, SEED))
    planned = document(Fold(made).result(now))["planned"]

    assert planned == {"hours": hours, "seminar": seminar}


def test_a_class_that_begins_on_a_weekend_is_still_a_class():
    sunday = instant("2026-05-17T23:59:50+08:00")

    assert plan(beijing(sunday, 5, SEED)).periods


@pytest.fixture(scope="module")
def answers() -> dict[str, dict]:
    """What the service will answer, by the engine alone: all of the past, for the demo's own seed."""
    now = MIDNIGHT + 10 * 60 * MINUTE
    stage = design(now, TRAINEES, SEED)
    folds = {name: Fold(plan(cohort.content)) for name, cohort in stage.cohorts.items()}
    for deliver_at, source, posting in told(acts(stage), stage.seed, 0):
        if deliver_at >= now:
            break
        folds[posting.report.data.cohort or ""].add(decode(wire(posting.report, source), deliver_at))
    return {name: document(fold.result(now)) for name, fold in folds.items()}


def test_standings_of_all_kinds_can_be_seen(answers):
    standings = {person["standing"] for answer in answers.values() for person in answer["people"]}

    assert {"on_track", "at_risk", "unrecoverable", "short"} <= standings


def test_most_are_fine_and_rates_differ(answers):
    people = [person for answer in answers.values() for person in answer["people"]]

    assert 0.6 <= sum(person["standing"] == "on_track" for person in people) / len(people) <= 0.8
    assert len({person["rate"] for person in people}) >= 8


def test_every_reason_a_platform_can_give_is_there_to_look_up(answers):
    found = {
        (period["verdict"], period["reason"])
        for answer in answers.values()
        for person in answer["people"]
        for period in person["periods"]
    }
    reasons = ("camera_off", "no_evidence", "not_in_room", "no_sign_in", "late", "left_early")

    assert {("refused", reason) for reason in reasons} <= found
    assert {("pending", "open"), ("live", None), ("upcoming", None), ("not_countable", None)} <= found
    assert ("not_enrolled", None) in found


def test_an_account_waits_in_the_inbox_and_nothing_looks_late_or_unknown(answers):
    codes = {finding["code"] for answer in answers.values() for finding in answer["findings"]}

    assert "account_unmatched" in codes
    assert codes <= {"account_unmatched", "join_without_leave", "leave_without_join", "teacher_not_proven"}
