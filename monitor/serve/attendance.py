"""`GET /v1/cohorts/{id}/attendance`: who stands where, as JSON, CSV or XLSX.

In: a cohort, an instant, a format. Out: section 3 of WIRE.md without periods. Never: adds anything up.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import web

from monitor.live.state import attendance
from monitor.serve import answer, shapes, sheets
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS
from monitor.serve.problem import Problem
from monitor.serve.query import AS_OF, FULL, POSITION, REASON
from monitor.serve.reading import cohort_read, demo

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA: Final = {"json": answer.JSON, "csv": CSV, "xlsx": XLSX}

EXAMPLE: Final = {
    "as_of": "2026-05-22T10:00:00.000Z",
    "cohort": "bj-cnc-01",
    "policy": {"id": "beijing-2026", "digest": "sha256:..."},
    "planned": {"hours": 84, "seminar": 18},
    "rate": "97.50",
    "people": [
        {
            "id": "t01",
            "credited": 78,
            "seminar": 16,
            "online": 20,
            "required": 80,
            "rate": "97.50",
            "slots_required": 20,
            "slots_met": 20,
            "possible": 82,
            "possible_seminar": 18,
            "gap": 2,
            "gap_seminar": 0,
            "standing": "at_risk",
        }
    ],
    "findings": [
        {"at": "2026-05-11T00:30:00.000Z", "code": "join_without_leave", "person": "t01", "source": "main"}
    ],
    "position": "4127",
    "head": "9f2c...",
}


async def attendance_door(request: web.Request) -> web.StreamResponse:
    """The attendance of a cohort in the format asked for."""
    media = wanted(request)
    told, names = await cohort_read(request)
    is_demo = demo(request.app[PARTS], told.plan)
    document = attendance(told, demo=is_demo)
    if media == answer.JSON:
        return answer.told(request, answer.canonical(document), demo=is_demo)
    ending, write = ("csv", sheets.to_csv) if media == CSV else ("xlsx", sheets.to_xlsx)
    name = quote(f"attendance-{told.plan.cohort.id}.{ending}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"attendance.{ending}\"; filename*=UTF-8''{name}",
        "Monitor-As-Of": document["as_of"],
        "Monitor-Position": document["position"],
        "Monitor-Head": document["head"],
    }
    body = write(document, names.all(told.plan))
    return answer.told(request, body, media=media, demo=is_demo, headers=headers)


def wanted(request: web.Request) -> str:
    """The media type asked for: by `?format=`, else the best that `Accept` allows; JSON where all will do."""
    name = request.query.get("format")
    if name is not None:
        return _MEDIA[name]
    ranges = [part.strip() for part in request.headers.get("Accept", "").split(",") if part.strip()]
    if not ranges:
        return answer.JSON
    best = max(_MEDIA.values(), key=lambda media: _quality(media, ranges))
    if _quality(best, ranges) <= 0:
        raise Problem("not_acceptable", f"this door has {', '.join(_MEDIA.values())}")
    return best


def _quality(media: str, ranges: list[str]) -> float:
    """How welcome a media type is (RFC 9110 section 12.5.1): the most exact range that covers it decides."""
    found, exactness = 0.0, -1
    for text in ranges:
        name, *parameters = (piece.strip().lower() for piece in text.split(";"))
        exact = {media: 2, f"{media.split('/')[0]}/*": 1, "*/*": 0}.get(name, -1)
        if exact <= exactness:
            continue
        found, exactness = 1.0, exact
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    found = float(parameter[2:])
                except ValueError:
                    found = 0.0
    return found


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/attendance",
        attendance_door,
        "attendance",
        "Who stands where 出勤与学时",
        "Section 3 of the wire format without `periods`, and the log position and head it was given from.",
        params=(
            AS_OF,
            POSITION,
            Param(
                "format",
                "json, csv or xlsx; without it `Accept` decides.",
                {"type": "string", "enum": list(_MEDIA)},
                example="json",
            ),
            FULL,
            REASON,
        ),
        answers={
            200: Answer(
                "The attendance",
                {
                    answer.JSON: shapes.Attendance,
                    CSV: {"type": "string"},
                    XLSX: {"type": "string", "format": "binary"},
                },
                EXAMPLE,
                {"ETag": "Holds until something changes"},
            ),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("not_acceptable", "as_of_ahead", "position_unknown", "reason_needed"),
    )
]
