"""All that is in a PostgreSQL database into the two files of a backup, and from such files into a database.

In: a database, SQLite files. Out: the other, row by row, from one instant. Never: over data that is there; in
part: a database has all of it or nothing. So a backup is of one form, wherever it was taken, and whoever
began with a file can go on with a server.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from asyncpg import Connection

from monitor.store.migrate import Which, migrate
from monitor.store.pages import PATIENCE_S
from monitor.store.place import Server
from monitor.store.server import asked, connect, take

_TOGETHER: Final = 16  # rows fetched at a time: one may hold some megabytes
_NUMBERS: Final = (
    "SELECT setval(pg_get_serial_sequence('readings', 'n'), max(n)) FROM readings HAVING max(n) > 0"
)

Progress = Callable[[int, int], None]


class NotEmpty(Exception):
    """There is data in the database already."""


class Unfit(Exception):
    """A file holds what it can't: in which table."""


def fetch(server: Server, log: Path, office: Path, progress: Progress | None = None) -> None:
    """Copies a database, whose tables are of this version, into two new files, beside whoever writes it."""
    with asked(server):
        asyncio.run(_fetch(server, {"log": log, "office": office}, progress))


def put(server: Server, log: Path, office: Path | None, progress: Progress | None = None) -> None:
    """Copies files, whose tables are of this version, into a database without data.

    NotEmpty, Unfit, FolderInUse.
    """
    with asked(server):
        asyncio.run(
            _put(server, {"log": log} if office is None else {"log": log, "office": office}, progress)
        )


async def _fetch(server: Server, files: dict[Which, Path], progress: Progress | None) -> None:
    source = await connect(server, command_s=None)
    try:
        async with source.transaction(isolation="repeatable_read", readonly=True):
            for which, path in files.items():
                path.touch(mode=0o600, exist_ok=False)
                await asyncio.to_thread(migrate, path, which)
                with _opened(path) as file:
                    await _into_file(source, file, progress)
    finally:
        await source.close()


async def _into_file(source: "Connection[Any]", file: sqlite3.Connection, progress: Progress | None) -> None:
    for table, columns in _tables(file).items():
        names = ", ".join(f'"{name}"' for name in columns)
        whole = await source.fetchval(f"SELECT count(*) FROM {table}")
        insert = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
        done = 0
        async for row in source.cursor(f"SELECT {names} FROM {table}", prefetch=_TOGETHER):
            file.execute(insert, tuple(row))
            done += 1
            if progress is not None and done % _TOGETHER == 0:
                progress(done, whole)


async def _put(server: Server, files: dict[Which, Path], progress: Progress | None) -> None:
    target = await connect(server, command_s=None)
    try:
        await take(server, target, PATIENCE_S)
        for which in ("log", "office"):
            await asyncio.to_thread(migrate, server, which)
        async with target.transaction():
            for path in files.values():
                with _opened(path) as file:
                    await _into_database(file, target, progress)
            await target.execute(_NUMBERS)
    finally:
        await target.close()


async def _into_database(
    file: sqlite3.Connection, target: "Connection[Any]", progress: Progress | None
) -> None:
    for table, columns in _tables(file).items():
        if await target.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
            raise NotEmpty(table)
        names = ", ".join(f'"{name}"' for name in columns)
        kinds = (await target.prepare(f"SELECT {names} FROM {table}")).get_attributes()
        flags = [n for n, kind in enumerate(kinds) if kind.type.name == "bool"]
        whole = file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        found = file.execute(f"SELECT {names} FROM {table}")
        done = 0
        while rows := found.fetchmany(_TOGETHER):
            records = [
                [bool(value) if n in flags and value is not None else value for n, value in enumerate(row)]
                for row in rows
            ]
            try:
                await target.copy_records_to_table(table, records=records, columns=columns)
            except (TypeError, ValueError, OverflowError):
                raise Unfit(table) from None
            done += len(rows)
            if progress is not None:
                progress(done, whole)


def _tables(file: sqlite3.Connection) -> dict[str, list[str]]:
    """The tables of a file and their columns, but for what says of which version it is."""
    found = file.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name <> 'alembic_version' ORDER BY name"
    ).fetchall()
    return {
        table: [column[1] for column in file.execute(f"PRAGMA table_info({table})")] for (table,) in found
    }


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A file, in one transaction; one file is left of it in the end."""
    file = sqlite3.connect(path, isolation_level=None)
    try:
        file.execute("PRAGMA journal_mode=DELETE")
        file.execute("BEGIN")
        yield file
        file.execute("COMMIT")
    finally:
        file.close()
