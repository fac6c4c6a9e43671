"""A small school behind a real socket: the service, its clock in hand, tokens of all roles, a platform."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from standardwebhooks import Webhook

from monitor import app
from monitor.config import Config
from monitor.instant import instant, rfc3339

SECRET = "whsec_" + "c2Nob29sIG9mIGFsbCB0ZXN0cyBvZiBkb29ycyE="
COHORT = "bj-cnc-01"
OTHER = "bj-plc-02"
MORNING = "2026-05-11T08:20:00+08:00"
ROLES = ("platform", "teacher", "clerk", "approver", "center", "auditor", "admin", "trainee")


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self, text: str = MORNING) -> None:
        self.now = instant(text)

    def __call__(self) -> int:
        return self.now

    def to(self, text: str) -> int:
        self.now = instant(text if "T" in text else f"2026-05-11T{text}+08:00")
        return self.now


def cohort_file(cohort: str = COHORT, **changes: Any) -> dict[str, Any]:
    """Three trainees and a teacher, two periods online in the morning, one offline the day after."""
    return {
        "policy": "beijing-2026",
        "cohort": {"id": cohort, "name": "数控高级研修班", "organizer": "某技师学院"},
        "sources": [{"id": "main", "camera": "heartbeat", "heartbeat_seconds": 30}],
        "people": [
            {"id": "t01", "role": "trainee", "name": "张三", "accounts": ["u-1"]},
            {"id": "t02", "role": "trainee", "name": "欧阳小四", "accounts": ["u-2"]},
            {"id": "t03", "role": "trainee", "name": "=2+5", "accounts": ["u-3"]},
            {"id": "w01", "role": "teacher", "name": "王老师", "accounts": ["u-9"]},
        ],
        "sessions": [
            {
                "id": "s01",
                "course": "五轴加工",
                "kind": "lecture",
                "mode": "online",
                "teacher": "w01",
                "room": "room-1",
                "periods": [
                    ["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"],
                    ["2026-05-11T09:20:00+08:00", "2026-05-11T10:05:00+08:00"],
                ],
            },
            {
                "id": "s02",
                "course": "研讨",
                "kind": "discussion",
                "mode": "offline",
                "place": "一号楼",
                "periods": [["2026-05-12T08:30:00+08:00", "2026-05-12T09:15:00+08:00"]],
            },
        ],
        **changes,
    }


async def until(true: Callable[[], bool]) -> None:
    """Waits, but not for ever, until something is true that nobody tells us of."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class School:
    """The running service and what tests do with it."""

    def __init__(self, running: app.Service, clock: Clock, http: aiohttp.ClientSession) -> None:
        self.url, self.parts, self.clock, self.http = running.url, running.parts, clock, http
        self.tokens: dict[str, str] = {}
        self._sent = 0

    async def token(self, role: str, **given: Any) -> str:
        _, text = await self.parts.office.add_token(role, by="tests", now=self.clock(), **given)
        return text

    def headers(self, role: str | None, **more: str) -> dict[str, str]:
        if role is None:
            return more
        return {"Authorization": f"Bearer {self.tokens.get(role, role)}", **more}

    async def get(self, path: str, role: str | None = "admin", **more: str) -> tuple[int, Any, Any]:
        """(status, JSON or bytes, headers) of an answer."""
        return await self.ask("GET", path, role, headers=more)

    async def post(self, path: str, role: str | None, content: Any = None) -> tuple[int, Any, Any]:
        return await self.ask("POST", path, role, json=content)

    async def ask(
        self, method: str, path: str, role: str | None, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, Any, Any]:
        sent = self.headers(role, **(headers or {}))
        async with self.http.request(method, self.url + path, headers=sent, **more) as answer:
            body = await answer.read()
            if answer.content_type.endswith("json"):
                body = json.loads(body)
            return answer.status, body, answer.headers

    # --- the platform ----------------------------------------------------------------------------------

    def event(self, kind: str, account: str, at: str, **data: Any) -> dict[str, Any]:
        self._sent += 1
        when = at if "T" in at else f"2026-05-11T{at}+08:00"
        return {
            "specversion": "1.0",
            "id": f"e{self._sent}",
            "source": "main",
            "type": kind,
            "time": when,
            "data": {"room": "room-1", "account": account, "connection": f"c-{account}", **data},
        }

    def beats(self, account: str, first: str, last: str, **data: Any) -> list[dict[str, Any]]:
        """On-heartbeats each 30 s."""
        start, end = (instant(f"2026-05-11T{text}+08:00") for text in (first, last))
        said = {"camera": "on", **data}
        return [
            self.event("camera.heartbeat", account, rfc3339(at), **said)
            for at in range(start, end + 1, 30_000)
        ]

    def signed(
        self, events: list[dict[str, Any]] | bytes, delivery: str | None = None
    ) -> tuple[dict[str, str], bytes]:
        self._sent += 1
        name = delivery or f"msg_{self._sent}"
        body = events if isinstance(events, bytes) else json.dumps(events, ensure_ascii=False).encode()
        stamp = datetime.fromtimestamp(self.clock() // 1000, UTC)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(self.clock() // 1000),
            "webhook-signature": Webhook(SECRET).sign(name, stamp, body.decode()),
            "content-type": "application/cloudevents-batch+json",
        }
        return headers, body

    async def push(self, events: list[dict[str, Any]], delivery: str | None = None) -> tuple[int, Any, Any]:
        headers, body = self.signed(events, delivery)
        return await self.ask("POST", "/v1/ingest/main", None, headers=headers, data=body)

    async def morning(self) -> None:
        """t01 is there all morning, t02 turns the camera off, t03 does not come, an unknown u-7 does."""
        self.clock.to("10:10:00")
        events = [
            self.event("classroom.joined", "u-1", "08:25:00"),
            *self.beats("u-1", "08:25:30", "10:06:00"),
        ]
        events += [
            self.event("classroom.joined", "u-2", "08:25:00"),
            *self.beats("u-2", "08:25:30", "08:40:00"),
        ]
        events += [
            self.event("camera.off", "u-2", "08:40:10"),
            self.event("classroom.left", "u-2", "09:50:00"),
        ]
        events += [
            self.event("classroom.joined", "u-9", "08:25:00"),
            *self.beats("u-9", "08:25:30", "10:06:00"),
        ]
        events += [
            self.event("classroom.joined", "u-7", "08:25:00"),
            *self.beats("u-7", "08:25:30", "10:06:00"),
        ]
        status, answer, _ = await self.push(events)
        assert (status, answer["accepted"]) == (202, len(events))


@asynccontextmanager
async def opened(data: Path, clock: Clock, **settings: Any) -> AsyncIterator[School]:
    """The service of a data folder, as it is."""
    config = Config(data=data, port=0, **settings)
    async with app.service(config, clock, timers=False) as running, aiohttp.ClientSession() as http:
        yield School(running, clock, http)


@asynccontextmanager
async def school(data: Path, *, demo: bool = False, **settings: Any) -> AsyncIterator[School]:
    """The service with two cohorts, a platform and a token of every role for the first."""
    async with opened(data, Clock(), **settings) as found:
        office, now = found.parts.office, found.clock()
        for name in ("main", "other"):
            await office.add_source(
                name, "native", secret=SECRET, heartbeat_seconds=30, demo=demo, by="tests", now=now
            )
        for name in (COHORT, OTHER):
            file = json.dumps(cohort_file(name)).encode()
            await office.import_cohort(file, by="tests", why="tests", now=now)
        for role in ROLES:
            given: dict[str, Any] = {"cohorts": (COHORT,), "name": f"{role} of tests"}
            if role == "platform":
                given = {"source": "main"}
            if role == "trainee":
                given["person"] = "t01"
            if role == "admin":
                given["cohorts"] = ()
            found.tokens[role] = await found.token(role, **given)
        yield found
