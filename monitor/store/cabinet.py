"""The office's tables in use: rows in, rows out, by SQLAlchemy. No decisions.

In: rows of `records`, secrets and identities to be sealed. Out: the same again. Never: the log, the clock; an
identity or a secret in the clear on disk.
"""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Table, delete, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from monitor.store import tables
from monitor.store.catalogue import Catalogue
from monitor.store.keyring import Keyring
from monitor.store.migrate import migrate
from monitor.store.place import Place
from monitor.store.put import put
from monitor.store.records import DERIVED, Row, State
from monitor.store.vault import Vault

HEAD = "head"
"""The fact that says where the log ended when it was last seen: position and link."""

_FIELDS = {kind: tuple(field.name for field in msgspec.structs.fields(kind)) for kind in DERIVED}


def _table(kind: type[Row]) -> Table:
    return tables.metadata.tables[kind.table]


class Secret(msgspec.Struct, frozen=True):
    """A secret or public key of a source, in the clear: since when and until when it holds."""

    text: str
    added_at: int
    ends_at: int | None = None

    def holds(self, now: int) -> bool:
        """Whether what it signs is believed at an instant; at the instant of its end no more."""
        return self.ends_at is None or now < self.ends_at


class Cabinet:
    """The tables of one data folder. Open it with `Cabinet.open`, close it with `close`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.vault: Vault
        self.catalogue = Catalogue(engine)
        self.keyring = Keyring(engine)

    @classmethod
    async def open(cls, place: Place, key: Path) -> "Cabinet":
        """The tables at a place, made where there are none, with the key that they were encrypted with."""
        await asyncio.to_thread(migrate, place, "office")
        cabinet = cls(_engine(place))
        try:
            expected = await cabinet.fact("key")
            cabinet.vault = Vault.open(key, expected)
            if expected is None:
                await cabinet.set_fact("key", cabinet.vault.id)
        except BaseException:
            await cabinet.close()
            raise
        return cabinet

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()

    async def fact(self, name: str) -> str | None:
        """What is remembered under a name, or None."""
        async with self._engine.connect() as db:
            query = select(tables.FACTS.c.value).where(tables.FACTS.c.name == name)
            return (await db.execute(query)).scalar_one_or_none()

    async def set_fact(self, name: str, value: str) -> None:
        """Remembers a value under a name."""
        async with self._engine.begin() as db:
            await put(db, tables.FACTS, [{"name": name, "value": value}])

    async def load(self) -> State:
        """Every row of the derived tables."""
        state = State()
        async with self._engine.connect() as db:
            for kind in DERIVED:
                for found in (await db.execute(select(_table(kind)))).mappings():
                    row = {name: found[name] for name in _FIELDS[kind]}
                    state.put([msgspec.convert(row, kind)])
        return state

    async def apply(self, rows: Iterable[Row], applied: str) -> None:
        """Writes rows that an entry made, and that it is applied, in one transaction."""
        async with self._engine.begin() as db:
            for row in rows:
                kind = type(row)
                values = {name: _plain(getattr(row, name)) for name in _FIELDS[kind]}
                await put(db, _table(kind), [values])
            await put(db, tables.FACTS, [{"name": "applied", "value": applied}])

    async def clear(self) -> None:
        """Empties the tables that can be read again from the log."""
        async with self._engine.begin() as db:
            for kind in DERIVED:
                await db.execute(delete(_table(kind)))
            await db.execute(delete(tables.FACTS).where(tables.FACTS.c.name == "applied"))

    async def put_secrets(self, source: str, secrets: Iterable[Secret]) -> None:
        """Keeps the secrets of a source in the place of those it had."""
        rows = [
            {
                "source": source,
                "n": n,
                "sealed": self.vault.seal(secret.text, "secrets", source, str(n)),
                "added_at": secret.added_at,
                "ends_at": secret.ends_at,
            }
            for n, secret in enumerate(secrets)
        ]
        async with self._engine.begin() as db:
            await db.execute(delete(tables.SECRETS).where(tables.SECRETS.c.source == source))
            await put(db, tables.SECRETS, rows)

    async def secrets(self) -> dict[str, tuple[Secret, ...]]:
        """The secrets of every source, in the clear."""
        found: dict[str, tuple[Secret, ...]] = {}
        async with self._engine.connect() as db:
            query = select(tables.SECRETS).order_by(tables.SECRETS.c.source, tables.SECRETS.c.n)
            for row in await db.execute(query):
                text = self.vault.open_sealed(row.sealed, "secrets", row.source, str(row.n))
                secret = Secret(text, row.added_at, row.ends_at)
                found[row.source] = (*found.get(row.source, ()), secret)
        return found

    async def put_token_hash(self, token: str, sha256: str) -> None:
        """Keeps the hex SHA-256 of a token."""
        async with self._engine.begin() as db:
            await put(db, tables.TOKEN_HASHES, [{"token": token, "sha256": sha256}])

    async def token_hashes(self) -> dict[str, str]:
        """From hex SHA-256 to the id of the token."""
        async with self._engine.connect() as db:
            return {row.sha256: row.token for row in await db.execute(select(tables.TOKEN_HASHES))}

    async def put_identities(self, cohort: str, identities: Mapping[str, str]) -> None:
        """Keeps the ID numbers of people of a cohort, encrypted."""
        rows = [
            {
                "cohort": cohort,
                "person": person,
                "sealed": self.vault.seal(number, "identities", cohort, person),
                "look_up": self.vault.look_up(number),
            }
            for person, number in identities.items()
        ]
        async with self._engine.begin() as db:
            await put(db, tables.IDENTITIES, rows)

    async def identities(self, cohort: str) -> dict[str, str]:
        """The ID numbers of a cohort's people, in the clear."""
        t = tables.IDENTITIES
        async with self._engine.connect() as db:
            rows = await db.execute(select(t).where(t.c.cohort == cohort).order_by(t.c.person))
            return {
                row.person: self.vault.open_sealed(row.sealed, "identities", cohort, row.person)
                for row in rows
            }

    async def holders(self, number: str) -> list[tuple[str, str]]:
        """In which cohorts, as whom, the holder of an ID number is known."""
        t = tables.IDENTITIES
        query = select(t.c.cohort, t.c.person).where(t.c.look_up == self.vault.look_up(number))
        async with self._engine.connect() as db:
            return [
                (row.cohort, row.person) for row in await db.execute(query.order_by(t.c.cohort, t.c.person))
            ]

    async def put_reading(self, reading: Mapping[str, Any]) -> None:
        """Writes down that somebody read something."""
        async with self._engine.begin() as db:
            plain = {name: _plain(value) for name, value in reading.items()}
            await db.execute(tables.READINGS.insert(), [plain])

    async def readings(self, cohort: str | None = None) -> list[dict[str, Any]]:
        """Who read what, oldest first; of one cohort, or all."""
        t = tables.READINGS
        query = select(t).order_by(t.c.n)
        if cohort is not None:
            query = query.where(t.c.cohort == cohort)
        async with self._engine.connect() as db:
            return [dict(row) for row in (await db.execute(query)).mappings()]


def _engine(place: Place) -> AsyncEngine:
    """The connections to the tables."""
    if not isinstance(place, Path):
        from monitor.store import server  # only here: a driver that nobody else needs

        return server.engine(place, pool_pre_ping=True, pool_size=2, max_overflow=3)
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(place)))

    @event.listens_for(engine.sync_engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased from the log leaves nothing here either
        cursor.close()

    return engine


def _plain(value: Any) -> Any:
    """A value as a column takes it; PostgreSQL has no place for U+0000 in a text."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    return list(value) if isinstance(value, tuple) else value
