"""A session's cookie: how it is set and read, and that a request by it was meant.

In: requests and answers. Out: what the cookie holds, headers. Never: believes a browser that is led here by
another page: what changes something needs our Origin and the session's own token in a header, which no
other page can read or send.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from aiohttp import web

from monitor.serve.parts import PARTS, PEER
from monitor.serve.problem import Problem

HEADER: Final = "X-CSRF-Token"
NAMES: Final = {False: "monitor", True: "__Host-monitor"}
"""By whether people come by TLS: `__Host-` keeps other hosts of a domain from setting it."""
_LONGEST: Final = 128
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_BROWSERS: Final = (
    ("MicroMessenger/", "微信 WeChat"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def origin_of(request: web.Request) -> str:
    """Scheme and authority under which people find this service."""
    return (request.app[PARTS].public_origin or request[PEER].origin).rstrip("/").lower()


def secure(request: web.Request) -> bool:
    """Whether this browser came by TLS."""
    return request.app[PARTS].secure or request[PEER].origin.startswith("https:")


def cookie_of(request: web.Request) -> str | None:
    """What the session's cookie holds; None where there is none."""
    found = request.cookies.get(NAMES[secure(request)])
    return found if found and len(found) <= _LONGEST else None


def put_cookie(request: web.Request, response: web.StreamResponse, cookie: str, seconds: int) -> None:
    """Gives the browser its session, for itself alone: no script reads it, no other page sends it."""
    response.set_cookie(
        NAMES[secure(request)],
        cookie,
        max_age=seconds,
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="Strict",
    )


def drop_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Takes the cookie back."""
    put_cookie(request, response, "", 0)


def csrf_of(cookie: str) -> str:
    """The token that a page of ours sends along; it follows from the cookie, and leads nowhere without it."""
    digest = hashlib.sha256(f"csrf {cookie}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_origin(request: web.Request, *, needed: bool = False) -> None:
    """Refuses a page of another origin than ours. Programs send no Origin; by cookie it is `needed`."""
    origin = request.headers.get("Origin")
    if origin is None and not needed:
        return
    if origin is None or origin.rstrip("/").lower() != origin_of(request):
        raise Problem("origin_refused", "the page that asks for this is not of this service")


def check_meant(request: web.Request) -> None:
    """Refuses what a session may not have meant: a change, or a socket, that another page asked for."""
    if request.method in _SAFE:
        if "Upgrade" in request.headers:
            check_origin(request, needed=True)
        return
    check_origin(request, needed=True)
    sent = request.headers.get(HEADER, "")
    cookie = cookie_of(request) or ""
    if not hmac.compare_digest(sent.encode(), csrf_of(cookie).encode()):
        raise Problem("csrf_refused", f"send {HEADER} with the value that GET /v1/session gives as csrf")


def agent_of(request: web.Request) -> str:
    """The browser and the system, in two words, so that people know their own sessions again; no more."""
    said = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    return " · ".join(filter(None, (browser, system))) or "其他 other"
