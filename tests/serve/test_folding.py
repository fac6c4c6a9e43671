"""A restart that folds something large says so in the journal; one that doesn't says nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from monitor.live import held
from monitor.serve.folding import Folding
from tests.serve.school import COHORT, School


def said(journal: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in journal.getvalue().splitlines()]
    return [line for line in lines if line["event"] == "cohort.folding"]


def test_what_takes_long_is_said_after_a_second_then_now_and_then_and_at_its_end(
    journal: io.StringIO,
) -> None:
    """In Chinese and English, with how far it is."""
    at, took = [0.0], []
    fold = Folding(lambda: at[0], took.append)
    for second, position in ((0.9, 90), (1.1, 110), (5.9, 590), (6.2, 620), (9.0, 1000)):
        at[0] = second
        fold(position, 1000)

    assert [
        ("正在从台账重算班次 folding a cohort from the log: 11 %", 1.1),
        ("正在从台账重算班次 folding a cohort from the log: 62 %", 6.2),
        ("班次已重算 a cohort is folded: 100 %", 9.0),
    ] == [(line["said"], line["seconds"]) for line in said(journal)]
    assert 1 == len({line["fold"] for line in said(journal)})
    assert [9.0] == took


def test_what_is_done_within_a_second_is_timed_and_not_said(journal: io.StringIO) -> None:
    at, took = [5.0], []
    fold = Folding(lambda: at[0], took.append)
    for position in (10, 20):
        fold(position, 20)
        at[0] += 0.1
    assert ([], 1) == (said(journal), len(took))


async def test_a_fold_of_the_service_tells_how_far_it_is(
    place: School, journal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first events to the last position, and without the cohort's name."""
    monkeypatch.setattr(held, "_BREATH", 1)
    monkeypatch.setattr("monitor.serve.folding.FIRST_SECONDS", 0)
    await place.morning()
    await place.push([place.event("classroom.left", "u-1", "10:07:00")])
    await place.get(f"/v1/cohorts/{COHORT}/attendance")
    lines = said(journal)
    head = place.parts.log.head()[0]

    assert [head, head] == [lines[0]["until"], lines[-1]["position"]]
    assert [False] * (len(lines) - 1) + [True] == ["班次已重算" in line["said"] for line in lines]
    assert COHORT not in journal.getvalue()
