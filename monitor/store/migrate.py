"""Brings a store to the newest schema: alembic's revisions under migrations/, run when a store is opened.

In: a place, and which revisions are followed there (`log` or `office`). Out: the place, made or brought up to
date in one transaction. Never: touches data beyond what a revision says. What a newer version of this program
has made is refused. The revisions are the same for SQLite and PostgreSQL; each says what differs.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from monitor.store.place import Place, Server

if TYPE_CHECKING:
    from sqlalchemy import Connection

Which = Literal["log", "office"]

HEADS: Final = {"log": "log_0002", "office": "office_0006"}
"""The newest revision of each; a test holds them against the files."""
REVISIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = int.from_bytes(b"migrate", "big")


class NewerSchema(Exception):
    """The place can't be used as it is; the sentence says why, and what to do."""


class NoDatabase(NewerSchema):
    """What lies there is no database, or one whose beginning is damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: 不是数据库，或已损坏；请从备份恢复（monitor restore） · "
            "is no SQLite database, or a damaged one; restore a backup (monitor restore)"
        )


class DamagedLog(NewerSchema):
    """The log of an older version can't be read wholly, so that it was left as it was."""


def migrate(place: Place, which: Which, *, to: str | None = None) -> None:
    """Makes or upgrades a store; NewerSchema where it is ahead of this program. Not inside an event loop.

    `to`: an older revision to stop at, for tests of the way from it to the newest.
    """
    to = to or HEADS[which]
    if revision(place, which) == to:
        return
    if isinstance(place, Path):
        _upgrade_file(place, which, to)
    else:
        from monitor.store.server import asked

        with asked(place):
            asyncio.run(_upgrade_server(place, which, to))


def revision(place: Place, which: Which) -> str | None:
    """The revision that a store says it has; None where there is none of ours yet."""
    return _revision_of(place) if isinstance(place, Path) else asyncio.run(_revision_on(place, which))


def versions(which: Which) -> str:
    """The table of a PostgreSQL database that says which revision a store has."""
    return f"alembic_version_{which}"


def _revision_of(path: Path) -> str | None:
    if not path.exists():
        return None
    db = sqlite3.connect(path)
    try:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError:
        raise NoDatabase(path) from None
    finally:
        db.close()
    return row[0] if row else None


async def _revision_on(server: Server, which: Which) -> str | None:
    from monitor.store.server import connect

    db = await connect(server)
    try:
        if await db.fetchval("SELECT to_regclass($1)", versions(which)) is None:
            return None
        found: str | None = await db.fetchval(f"SELECT version_num FROM {versions(which)}")
        return found
    finally:
        await db.close()


def _upgrade_file(path: Path, which: Which, to: str) -> None:
    from sqlalchemy import URL, NullPool, create_engine, event

    path.touch(mode=0o600, exist_ok=True)  # what SQLite makes beside it is for the same eyes
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: DDL is transactional, too
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.connect() as connection:
            _run(connection, path, which, to, "alembic_version")
    finally:
        engine.dispose()


async def _upgrade_server(server: Server, which: Which, to: str) -> None:
    from sqlalchemy import NullPool, text

    from monitor.store.server import engine

    found = engine(server, command_s=None, poolclass=NullPool)
    try:
        async with found.begin() as connection:  # one at a time; whoever comes second finds it done
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_run, server, which, to, versions(which))
    finally:
        await found.dispose()


def _run(connection: "Connection", place: Place, which: Which, to: str, table: str) -> None:
    """The revisions from what is there to `to`, in one transaction."""
    from alembic.config import Config  # only here: nearly every start finds the schema as it should be
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    script = ScriptDirectory(str(REVISIONS / which))

    def upgrade(now: Any, _context: Any) -> Any:
        return script._upgrade_revs(to, now)

    try:
        with EnvironmentContext(Config(), script, fn=upgrade) as environment:
            environment.configure(connection=connection, transactional_ddl=True, version_table=table)
            with environment.begin_transaction():
                environment.run_migrations()
    except CommandError as error:
        raise NewerSchema(
            f"{place}: was made by a newer version of monitor ({error}); use that version, or a backup"
        ) from None
