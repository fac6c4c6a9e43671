"""Brings a store to the newest schema: alembic's revisions under migrations/, run when a store is opened.

In: the path of a SQLite file and which revisions it follows (`log` or `office`). Out: the file, made or
brought up to date in one transaction. Never: touches data beyond what a revision says. A file that a newer
version of this program has made is refused.
"""

import sqlite3
from pathlib import Path
from typing import Any, Literal

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine, event

_REVISIONS = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The file was made by a newer version of this program."""


def migrate(path: Path, which: Literal["log", "office"]) -> None:
    """Makes or upgrades the SQLite file at `path`; NewerSchema where it is ahead of this program."""
    script = ScriptDirectory(str(_REVISIONS / which))
    if _revision(path) == script.get_current_head():
        return
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: DDL is transactional, too
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def upgrade(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)

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


def _revision(path: Path) -> str | None:
    """The revision the file says it has, without loading more than that takes."""
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
