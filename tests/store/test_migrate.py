"""Schemas: the revisions lead to what the code expects, and a newer file is refused."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from monitor.store.log import Log
from monitor.store.migrate import HEADS, REVISIONS, NewerSchema, migrate, revision
from monitor.store.tables import metadata
from tests.store.logs import alter


@pytest.mark.parametrize("which", ["log", "office"])
def test_the_head_that_the_code_names_is_the_last_revision(which: str) -> None:
    assert HEADS[which] == ScriptDirectory(str(REVISIONS / which)).get_current_head()


def test_the_tables_that_the_revisions_make_are_those_the_code_knows(tmp_path: Path) -> None:
    path = tmp_path / "office.sqlite"
    migrate(path, "office")
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(path: Path) -> None:
    migrate(path, "log")
    before = path.read_bytes()
    migrate(path, "log")
    assert before == path.read_bytes()
    assert HEADS["log"] == revision(path)


def test_a_migration_that_breaks_off_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", broken)
        with pytest.raises(RuntimeError):
            migrate(path, "office")
    db = sqlite3.connect(path)
    assert (
        db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'sources'").fetchall()
        == []
    )
    db.close()
    migrate(path, "office")


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    migrate(path, "log")
    alter(path, "UPDATE alembic_version SET version_num = 'log_9999'")
    with pytest.raises(NewerSchema, match="newer version"):
        Log(path)
