"""What the doors are handed: the rooms behind them, as `app` wired them, under one key of the application.

In: nothing. Out: the `Parts` of a running service, and the keys under which a request carries who asks.
Never: makes one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from monitor.live.trials import Trials
from monitor.serve.lockout import Lockout
from monitor.serve.proxy import Network, Peer
from monitor.serve.who import FindSession, FindToken, Who

if TYPE_CHECKING:
    from monitor.intake import Intake
    from monitor.live import Live
    from monitor.office import Office
    from monitor.serve.metrics import Metrics
    from monitor.store.log import Log


class Reading(msgspec.Struct, frozen=True):
    """That a caller read something about people: kept for three years (PIPL 56, 网络数据安全管理条例 12).

    `cohort` and `person` as in the address; `full` says whether names were shown whole, and `why`.
    """

    at: int
    token: str
    role: str
    door: str
    cohort: str | None = None
    person: str | None = None
    full: bool = False
    why: str | None = None


@dataclass
class Parts:
    """The rooms behind the doors. `ready` is asked for /readyz: None, or a sentence why not."""

    clock: Callable[[], int]
    log: Log
    intake: Intake
    office: Office
    live: Live
    metrics: Metrics
    find_token: FindToken
    note: Callable[[Reading], Awaitable[None]]
    ready: Callable[[], str | None]
    find_session: FindSession
    trials: Trials = field(default_factory=Trials)
    public_origin: str | None = None
    trusted: tuple[Network, ...] = ()
    secure: bool = False
    """Whether people come by TLS, so that browsers are told to keep to it."""
    drain: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the service is told to end: nothing more is taken on, what is under way is answered."""
    sockets: dict[web.WebSocketResponse, Who] = field(default_factory=dict)
    """Open WebSockets and whose they are, so that they end with the service, the token or the session."""
    lockout: Lockout = field(default_factory=Lockout)

    def holds(self, who: Who) -> bool:
        """Whether the token or session that somebody came with still opens anything."""
        find = self.find_token if who.session is None else self.find_session
        return find(who.digest) is not None


PARTS: Final = web.AppKey("parts", Parts)
ID: Final = web.RequestKey("id", str)
WHO: Final = web.RequestKey("who", Who)
PEER: Final = web.RequestKey("peer", Peer)
