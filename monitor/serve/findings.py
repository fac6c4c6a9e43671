"""`GET /v1/cohorts/{id}/findings`: what somebody should look at, with what it means and what can be done.

In: a cohort, a code or a person. Out: findings a page at a time; of each code how many there are, and its
words.
Never: a finding that the fold did not make.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final

from aiohttp import web

from monitor.hours.plan import Plan
from monitor.hours.rulebook import rulebook
from monitor.hours.words import words
from monitor.live import Told
from monitor.serve import answer, query, shapes_of_inbox
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS
from monitor.serve.policies import word
from monitor.serve.problem import Problem
from monitor.serve.query import AS_OF, CURSOR, FULL, LIMIT, POSITION, REASON
from monitor.serve.reading import Names, cohort_read, demo, head

CODE: Final = Param("code", "Only findings of this code.", example="join_without_leave")
PERSON: Final = Param("person", "Only findings that name this person, by id.", example="t01")


async def findings_door(request: web.Request) -> web.StreamResponse:
    """The findings of a cohort, a page at a time."""
    parts = request.app[PARTS]
    code, person = request.query.get(CODE.name), request.query.get(PERSON.name)
    if code is not None and code not in words()["findings"]:
        raise Problem("bad_parameter", f"code must be one of {', '.join(words()['findings'])}")
    told, names = await cohort_read(request)
    found = told.document["findings"]
    chosen = [one for one in found if code in (None, one["code"]) and person in (None, one.get("person"))]
    shown, following = query.page(request, sorted(chosen, key=_key), _key)
    document = {
        **head(parts, told),
        "findings": named(told.plan, shown, names),
        "codes": _codes(told, Counter(one["code"] for one in found)),
        "next": following,
    }
    return answer.told(request, answer.canonical(document), demo=demo(parts, told.plan))


def named(plan: Plan, found: list[dict[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Findings with the names of the people they name."""
    return [
        {**one, "name": names.of(plan.people[one["person"]])} if one.get("person") in plan.people else one
        for one in found
    ]


def _key(one: dict[str, Any]) -> str:
    """What pages are ordered by: code, instant, and the whole of it, so that no two share a place."""
    return f"{one['code']} {one['at'] or ''} {answer.canonical(one).decode()}"


def _codes(told: Told, counts: Counter[str]) -> list[dict[str, Any]]:
    rules, on = rulebook()[told.plan.policy.id], day_of(told.plan)
    return [
        {"code": code, "count": counts[code], **word(rules, code, one, on)}
        for code, one in words()["findings"].items()
        if counts[code]
    ]


def day_of(plan: Plan) -> date:
    """The local date whose values the cohort takes (RULES section 2)."""
    newest = max(value.since for value in rulebook()[plan.policy.id].value)
    return plan.periods[0].on if plan.periods else plan.cohort.starts_on or newest


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/findings",
        findings_door,
        "attendance",
        "What somebody should look at 待核事项",
        "They change no number. By code and instant; `codes` has all codes that the cohort has findings of, "
        "counted without the filters, with their words, clauses and what can be done.",
        params=(AS_OF, POSITION, CODE, PERSON, LIMIT, CURSOR, FULL, REASON),
        answers={
            200: Answer("The findings", {answer.JSON: shapes_of_inbox.FindingsTold}),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("as_of_ahead", "position_unknown", "reason_needed"),
    )
]
