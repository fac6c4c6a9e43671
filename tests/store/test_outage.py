"""What counts as an outage: the disk's and the server's refusals, and no mistake of ours."""

import sqlite3

import pytest
from asyncpg import exceptions as pg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from monitor.store.outage import outage
from monitor.store.place import NotReached, Server
from monitor.store.server import engine


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (pg.AdminShutdownError("x"), "57P01"),
        (pg.DiskFullError("x"), "53100"),
        (pg.TooManyConnectionsError("x"), "53300"),
        (pg.ConnectionDoesNotExistError("x"), "08003"),
        (pg.ReadOnlySQLTransactionError("x"), "25006"),
        (NotReached("x"), "not_reached"),
        (TimeoutError(), "not_reached"),
        (pg.UniqueViolationError("x"), None),
        (pg.UndefinedTableError("x"), None),
        (sqlite3.OperationalError("no such table"), None),
        (ValueError("x"), None),
        (None, None),
    ],
)
def test_the_word_of_the_engine_or_none(error: BaseException | None, word: str | None) -> None:
    assert word == outage(error)


async def test_a_server_that_can_not_be_reached_is_one_through_sqlalchemy_too() -> None:
    found = engine(Server("postgresql://me@127.0.0.1:1/hours"))
    with pytest.raises(DBAPIError) as failed:
        async with found.connect():
            pass
    assert outage(failed.value) == "not_reached"


async def test_what_a_server_refuses_is_known_through_sqlalchemy_too(database: Server) -> None:
    found = engine(database)
    async with found.connect() as db:
        with pytest.raises(DBAPIError) as failed:
            await db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert outage(failed.value) in ("57P01", "08003", "not_reached")
    async with found.connect() as db:
        with pytest.raises(DBAPIError) as failed:
            await db.execute(text("SELECT * FROM nowhere"))
        assert outage(failed.value) is None
    await found.dispose()
