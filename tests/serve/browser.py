"""A browser at the school's door: it keeps cookies, sends its Origin, and what a page of ours sends along."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from monitor.store.records import UserRow
from tests.serve.school import COHORT, School

PASSWORD = "a long sentence is a good one"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def user(place: School, role: str, name: str = "", **given: Any) -> UserRow:
    """Somebody of a role, of the first cohort where nothing else is said; without a password."""
    if "cohorts" not in given:
        given["cohorts"] = () if role == "admin" else (COHORT,)
    return await place.parts.office.add_user(name or role, role, by="tests", now=place.clock(), **given)


async def with_password(place: School, role: str, name: str = "", **given: Any) -> UserRow:
    """The same, with PASSWORD, by an invitation."""
    row = await user(place, role, name, **given)
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    return await place.parts.office.use_link(link.secret, password=PASSWORD, now=place.clock())


class Browser:
    """One browser. Use `async with`."""

    def __init__(self, place: School, agent: str = CHROME) -> None:
        self.place = place
        self.csrf: str | None = None
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"User-Agent": agent}
        )

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    @property
    def cookie(self) -> str | None:
        """What the session's cookie holds."""
        return next((one.value for one in self.http.cookie_jar if one.value), None)

    def carry(self, cookie: str) -> None:
        """Takes a cookie on, as a thief would."""
        self.http.cookie_jar.update_cookies({"monitor": cookie}, aiohttp.client.URL(self.place.url))

    async def begin(self, row: UserRow) -> Browser:
        """Signs in without a password, as a link does."""
        link = await self.place.parts.office.link_for(
            row.id, by="tests", now=self.place.clock(), straight=True
        )
        status, told, _ = await self.post("/v1/link/use", {"secret": link.secret})
        assert status == 200, told
        return self

    async def sign_in(self, name: str, password: str = PASSWORD) -> tuple[int, Any, Any]:
        return await self.post("/v1/session", {"name": name, "password": password})

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        return await self.ask("GET", path, headers=headers)

    async def post(self, path: str, content: Any = None) -> tuple[int, Any, Any]:
        return await self.ask("POST", path, json=content)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        origin: str | None = "",
        csrf: str | None = "",
        **more: Any,
    ) -> tuple[int, Any, Any]:
        """(status, JSON or bytes, headers). `origin`, `csrf`: what a page of ours sends, another, or none."""
        sent = dict(headers or {})
        if origin is not None and (origin or method != "GET" or "Upgrade" in sent):
            sent.setdefault("Origin", origin or self.place.url)
        if csrf is not None and (csrf or self.csrf) and method != "GET":
            sent["X-CSRF-Token"] = csrf or self.csrf or ""
        async with self.http.request(method, self.place.url + path, headers=sent, **more) as got:
            if got.status == 101:
                got.close()
                return got.status, None, got.headers
            body = await got.read()
            if got.content_type.endswith("json"):
                body = json.loads(body)
                if isinstance(body, dict) and body.get("csrf"):
                    self.csrf = body["csrf"]
            return got.status, body, got.headers
