"""Binding accounts: what it would change, before it is decided; and many in one decision.

In: accounts and whose they are. Out: totals and verdicts before and after, by the fold itself; or the
cohort's new version. Never: writes where it was only asked what would be; a forecast that the fold does not
make.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from aiohttp import web

from monitor.hours.plan import Plan
from monitor.hours.record import Standing
from monitor.hours.verdict import Judged
from monitor.ingest import sources
from monitor.instant import rfc3339
from monitor.live import Told
from monitor.office.bindings import Binding, with_bindings
from monitor.serve import answer, bodies, shapes_of_inbox
from monitor.serve.days import standing_of, totals
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door
from monitor.serve.findings import named
from monitor.serve.parts import PARTS, WHO
from monitor.serve.progress import STANDINGS
from monitor.serve.reading import Names, cohort_read, demo, head, is_demo_cohort

_BODY: Final = 256 << 10


async def preview_door(request: web.Request) -> web.StreamResponse:
    """What bindings would change; nothing is written."""
    parts = request.app[PARTS]
    asked = await _bindings(request)
    now, names = await cohort_read(request)
    with decided():
        file, _ = with_bindings(now.plan, asked)
    concerned = list(dict.fromkeys(one.person for one in asked))
    before = {name: standing_of(now, now.plan.people[name]) for name in concerned}
    before |= {one.person.id: one for one in now.result.people}
    then = await parts.trials.told(parts.log, sources, now, file)
    after = {name: standing_of(then, then.plan.people[name]) for name in concerned}
    after |= {one.person.id: one for one in then.result.people}
    people = [
        _change(now.plan, before[name], then.plan, after[name], names)
        for name in dict.fromkeys([*concerned, *sorted(before)])
        if name in concerned or _numbers(before[name]) != _numbers(after[name])
    ]
    document = {
        **head(parts, now),
        "people": people,
        "rate": {"before": now.result.rate, "after": then.result.rate},
        "standings": {"before": _standings(now), "after": _standings(then)},
        "findings": {
            "gone": named(now.plan, _without(now, then), names),
            "new": named(now.plan, _without(then, now), names),
        },
    }
    return answer.plain(document, demo=demo(parts, now.plan))


async def bind_many_door(request: web.Request) -> web.StreamResponse:
    """Gives accounts to people, all of them or none, in one new version of the cohort."""
    parts, who, cohort = request.app[PARTS], request[WHO], request.match_info["cohort"]
    asked = await _bindings(request)
    with decided():
        done = await parts.office.bind_accounts(
            cohort, asked, by=who.token, why="bound from the inbox", now=parts.clock()
        )
    document = {
        "cohort": cohort,
        "bound": [{"person": one.person, "account": one.written} for one in dict.fromkeys(asked)],
        "version": str(done.position),
    }
    return answer.plain(document, demo=is_demo_cohort(parts, cohort))


async def _bindings(request: web.Request) -> list[Binding]:
    asked = await answer.read_json(request, bodies.Bindings, _BODY)
    return [Binding(one.person, one.account, one.source) for one in asked.bindings]


def _numbers(standing: Standing) -> tuple[Any, ...]:
    return standing.totals, [_judgement(judged) for judged in standing.periods]


def _judgement(judged: Judged) -> dict[str, Any]:
    valid = judged.milliseconds.get("valid", 0)
    return {"verdict": judged.verdict, "reason": judged.reason, "valid_ms": valid}


def _change(was_plan: Plan, before: Standing, plan: Plan, after: Standing, names: Names) -> dict[str, Any]:
    person = before.person
    trainee = person.role == "trainee"
    return {
        "id": person.id,
        "role": person.role,
        "name": names.of(person),
        "before": totals(was_plan, before) if trainee else None,
        "after": totals(plan, after) if trainee else None,
        "periods": [
            {
                "session": was.period.session.id,
                "index": was.period.index,
                "course": was.period.session.course,
                "date": was.period.on,
                "start": rfc3339(was.period.start),
                "end": rfc3339(was.period.end),
                "before": _judgement(was),
                "after": _judgement(would),
            }
            for was, would in zip(before.periods, after.periods, strict=True)
            if _judgement(was) != _judgement(would)
        ],
    }


def _standings(told: Told) -> dict[str, int]:
    counts = Counter(one.totals.standing for one in told.result.people)
    return {standing: counts[standing] for standing in STANDINGS}


def _without(one: Told, other: Told) -> list[dict[str, Any]]:
    """The findings of one that the other has not."""
    return [found for found in one.document["findings"] if found not in other.document["findings"]]


_EXAMPLE: Final = {"bindings": [{"person": "t01", "account": "u-1001", "source": "main"}]}

DOORS = [
    Door(
        "POST",
        "/v1/cohorts/{cohort}/bindings/preview",
        preview_door,
        "inbox",
        "What binding accounts would change 认领前预览",
        "Everybody whom it would change, before and after, as the same fold gives it with these bindings "
        "from the same log at the same instant. Nothing is written.",
        body={answer.JSON: bodies.Bindings},
        body_example=_EXAMPLE,
        body_limit=_BODY,
        answers={200: Answer("What would change", {answer.JSON: shapes_of_inbox.PreviewTold})},
        problems=("declined", "conflict"),
    ),
    Door(
        "POST",
        "/v1/cohorts/{cohort}/bindings",
        bind_many_door,
        "inbox",
        "Bind many accounts at once 一次认领多个账号",
        "All of them or none, in one new version of the cohort: the accounts of a meeting, for example. "
        "`errors` names those that can't be bound. Each can be taken back by itself.",
        body={answer.JSON: bodies.Bindings},
        body_example=_EXAMPLE,
        body_limit=_BODY,
        answers={200: Answer("Bound", {answer.JSON: shapes_of_inbox.BoundMany})},
        problems=("declined", "conflict"),
    ),
]
