"""What every test may ask for: a place for a log and an office, in a file or in a database of a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.place import Place, Server
from tests.databases import CI, NoServer, PostgreSQL, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; without one the test is skipped, but not where CI runs."""
    try:
        with server() as found:
            yield found
    except NoServer as none:
        if CI:
            pytest.fail(str(none))
        pytest.skip(str(none))


@pytest.fixture
def database(postgresql: PostgreSQL) -> Server:
    """A database with our tables and nothing in them."""
    return postgresql.database()


@pytest.fixture
def empty(postgresql: PostgreSQL) -> Server:
    """A database without a table."""
    return postgresql.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a log can be: the test runs once for each engine."""
    if request.param == "sqlite":
        return tmp_path / "log.sqlite"
    found: Server = request.getfixturevalue("database")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place where nothing was ever kept, once for each engine."""
    if request.param == "sqlite":
        return tmp_path / "log.sqlite"
    found: Server = request.getfixturevalue("empty")
    return found
