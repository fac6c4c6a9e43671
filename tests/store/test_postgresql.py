"""PostgreSQL's own: who may write, what becomes of a log whose connection is lost, what is refused."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asyncpg import PostgresError

from monitor.store.ledger import Ledger
from monitor.store.log import AlreadyKept, Log, LogFailed
from monitor.store.migrate import migrate
from monitor.store.place import FolderInUse, NotReached, Server
from monitor.store.postgresql import PostgreSQL
from tests.databases import PostgreSQL as Databases
from tests.databases import execute, named
from tests.store.logs import Hand, keep, verified


async def until_writable(log: Log, *, is_so: bool = True) -> None:
    for _ in range(6_000):
        if log.writable is is_so:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a minute has passed")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried each second, or each five, is tried at once."""
    monkeypatch.setattr("monitor.store.log._PROBE_S", 0.01)
    monkeypatch.setattr(PostgreSQL, "watch_s", 0.01)
    monkeypatch.setattr("monitor.store.pages.PATIENCE_S", 0.2)


@contextmanager
def setting(postgresql: Databases, database: Server, name: str, value: str) -> Iterator[None]:
    """A default of the database while the block runs."""
    where = named(database)
    execute(postgresql.url, f"ALTER DATABASE {where} SET {name} = '{value}'")
    try:
        yield
    finally:
        execute(postgresql.url, f"ALTER DATABASE {where} RESET ALL")


# --- one writer ------------------------------------------------------------------------------------------


async def test_a_second_writer_is_refused_and_told_who_has_it(database: Server, quick: None) -> None:
    log = Log(database)
    with pytest.raises(FolderInUse, match=r"another monitor \(monitor .*\) has this database"):
        Log(database)
    assert (await keep(log)).position == 1
    await log.close()
    again = Log(database)
    assert (await keep(again)).position == 2
    await again.close()


async def test_a_command_waits_for_another_that_has_it_for_a_moment(database: Server) -> None:
    log = Log(database)
    following = asyncio.create_task(asyncio.to_thread(Log, database))
    await keep(log)
    await log.close()
    found = await following
    assert found.head()[0] == 1
    await found.close()


async def test_readers_need_no_lock(database: Server) -> None:
    log = Log(database)
    kept = await keep(log)
    found = await asyncio.to_thread(verified, database)
    assert (found.entries, found.head, found.broken) == (1, kept.hash, None)
    await log.close()


# --- a connection that is lost ---------------------------------------------------------------------------


async def test_a_lost_connection_fails_who_waited_and_the_log_goes_on_by_itself(
    postgresql: Databases, database: Server, quick: None
) -> None:
    log = Log(database)
    kept = [await keep(log, once=f"{n}") for n in range(5)]
    assert await asyncio.to_thread(postgresql.cut, database) >= 1
    outcomes = await asyncio.gather(*(keep(log, once=f"a{n}") for n in range(3)), return_exceptions=True)
    await until_writable(log)
    assert kept == [entry async for entry in log.read(until=5)]
    for n, outcome in enumerate(outcomes):  # it may have been noticed before, and the connection be a new one
        if isinstance(outcome, LogFailed):
            await keep(log, once=f"a{n}")
    with pytest.raises(AlreadyKept) as again:
        await keep(log, once="3")
    assert again.value.position == 4
    assert (log.head()[0], verified(database).entries, verified(database).broken) == (8, 8, None)
    await log.close()


async def test_a_connection_lost_in_a_commit_that_the_server_made_is_no_loss(
    postgresql: Databases, database: Server, hand: Hand, quick: None
) -> None:
    """The answer to the commit never came: who waited is told to come again, and then that it is kept."""
    log = Log(database)
    found: list[int] = []
    log.on_found.append(lambda entry: found.append(entry.position))
    hand.fail, hand.late = [NotReached("the connection is closed")], [True]
    with pytest.raises(LogFailed):
        await keep(log, once="a")
    with pytest.raises(AlreadyKept):
        await keep(log, once="a")
    assert found == [1]
    assert (await keep(log, once="b")).position == 2
    await log.close()


async def test_a_writer_with_nothing_to_write_notices_that_its_lock_is_lost(
    postgresql: Databases, database: Server, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(database)
    monkeypatch.setattr("monitor.store.log._PROBE_S", 60)  # it stays as it is once it is noticed
    await asyncio.to_thread(postgresql.cut, database)
    await until_writable(log, is_so=False)
    other = await asyncio.to_thread(Log, database)  # the lock went with the connection
    with pytest.raises(LogFailed, match="another monitor"):
        await keep(log)
    await other.close()
    assert (await keep(log)).position == 1
    await log.close()


async def test_a_log_to_which_another_has_written_meanwhile_is_not_written_to_any_more(
    postgresql: Databases, database: Server, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this service holds in memory lacks what the other wrote: it must begin anew."""
    log = Log(database)
    await keep(log)
    monkeypatch.setattr("monitor.store.log._PROBE_S", 60)
    await asyncio.to_thread(postgresql.cut, database)
    await until_writable(log, is_so=False)
    other = await asyncio.to_thread(Log, database)
    await keep(other)
    await other.close()
    for _ in range(2):
        with pytest.raises(LogFailed, match="what this service did not write"):
            await keep(log)
    assert not log.writable
    await log.close()
    assert (verified(database).entries, verified(database).broken) == (2, None)


async def test_nothing_is_kept_over_a_connection_that_has_lost_the_lock(
    postgresql: Databases, database: Server
) -> None:
    """The lock is the connection's: there is no moment in which one is there without the other."""
    first = await asyncio.to_thread(Ledger, database, write=True, make=True)
    await asyncio.to_thread(postgresql.cut, database)
    second = await asyncio.to_thread(Ledger, database, write=True)
    with pytest.raises((NotReached, PostgresError)):
        await asyncio.to_thread(first.touch)
    await asyncio.to_thread(second.touch)
    await asyncio.to_thread(first.close)
    await asyncio.to_thread(second.close)


# --- reading beside the writer ---------------------------------------------------------------------------


async def test_blocks_that_are_closed_while_they_are_read_are_read_once(
    database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.ledger._CLOSE", 7)
    monkeypatch.setattr("monitor.store.postgresql._TOGETHER", 2)
    monkeypatch.setattr("monitor.store.readers.CHUNK", 3)
    chance = random.Random(1)
    log = Log(database)
    for n in range(20):
        await keep(log, b"%d" % n, source=f"s{n % 3}")
    for sources in (None, {"s1", "s2"}):
        head = log.head()[0]
        seen = []
        async for entry in log.read(sources=sources, until=head):
            seen.append(entry.position)
            if chance.random() < 0.5:
                await keep(log, b"more", source=f"s{chance.randrange(3)}")
        expected = [e.position async for e in log.read(until=head) if sources is None or e.source in sources]
        assert expected == seen
        assert sources is not None or list(range(1, head + 1)) == seen
    await log.close()
    assert verified(database).broken is None


# --- what the server must be -------------------------------------------------------------------------------


async def test_every_commit_is_on_disk_whatever_the_database_does_by_default(
    postgresql: Databases, database: Server
) -> None:
    with setting(postgresql, database, "synchronous_commit", "off"):
        log = Log(database)
        pages = log._ledger._pages  # type: ignore[union-attr]
        assert isinstance(pages, PostgreSQL)
        assert await asyncio.to_thread(pages._wait, pages._db.fetchval("SHOW synchronous_commit")) == "on"
        await log.close()


def test_what_can_not_be_reached_is_said_without_the_password() -> None:
    with pytest.raises(NotReached) as found:
        Ledger(Server("postgresql://me:geheim@127.0.0.1:1/hours?sslmode=disable"))
    assert "postgresql://me@127.0.0.1:1/hours" in str(found.value)
    assert "geheim" not in str(found.value)


def test_a_database_that_is_not_there_is_said(database: Server) -> None:
    with pytest.raises(NotReached, match="does not exist"):
        Ledger(Server(database.url.replace(named(database), "monitor_test_none")))


def test_a_database_in_which_no_tables_can_be_made_is_said(postgresql: Databases, empty: Server) -> None:
    with (
        setting(postgresql, empty, "default_transaction_read_only", "on"),
        pytest.raises(NotReached, match="read-only"),
    ):
        migrate(empty, "log")
