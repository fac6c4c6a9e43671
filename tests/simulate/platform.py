"""A small service to push to: it verifies signatures with the library and says what it is told to say."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "platform-token"

Script = Callable[[int, bytes], tuple[int, dict[str, str]] | None]


class Service:
    """Keeps what it took. `script(attempt, body)` gives a status and headers, or None: take it."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or (lambda attempt, body: None)
        self.attempts = 0
        self.under_way = 0
        self.most_under_way = 0
        self.ids: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.stamps: list[int] = []
        self.address = ""
        self.break_after: int | None = None
        self.connections = 0

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.attempts += 1
        said = self.script(self.attempts, body)
        if said is not None:
            status, more = said
            problem = {"type": "about:blank", "title": "as told", "status": status}
            return status, more, msgspec.json.encode(problem)
        Webhook(SECRET).verify(body, headers)
        self.stamps.append(int(headers["webhook-timestamp"]))
        self.ids[headers["webhook-id"]] += 1
        accepted = duplicate = 0
        for event in msgspec.json.decode(body):
            duplicate += event["id"] in self.events
            accepted += event["id"] not in self.events
            self.events[event["id"]] += 1
        answer = {"accepted": accepted, "duplicate": duplicate, "refused": [], "position": str(self.attempts)}
        return 202, {}, msgspec.json.encode(answer)

    async def post(self, request: web.Request) -> web.Response:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        body = await request.read()
        await asyncio.sleep(0)
        try:
            status, headers, answer = self.take({k.lower(): v for k, v in request.headers.items()}, body)
        finally:
            self.under_way -= 1
        return web.Response(status=status, headers=headers, body=answer, content_type="application/json")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        async for message in socket:
            head, _, body = message.data.partition("\n")
            names = ("webhook-id", "webhook-timestamp", "webhook-signature")
            headers = dict(zip(names, head.split(" "), strict=True))
            if self.break_after is not None and self.attempts >= self.break_after:
                self.break_after = None
                assert request.transport is not None
                request.transport.abort()
                break
            _, _, answer = self.take(headers, body.encode())
            await socket.send_str(answer.decode())
        return socket


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    app = web.Application(client_max_size=16 * 2**20)
    app.router.add_post("/v1/ingest/main", service.post)
    app.router.add_get("/v1/ingest/main/stream", service.stream)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
