"""`GET /v1/cohorts/{id}/shortfalls`: who is neither met nor on track, and what could still close the gap.

In: a cohort and an instant. Out: gaps as the fold tells them, and the periods still to be had. Never: a
forecast of its own.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from monitor.hours.record import Standing
from monitor.hours.verdict import Judged
from monitor.instant import rfc3339
from monitor.live import Told
from monitor.serve import answer, query, shapes
from monitor.serve.door import Answer, Door
from monitor.serve.parts import PARTS
from monitor.serve.query import AS_OF, CURSOR, FULL, LIMIT, POSITION, REASON
from monitor.serve.reading import Names, cohort_read, demo, head

_FINE = ("met", "on_track")
_TOTALS = ("standing", "credited", "seminar", "possible", "possible_seminar", "gap", "gap_seminar")


async def shortfalls_door(request: web.Request) -> web.StreamResponse:
    """The shortfalls of a cohort, a page at a time."""
    parts = request.app[PARTS]
    told, names = await cohort_read(request)
    short = [one for one in told.result.people if one.totals.standing not in _FINE]
    shown, following = query.page(request, short, lambda one: one.person.id)
    document = {
        **head(parts, told),
        "shortfalls": [_shortfall(one, told, names) for one in shown],
        "next": following,
    }
    return answer.told(request, answer.canonical(document), demo=demo(parts, told.plan))


def _shortfall(one: Standing, told: Told, names: Names) -> dict[str, Any]:
    return {
        "id": one.person.id,
        "name": names.of(one.person),
        **{key: getattr(one.totals, key) for key in _TOTALS},
        "could_close": [_closing(judged) for judged in one.periods if _could(judged)],
    }


def _could(judged: Judged) -> bool:
    """Whether the forecast still counts on this period (RULES section 8, `possible`)."""
    return judged.verdict in ("pending", "upcoming") or judged.can_still


def _closing(judged: Judged) -> dict[str, Any]:
    period, session = judged.period, judged.period.session
    found = {
        "session": session.id,
        "index": period.index,
        "course": session.course,
        "kind": session.kind,
        "mode": session.mode,
        "seminar": period.seminar,
        "start": rfc3339(period.start),
        "end": rfc3339(period.end),
        "verdict": judged.verdict,
        "room": session.room,
        "place": session.place,
    }
    return found if judged.reachable is None else {**found, "reachable": judged.reachable}


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/shortfalls",
        shortfalls_door,
        "attendance",
        "Who falls short, and what could still close it 差额与补救",
        "Trainees neither `met` nor `on_track`, by id, with the periods that the forecast still counts on.",
        params=(AS_OF, POSITION, LIMIT, CURSOR, FULL, REASON),
        answers={
            200: Answer("The shortfalls", {answer.JSON: shapes.Shortfalls}),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("as_of_ahead", "position_unknown", "reason_needed"),
    )
]
