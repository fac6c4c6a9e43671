"""Errors of RULES section 9 refuse a cohort file: each is found where it stands, all are named at once."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.hours.plan import CohortFileError, open_cohort

Cohort = dict[str, Any]
GOOD: Cohort = {
    "policy": "beijing-2026",
    "cohort": {"id": "bj-cnc-01", "name": "数控高级研修班", "organizer": None, "timezone": "Asia/Shanghai"},
    "sources": [
        {"id": "main", "camera": "heartbeat", "heartbeat_seconds": 90},
        {"id": "alt", "camera": "state"},
    ],
    "people": [
        {"id": "t01", "role": "trainee", "name": "张三", "accounts": ["u-1", "alt/x"], "enrolled_on": None},
        {"id": "t02", "role": "trainee", "name": "李四", "accounts": ["main/x"]},
        {"id": "w01", "role": "teacher", "name": "王老师", "accounts": ["u-9"]},
    ],
    "sessions": [
        {
            "id": "s01",
            "course": "五轴加工",
            "kind": "lecture",
            "mode": "online",
            "teacher": "w01",
            "room": "room-1",
            "place": None,
            "periods": [
                ["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"],
                ["2026-05-11T09:20:00+08:00", "2026-05-11T10:05:00+08:00"],
            ],
        },
        {
            "id": "s02",
            "course": "测量",
            "kind": "exam",
            "mode": "offline",
            "people": ["t01"],
            "periods": [["2026-05-11T23:30:00+08:00", "2026-05-11T23:40:00+08:00"]],
        },
    ],
}


def spoilt(*path: Any, to: Any) -> Callable[[Cohort], None]:
    def spoil(cohort: Cohort) -> None:
        place: Any = cohort
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return spoil


def without(*path: Any) -> Callable[[Cohort], None]:
    def spoil(cohort: Cohort) -> None:
        place: Any = cohort
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return spoil


def span(start: str, end: str) -> list[str]:
    return [f"2026-05-{start}:00+08:00", f"2026-05-{end}:00+08:00"]


FAULTS: dict[str, tuple[str, Callable[[Cohort], None]]] = {
    "a countable period shorter than an hour": (
        "sessions[0].periods[1]",
        spoilt("sessions", 0, "periods", 1, to=span("11T09:20", "11T09:59")),
    ),
    "a session without periods": ("sessions[0].periods", spoilt("sessions", 0, "periods", to=[])),
    "periods out of order": (
        "sessions[0].periods[1]",
        spoilt("sessions", 0, "periods", 1, to=span("11T07:20", "11T08:05")),
    ),
    "periods that overlap": (
        "sessions[0].periods[1]",
        spoilt("sessions", 0, "periods", 1, to=span("11T09:14", "11T10:05")),
    ),
    "a period that ends before it begins": (
        "sessions[0].periods[1]",
        spoilt("sessions", 0, "periods", 1, to=span("11T10:05", "11T09:20")),
    ),
    "a period on another date": (
        "sessions[0].periods[1]",
        spoilt("sessions", 0, "periods", 1, to=span("12T09:20", "12T10:05")),
    ),
    "a period over midnight": (
        "sessions[1].periods[0]",
        spoilt("sessions", 1, "periods", 0, to=span("11T23:30", "12T00:10")),
    ),
    "an online session without room": ("sessions[0].room", without("sessions", 0, "room")),
    "an online session with no room": ("sessions[0].room", spoilt("sessions", 0, "room", to=None)),
    "an account held by two on one source": (
        "people[1].accounts[0]",
        spoilt("people", 1, "accounts", 0, to="alt/x"),
    ),
    "an account of any source, held on one by another": (
        "people[1].accounts[0]",
        spoilt("people", 1, "accounts", 0, to="x"),
    ),
    "an account held by two on any source": (
        "people[1].accounts[0]",
        spoilt("people", 1, "accounts", 0, to="u-1"),
    ),
    "an account of one source, held on any by another": (
        "people[1].accounts[0]",
        spoilt("people", 1, "accounts", 0, to="main/u-1"),
    ),
    "a person's id used twice": ("people[1].id", spoilt("people", 1, "id", to="t01")),
    "a session's id used twice": ("sessions[1].id", spoilt("sessions", 1, "id", to="s01")),
    "a source's id used twice": ("sources[1].id", spoilt("sources", 1, "id", to="main")),
    "a teacher who isn't there": ("sessions[0].teacher", spoilt("sessions", 0, "teacher", to="w99")),
    "people who aren't there": ("sessions[1].people[0]", spoilt("sessions", 1, "people", to=["t99"])),
    "a source called staff": ("sources[1].id", spoilt("sources", 1, "id", to="staff")),
    "a source called door": ("sources[1].id", spoilt("sources", 1, "id", to="door")),
    "a heartbeat slower than the silence": (
        "sources[0].heartbeat_seconds",
        spoilt("sources", 0, "heartbeat_seconds", to=91),
    ),
    "an unknown key": ("polcy", spoilt("polcy", to="x")),
    "an unknown key of the cohort": ("cohort.timezon", spoilt("cohort", "timezon", to="Asia/Shanghai")),
    "an unknown key of a source": ("sources[0].kind", spoilt("sources", 0, "kind", to="zoom")),
    "an unknown key of a person": ("people[0].id_number", spoilt("people", 0, "id_number", to="1")),
    "an unknown key of a session": ("sessions[0].rom", spoilt("sessions", 0, "rom", to="room-1")),
    "an unknown kind": ("sessions[0].kind", spoilt("sessions", 0, "kind", to="lectur")),
    "an unknown mode": ("sessions[0].mode", spoilt("sessions", 0, "mode", to="hybrid")),
    "an unknown camera": ("sources[0].camera", spoilt("sources", 0, "camera", to="sometimes")),
    "an unknown role": ("people[0].role", spoilt("people", 0, "role", to="student")),
    "an unknown policy": ("policy", spoilt("policy", to="shanghai-2026")),
    "a first period before the policy holds": (
        "policy",
        spoilt("sessions", 1, "periods", 0, to=["2026-01-28T09:00:00+08:00", "2026-01-28T09:10:00+08:00"]),
    ),
    "a policy digest that differs": (
        "cohort.policy_digest",
        spoilt("cohort", "policy_digest", to="sha256:" + "0" * 64),
    ),
    "no policy": ("policy", without("policy")),
    "no cohort id": ("cohort.id", without("cohort", "id")),
    "no course": ("sessions[0].course", without("sessions", 0, "course")),
    "an unknown time zone": ("cohort.timezone", spoilt("cohort", "timezone", to="Asia/Peking")),
    "a time without an offset": (
        "sessions[1].periods[0][0]",
        spoilt("sessions", 1, "periods", 0, 0, to="2026-05-11T23:30:00"),
    ),
    "a day that isn't one": ("people[0].enrolled_on", spoilt("people", 0, "enrolled_on", to="2026-02-30")),
}


def errors(cohort: Cohort) -> dict[str, list[str]]:
    """What is wrong, by where."""
    try:
        open_cohort(json.dumps(cohort, ensure_ascii=False).encode())
    except CohortFileError as refused:
        found: dict[str, list[str]] = {}
        for error in refused.errors:
            found.setdefault(error.where, []).append(error.problem)
        return found
    return {}


def test_the_good_cohort_opens() -> None:
    assert errors(GOOD) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_each_error_is_found_where_it_stands(name: str) -> None:
    where, spoil = FAULTS[name]
    cohort = copy.deepcopy(GOOD)
    spoil(cohort)
    assert [where] == list(errors(cohort))


def test_all_errors_are_named_at_once() -> None:
    cohort = copy.deepcopy(GOOD)
    names = [
        *("a countable period shorter than an hour", "an account held by two on one source"),
        *("a session's id used twice", "a teacher who isn't there", "people who aren't there"),
        *("a heartbeat slower than the silence", "a source called door", "an online session with no room"),
        *("an unknown key of a person", "a policy digest that differs", "a period over midnight"),
        *("an unknown camera", "an unknown role"),
    ]
    for name in names:
        FAULTS[name][1](cohort)
    assert sorted(FAULTS[name][0] for name in names) == sorted(errors(cohort))


def test_a_period_that_overlaps_and_is_short_is_told_both() -> None:
    cohort = copy.deepcopy(GOOD)
    cohort["sessions"][0]["periods"][1] = span("11T09:14", "11T09:40")
    assert [len(problems) for problems in errors(cohort).values()] == [2]


def test_what_the_hour_of_tongzhou_asks_is_an_error_there_alone() -> None:
    cohort = copy.deepcopy(GOOD)
    cohort["sessions"][0]["periods"][1] = span("11T09:20", "11T10:04")
    assert errors(cohort) == {}
    cohort["policy"] = "tongzhou-2024"
    assert list(errors(cohort)) == ["sessions[0].periods[1]"]


def test_the_first_day_of_each_policy_holds_already() -> None:
    for policy, first in (("beijing-2026", "2026-01-29"), ("tongzhou-2024", "2024-01-01")):
        cohort = copy.deepcopy(GOOD) | {"policy": policy}
        cohort["sessions"][1]["periods"] = [[f"{first}T00:00:00+08:00", f"{first}T00:10:00+08:00"]]
        assert errors(cohort) == {}
    cohort["sessions"][1]["periods"] = [["2023-12-31T23:50:00+08:00", "2023-12-31T23:59:00+08:00"]]
    assert list(errors(cohort)) == ["policy"]


def test_the_digest_of_the_values_that_hold_is_no_error() -> None:
    cohort = copy.deepcopy(GOOD)
    digest = open_cohort(json.dumps(cohort).encode()).policy.digest
    cohort["cohort"]["policy_digest"] = digest
    assert errors(cohort) == {}


def test_a_period_may_end_at_midnight() -> None:
    """Spans are half-open: the first instant of the next day isn't in it."""
    cohort = copy.deepcopy(GOOD)
    cohort["sessions"][1]["periods"] = [span("11T23:30", "12T00:00")]
    assert errors(cohort) == {}


def test_null_and_absent_are_alike() -> None:
    cohort = copy.deepcopy(GOOD)
    optional = ("organizer", "organizer_id", "district", "project", "starts_on", "ends_on", "filed_at")
    cohort["cohort"] |= dict.fromkeys((*optional, "timezone", "policy_digest", "name"))
    cohort["sources"][0]["heartbeat_seconds"] = None
    texts = ("employer", "post", "level", "certificate", "gender", "education", "note", "accounts")
    cohort["people"][0] |= dict.fromkeys((*texts, "enrolled_on", "withdrawn_on", "name"))
    more = ("teacher", "place", "people", "breakouts", "filed_at", "theme", "tasks", "guide", "sign_out")
    cohort["sessions"][0] |= dict.fromkeys(more)
    assert errors(cohort) == {}


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"policy": "beijing-2026"}'])
def test_what_is_no_cohort_file_at_all_is_refused_with_an_error(data: bytes) -> None:
    with pytest.raises(CohortFileError) as refused:
        open_cohort(data)
    assert refused.value.errors
