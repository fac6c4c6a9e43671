"""The connection below the doors: what is refused before it is a request, and how long we wait for one.

In: an aiohttp application. Out: a runner whose connections answer unreadable requests with problem+json,
and drop whoever opens a connection and sends no whole request header. Never: logs what an unreadable
request held.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from monitor.serve.edge import HEADERS
from monitor.serve.parts import PARTS
from monitor.serve.problem import Problem
from monitor.serve.shortcut import Delivery, Shortcut

HEADER_SECONDS: Final = 30.0
"""How long a connection may stay without a whole request header, first or next."""

HEADER_LINE: Final = 8190
HEADER_COUNT: Final = 100
LINGER_SECONDS: Final = 5.0
CUT_SECONDS: Final = 2.0
"""How long a request that was cut off may take to notice."""

_log = structlog.get_logger("monitor.serve")


class Connection(RequestHandler):
    """One connection; aiohttp's, but for how it refuses, and for deliveries that go the short way.

    Such a delivery stays first in aiohttp's queue until it is known what became of it. Until then aiohttp's
    loop over requests waits as if it handled one (what it waits on is put away in `_idle`). If the delivery
    was not kept, that loop is woken: its door answers, and finds the reason in `known`.
    """

    def __init__(self, *given: Any, shortcut: Shortcut, **more: Any) -> None:
        super().__init__(*given, **more)
        self._shortcut = shortcut
        self._idle: asyncio.Future[None] | None = None
        self._known: tuple[object, Exception] | None = None
        self._ending = False

    def known(self, message: object) -> Exception | None:
        """Why the delivery of that message was not kept, if it went the short way."""
        known, self._known = self._known, None
        return known[1] if known is not None and known[0] is message else None

    def data_received(self, data: bytes) -> None:
        """Lets aiohttp read, but looks for a delivery before its loop is woken."""
        waiter, self._waiter = self._waiter, None
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if waiter is not None and self._messages:
            self._look(waiter)

    def _look(self, waiter: asyncio.Future[None]) -> None:
        """Takes the first request on if it can go the short way; else wakes aiohttp's loop for it."""
        if waiter.done():
            return
        message, payload = self._messages[0]
        if (
            self._paused
            or not isinstance(message, RawRequestMessage)
            or (source := self._shortcut.source(message, payload)) is None
        ):
            waiter.set_result(None)
            return
        self._idle, self._waiter, self._request_in_progress = waiter, None, True
        self._shortcut.take(Delivery(source, message, payload, self, self._loop.time()))

    def tell(self, outcome: bytes | Exception) -> None:
        """Answers the delivery that is first in the queue, or has its door answer."""
        waiter, self._idle = self._idle, None
        if waiter is None:
            return
        transport = self.transport
        if isinstance(outcome, Exception) and transport is not None and not waiter.done():
            self._known = (self._messages[0][0], outcome)
            waiter.set_result(None)
            return
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if transport is None or isinstance(outcome, Exception):  # nobody is there to be told
            waiter.cancel()
            return
        transport.write(outcome)
        if self._close or self._force_close or self._ending or waiter.done():
            waiter.cancel()
            transport.close()
            return
        self._messages.popleft()
        self._waiter = waiter
        self._next_keepalive_close_time = close_at = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(close_at, self._process_keepalive)
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        if self._messages and self._waiter is waiter:
            self._look(waiter)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A request that could not be read, or a failure below the doors: problem+json, connection closed."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        if isinstance(exc, LineTooLong):
            problem = Problem(
                "headers_too_large", f"a header or the address is longer than {HEADER_LINE} bytes"
            )
        elif status >= 500:
            _log.error("request.failed", error=type(exc).__name__ if exc else None, status=status)
            problem = Problem(
                "failed", "something failed here; whoever runs this service can find it in the log"
            )
        else:
            _log.info("request.unreadable", error=type(exc).__name__ if exc else None)
            problem = Problem("bad_request", "this is not an HTTP/1.1 request that can be read", status=400)
        response = problem.answer()
        response.headers.extend(
            {name: text for name, text in HEADERS.items() if name not in response.headers}
        )
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Says that something failed, never what it held."""
        error = kw.get("exc_info")
        _log.error("connection.failed", error=type(error).__name__ if error else None)

    async def gone(self, until: float) -> None:
        """Returns when this connection has answered and is closed; at `until` (loop time) it is cut off."""
        loop = asyncio.get_running_loop()
        if self._request_in_progress:  # once it is told to close, aiohttp drops all that still comes for it
            self._ending = True
            self._handler_waiter = loop.create_future()
            self._handler_waiter.add_done_callback(self._answered)
        else:
            self.close()
        task = self._task_handler
        if task is None or task.done():
            return
        await asyncio.wait([task], timeout=max(0.0, until - loop.time()))
        if not task.done():
            if self.transport is not None:
                self.transport.abort()
            task.cancel()
            await asyncio.wait([task], timeout=CUT_SECONDS)

    def _answered(self, _request: asyncio.Future[None]) -> None:
        self._handler_waiter = None
        self.close()


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the doors' application with our connections and limits."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            shutdown_timeout=CUT_SECONDS,
            keepalive_timeout=HEADER_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=HEADER_LINE,
            max_field_size=HEADER_LINE,
            max_headers=HEADER_COUNT,
            auto_decompress=False,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            loop=asyncio.get_running_loop(),
            shortcut=Shortcut(self.app[PARTS]),
            **made._kwargs,
        )

    async def drain(self, until: float) -> None:
        """Takes nothing more on; what is under way has until that instant of the loop's clock, all of it."""
        for site in list(self.sites):
            await site.stop()
        await asyncio.sleep(0)  # what was sent already begins
        if self.server is not None:
            await asyncio.gather(
                *(line.gone(until) for line in self.server.connections if isinstance(line, Connection))
            )
        await self.cleanup()
