"""The words of the rules: each has a name in both languages, and stands on clauses that the text has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import monitor.hours
from monitor.cohort import KINDS, MODES
from monitor.hours.rulebook import policy, rulebook
from monitor.hours.strip import CATEGORIES
from monitor.hours.words import GROUPS, words
from monitor.serve import shapes
from monitor.serve.shapes_of_rules import PolicyTold
from tests.serve.school import ROLES, School


def codes_of_findings() -> set[str]:
    """Every code that the sources of `hours` name."""
    found: set[str] = set()
    for file in Path(monitor.hours.__path__[0]).glob("*.py"):
        text = file.read_text("utf-8")
        found |= set(re.findall(r'Finding\(\s*"([a-z_]+)"', text))
        found |= set(re.findall(r'noticed\.at\("([a-z_]+)"', text))
        found |= set(re.findall(r'code = "([a-z_]+)"', text))
    return found


def test_every_word_that_an_answer_may_bear_has_words() -> None:
    expected = {
        "verdicts": set(get_args(shapes.Verdict)),
        "reasons": set(get_args(shapes.Reason)),
        "standings": set(get_args(shapes.Standing)),
        "categories": set(CATEGORIES),
        "findings": codes_of_findings(),
        "kinds": set(KINDS),
        "modes": set(MODES),
    }
    assert len(expected["findings"]) == 19
    assert expected == {group: set(named) for group, named in words().items()}
    assert set(GROUPS) == set(words())


def test_clauses_name_words_that_there_are_and_words_name_values_that_there_are() -> None:
    named = {name for group in words().values() for name in group}
    for rules in rulebook().values():
        assert {word for clause in rules.clause for word in clause.of} <= named
        values = {value.name for value in rules.value}
        assert {name for group in words().values() for one in group.values() for name in one.values} <= values


@pytest.mark.parametrize("name", sorted(rulebook()))
async def test_a_policy_says_its_values_and_words_with_their_clauses(place: School, name: str) -> None:
    status, answer, headers = await place.get(f"/v1/policies/{name}", "teacher")
    assert status == 200
    msgspec.convert(answer, PolicyTold, strict=True)
    assert len(answer["values"]) == 13
    for reason in ("camera_off", "no_evidence", "not_in_room", "no_sign_in", "late", "left_early"):
        assert answer["words"]["reasons"][reason]["clauses"]
        assert answer["words"]["reasons"][reason]["do"]["zh"]
    status, _, _ = await place.get(f"/v1/policies/{name}", "teacher", **{"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_a_clause_is_told_apart_from_a_choice_where_the_text_is_silent(place: School) -> None:
    _, answer, _ = await place.get("/v1/policies/beijing-2026")
    reasons = answer["words"]["reasons"]
    assert [(c["clause"], c["silent"]) for c in reasons["camera_off"]["clauses"]] == [("BJ 五(二)4", False)]
    assert {c["silent"] for c in reasons["left_early"]["clauses"]} == {True}
    _, answer, _ = await place.get("/v1/policies/tongzhou-2024")
    silent = {value["name"]: value["silent"] for value in answer["values"]}
    assert (silent["hour_minutes"], silent["daily_cap"]) == (False, True)


async def test_a_digest_names_the_day_whose_values_hold(place: School) -> None:
    rules = rulebook()["beijing-2026"]
    digest = policy(rules.id, rules.value[0].since).digest
    status, answer, _ = await place.get(f"/v1/policies/beijing-2026?digest={digest}")
    assert (status, answer["policy"]["digest"]) == (200, digest)
    for address in ("beijing-2026?digest=sha256:0", "nowhere-2026"):
        status, problem, _ = await place.get(f"/v1/policies/{address}")
        assert (status, problem["reason"]) == (404, "not_found")


async def test_who_reads_answers_may_read_the_rules(place: School) -> None:
    found = {role: (await place.get("/v1/policies/beijing-2026", role))[0] for role in ROLES}
    assert found == dict.fromkeys(ROLES, 200) | {"platform": 403, "trainee": 403}
