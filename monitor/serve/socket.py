"""How WebSockets open and end: whose they are is known, and they end with the service or the token.

In: a request to upgrade. Out: an open socket in the list of sockets, gone from it when it ends. Never: what
is said on it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import WSCloseCode, web

from monitor.serve.parts import PARTS, Parts
from monitor.serve.problem import Problem
from monitor.serve.who import Who

BEAT_SECONDS: Final = 30.0
"""A ping this often; who does not answer is gone."""
CLOSE_SECONDS: Final = 5.0
_GLANCE_SECONDS: Final = 0.05

UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
NOT_FOUND: Final = 4404


def check_upgrade(request: web.Request) -> None:
    """Refuses what is no WebSocket handshake, before anything else about it is looked at."""
    if not web.WebSocketResponse().can_prepare(request).ok:
        raise Problem("upgrade_required", "this door is a WebSocket", headers={"Upgrade": "websocket"})


class Socket(web.WebSocketResponse):
    """aiohttp's, but for what it does about a message over the limit, which it does not read.

    `last` is awaited first; then the other side is told why, and has a while to read it: closed at once, the
    line would break under what it is still sending.
    """

    last: Callable[[], Awaitable[None]] | None = None

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """Closes the socket, as aiohttp does where a message is too large, or as we do."""
        if code != WSCloseCode.MESSAGE_TOO_BIG or message or self._writer is None:
            return await super().close(code=code, message=message, drain=drain)
        if self.last is not None:
            await self.last()
        line = None if self._req is None else self._req.transport
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._writer.close(code, f"at most {self._max_msg_size} bytes".encode())
                if line is not None and line.can_write_eof():
                    line.write_eof()
                while line is not None and not line.is_closing():  # noqa: ASYNC110
                    await asyncio.sleep(_GLANCE_SECONDS)
        cut(self)
        return True


@asynccontextmanager
async def opened(request: web.Request, *, most: int, autoclose: bool = True) -> AsyncIterator[Socket]:
    """An open socket whose messages have at most `most` bytes; closed and forgotten afterwards.

    `autoclose` off: when the other side closes, it is answered only when the block ends.
    """
    parts = request.app[PARTS]
    socket = Socket(
        heartbeat=BEAT_SECONDS,
        timeout=CLOSE_SECONDS,
        max_msg_size=most,
        compress=False,
        autoclose=autoclose,
    )
    await socket.prepare(request)
    try:
        yield socket
    finally:
        parts.sockets.pop(socket, None)
        await close(socket)


def enter(parts: Parts, socket: web.WebSocketResponse, who: Who) -> bool:
    """Puts a socket on the list of those that end with their token or session; False where that has ended."""
    parts.sockets[socket] = who
    return parts.holds(who)


async def close(socket: web.WebSocketResponse, code: int = WSCloseCode.OK, message: str = "") -> None:
    """Closes a socket; one that does not answer in time is cut off."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(code=code, message=message.encode())
    except (TimeoutError, ConnectionError):
        cut(socket)


def cut(socket: web.WebSocketResponse) -> None:
    """Cuts a connection off without another word."""
    request = socket._req
    if request is not None and request.transport is not None:
        request.transport.abort()


async def close_all(parts: Parts, whose: Callable[[Who], bool], code: int, message: str) -> None:
    """Closes every socket whose holder fits: all of them when the service ends, some when a token does."""
    found = [socket for socket, who in parts.sockets.items() if whose(who)]
    await asyncio.gather(*(close(socket, code, message) for socket in found))
