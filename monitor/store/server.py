"""A PostgreSQL server: how it is connected to, and who may write.

In: a `Server`. Out: connections of asyncpg. Never: two writers. Who writes holds a lock that belongs to its
connection: with the connection the lock is lost, and nothing more can be written over it.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Final

import asyncpg
from asyncpg import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from monitor.store.place import FolderInUse, NotReached, Server

CONNECT_S: Final = 10.0
COMMAND_S: Final = 30.0
WATCH_S: Final = 5.0
"""How often a writer that has nothing to write asks whether it still has its connection."""
_LOCK: Final = int.from_bytes(b"monitor", "big")
_AGAIN_S: Final = 0.05
_CLOSE_S: Final = 5.0

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What the driver raises when the server, or the way to it, fails."""

_log = logging.getLogger("monitor.log")


async def connect(server: Server, command_s: float | None = COMMAND_S) -> "Connection[Any]":
    """A connection; NotReached where there is none to be had, with what was said.

    `command_s`: how long an answer is waited for; then the connection counts as lost.
    """
    settings = {
        "application_name": f"monitor {socket.gethostname()} {os.getpid()}"[:63],
        "tcp_keepalives_idle": "10",  # a server that lost us lets go of our lock within half a minute
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }
    try:
        db = await asyncpg.connect(
            server.dsn(), timeout=CONNECT_S, command_timeout=command_s, server_settings=settings
        )
    except (*FAILURES, ValueError) as error:
        raise NotReached(f"{server}: {said(error)}") from None
    if (encoding := db.get_settings().server_encoding) != "UTF8":
        await db.close()
        raise NotReached(
            f"{server}: its encoding is {encoding}; a database is needed that was created with "
            "ENCODING 'UTF8' TEMPLATE template0"
        )
    return db


def engine(server: Server, *, command_s: float | None = COMMAND_S, **more: Any) -> AsyncEngine:
    """SQLAlchemy's engine over the same connections; what fails to connect is an error of SQLAlchemy's."""

    async def creator(*_: Any, **__: Any) -> Any:
        try:
            return await connect(server, command_s)
        except NotReached as error:
            raise OperationalError("connect", None, error) from None

    return create_async_engine("postgresql+asyncpg://", async_creator=creator, **more)


@contextlib.contextmanager
def asked(server: Server) -> Iterator[None]:
    """Whatever the server refuses within is NotReached, in its own words."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError) as error:
        raise NotReached(f"{server}: {said(error)}") from error
    except DBAPIError as error:
        cause = error.orig if isinstance(error.orig, NotReached) else None
        raise cause or NotReached(f"{server}: {said(error.orig or error)}") from error


def said(error: BaseException) -> str:
    """What went wrong, in the words of the server, without where and with what values."""
    if isinstance(error, TimeoutError):
        return "there was no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]


async def take(server: Server, db: "Connection[Any]", patience_s: float) -> None:
    """Takes the right to write for as long as the connection lasts; FolderInUse where another one keeps it.

    A commit is on disk when it returns, whatever the server does by default; if it has fsync off, it says so.
    """
    until = asyncio.get_running_loop().time() + patience_s
    while not await db.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        if asyncio.get_running_loop().time() >= until:
            raise FolderInUse(
                f"{server}: another monitor ({await _holder(db)}) has this database; stop it first, or name "
                "another database with --database"
            )
        await asyncio.sleep(_AGAIN_S)
    await db.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'"
    )
    if await db.fetchval("SELECT current_setting('fsync')") == "off":
        _log.error("the PostgreSQL server has fsync off: what is answered for may not survive a power cut")


async def _holder(db: "Connection[Any]") -> str:
    """Who has the lock, as the server knows it."""
    row = await db.fetchrow(
        "SELECT a.application_name, a.client_addr, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
        "AND (l.classid::bigint << 32 | l.objid::bigint) = $1 "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        _LOCK,
    )
    if row is None:
        return "unknown"
    return f"{row[0] or 'unnamed'}, from {row[1] or 'the same machine'}, session {row[2]}"


class Line:
    """A connection for code that waits. Threads may ask over it, one at a time: the others wait."""

    def __init__(self, server: Server) -> None:
        """Connects; NotReached. Not in a thread in which an event loop runs."""
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._busy = threading.Lock()
        try:
            self.db: Connection[Any] = self._loop.run_until_complete(connect(server))
        except BaseException:
            self._loop.close()
            raise

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What comes of it; NotReached where the connection is lost."""
        with self._busy:
            if self._loop.is_closed():
                work.close()
                raise NotReached(f"{self._server}: the connection is closed")
            try:
                return self._loop.run_until_complete(work)
            except (OSError, asyncpg.InterfaceError) as error:  # among them that there was no answer in time
                raise NotReached(f"{self._server}: {said(error)}") from error

    def close(self) -> None:
        """Closes the connection, at once where the server doesn't answer."""
        with self._busy:
            if self._loop.is_closed():
                return
            try:
                self._loop.run_until_complete(self.db.close(timeout=_CLOSE_S))
            except FAILURES:
                self.db.terminate()
                self._loop.run_until_complete(asyncio.sleep(0))
            finally:
                self._loop.close()
