"""What proves that somebody is a user: password hashes, one-time links, sessions. Tables and nothing else.

In: hashes. Out: the same again. Never: a password, a link's secret or a cookie as it was sent; the log.
None of this can be read again from the log, and `rebuild` leaves it alone.
"""

from typing import Any

import msgspec
from sqlalchemy import Column, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from monitor.store.put import put
from monitor.store.tables import LINKS, PASSWORDS, SESSIONS


class Link(msgspec.Struct, frozen=True):
    """A one-time link: the hex SHA-256 of its secret, what it is for, for whom (None: the first of all)."""

    sha256: str
    kind: str
    holder: str | None
    made_at: int
    ends_at: int


class Session(msgspec.Struct):
    """Somebody who is signed in; `id` is shown, the cookie's hex SHA-256 is not. Instants in ms."""

    id: str
    sha256: str
    holder: str
    agent: str
    begun_at: int
    seen_at: int
    ends_at: int


def _columns(table: Table, kind: type[msgspec.Struct]) -> list[Column[Any]]:
    """The columns of a table in the order of a struct's fields."""
    return [table.c[name] for name in kind.__struct_fields__]


class Keyring:
    """The three tables of one data folder."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def passwords(self) -> dict[str, str]:
        """The argon2 hash of every user who has a password."""
        async with self._engine.connect() as db:
            return {row.holder: row.hash for row in await db.execute(select(PASSWORDS))}

    async def put_password(self, holder: str, text: str, now: int) -> None:
        """Keeps a hash in the place of the one before."""
        async with self._engine.begin() as db:
            await put(db, PASSWORDS, [{"holder": holder, "hash": text, "set_at": now}])

    async def links(self) -> list[Link]:
        """Every link that was not used yet."""
        async with self._engine.connect() as db:
            return [Link(*row) for row in await db.execute(select(*_columns(LINKS, Link)))]

    async def put_link(self, link: Link) -> None:
        """Keeps a link; those that its holder had are gone."""
        async with self._engine.begin() as db:
            await db.execute(delete(LINKS).where(LINKS.c.holder.is_not_distinct_from(link.holder)))
            await db.execute(LINKS.insert(), [msgspec.structs.asdict(link)])

    async def drop_links(self, *sha256: str) -> None:
        """Links that open nothing any more."""
        async with self._engine.begin() as db:
            await db.execute(delete(LINKS).where(LINKS.c.sha256.in_(sha256)))

    async def sessions(self) -> list[Session]:
        """Every session that was not ended."""
        async with self._engine.connect() as db:
            return [Session(*row) for row in await db.execute(select(*_columns(SESSIONS, Session)))]

    async def put_sessions(self, *sessions: Session) -> None:
        """Keeps sessions as they are now."""
        rows: list[dict[str, Any]] = [msgspec.structs.asdict(session) for session in sessions]
        async with self._engine.begin() as db:
            await put(db, SESSIONS, rows)

    async def drop_sessions(self, *ids: str) -> None:
        """Sessions that are over."""
        async with self._engine.begin() as db:
            await db.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(ids)))
