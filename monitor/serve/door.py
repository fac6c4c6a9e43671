"""What a door is: method, path, handler, and what it takes and gives, said once for router and OpenAPI alike.

In: nothing. Out: frozen descriptions that `routes` hangs up and `openapi` prints. Never: handles a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Param:
    """A parameter in the query, a header or the path, with its JSON schema, a sentence and an example."""

    name: str
    about: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    where: str = "query"
    example: Any = None
    required: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer: its sentence, and by media type the schema (a struct, or a JSON schema) and an example."""

    about: str
    content: dict[str, Any] = field(default_factory=dict)
    example: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Door:
    """One door. `params` without those of the path; `problems` beyond those that every door has."""

    method: str
    path: str
    handle: Handler
    group: str
    summary: str
    about: str = ""
    params: tuple[Param, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    body_example: Any = None
    body_limit: int = 65_536
    answers: dict[int, Answer] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    websocket: bool = False
    """Whether it is a WebSocket, which OpenAPI has no words for: it stands under `x-websockets`."""
    page: bool = False
    """Whether it is for people's eyes or machines' upkeep: left out of the OpenAPI document."""

    @property
    def key(self) -> str:
        """Its row in the table of rights."""
        return f"{self.method} {self.path}"
