"""`GET /v1/cohorts/{id}/overview`: a cohort at a glance, as of the last change.

In: a cohort. Out: rate, how many stand where, what is on. Never: adds anything up, names anybody.
"""

from __future__ import annotations

from aiohttp import web

from monitor.serve import answer, shapes
from monitor.serve.door import Answer, Door
from monitor.serve.guard import read
from monitor.serve.parts import PARTS
from monitor.serve.problem import not_found


async def overview_door(request: web.Request) -> web.StreamResponse:
    """The overview of a cohort."""
    parts, cohort = request.app[PARTS], request.match_info["cohort"]
    document = await parts.live.glance(cohort, parts.clock())
    if document is None:
        not_found()
    await read(request, cohort=cohort)
    return answer.told(request, answer.canonical(document), demo="demo" in document)


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/overview",
        overview_door,
        "attendance",
        "A cohort at a glance 班次概况",
        "As of the last change: the rate, how many trainees stand where, the periods that run with how many "
        "do what in each, the one that comes next, and the platforms from which nothing comes while a class "
        "is on.",
        answers={
            200: Answer("The overview", {answer.JSON: shapes.Overview}),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
    )
]
