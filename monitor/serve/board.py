"""`GET /v1/live?cohort=`: a cohort as it is and every change of it, over a WebSocket.

In: whose socket it is, the cohort, `after` a position. Out: `snapshot` or `resumed`, then `change` upon
`change`; `refetch` to who does not keep up. Never: computes what a board shows, sends to one what another
may see.

    ◀ auth_required            only where no Authorization header came: browsers can't send one
    ▶ {"type": "auth", "token": "..."}      within AUTH_SECONDS
    ◀ auth_ok
    ◀ {"type": "snapshot", "position": "...", "state": {...}}
    ◀ {"type": "change", "position": "...", "values"?, "gone"?, "rows"?, "lists"?}   (monitor/live/change.py)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import lru_cache, partial
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from websockets.frames import Frame, Opcode

from monitor.live import Watcher
from monitor.live.watch import View
from monitor.serve.cookie import check_origin
from monitor.serve.door import Answer, Door, Param
from monitor.serve.guard import admit, read
from monitor.serve.parts import PARTS, WHO
from monitor.serve.problem import Problem, not_found
from monitor.serve.query import FULL, REASON
from monitor.serve.rights import RIGHTS
from monitor.serve.socket import (
    FORBIDDEN,
    NOT_FOUND,
    UNAUTHORIZED,
    check_upgrade,
    close,
    cut,
    enter,
    opened,
)
from monitor.serve.who import Who, holder

AUTH_SECONDS: Final = 10.0
SEND_SECONDS: Final = 10.0
"""How long one message may wait for a watcher's connection."""
_LARGEST: Final = 4_096
_RIGHT: Final = RIGHTS["GET /v1/live"]

_CODES: Final = {401: UNAUTHORIZED, 403: FORBIDDEN, 404: NOT_FOUND}


async def live_door(request: web.Request) -> web.StreamResponse:
    """A board's socket, from who it is to the last message.

    With a token in a header the handshake itself is refused. A browser hides from its page why a handshake
    was, so whoever comes by cookie or says who it is on the socket is told there.
    """
    check_upgrade(request)
    check_origin(request)
    if WHO in request and request[WHO].session is None:
        watcher = await _watch(request)
        async with _left(request, watcher), opened(request, most=_LARGEST) as socket:
            await _serve(request, socket, watcher)
        return socket
    async with opened(request, most=_LARGEST) as socket:
        greeted = WHO in request
        try:
            if not greeted:
                request[WHO] = await _introduced(request, socket)
                admit(request[WHO], _RIGHT, request)
            watcher = await _watch(request)
        except Problem as problem:
            await _say(socket, {**problem.document(), "type": "problem"})
            await close(socket, _CODES.get(problem.status, WSCloseCode.POLICY_VIOLATION), problem.reason)
            return socket
        async with _left(request, watcher):
            if not greeted:
                await _say(socket, {"type": "auth_ok"})
            await _serve(request, socket, watcher)
    return socket


@contextlib.asynccontextmanager
async def _left(request: web.Request, watcher: Watcher) -> AsyncIterator[None]:
    """Lets go of the watcher in the end."""
    try:
        yield
    finally:
        request.app[PARTS].live.leave(_cohort(request), watcher)


def _cohort(request: web.Request) -> str:
    return request.query.get("cohort", "")


async def _introduced(request: web.Request, socket: web.WebSocketResponse) -> Who:
    """Whoever says so in the first message, within AUTH_SECONDS."""
    await _say(socket, {"type": "auth_required"})
    try:
        message = await socket.receive(timeout=AUTH_SECONDS)
    except TimeoutError:
        raise Problem("unauthorized", "no token came in time") from None
    token = ""
    if message.type == WSMsgType.TEXT:
        with contextlib.suppress(msgspec.MsgspecError):
            token = msgspec.json.decode(message.data, type=_Auth).token
    who = holder(token, request.app[PARTS].find_token)
    if who is None:
        raise Problem(
            "unauthorized", "the first message is {'type': 'auth', 'token': ...} with a token that holds"
        )
    return who


class _Auth(msgspec.Struct, tag_field="type", tag="auth"):
    token: str


async def _view(request: web.Request) -> View:
    """How this caller sees names; the reading is noted."""
    cohort = request.query.get("cohort")
    if cohort is None:
        raise Problem("bad_parameter", "cohort: say which")
    if not request[WHO].may_see(cohort) or request.app[PARTS].office.cohort(cohort) is None:
        not_found()
    return "masked" if await read(request, cohort=cohort) else "full"


async def _watch(request: web.Request) -> Watcher:
    parts, view = request.app[PARTS], await _view(request)
    watcher = await parts.live.watch(_cohort(request), view, request.query.get("after"), parts.clock())
    if watcher is None:
        not_found()
    return watcher


async def _serve(request: web.Request, socket: web.WebSocketResponse, watcher: Watcher) -> None:
    """Sends until one of the two goes; what a board says is read and means nothing."""
    parts = request.app[PARTS]
    if not enter(parts, socket, request[WHO]):
        await close(socket, UNAUTHORIZED, "revoked")
        return
    listening = asyncio.create_task(_listen(socket, watcher))
    watcher.send = partial(_send, request, socket)
    try:
        while (message := await watcher.next()) is not None:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_frame(message, WSMsgType.TEXT)
        if watcher.slow:
            await close(socket, WSCloseCode.TRY_AGAIN_LATER, "refetch")
        elif parts.drain.is_set():
            await close(socket, WSCloseCode.GOING_AWAY, "the service ends")
    except TimeoutError:
        cut(socket)
    except ConnectionError:
        pass
    finally:
        watcher.send = None
        watcher.end()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


def _send(request: web.Request, socket: web.WebSocketResponse, message: bytes) -> bool:
    """Sends a message where nothing waits to be sent, without a task being woken for it."""
    transport = request.transport
    if transport is None or socket.closed or transport.is_closing() or transport.get_write_buffer_size():
        return False
    transport.write(_framed(message))
    return True


@lru_cache(maxsize=4)
def _framed(message: bytes) -> bytes:
    """The frame of a message, made once for all who are told the same one after the other."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)


async def _listen(socket: web.WebSocketResponse, watcher: Watcher) -> None:
    """Reads, so that pings are answered and a leave is seen."""
    async for _ in socket:
        pass
    watcher.end()


async def _say(socket: web.WebSocketResponse, message: dict[str, object]) -> None:
    with contextlib.suppress(ConnectionError):
        await socket.send_frame(msgspec.json.encode(message), WSMsgType.TEXT)


DOORS = [
    Door(
        "GET",
        "/v1/live",
        live_door,
        "attendance",
        "A cohort as it is, and every change 实时",
        "A WebSocket: `snapshot` (or `resumed`, where `after` is still known), then `change` messages, each "
        "with a position. With `Authorization: Bearer`, or without: then the first message within 10 s is "
        '`{"type": "auth", "token": "..."}`. Who does not keep up is told `refetch` and let go.',
        params=(
            Param("cohort", "The cohort to watch.", required=True, example="bj-cnc-01"),
            Param("after", "The position of the last message that was received."),
            FULL,
            REASON,
        ),
        websocket=True,
        answers={101: Answer("A WebSocket")},
        problems=(
            "unauthorized",
            "forbidden",
            "origin_refused",
            "not_found",
            "reason_needed",
            "upgrade_required",
        ),
    )
]
