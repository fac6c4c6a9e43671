"""The engine against the tables in cases/: each is a sentence of the rules that a lawyer can read."""

import json

import pytest

from monitor.event import decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, recount
from monitor.instant import instant

from .case_files import Case, cases, check
from .reference_evidence import POLICIES

EDGES = {
    "hour_minutes beijing-2026": {"under", "exactly", "over"},
    "hour_minutes tongzhou-2024": {"under", "exactly", "over"},
    "excluded_kinds": {"exactly"},
    "seminar_kinds": {"under", "exactly"},
    "half-day 12:30": {"under", "exactly", "over"},
    "half-day 18:00": {"under", "exactly", "over"},
    "72 h late_event": {"under", "exactly", "over"},
    "120 s clock_off": {"under", "exactly", "over"},
}


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.file}: {case.id}")
def test_the_engine_agrees_with_the_table(case: Case) -> None:
    lines = [json.dumps(event, ensure_ascii=False).encode() for event in case.events]
    check(case, recount(json.dumps(case.cohort).encode(), lines, instant(case.as_of)))


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.file}: {case.id}")
def test_the_engine_agrees_with_the_table_when_asked_on_the_way(case: Case) -> None:
    """Told event by event, forwards and backwards, and asked before each of the last three."""
    as_of = instant(case.as_of)
    events = [decode(json.dumps(event, ensure_ascii=False).encode()) for event in case.events]
    for order in (events, events[::-1]):
        fold = Fold(open_cohort(json.dumps(case.cohort).encode()))
        for number, event in enumerate(order):
            if number >= len(order) - 3:
                fold.result(as_of)
            fold.add(event)
        check(case, document(fold.result(as_of)))


def test_every_policy_value_has_a_case_on_either_side_of_its_edge() -> None:
    sides: dict[str, set[str]] = {}
    for case in cases():
        if case.told.get("value"):
            sides.setdefault(case.told["value"], set()).add(case.told["side"])
    values = {name for _, policy in POLICIES.values() for name in policy if name != "hour_minutes"}
    expected = {name: {"under", "exactly", "over"} for name in values} | EDGES
    assert expected == {value: sides.get(value) for value in expected}


def test_every_case_says_its_clause_and_its_sentence_in_both_languages() -> None:
    wordless = [
        (case.file, case.id)
        for case in cases()
        if not all(case.told.get(key) for key in ("clause", "zh", "en")) or "RULES" not in case.told["clause"]
    ]
    assert not wordless


def test_the_case_ids_of_a_file_differ() -> None:
    named = [(case.file, case.id) for case in cases()]
    assert len(named) == len(set(named))


def test_all_thirteen_worked_examples_are_there() -> None:
    examples = [case.id for case in cases() if case.id.startswith("example ")]
    assert [f"example {number}" for number in range(1, 14)] == examples
