"""`GET /v1/cohorts/{id}/progress`: everybody by every period, the class day by day, how many stand where.

In: a cohort and an instant. Out: one letter for each verdict with its reason, totals, sums by date. Never:
adds up what the fold did not; names more letters than there are verdicts.
"""

from __future__ import annotations

import string
from collections import Counter
from typing import Any, Final

import msgspec
from aiohttp import web

from monitor.hours import recount
from monitor.hours.days import class_days
from monitor.hours.plan import Period, Plan
from monitor.hours.record import Standing
from monitor.hours.span import REASONS
from monitor.hours.standing import spare
from monitor.live import Told
from monitor.serve import answer, shapes_of_days
from monitor.serve.days import named, needs
from monitor.serve.door import Answer, Door
from monitor.serve.parts import PARTS
from monitor.serve.query import AS_OF, FULL, POSITION, REASON
from monitor.serve.reading import Names, cohort_read, demo, head, titled

STANDINGS: Final = ("met", "on_track", "at_risk", "unrecoverable", "short")
_VERDICTS: Final = (
    ("credited", None),
    ("credited", "manual"),
    *(("refused", reason) for reason in (*REASONS, "overlap", "over_daily_cap", "manual")),
    ("pending", "open"),
    *((verdict, None) for verdict in ("live", "upcoming", "not_countable", "not_enrolled")),
)
CODES: Final = dict(zip(_VERDICTS, string.ascii_letters, strict=False))
"""The letter of each verdict with its reason: all there are (RULES section 6)."""


async def progress_door(request: web.Request) -> web.StreamResponse:
    """The progress of a cohort."""
    parts = request.app[PARTS]
    told, names = await cohort_read(request)
    body = answer.canonical({**head(parts, told), **_progress(told, names)})
    response = answer.told(request, body, demo=demo(parts, told.plan), headers={"Vary": _VARY})
    if response.status == 200:
        response.enable_compression()
    return response


_VARY: Final = "Authorization, Accept, Accept-Encoding"


def _progress(told: Told, names: Names) -> dict[str, Any]:
    plan = told.plan
    standings = Counter(one.totals.standing for one in told.result.people)
    return {
        **titled(plan),
        "timezone": plan.cohort.timezone,
        "planned": msgspec.structs.asdict(told.result.planned),
        "needs": needs(plan),
        "rate": told.result.rate,
        "periods": [_column(plan, period, told.as_of) for period in plan.periods],
        "codes": {letter: list(verdict) for verdict, letter in CODES.items()},
        "people": [_row(plan, one, names) for one in told.result.people],
        "standings": {standing: standings[standing] for standing in STANDINGS},
        "days": [
            {"date": day.on, "weekday": day.on.isoweekday()}
            | {key: value for key, value in msgspec.structs.asdict(day).items() if key != "on"}
            for day in class_days(plan, told.result.people, told.as_of)
        ],
        "shortfalls": f"/v1/cohorts/{plan.cohort.id}/shortfalls",
    }


def _column(plan: Plan, period: Period, as_of: int) -> dict[str, Any]:
    settled = as_of >= period.end + plan.policy.silence_ms
    return {**named(period), "date": period.on, "settled": settled}


def _row(plan: Plan, one: Standing, names: Names) -> dict[str, Any]:
    cells = "".join(CODES[judged.verdict, judged.reason] for judged in one.periods)
    return {
        **recount.totals(one.person.id, one.totals),
        **spare(plan, one.totals),
        "name": names.of(one.person),
        "cells": cells,
    }


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/progress",
        progress_door,
        "attendance",
        "Everybody by every period 全班进度",
        "`cells` of a trainee has a letter for each of `periods`; `codes` says which verdict and reason it "
        "is. `days` has the class by local date, `standings` how many stand where. Compressed for whoever "
        "accepts it.",
        params=(AS_OF, POSITION, FULL, REASON),
        answers={
            200: Answer(
                "The progress",
                {answer.JSON: shapes_of_days.ProgressTold},
                headers={"ETag": "Holds until something changes"},
            ),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("as_of_ahead", "position_unknown", "reason_needed"),
    )
]
