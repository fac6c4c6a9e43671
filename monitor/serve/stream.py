"""`GET /v1/ingest/{source}/stream`: deliveries over one WebSocket, answered in order.

In: frames, each a line `webhook-id webhook-timestamp webhook-signature`, a newline, then a CloudEvents batch.
Out: for each frame, in order, the JSON that HTTP would have answered. Never: takes more frames than are being
written; the sender waits instead.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from monitor.ingest.refusals import Refusal
from monitor.intake import MOST_BYTES
from monitor.intake import Answer as Taken
from monitor.serve.door import Answer, Door
from monitor.serve.ingest import refused
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import not_found
from monitor.serve.socket import UNAUTHORIZED, check_origin, check_upgrade, close, enter, opened

MOST_UNDER_WAY: Final = 256
"""Frames of one socket that may wait for the disk."""

_BATCH: Final = "application/cloudevents-batch+json"
_LINE: Final = 4_096

_log = structlog.get_logger("monitor.serve")


async def stream_door(request: web.Request) -> web.StreamResponse:
    """Takes frames until the platform goes."""
    parts, who, source = request.app[PARTS], request[WHO], request.match_info["source"]
    if who.source != source:
        not_found()
    check_upgrade(request)
    check_origin(request)
    async with opened(request, most=MOST_BYTES + _LINE) as socket:
        if not enter(parts, socket, who):
            await close(socket, UNAUTHORIZED, "revoked")
            return socket
        under_way: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(MOST_UNDER_WAY)
        reading = asyncio.create_task(_read(parts, socket, source, under_way))
        answering = asyncio.create_task(_answer(socket, under_way))
        draining = asyncio.create_task(parts.drain.wait())
        try:
            await asyncio.wait({reading, draining}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            draining.cancel()
            await under_way.put(None)
            await asyncio.wait([answering])
        if parts.drain.is_set():
            await close(socket, WSCloseCode.GOING_AWAY, "the service ends")
    return socket


async def _read(
    parts: Parts,
    socket: web.WebSocketResponse,
    source: str,
    under_way: asyncio.Queue[asyncio.Task[bytes] | None],
) -> None:
    """Takes frames on, as many as may be under way; then the platform waits."""
    async for message in socket:
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            break
        data = message.data.encode() if message.type == WSMsgType.TEXT else message.data
        await under_way.put(asyncio.create_task(_take(parts, source, data)))


async def _take(parts: Parts, source: str, frame: bytes) -> bytes:
    """One frame to its answer."""
    line, newline, body = frame.partition(b"\n")
    proof = line.decode("utf-8", "replace").strip("\r").split(" ", 2) if len(line) <= _LINE else []
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(zip(names, proof, strict=False)) if newline else {}
    headers["content-type"] = _BATCH
    try:
        taken: Taken = await parts.intake.deliver(source, headers, body, parts.clock())
    except Refusal as refusal:
        return msgspec.json.encode(refused(refusal).document())
    return msgspec.json.encode(taken)


async def _answer(
    socket: web.WebSocketResponse, under_way: asyncio.Queue[asyncio.Task[bytes] | None]
) -> None:
    """Sends the answers in the order of the frames, until None; to nobody if they left."""
    gone = False
    while (task := await under_way.get()) is not None:
        try:
            answer = await task
            if not gone:
                await socket.send_frame(answer, WSMsgType.TEXT)
        except ConnectionError:
            gone = True
        except Exception as error:
            _log.error("stream.failed", error=type(error).__name__)
            gone = True
            await close(socket, WSCloseCode.INTERNAL_ERROR, "failed")


DOORS = [
    Door(
        "GET",
        "/v1/ingest/{source}/stream",
        stream_door,
        "ingest",
        "Deliver events over a WebSocket 长连接推送",
        "Frames: a line `webhook-id webhook-timestamp webhook-signature`, a newline, a CloudEvents batch. "
        "Answered in order with the JSON of `POST /v1/ingest/{source}`, a refusal with its problem.",
        websocket=True,
        answers={101: Answer("A WebSocket")},
        problems=("origin_refused", "upgrade_required"),
    )
]
