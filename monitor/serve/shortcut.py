"""The short way for deliveries: taken on as their bytes arrive, answered where the log tells.

In: a request that aiohttp has read, header and body whole. Out: for a delivery that is kept, the bytes of its
202, those that the door would have sent; for one that isn't, why. Never: a task, a request object, a route; a
request that is anything but plain: those go aiohttp's way, to the same door behind the same edge.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from monitor.intake import Answer
from monitor.serve import answer
from monitor.serve.edge import HEADERS, SECURE, id_of
from monitor.serve.parts import Parts
from monitor.serve.proxy import trusted_by

_DOOR: Final = "POST /v1/ingest/{source}"
_PATH: Final = "/v1/ingest/"
_SOURCE: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class Line(Protocol):
    """The connection that a delivery came on."""

    @property
    def peername(self) -> str | tuple[object, ...] | None:
        """Who is at the other end."""

    def tell(self, outcome: bytes | Exception) -> None:
        """Answers the delivery with these bytes, or has its door say why it was not kept."""


class Delivery(NamedTuple):
    """A delivery as aiohttp has read it; `begun` on the loop's clock."""

    source: str
    message: RawRequestMessage
    payload: StreamReader
    line: Line
    begun: float


_encode = msgspec.json.Encoder().encode


class Shortcut:
    """The short way of one service."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Delivery] = []
        self._log = structlog.get_logger("monitor.serve").bind()
        lines = {"Content-Type": answer.JSON, **HEADERS, **(SECURE if parts.secure else {})}
        written = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
        self._head = f"HTTP/1.1 202 Accepted\r\n{written}X-Request-Id: ".encode()

    def source(self, message: RawRequestMessage, payload: StreamReader) -> str | None:
        """The source of a delivery that can go the short way; None for any other request."""
        if (
            message.method != "POST"
            or not message.path.startswith(_PATH)
            or payload is EMPTY_PAYLOAD
            or not payload.is_eof()
            or payload.exception() is not None
            or message.version != HttpVersion11
            or message.should_close
            or message.chunked
            or message.upgrade
        ):
            return None
        if "Expect" in message.headers:
            return None
        source = message.path[len(_PATH) :]
        return source if _SOURCE.fullmatch(source) else None

    def take(self, delivery: Delivery) -> None:
        """Takes a delivery on in the loop's next turn, after all that came in this one.

        Its line is told the bytes of the answer, or why it was not kept.
        """
        self._waiting.append(delivery)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._take_all)

    def _take_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        now = self._parts.clock()
        for delivery in waiting:
            try:
                self._take(delivery, now)
            except Exception as error:
                delivery.line.tell(error)

    def _take(self, delivery: Delivery, now: int) -> None:
        line, message, payload, parts = delivery.line, delivery.message, delivery.payload, self._parts
        given = message.headers.get("X-Request-Id", "")
        request_id = id_of(given if given and trusted_by(_remote(line.peername), parts.trusted) else "")

        def told(outcome: Answer | Exception) -> None:
            if isinstance(outcome, Exception):
                line.tell(outcome)
                return
            said = _encode(outcome)
            rest = f"{request_id}\r\nContent-Length: {len(said)}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
            line.tell(self._head + rest.encode() + said)
            seconds = self._loop.time() - delivery.begun
            parts.metrics.answered(_DOOR, 202, seconds)
            self._log.debug(
                "request", request_id=request_id, door=_DOOR, status=202, ms=round(seconds * 1000, 1)
            )

        chunks = payload._buffer  # `read_nowait` has the parser look for more each time; one chunk is whole
        body = chunks[0] if len(chunks) == 1 else payload.read_nowait(-1)
        parts.intake.take(delivery.source, message.headers, body, now, told)


def _remote(name: str | tuple[object, ...] | None) -> str:
    """The address at the other end, as aiohttp has it for a request."""
    return str(name[0]) if isinstance(name, tuple | list) else str(name or "")
