"""The two lines to the service: HTTP requests, and one WebSocket.

In: deliveries, an address, a signer, a clock. Out: one `Answer` for each attempt. Never: repeats by itself,
follows a redirect (a signature is for one address), shows a token or a secret.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from monitor.simulate.post import Delivery
from monitor.simulate.sign import Signer
from monitor.simulate.tally import Answer

ANSWER_SECONDS = 30.0
"""How long an answer may take before it counts as none."""

_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class HttpLine:
    """`POST {to}/v1/ingest/{source}`. Made and used inside a running event loop."""

    def __init__(
        self,
        to: str,
        source: str,
        signer: Signer,
        clock: Callable[[], int],
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._address = f"{to.rstrip('/')}/v1/ingest/{source}"
        self._signer = signer
        self._clock = clock
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=answer_seconds),
            headers={"Content-Type": "application/cloudevents-batch+json"},
        )

    async def attempt(self, sent: Delivery) -> Answer:
        """One request, signed for this moment."""
        headers = self._signer.headers(sent, self._clock())
        try:
            async with self._session.post(
                self._address, data=sent.body, headers=headers, allow_redirects=False
            ) as response:
                wait = _seconds(response.headers.get("Retry-After", ""), self._clock())
                return Answer(response.status, _json(await response.read()), wait)
        except _BROKEN as problem:
            return Answer(0, fault=type(problem).__name__)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


class StreamLine:
    """`GET {to}/v1/ingest/{source}/stream`: one WebSocket, answered in order; opened anew when it breaks."""

    def __init__(
        self,
        to: str,
        source: str,
        token: str,
        signer: Signer,
        clock: Callable[[], int],
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        scheme, _, rest = to.rstrip("/").partition("://")
        self._address = f"{'wss' if scheme in ('https', 'wss') else 'ws'}://{rest}/v1/ingest/{source}/stream"
        self._token = token
        self._signer = signer
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._turn = asyncio.Lock()
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._unanswered: deque[asyncio.Future[Answer]] = deque()

    async def attempt(self, sent: Delivery) -> Answer:
        """One frame, signed for this moment, and its answer, which comes after those to earlier frames."""
        socket: ClientConnection | None = None
        try:
            async with self._turn:  # frames go out, and futures wait, in one order
                socket = self._socket or await self._open()
                signed = self._signer.headers(sent, self._clock())
                answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
                self._unanswered.append(answer)
                await socket.send(f"{' '.join(signed.values())}\n{sent.body.decode()}")
            async with asyncio.timeout(self._answer_seconds):
                return await asyncio.shield(answer)
        except InvalidStatus as refused:
            wait = _seconds(refused.response.headers.get("Retry-After", ""), self._clock())
            return Answer(refused.response.status_code, _json(refused.response.body or b""), wait)
        except TimeoutError:
            await self._hang_up(socket)  # one answer is missing: those behind it can't be told apart
            return Answer(0, fault="no answer in time")
        except (ConnectionClosed, InvalidHandshake, InvalidURI, OSError) as problem:
            await self._hang_up(socket)
            return Answer(0, fault=type(problem).__name__)

    async def close(self) -> None:
        """Close the socket."""
        await self._hang_up(self._socket)

    async def _open(self) -> ClientConnection:
        self._socket = await connect(
            self._address,
            additional_headers={"Authorization": f"Bearer {self._token}"},
            compression=None,
            proxy=None,
            open_timeout=self._answer_seconds,
        )
        self._listening = asyncio.create_task(self._listen(self._socket))
        return self._socket

    async def _listen(self, socket: ClientConnection) -> None:
        """Hand each answer to the frame whose turn it is; when the line breaks, tell all that wait."""
        fault = Answer(0, fault="the connection closed")
        try:
            async for message in socket:
                if self._unanswered:
                    waiting = self._unanswered.popleft()
                    if not waiting.done():
                        waiting.set_result(_said(message))
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            # Applications' own closing codes mirror HTTP's (4401: 401); 1008 is a policy that says no.
            fault = Answer(
                {1008: 403}.get(code or 0, code - 4000 if code and 4400 <= code < 4600 else 0),
                fault="the connection broke",
            )
        finally:
            if self._socket is socket:
                self._socket = None
            left, self._unanswered = self._unanswered, deque()
            for waiting in left:
                if not waiting.done():
                    waiting.set_result(fault)

    async def _hang_up(self, socket: ClientConnection | None) -> None:
        """Close a socket, unless another attempt has done so and opened the next one already."""
        if socket is None or socket is not self._socket:
            return
        listening, self._socket, self._listening = self._listening, None, None
        await socket.close()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def _said(message: str | bytes) -> Answer:
    """A frame's answer: that of a 202, or a problem with its `status`."""
    body = _json(message if isinstance(message, bytes) else message.encode())
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, int):
        return Answer(202, body)
    wait = body.get("retry_after")
    return Answer(status, body, float(wait) if isinstance(wait, int | float) else None)


def _json(body: bytes | bytearray) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _seconds(retry_after: str, now: int) -> float | None:
    """The seconds that a `Retry-After` asks for, given as a number or as a date; None where unreadable."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now / 1000)
    except ValueError:
        return None
