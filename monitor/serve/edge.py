"""The edge: what every request passes before it meets its door, and every answer after it.

In: a request. Out: an answer with a request id and the headers that browsers need, every failure as
problem+json, one line in the log, one count in the metrics. Never: logs an address, a token, a body or a
person; a door is named by its pattern, not by what stood in it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import traceback
from itertools import count
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from monitor.serve.parts import ID, PARTS, PEER, WHO, Parts
from monitor.serve.problem import Problem, of_http, unavailable
from monitor.serve.proxy import peer
from monitor.store.outage import outage

_log = structlog.get_logger("monitor.serve")

_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

_BEGUN: Final = secrets.token_hex(6)
_number = count(1)

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Server": "monitor",
}
"""For every answer; a door that needs another value sets its own."""

SECURE: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""For every answer where people come by TLS."""


def id_of(given: str) -> str:
    """The id of a request: the one it brings from a proxy that we trust, or a new one."""
    return given if given and _GIVEN_ID.fullmatch(given) else f"{_BEGUN}{next(_number):08x}"


def door_of(request: web.Request) -> str:
    """The door's pattern, never the address itself: `GET /v1/cohorts/{cohort}`; "" where there is none."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource is not None else ""


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets one request through to its door and sees to what comes back."""
    parts = request.app[PARTS]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    request[PEER] = peer(request, parts.trusted)
    request[ID] = id_of(request.headers.get("X-Request-Id", "") if request[PEER].vouched else "")
    try:
        response = await handler(request)
    except Problem as problem:
        response = problem.answer(request[ID])
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = of_http(error).answer(request[ID])
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:
        response = _failed(request, error).answer(request[ID])
    _dress(response, request[ID], parts)
    _note(request, response, loop.time() - begun, parts)
    return response


def _failed(request: web.Request, error: Exception) -> Problem:
    """What nobody foresaw, written down; a disk or database that refuses was foreseen."""
    word = outage(error)
    if word is not None:
        _log.warning("request.unavailable", request_id=request[ID], door=door_of(request), error=word)
        return unavailable()
    _log.error(
        "request.failed",
        request_id=request[ID],
        door=door_of(request),
        error=type(error).__name__,
        frames=_frames(error),
    )
    return Problem("failed", "something failed here; the request_id leads to it in the service's log")


def _dress(response: web.StreamResponse, request_id: str, parts: Parts) -> None:
    if response.prepared:
        return
    for name, value in (HEADERS | SECURE if parts.secure else HEADERS).items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id


def _note(request: web.Request, response: web.StreamResponse, seconds: float, parts: Parts) -> None:
    door = door_of(request)
    parts.metrics.answered(door or "none", response.status, seconds)
    who = request.get(WHO)
    say = (
        _log.debug if response.status == 202 else _log.info
    )  # deliveries come by the thousand; they are in the log
    say(
        "request",
        request_id=request[ID],
        door=door or None,
        status=response.status,
        ms=round(seconds * 1000, 1),
        role=who.role if who else None,
        token=who.token if who else None,
    )


def _frames(error: BaseException) -> list[str]:
    """Where it failed, innermost last; not what it said, which may name somebody."""
    return [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-12:]]
