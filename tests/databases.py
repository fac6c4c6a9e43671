"""PostgreSQL for tests: the server that MONITOR_TEST_POSTGRESQL names, one on the loopback, or our own.

A database is made for each test and dropped after it; of what else is on the server nothing is touched. Under
MONITOR_CI=1 there must be one; elsewhere tests that need it are skipped without.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import itertools
import os
import pwd
import re
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from monitor.store.migrate import HEADS, migrate, versions
from monitor.store.place import Place, Server
from monitor.store.tables import metadata

VARIABLE = "MONITOR_TEST_POSTGRESQL"
CI = os.environ.get("MONITOR_CI") == "1"
LOG_TABLES = ("blocks", "block_sources", "seen_ids")
_LOOPBACK = "postgresql://{}@127.0.0.1:5432/postgres"


class NoServer(Exception):
    """There is none, and none can be started; what was tried."""


def away(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it, in a thread of its own: here a loop may be running."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work))
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


async def _execute(url: str, statements: list[tuple[str, tuple[Any, ...]]]) -> list[Any]:
    db = await asyncpg.connect(url, timeout=10)
    try:
        async with contextlib.AsyncExitStack() as stack:
            if len(statements) > 1:
                await stack.enter_async_context(db.transaction())
            return [[tuple(row) for row in await db.fetch(query, *values)] for query, values in statements]
    finally:
        await db.close()


def execute(url: str, *statements: str | tuple[Any, ...]) -> list[Any]:
    """The rows that statements (text, or text and values) give; several are one transaction."""
    given = [(one, ()) if isinstance(one, str) else (one[0], one[1:]) for one in statements]
    return away(_execute(url, given))


def named(server: Server) -> str:
    """The name of a database."""
    return server.url.partition("?")[0].rpartition("/")[2]


class PostgreSQL:
    """A server on which databases can be made: one of this run with our tables, and one without.

    A test has either for itself, as it was made; to make them anew takes a second on a slow disk.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._run = f"monitor_test_{os.getpid()}_{secrets.token_hex(4)}"
        self._made: dict[str, Server] = {}

    def database(self) -> Server:
        """With our tables, and nothing in them: what counts up begins at 1, as in a new one."""
        if "made" not in self._made:
            server = self._create("made")
            away(asyncio.to_thread(migrate, server, "log"))
            away(asyncio.to_thread(migrate, server, "office"))
        server = self._made["made"]
        self.cut(server)
        emptied = [f"DELETE FROM {table}" for table in (*metadata.tables, *LOG_TABLES)]
        marks = [
            f"UPDATE {versions(which)} SET version_num = '{HEADS[which]}'" for which in ("log", "office")
        ]
        begun = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
        execute(server.url, *emptied, *marks, begun)
        return server

    def empty(self) -> Server:
        """Without a table."""
        server = self._made.get("empty") or self._create("empty")
        self.cut(server)
        execute(server.url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        return server

    def _create(self, what: str) -> Server:
        name = f"{self._run}_{what}"
        execute(self.url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        where, question, parameters = self.url.partition("?")
        self._made[what] = Server(f"{where.rpartition('/')[0]}/{name}{question}{parameters}")
        return self._made[what]

    def drop_all(self) -> None:
        """Drops what was made here, whoever is connected."""
        for what in self._made:
            execute(self.url, f"DROP DATABASE {self._run}_{what} WITH (FORCE)")

    def cut(self, server: Server) -> int:
        """Ends the sessions of a database, as a server that restarts does; how many there were."""
        query = "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = $1"
        return len(execute(self.url, (query, named(server)))[0])


def execute_at(place: Place, *statements: str | tuple[Any, ...]) -> list[Any]:
    """The rows that statements (values as ?) give in a database of either kind, in one transaction."""
    given = [(one,) if isinstance(one, str) else one for one in statements]
    if isinstance(place, Server):
        return execute(place.url, *((_translated(one[0]), *one[1:]) for one in given))
    db = sqlite3.connect(place)
    with db:
        found = [db.execute(one[0], one[1:]).fetchall() for one in given]
    db.close()
    return found


def _translated(statement: str) -> str:
    """SQLite's way to write bytes and values, as PostgreSQL has it."""
    numbers = itertools.count(1)
    text = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
    return re.sub(r"(?<!')x'([0-9a-fA-F]*)'", r"'\\x\1'::bytea", text)


@contextmanager
def server() -> Iterator[PostgreSQL]:
    """The server for this run; NoServer."""
    with contextlib.ExitStack() as stack:
        found = PostgreSQL(_named() or _on_the_loopback() or stack.enter_context(_our_own()))
        stack.callback(found.drop_all)
        yield found


def _sweep(url: str) -> None:
    """Drops what runs here left that were killed: their process is gone, and nobody is connected."""
    query = r"SELECT datname FROM pg_database WHERE datname ~ '^monitor_test_\d+_[0-9a-f]+_(made|empty)$'"
    for (name,) in execute(url, query)[0]:
        if not Path(f"/proc/{name.split('_')[2]}").exists():
            with contextlib.suppress(asyncpg.PostgresError):  # another run was faster
                execute(url, f"DROP DATABASE {name}")


def _named() -> str | None:
    return os.environ.get(VARIABLE)


def _on_the_loopback() -> str | None:
    """Where anybody on this machine may make databases."""
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        url = _LOOPBACK.format(user)
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            (((may,),),) = execute(
                url, "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            if may:
                _sweep(url)
                return url
    return None


@contextmanager
def _our_own() -> Iterator[str]:
    """A server in a temporary folder, reached by a socket there alone."""
    tools = _tools()
    if tools is None:
        raise NoServer(
            f"no PostgreSQL: {VARIABLE} names none, none answers at 127.0.0.1:5432, and there is no initdb "
            "to start one: apt-get install postgresql"
        )
    user = None
    if os.getuid() == 0:  # initdb does not run as root
        user = next((name for name in ("postgres", "nobody") if _is_user(name)), None)
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-", dir="/tmp"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        _tool(user, tools / "initdb", "-D", data, "-A", "trust", "-U", "monitor", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        pg_ctl = tools / "pg_ctl"
        _tool(user, pg_ctl, "-D", data, "-w", "-t", "60", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://monitor@/postgres?host={folder}"
        finally:
            _tool(user, pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tools() -> Path | None:
    """The folder of initdb and pg_ctl."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = next(iter(packaged), None) or shutil.which("initdb")
    return None if found is None else Path(found).parent


def _is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _tool(user: str | None, *command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    if done.returncode:
        raise NoServer(f"{command[0]}: {done.stdout.decode(errors='replace')[-500:]}")
