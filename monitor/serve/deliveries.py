"""`GET /v1/deliveries`: deliveries by source, room or session, and local day; and one with its proof.

In: what to look for; a position. Out: pages of deliveries; one with all that its link commits to, and its
bytes for who asks for them with a reason. Never: opens to a token of some cohorts: a delivery may hold events
of several, and whose they are may be known later only.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from aiohttp import web

from monitor.event import OURS
from monitor.instant import rfc3339
from monitor.office.deliveries import CatalogueBehind, Found, looked_for
from monitor.serve import answer, guard, query, shapes
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import Problem, not_found
from monitor.serve.query import CURSOR, LIMIT
from monitor.store import chain

SOURCE: Final = Param(
    "source", "Whose deliveries.", {"type": "string", "minLength": 1}, example="main", required=True
)
ROOM: Final = Param("room", "Deliveries in which an event names this room.", example="room-1")
SESSION: Final = Param(
    "session",
    "Deliveries in which an event names this session (sign-ins do); not with `room`.",
    example="s01",
)
DAY: Final = Param(
    "day",
    "Deliveries in which an event happened on this local day, by China Standard Time (UTC+8) whatever its "
    "cohort; the day of arrival where no time can be read.",
    {"type": "string", "format": "date"},
    example="2026-05-11",
)
FULL: Final = Param(
    "full",
    "Whether the bytes are asked for. Needs a reason, and is written down.",
    {"type": "string", "enum": ["true", "false"]},
    example="true",
)
REASON: Final = Param("reason", "Why the bytes are needed; written down with who asked.", example="核对争议")

_PATIENCE_S: Final = 5.0


async def list_door(request: web.Request) -> web.StreamResponse:
    """A page of deliveries."""
    parts = _for_all_cohorts(request)
    asked = request.query
    source = asked.get("source")
    if not source:
        raise Problem("bad_parameter", "source: say whose deliveries, as in ?source=main")
    after, most = _after(query.cursor(request)), query.limit(request)
    with decided("bad_parameter"):
        place, day = looked_for(asked.get("room"), asked.get("session"), asked.get("day"))
        try:
            page = await parts.office.find(source, place, day, after=after, most=most, patience_s=_PATIENCE_S)
        except CatalogueBehind as behind:
            raise Problem(
                "unavailable",
                f"the log is being read to find this: position {behind.position} of {behind.head}; ask again",
                headers={"Retry-After": "5"},
            ) from None
    await guard.read(request, cohort=None)
    document = {
        "deliveries": [_row(one) for one in page.found],
        "next": None if page.next is None else query.write_cursor(str(page.next)),
    }
    return answer.plain(document, demo=_demo(parts, source))


async def one_door(request: web.Request) -> web.StreamResponse:
    """One delivery with its proof."""
    parts = _for_all_cohorts(request)
    proof = await parts.office.delivery(_position(request.match_info["position"]))
    if proof is None:
        not_found("there is no delivery at this position")
    entry = proof.entry
    document = {
        **_row(proof.found),
        "arrived_ms": entry.at,
        "headers": entry.headers,
        "decoder": entry.decoder,
        "body_sha256": entry.erased or chain.body_hash(entry.body).hex(),
        "body_bytes": len(entry.body),
        "before": proof.before,
    }
    if await guard.read_in_full(request):
        document["body"] = base64.b64encode(entry.body).decode()
    return answer.plain(document, demo=_demo(parts, entry.source))


def _for_all_cohorts(request: web.Request) -> Parts:
    if request[WHO].cohorts is not None:
        raise Problem(
            "forbidden",
            "deliveries may hold events of any cohort: this door takes a token of all cohorts, made without "
            "--cohort",
        )
    return request.app[PARTS]


def _after(key: str | None) -> int:
    if key is None:
        return 0
    try:
        return _position(key)
    except Problem:
        raise Problem("position_unknown", "cursor: not one that an earlier page gave as `next`") from None


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        not_found("there is no delivery at this position")
    return int(text)


def _demo(parts: Parts, source: str) -> bool:
    return source not in OURS and parts.office.demo([source])


def _row(one: Found) -> dict[str, Any]:
    return {
        "position": str(one.position),
        "at": rfc3339(one.at),
        "source": one.source,
        "webhook_id": one.webhook_id,
        "events": one.events,
        "refused": one.refused,
        "hash": one.hash,
        "erased": one.erased,
    }


DOORS = [
    Door(
        "GET",
        "/v1/deliveries",
        list_door,
        "deliveries",
        "Deliveries by source, room or session, and day 查找投递",
        "In order of position. For tokens of all cohorts. The first time that somebody looks for a room, a "
        "session or a day the log is read from its beginning: 503 with Retry-After until that is done.",
        params=(SOURCE, ROOM, SESSION, DAY, LIMIT, CURSOR),
        answers={200: Answer("A page", {answer.JSON: shapes.Deliveries})},
        problems=("position_unknown", "not_found", "conflict"),
    ),
    Door(
        "GET",
        "/v1/deliveries/{position}",
        one_door,
        "deliveries",
        "One delivery and its proof 投递凭证",
        "`hash` is the SHA-256 of `before` (32 bytes) and of the canonical JSON (RFC 8785) of at "
        "(`arrived_ms`), body (`body_sha256`), decoder, headers, kind (delivery), position (a number) and "
        "source. For tokens of all cohorts; with full=true and a reason the bytes, base64.",
        params=(FULL, REASON),
        answers={200: Answer("The delivery", {answer.JSON: shapes.DeliveryProof})},
        problems=("reason_needed",),
    ),
]
