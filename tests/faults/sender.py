"""A platform that remembers all it sent and all it was told, and the ground it pushes to.

Events lie in May 2026 with cohort, room and accounts of `cohort_file.COHORT`; delivery ids say who sent them.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from monitor.control import opened
from monitor.store.folder import Folder
from tests.cohort_file import COHORT
from tests.faults.child import PATIENCE

KEY = b"the faults' own shared secret 1!"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
AT = 1_778_459_430_000  # 2026-05-11T00:30:30Z
BATCH = "application/cloudevents-batch+json"
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True)
class Ground:
    """A data folder with a source, a cohort and tokens, and nothing delivered yet."""

    data: Path
    tokens: dict[str, str]
    database: str | None = None

    def bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


async def prepare(data: Path, database: str | None = None) -> Ground:
    """Makes the ground."""
    folder = Folder(data, database)
    folder.lock()
    tokens: dict[str, str] = {}
    try:
        async with opened(folder) as (_log, office):
            await office.add_source("main", "native", secret=SECRET, by="tests", now=AT)
            await office.import_cohort(json.dumps(COHORT).encode(), by="tests", why="tests", now=AT)
            for role, given in {
                "platform": {"source": "main"},
                "clerk": {"cohorts": ("bj-cnc-01",), "name": "clerk"},
                "admin": {},
            }.items():
                _, tokens[role] = await office.add_token(role, by="tests", now=AT, **given)  # type: ignore[arg-type]
    finally:
        folder.unlock()
    return Ground(data, tokens, database)


def event(name: str, n: int = 0, kind: str = "camera.heartbeat", **data: Any) -> dict[str, Any]:
    """An event of its own; the nth beat of an account."""
    said = {"account": f"u-{1001 + n % 2}", "room": "room-1", "connection": f"c-{n % 2}", "camera": "on"}
    seconds = 30 + n % 2000
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(AT // 1000 + seconds))
    return {
        "specversion": "1.0",
        "id": name,
        "source": "main",
        "type": kind,
        "time": f"{when}.000Z",
        "data": {**said, **data},
    }


def proof(name: str, body: bytes, at: int | None = None) -> dict[str, str]:
    """The three headers, stamped with the clock of this machine (or `at`, in seconds)."""
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.digest(KEY, f"{name}.{stamp}.".encode() + body, "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def frame(name: str, body: bytes) -> bytes:
    """The delivery as a frame of the stream."""
    return " ".join(proof(name, body)[header] for header in NAMES).encode() + b"\n" + body


@dataclass
class Sender:
    """All that was sent (bodies by delivery id) and all that was acknowledged (positions by delivery id)."""

    prefix: str = "d"
    sent: dict[str, bytes] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    """Deliveries whose last answer was a refusal: its status."""
    heard: int = 0
    _count: int = 0

    def delivery(self, events: int = 1, padding: int = 0) -> tuple[str, bytes]:
        """A new delivery: its id and its body."""
        self._count += 1
        name = f"{self.prefix}-{self._count}"
        more = {"padding": random.Random(name).randbytes(padding).hex()} if padding else {}
        body = json.dumps([event(f"{name}.{n}", self._count + n, **more) for n in range(events)]).encode()
        self.sent[name], self.events[name] = body, events
        return name, body

    def most(self) -> bool:
        """Whether so much was sent that whatever should have happened by now never will."""
        return len(self.sent) > 30_000

    def hear(self, name: str, status: int, said: dict[str, Any]) -> None:
        """Remembers an answer."""
        self.heard += 1
        if status == 202:
            assert said["refused"] == []
            assert self.events[name] == said["accepted"] + said["duplicate"]
            assert self.kept.setdefault(name, int(said["position"])) == int(said["position"])
            self.refused.pop(name, None)
        else:
            self.refused[name] = status

    async def post(
        self, http: aiohttp.ClientSession, url: str, name: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Sends a delivery, signed anew: status, document, headers."""
        body = self.sent[name]
        headers = {**proof(name, body), "content-type": BATCH}
        async with http.post(f"{url}/v1/ingest/main", data=io.BytesIO(body), headers=headers) as answer:
            said = await answer.json(content_type=None)
            self.hear(name, answer.status, said)
            return answer.status, said, dict(answer.headers)

    # --- load: until the line breaks or it is told to stop -----------------------------------------------

    async def push(
        self, http: aiohttp.ClientSession, url: str, sizes: list[int], stop: asyncio.Event
    ) -> None:
        """One lane of requests, one after the other; `sizes` of the batches, again and again."""
        n = 0
        while not stop.is_set() and not self.most():
            name, _ = self.delivery(sizes[n % len(sizes)])
            n += 1
            try:
                await self.post(http, url, name)
            except (aiohttp.ClientError, OSError):
                return

    async def stream(
        self, ground: Ground, url: str, sizes: list[int], stop: asyncio.Event, ahead: int = 16
    ) -> None:
        """A WebSocket with `ahead` frames under way."""
        room = asyncio.Semaphore(ahead)
        names: list[str] = []
        try:
            async with connected(ground, url) as socket:
                hearing = asyncio.create_task(self._hear_all(socket, names, room))
                try:
                    n = 0
                    while not stop.is_set() and not hearing.done() and not self.most():
                        async with asyncio.timeout(5):
                            await room.acquire()
                        name, body = self.delivery(sizes[n % len(sizes)])
                        n += 1
                        names.append(name)
                        await socket.send(frame(name, body))
                    if stop.is_set():
                        async with asyncio.timeout(30):
                            for _ in range(ahead):
                                await room.acquire()
                finally:
                    hearing.cancel()
                    await asyncio.wait([hearing])
        except (OSError, TimeoutError, WebSocketException):
            return

    async def _hear_all(self, socket: ClientConnection, names: list[str], room: asyncio.Semaphore) -> None:
        """Answers come in the order of the frames."""
        n = 0
        try:
            async for text in socket:
                said = json.loads(text)
                self.hear(names[n], said.get("status", 202), said)
                n += 1
                room.release()
        except WebSocketException:
            pass
        room.release()


def connected(ground: Ground, url: str, **more: Any) -> connect:
    """A stream of the platform."""
    where = url.replace("http", "ws", 1) + "/v1/ingest/main/stream"
    return connect(
        where, additional_headers=ground.bearer("platform"), max_size=None, compression=None, **more
    )


@asynccontextmanager
async def client(limit: int = 64, *, keep: bool = True) -> AsyncIterator[aiohttp.ClientSession]:
    """HTTP with so many connections at most; `keep`: one serves for several requests.

    A service in a hurry closes a connection that is not used for some seconds; a request that goes out on it
    in that very instant is lost, as everywhere in HTTP.
    """
    line = aiohttp.TCPConnector(limit=limit, force_close=not keep)
    async with aiohttp.ClientSession(connector=line, timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
        yield http
