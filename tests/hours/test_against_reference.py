"""Engine and reference, two readings of one text, must give the same answer for any class whatever.

`MONITOR_RANDOM_COHORTS=5000` tries more seeds; a failure prints its seed and what differs.
"""

import difflib
import json
import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given

from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, recount, to_bytes
from monitor.instant import instant

from .cohorts import Made, classes, law, make
from .reference import reference

NUMBER = int(os.environ.get("MONITOR_RANDOM_COHORTS", "150"))
AT_ONCE = 10


def on_a_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def spread(document: dict[str, Any]) -> list[str]:
    """One line for each fact, so that a difference reads as one."""
    lines = [f"{key} = {value}" for key, value in document.items() if key not in ("people", "findings")]
    for person in document["people"]:
        told = {key: value for key, value in person.items() if key != "periods"}
        lines.append(f"{person['id']}: {on_a_line(told)}")
        lines += [f"{person['id']}: {on_a_line(row)}" for row in person["periods"]]
    return lines + [on_a_line(row) for row in document["findings"]]


def of_whole_lines(made: Made) -> dict[str, Any]:
    """The way of the command line: many lines at a time, events after `as_of` waiting."""
    rng = Random(made.seed)
    fold = Fold(open_cohort(made.cohort_bytes))
    fold.up_to(instant(made.as_of))
    lines = made.lines
    while lines:
        number = rng.randint(1, 400)
        fold.add_lines(b"\n".join(lines[:number]) + rng.choice([b"", b"\n"]))
        lines = lines[number:]
    return document(fold.result(instant(made.as_of)))


def differences(made: Made) -> str:
    expected = reference(made.cohort, made.events, made.as_of, made.tick_ms)
    actual = recount(made.cohort_bytes, made.lines, instant(made.as_of))
    if expected == actual:
        actual = of_whole_lines(made)
    if expected == actual:
        return ""
    told = difflib.unified_diff(spread(expected), spread(actual), "reference", "engine", lineterm="", n=0)
    return "\n".join([f"seed {made.seed}, as of {made.as_of}", *told]) + "\n"


@pytest.mark.parametrize("first", range(0, NUMBER, AT_ONCE), ids=lambda first: f"seeds from {first}")
def test_engine_and_reference_agree_on_random_classes(first: int) -> None:
    found = [differences(make(seed)) for seed in range(first, min(first + AT_ONCE, NUMBER))]
    assert not any(found), "\n" + "\n".join(filter(None, found))


@law
@given(classes())
def test_engine_and_reference_agree_on_classes_that_shrink(made: Made) -> None:
    assert differences(made) == ""


def test_an_event_of_another_type_with_the_data_of_a_beat_is_no_beat() -> None:
    made = make(5)
    once = {(event["source"], event["id"]): event for event in made.events}  # a reused id sorts all anew
    events = [{k: v for k, v in event.items() if k != "receivedtime"} for event in once.values()]
    beats = [e for e in events if e["type"] == "camera.heartbeat" and "account" in e["data"]]
    for type_ in ("camera.off", "classroom.left", "chat.message"):
        others = [{**beat, "id": f"other {beat['id']}", "type": type_} for beat in beats[::7]]
        assert differences(replace(made, events=[*events, *others])) == ""


def test_the_bytes_of_the_answer_are_canonical_json_and_a_newline() -> None:
    made = make(3)
    document = recount(made.cohort_bytes, made.lines, instant(made.as_of))
    expected = (
        json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    )
    assert expected == to_bytes(document)


def test_random_classes_use_every_verdict_reason_category_and_finding() -> None:
    """The seeds below are worth little if they never reach a rule: this is what they must reach."""
    verdicts, categories, findings, standings = set(), set(), set(), set()
    for seed in range(NUMBER):
        made = make(seed)
        document = recount(made.cohort_bytes, made.lines, instant(made.as_of))
        findings |= {row["code"] for row in document["findings"]}
        for person in document["people"]:
            standings.add(person["standing"])
            verdicts |= {(row["verdict"], row["reason"]) for row in person["periods"]}
            categories |= {category for row in person["periods"] for category in row["milliseconds"]}
    blame = {"camera_off", "no_evidence", "not_in_room", "no_sign_in", "late", "left_early"}
    blame |= {"manual", "overlap", "over_daily_cap"}
    expected = {("refused", reason) for reason in blame} | {("credited", None), ("credited", "manual")}
    expected |= {("pending", "open"), ("live", None), ("upcoming", None)}
    expected |= {("not_countable", None), ("not_enrolled", None)}
    assert expected - verdicts == set()
    assert {"valid", "awaiting", "open"} | blame - {"manual", "overlap", "over_daily_cap"} == categories
    assert len(findings) == 19, findings
    assert {"met", "short", "unrecoverable", "at_risk", "on_track"} == standings
