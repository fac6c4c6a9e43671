"""`GET /v1/ingest/{source}/stream`: deliveries over one WebSocket, answered in order.

In: frames, each a line `webhook-id webhook-timestamp webhook-signature`, a newline, then a CloudEvents batch.
Out: for each frame, in order, the JSON that HTTP would have answered. Never: takes more frames than are being
written and answered; the sender waits instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from monitor.ingest.refusals import Refusal
from monitor.intake import MOST_BYTES
from monitor.intake import Answer as Taken
from monitor.serve.cookie import check_origin
from monitor.serve.door import Answer, Door
from monitor.serve.ingest import refused
from monitor.serve.lane import Lane
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import Problem, not_found, unavailable
from monitor.serve.socket import (
    CLOSE_SECONDS,
    UNAUTHORIZED,
    Socket,
    check_upgrade,
    close,
    cut,
    enter,
    opened,
)
from monitor.store.outage import outage

MOST_UNDER_WAY: Final = 256
"""Frames of one socket that may wait for the disk, or for their answer to be read."""
_BYTES_UNDER_WAY: Final = 8 << 20
MOST_FRAME: Final = 2 * MOST_BYTES
"""A frame over MOST_BYTES is refused; one over this ends the stream, for it is not read."""

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
    async with opened(request, most=MOST_FRAME, autoclose=False) as socket:
        if not enter(parts, socket, who):
            await close(socket, UNAUTHORIZED, "revoked")
            return socket
        lane = Lane(MOST_UNDER_WAY, _BYTES_UNDER_WAY)
        answering = asyncio.create_task(lane.send(lambda said: socket.send_frame(said, WSMsgType.TEXT)))

        async def answered() -> None:
            lane.close()
            await asyncio.wait([answering], timeout=None if parts.drain.is_set() else CLOSE_SECONDS)

        socket.last = answered
        reading = asyncio.create_task(_read(parts, socket, source, lane))
        draining = asyncio.create_task(parts.drain.wait())
        try:
            await asyncio.wait({reading, draining}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            draining.cancel()
            await answered()
            if not answering.done():
                cut(socket)
                await asyncio.wait([answering])
        if parts.drain.is_set():
            await close(socket, WSCloseCode.GOING_AWAY, "the service ends")
    return socket


async def _read(parts: Parts, socket: Socket, source: str, lane: Lane) -> None:
    """Takes frames on, as many as may be under way; then the platform waits."""
    while True:
        await lane.room()
        message = await socket.receive()
        if message.type == WSMsgType.TEXT:
            frame = message.data.encode()
        elif message.type == WSMsgType.BINARY:
            frame = message.data
        else:
            return
        _take(parts, source, frame, lane.enter(len(frame)))


def _take(parts: Parts, source: str, frame: bytes, answered: Callable[[bytes], None]) -> None:
    """One frame to its answer."""
    line, newline, body = frame.partition(b"\n")
    proof = line.decode("utf-8", "replace").strip("\r").split(" ", 2) if len(line) <= _LINE else []
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(zip(names, proof, strict=False)) if newline else {}
    headers["content-type"] = _BATCH
    parts.intake.take(source, headers, body, parts.clock(), lambda outcome: answered(_said(outcome)))


def _said(outcome: Taken | Exception) -> bytes:
    """What became of a frame, as it is told."""
    if isinstance(outcome, Taken):
        return msgspec.json.encode(outcome)
    problem = _problem(outcome)
    said = problem.document()
    if "Retry-After" in problem.headers:
        said["retry_after"] = int(problem.headers["Retry-After"])
    return msgspec.json.encode(said)


def _problem(error: Exception) -> Problem:
    if isinstance(error, Refusal):
        return refused(error)
    if (word := outage(error)) is not None:
        _log.warning("stream.unavailable", error=word)
        return unavailable()
    _log.error("stream.failed", error=type(error).__name__)
    return Problem("failed", "something failed here; whoever runs this service can find it in the log")


DOORS = [
    Door(
        "GET",
        "/v1/ingest/{source}/stream",
        stream_door,
        "ingest",
        "Deliver events over a WebSocket 长连接推送",
        "Frames: a line `webhook-id webhook-timestamp webhook-signature`, a newline, a CloudEvents batch. "
        "Answered in order with the JSON of `POST /v1/ingest/{source}`, a refusal with its problem (and, "
        "with a 503, `retry_after`).",
        websocket=True,
        answers={101: Answer("A WebSocket")},
        problems=("origin_refused", "upgrade_required"),
    )
]
