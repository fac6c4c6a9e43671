"""Corrections: one proposes, another approves or rejects; from approval on it counts (RULES section 7).

In: a proposal; a number. Out: the correction as it stands. Never: lets one person be both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from monitor.instant import rfc3339
from monitor.serve import answer, bodies, query, shapes
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door
from monitor.serve.guard import read
from monitor.serve.mask import masked
from monitor.serve.parts import PARTS, WHO
from monitor.serve.problem import not_found
from monitor.serve.query import CURSOR, FULL, LIMIT, REASON
from monitor.serve.reading import is_demo_cohort
from monitor.store.records import CorrectionRow

_BODY = 16_384


async def propose_door(request: web.Request) -> web.StreamResponse:
    """Writes a correction down; it waits for another person's word."""
    parts, who, cohort = request.app[PARTS], request[WHO], request.match_info["cohort"]
    asked = await answer.read_json(request, bodies.Proposal, _BODY)
    with decided():
        row = await parts.office.propose_correction(
            cohort,
            asked.person,
            asked.session,
            asked.period,
            asked.credit,
            asked.reason,
            by=who.label,
            token=who.token,
            now=parts.clock(),
        )
    return answer.plain(_shown(row), 201, demo=is_demo_cohort(parts, cohort))


async def approve_door(request: web.Request) -> web.StreamResponse:
    """The second person's word."""
    parts, who = request.app[PARTS], request[WHO]
    cohort, number = request.match_info["cohort"], _number(request)
    with decided():
        row = await parts.office.approve_correction(
            cohort, number, by=who.label, token=who.token, now=parts.clock()
        )
    return answer.plain(_shown(row), demo=is_demo_cohort(parts, cohort))


async def reject_door(request: web.Request) -> web.StreamResponse:
    """Lays a proposed correction aside: an approver any, others what they proposed themselves."""
    parts, who = request.app[PARTS], request[WHO]
    cohort, number = request.match_info["cohort"], _number(request)
    with decided():
        row = await parts.office.reject_correction(
            cohort,
            number,
            by=who.label,
            token=who.token,
            now=parts.clock(),
            others=who.role == "approver",
        )
    return answer.plain(_shown(row), demo=is_demo_cohort(parts, cohort))


def _number(request: web.Request) -> int:
    number = request.match_info["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        not_found()
    return int(number)


async def corrections_door(request: web.Request) -> web.StreamResponse:
    """The corrections of a cohort: those that wait, and those that count."""
    parts, cohort = request.app[PARTS], request.match_info["cohort"]
    if parts.office.cohort(cohort) is None:
        not_found()
    mask = await read(request, cohort=cohort)
    shown, following = query.page(request, parts.office.corrections(cohort), lambda row: f"{row.n:09d}")
    document = {"corrections": [_shown(row, mask=mask) for row in shown], "next": following}
    return answer.plain(document, demo=is_demo_cohort(parts, cohort))


def _shown(row: CorrectionRow, *, mask: bool = False) -> dict[str, Any]:
    position = row.position if row.approved_position is None else row.approved_position
    name = masked if mask else str
    return {
        "n": row.n,
        "person": row.person,
        "session": row.session,
        "period": row.period,
        "credit": row.credit,
        "reason": row.reason,
        "state": row.state,
        "by": name(row.by),
        "at": rfc3339(row.at),
        "approved_by": None if row.approved_by is None else name(row.approved_by),
        "approved_at": None if row.approved_at is None else rfc3339(row.approved_at),
        "position": str(position),
        **({} if row.rejected_at is None else _rejected(row, name)),
    }


def _rejected(row: CorrectionRow, name: Callable[[str], str | None]) -> dict[str, Any]:
    return {"rejected_by": name(row.rejected_by or ""), "rejected_at": rfc3339(row.rejected_at or 0)}


_EXAMPLE = {
    "person": "t01",
    "session": "s01",
    "period": 0,
    "credit": True,
    "reason": "平台故障，教师点名在场",
}
_TOLD = {answer.JSON: shapes.CorrectionTold}

DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/corrections",
        corrections_door,
        "corrections",
        "Corrections, proposed and approved 更正记录",
        params=(LIMIT, CURSOR, FULL, REASON),
        answers={200: Answer("The corrections", {answer.JSON: shapes.Corrections})},
        problems=("position_unknown", "reason_needed"),
    ),
    Door(
        "POST",
        "/v1/cohorts/{cohort}/corrections",
        propose_door,
        "corrections",
        "Propose a correction 提出更正",
        "Counts only once another person has approved it. Leave ID numbers out of the reason: it is printed.",
        body={answer.JSON: bodies.Proposal},
        body_example=_EXAMPLE,
        answers={201: Answer("The correction, waiting", _TOLD)},
        problems=("declined", "conflict"),
    ),
    Door(
        "POST",
        "/v1/cohorts/{cohort}/corrections/{number}/approve",
        approve_door,
        "corrections",
        "Approve a correction 审批更正",
        "By another person than the one who proposed it; counts from now on.",
        answers={200: Answer("The correction, counting", _TOLD)},
        problems=("two_people", "conflict", "declined"),
    ),
    Door(
        "POST",
        "/v1/cohorts/{cohort}/corrections/{number}/reject",
        reject_door,
        "corrections",
        "Reject or withdraw a correction 驳回、撤回更正",
        "One that waits: by an approver, or by who proposed it (`withdrawn`). It never counts then.",
        answers={200: Answer("The correction, laid aside", _TOLD)},
        problems=("conflict",),
    ),
]
