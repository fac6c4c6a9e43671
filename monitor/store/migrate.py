"""Brings a store to the newest schema: alembic's revisions under migrations/, run when a store is opened.

In: the path of a SQLite file and which revisions it follows (`log` or `office`). Out: the file, made or
brought up to date in one transaction. Never: touches data beyond what a revision says. A file that a newer
version of this program has made is refused.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final, Literal

HEADS: Final = {"log": "log_0002", "office": "office_0003"}
"""The newest revision of each; a test holds them against the files."""
REVISIONS: Final = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The file can't be used as it is; the sentence says why, and what to do."""


class DamagedLog(NewerSchema):
    """The file of an older version can't be read wholly, so that it was left as it is."""


def migrate(path: Path, which: Literal["log", "office"], *, to: str | None = None) -> None:
    """Makes or upgrades the SQLite file at `path`; NewerSchema where it is ahead of this program.

    `to`: an older revision to stop at, for tests of the way from it to the newest.
    """
    to = to or HEADS[which]
    if revision(path) != to:
        _upgrade(path, which, to)


def revision(path: Path) -> str | None:
    """The revision that a file says it has; None where it is none of ours yet."""
    if not path.exists():
        return None
    db = sqlite3.connect(path)
    try:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    finally:
        db.close()
    return row[0] if row else None


def _upgrade(path: Path, which: str, to: str) -> None:
    from alembic.config import Config  # only here: nearly every start finds the schema as it should be
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from sqlalchemy import URL, NullPool, create_engine, event

    script = ScriptDirectory(str(REVISIONS / which))
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: DDL is transactional, too
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def upgrade(now: Any, _context: Any) -> Any:
        return script._upgrade_revs(to, now)

    try:
        with engine.connect() as connection, EnvironmentContext(Config(), script, fn=upgrade) as environment:
            environment.configure(connection=connection, transactional_ddl=True)
            with environment.begin_transaction():
                environment.run_migrations()
    except CommandError as error:
        raise NewerSchema(
            f"{path}: was made by a newer version of monitor ({error}); use that version, or restore a backup"
        ) from None
    finally:
        engine.dispose()
