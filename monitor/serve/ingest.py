"""`POST /v1/ingest/{source}`: a platform's delivery.

In: a signed body. Out: 202 with what became of it, once it would survive a power cut; or why it was refused.
Never: looks into the body; that is the intake's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from monitor.ingest.refusals import DELIVERY, Refusal
from monitor.intake import MOST_BYTES
from monitor.serve import answer, shapes
from monitor.serve.connection import Connection
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS
from monitor.serve.problem import Problem

_EVENT: Final = {
    "specversion": "1.0",
    "id": "01J0000000000000000000000A",
    "source": "main",
    "type": "camera.heartbeat",
    "time": "2026-05-11T08:30:30.000+08:00",
    "data": {"account": "u-1001", "room": "room-1", "connection": "c-7", "camera": "on"},
}
_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_BATCH: Final[dict[str, Any]] = {"type": "array", "items": _OBJECT}


async def ingest_door(request: web.Request) -> web.StreamResponse:
    """Takes one delivery, or says why one that went the short way was not kept."""
    parts = request.app[PARTS]
    try:
        known = request.protocol.known(request._message) if isinstance(request.protocol, Connection) else None
        if known is not None:
            raise known
        body = await answer.body(request, MOST_BYTES)
        taken = await parts.intake.deliver(request.match_info["source"], request.headers, body, parts.clock())
    except Refusal as refusal:
        raise refused(refusal) from None
    return web.Response(status=202, body=msgspec.json.encode(taken), content_type=answer.JSON)


def refused(refusal: Refusal) -> Problem:
    """The intake's refusal as a problem."""
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Webhook-Signature realm="monitor"'
    return Problem(refusal.reason, refusal.detail, status=refusal.status, headers=headers)


DOORS = [
    Door(
        "POST",
        "/v1/ingest/{source}",
        ingest_door,
        "ingest",
        "Deliver events 推送事件",
        "In the source's own shape; for native sources CloudEvents 1.0, one or a batch of at most 10,000, "
        "signed as Standard Webhooks has it. 202 only when what was accepted would survive a power cut. The "
        "same webhook-id and body again: 202, `duplicate`. A bad event in a good batch is named in `refused` "
        "and stops no other.",
        params=(
            Param("webhook-id", "Identifies the delivery for ever.", where="header", example="msg_2xY"),
            Param("webhook-timestamp", "Seconds since 1970, at most 300 off.", where="header"),
            Param("webhook-signature", "v1,BASE64 or v1a,BASE64; several apart by spaces.", where="header"),
        ),
        body={
            "application/cloudevents-batch+json": _BATCH,
            "application/cloudevents+json": _OBJECT,
        },
        body_limit=MOST_BYTES,
        answers={202: Answer("Kept", {answer.JSON: shapes.Taken})},
        problems=tuple(DELIVERY),
    )
]
DOORS[0].body["application/cloudevents-batch+json"]["example"] = [_EVENT]
