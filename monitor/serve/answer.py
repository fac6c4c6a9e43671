"""How doors answer and read bodies: canonical JSON with an ETag, bodies within their limits, in time.

In: a request and a document. Out: a response; 304 where the caller holds these very bytes. Never: decides
what is in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from monitor.serve.problem import Problem

JSON: Final = "application/json"
BODY_SECONDS: Final = 30.0
"""How long a body may take to arrive."""

PRIVATE: Final = "private, no-cache"

T = TypeVar("T")


def canonical(document: Any) -> bytes:
    """UTF-8, keys sorted, no spaces, a newline at the end: as `recount --json` writes."""
    return msgspec.json.encode(document, order="sorted") + b"\n"


def told(
    request: web.Request,
    body: bytes,
    *,
    media: str = JSON,
    demo: bool = False,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """An answer about people: for this caller's cache only, strong ETag from its bytes, marked if a demo."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    common = {
        "ETag": etag,
        "Cache-Control": PRIVATE,
        "Vary": "Authorization, Cookie, Accept",
        **(headers or {}),
    }
    if demo:
        common["Monitor-Demo"] = "true"
    if _holds(request.headers.get("If-None-Match"), etag):
        return web.Response(status=304, headers=common)
    response = web.Response(body=body, headers=common)
    response.content_type = media
    if media.startswith("text/") or media == JSON:
        response.charset = "utf-8"
    return response


def _holds(condition: str | None, etag: str) -> bool:
    if condition is None:
        return False
    held = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return "*" in held or etag in held


def plain(document: dict[str, Any], status: int = 200, *, demo: bool = False) -> web.Response:
    """An answer that is no reading: what was decided, how the service is; marked if it is about a demo."""
    if demo:
        document = {**document, "demo": True}
    headers = {"Monitor-Demo": "true"} if demo else None
    return web.Response(status=status, body=canonical(document), content_type=JSON, headers=headers)


async def body(request: web.Request, most: int) -> bytes:
    """The body, at most `most` bytes, within BODY_SECONDS."""
    if (request.content_length or 0) > most:
        raise _too_large(most)
    content = request.content
    if content.is_eof() and content.exception() is None:  # it came with the header: nothing to wait for
        whole = content.read_nowait(-1)
        if len(whole) > most:
            raise _too_large(most)
        return whole
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > most:
                    raise _too_large(most)
                chunks.append(chunk)
    except TimeoutError:
        problem = f"the body did not arrive within {BODY_SECONDS:g} seconds"
        raise Problem("too_slow", problem, close=True) from None
    except web.RequestPayloadError:
        raise Problem("bad_request", "the body ends before it is whole") from None
    return b"".join(chunks)


def _too_large(most: int) -> Problem:
    return Problem("too_large", f"at most {most:,} bytes", close=True)


async def read_json(request: web.Request, shape: type[T], most: int) -> T:
    """A JSON body of that shape; problems name the place."""
    check_json(request)
    try:
        return msgspec.json.decode(await body(request, most), type=shape)
    except msgspec.ValidationError as error:
        raise Problem("bad_body", f"the body is not what this door takes: {error}; see /docs") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem("bad_body", "the body is not JSON") from None


def check_json(request: web.Request) -> None:
    """Refuses a body that does not say it is JSON, or is compressed."""
    if request.content_type != JSON:
        raise Problem("unsupported_media", f"send Content-Type: {JSON}")
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Problem("unsupported_media", "send the body without Content-Encoding")
