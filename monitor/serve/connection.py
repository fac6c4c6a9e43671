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
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from monitor.serve.edge import HEADERS
from monitor.serve.problem import Problem

HEADER_SECONDS: Final = 30.0
"""How long a connection may stay without a whole request header, first or next."""

HEADER_LINE: Final = 8190
HEADER_COUNT: Final = 100
LINGER_SECONDS: Final = 5.0
CUT_SECONDS: Final = 2.0
"""How long a request that was cut off may take to notice."""

_log = structlog.get_logger("monitor.serve")


class Connection(RequestHandler):
    """One connection; aiohttp's, but for how it refuses."""

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
        self.close()  # after the request in hand; at once where there is none
        task = self._task_handler
        if task is None or task.done():
            return
        loop = asyncio.get_running_loop()
        await asyncio.wait([task], timeout=max(0.0, until - loop.time()))
        if not task.done():
            if self.transport is not None:
                self.transport.abort()
            task.cancel()
            await asyncio.wait([task], timeout=CUT_SECONDS)


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
