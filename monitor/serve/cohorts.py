"""Cohorts: which there are, one cohort's file, and a new or changed one from a file.

In: a cohort file. Out: lists and files, names as the caller may see them; every error of a file at once.
Never: checks a file by itself (that is the plan's).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from monitor.instant import rfc3339
from monitor.serve import answer, bodies, query, shapes
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door, Param
from monitor.serve.guard import read
from monitor.serve.mask import masked_file
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import Problem, not_found
from monitor.serve.query import CURSOR, FULL, LIMIT, REASON
from monitor.serve.reading import is_demo_cohort
from monitor.store.records import CohortRow

MOST_BYTES: Final = 5 << 20
_TRUE: Final = {"type": "string", "enum": ["true", "false"]}
CHANGE_SESSIONS: Final = Param(
    "change_sessions", "Even where corrections or sign-ins name sessions that change or go. Needs why.", _TRUE
)
DROP_PEOPLE: Final = Param(
    "drop_people", "Even where people of whom there are events are not in it any more. Needs why.", _TRUE
)
WHY: Final = Param("why", "Why the file is changed, as the log will have it.", example="课表变更已备案")


async def cohorts_door(request: web.Request) -> web.StreamResponse:
    """The cohorts given to this token."""
    parts, who = request.app[PARTS], request[WHO]
    await read(request, cohort=None)
    given = [row for row in parts.office.cohorts() if who.may_see(row.id)]
    shown, following = query.page(request, given, lambda row: row.id)
    document = {"cohorts": [_line(parts, row) for row in shown], "next": following}
    is_demo = any(parts.office.demo(row.sources) for row in shown)
    return answer.told(request, answer.canonical(document), demo=is_demo)


def _line(parts: Parts, row: CohortRow) -> dict[str, Any]:
    found = {
        "id": row.id,
        "name": row.name,
        "organizer": row.organizer,
        "policy": row.policy,
        "sources": list(row.sources),
        "changed_at": rfc3339(row.at),
        "version": str(row.position),
    }
    return {**found, "demo": True} if parts.office.demo(row.sources) else found


async def cohort_door(request: web.Request) -> web.StreamResponse:
    """The cohort file in force, and where in the log it stands."""
    parts, cohort = request.app[PARTS], request.match_info["cohort"]
    row = parts.office.cohort(cohort)
    if row is None:
        not_found()
    mask = await read(request, cohort=cohort)
    entry = await parts.log.entry(row.position)
    content = msgspec.json.decode(entry.body)
    is_demo = parts.office.demo(row.sources)
    document = {
        **(masked_file(content) if mask else content),
        "position": str(entry.position),
        "head": entry.hash,
        **({"demo": True} if is_demo else {}),
    }
    return answer.told(request, answer.canonical(document), demo=is_demo)


async def import_door(request: web.Request) -> web.StreamResponse:
    """Creates a cohort, or changes one, from a cohort file."""
    parts, who = request.app[PARTS], request[WHO]
    answer.check_json(request)
    data = await answer.body(request, MOST_BYTES)
    wanted = _id(data)
    if wanted is not None and not who.may_see(wanted) and parts.office.cohort(wanted) is not None:
        raise Problem("conflict", "cohort.id: this id is used by a cohort that this token was not given")
    change_sessions, drop_people = (
        request.query.get(param.name) == "true" for param in (CHANGE_SESSIONS, DROP_PEOPLE)
    )
    why = request.query.get(WHY.name, "").strip()
    if (change_sessions or drop_people) and not why:
        raise Problem("conflict", "why: say why sessions change or people go; it stands in the log")
    with decided(_wrong(data)):
        done = await parts.office.import_cohort(
            data,
            by=who.token,
            why=why or "sent by HTTP",
            now=parts.clock(),
            change_sessions=change_sessions,
            drop_people=drop_people,
        )
    document = {
        "id": done.cohort,
        "created": done.created,
        "changed": done.changed,
        "version": str(done.position),
        "notes": list(done.notes),
    }
    is_demo = is_demo_cohort(parts, done.cohort)
    return answer.plain(document, 201 if done.created else 200, demo=is_demo)


class _Id(msgspec.Struct):
    id: str


class _Head(msgspec.Struct):
    cohort: _Id


def _id(data: bytes) -> str | None:
    """The id that a file would have; None where it can't be read, which the import will say."""
    try:
        return msgspec.json.decode(data, type=_Head).cohort.id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _wrong(data: bytes) -> str:
    """Why a refused file is refused: its shape, or (where it fits the schema) what it says."""
    try:
        msgspec.json.decode(data, type=bodies.CohortFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "bad_cohort_file"
    return "cohort_contradicts"


_EXAMPLE: Final = {
    "policy": "beijing-2026",
    "cohort": {
        "id": "bj-cnc-01",
        "name": "数控高级研修班",
        "organizer": "某技师学院",
        "timezone": "Asia/Shanghai",
    },
    "sources": [{"id": "main", "camera": "heartbeat", "heartbeat_seconds": 30}],
    "people": [
        {"id": "t01", "role": "trainee", "name": "张三", "accounts": ["u-1001"]},
        {"id": "w01", "role": "teacher", "name": "王老师", "accounts": ["u-9"]},
    ],
    "sessions": [
        {
            "id": "s01",
            "course": "五轴加工",
            "kind": "lecture",
            "mode": "online",
            "teacher": "w01",
            "room": "room-1",
            "periods": [["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"]],
        }
    ],
}

_IMPORTED: Final = {answer.JSON: shapes.Imported}

DOORS = [
    Door(
        "GET",
        "/v1/cohorts",
        cohorts_door,
        "cohorts",
        "The cohorts given to this token 班次列表",
        params=(LIMIT, CURSOR),
        answers={
            200: Answer("The cohorts", {answer.JSON: shapes.Cohorts}),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("position_unknown",),
    ),
    Door(
        "GET",
        "/v1/cohorts/{cohort}",
        cohort_door,
        "cohorts",
        "A cohort's file 班次文件",
        "The file in force, with `position` and `head` of its entry in the log.",
        params=(FULL, REASON),
        answers={
            200: Answer("The cohort file", {answer.JSON: shapes.CohortTold}),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("reason_needed",),
    ),
    Door(
        "POST",
        "/v1/cohorts",
        import_door,
        "cohorts",
        "Create or change a cohort from its file 导入班次",
        "All errors of a file are named at once, each with its place. Who creates a cohort is given it. A "
        "change that would part evidence from the session it names, or people from their events, is a "
        "`conflict` that names each, unless `change_sessions` or `drop_people` says that it is meant.",
        params=(CHANGE_SESSIONS, DROP_PEOPLE, WHY),
        body={answer.JSON: bodies.CohortFile},
        body_example=_EXAMPLE,
        body_limit=MOST_BYTES,
        answers={
            200: Answer("Taken on as a new version, or the same as before", _IMPORTED),
            201: Answer("Created", _IMPORTED),
        },
        problems=("bad_cohort_file", "cohort_contradicts", "conflict"),
    ),
]
