"""Schemas: the revisions lead to what the code expects, and a newer file is refused."""

import hashlib
import json
import random
import sqlite3
import zlib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from monitor.store import chain
from monitor.store.append import AlreadyKept
from monitor.store.entry import Entry
from monitor.store.log import Log
from monitor.store.migrate import HEADS, REVISIONS, DamagedLog, NewerSchema, migrate, revision
from monitor.store.tables import metadata
from monitor.store.verify import Head
from tests.store.logs import AT, alter, keep, verified


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


# --- from the first schema to the last, with data in it ------------------------------------------------


class Old:
    """A log as the first schema had it: each entry a row, each body another."""

    def __init__(self, path: Path) -> None:
        migrate(path, "log", to="log_0001")
        self.path = path
        self.entries: list[Entry] = []

    def add(self, *entries: tuple[str, str, dict[str, str], bytes]) -> None:
        db = sqlite3.connect(self.path)
        link = bytes.fromhex(self.entries[-1].hash) if self.entries else chain.ORIGIN
        with db:
            for kind, source, headers, body in entries:
                position, at = len(self.entries) + 1, AT + len(self.entries) * 1000
                digest = chain.body_hash(body)
                link = chain.link(
                    link, chain.canonical(position, kind, source, at, headers, digest, "native/1")
                )
                text = json.dumps(headers, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                db.execute(
                    "INSERT INTO entries VALUES (?,?,?,?,?,?,?,?)",
                    (position, kind, source, at, text, digest, "native/1", link),
                )
                packed = (1, zlib.compress(body)) if len(body) > 200 else (0, body)
                db.execute("INSERT INTO bodies VALUES (?,?,?)", (position, *packed))
                if once := headers.get("webhook-id"):
                    key = hashlib.sha256(f"{source}\n{once}".encode()).digest()[:16]
                    db.execute("INSERT INTO delivery_ids VALUES (?,?,?)", (at // 86_400_000, key, position))
                self.entries.append(Entry(position, kind, source, at, headers, body, "native/1", link.hex()))
        db.close()


@pytest.fixture
def old(path: Path) -> Old:
    found = Old(path)
    found.add(
        *(
            (
                "delivery",
                ("main", "other")[n % 2],
                {"webhook-id": f"{n}", "名": "字"},
                b"[%d]" % n * (n % 300),
            )
            for n in range(1_200)
        ),
        ("cohort", "staff", {"cohort": "c", "by": "cli/a"}, b"{}"),
        ("delivery", "main", {}, random.Random(1).randbytes(700_000)),
    )
    return found


async def test_every_entry_of_the_first_schema_is_in_the_last_as_it_was(old: Old) -> None:
    log = Log(old.path)
    assert old.entries == [entry async for entry in log.read()]
    assert [entry for entry in old.entries if entry.source == "other"] == [
        entry async for entry in log.read(sources={"other"})
    ]
    assert (len(old.entries), old.entries[-1].hash) == log.head()
    with pytest.raises(AlreadyKept) as found:
        await keep(log, old.entries[700].body, once="700", at=AT)
    assert found.value.position == 701
    kept = await keep(log)
    await log.close()
    seen = verified(old.path, [Head(entry.position, entry.hash) for entry in [*old.entries, kept]])
    assert (seen.entries, seen.broken, seen.missed) == (len(old.entries) + 1, None, ())


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE entries SET at = at + 1 WHERE position = 600", 600),
        ("UPDATE bodies SET bytes = x'5B5D', encoding = 0 WHERE position = 600", 600),
        ("UPDATE entries SET hash = zeroblob(32) WHERE position = 600", 600),
        ("DELETE FROM entries WHERE position = 600", 600),
    ],
)
def test_what_was_altered_in_the_first_schema_is_found_in_the_last(
    old: Old, statement: str, position: int
) -> None:
    alter(old.path, statement)
    migrate(old.path, "log")
    broken = verified(old.path).broken
    assert broken is not None
    assert position == broken.position


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM bodies WHERE position = 600",
        "UPDATE bodies SET bytes = x'00', encoding = 1 WHERE position = 600",
        "UPDATE entries SET headers = '[' WHERE position = 600",
    ],
)
def test_a_log_that_can_not_be_read_stays_as_it_is(old: Old, statement: str) -> None:
    alter(old.path, statement)
    with pytest.raises(DamagedLog, match="position 600"):
        migrate(old.path, "log")
    assert revision(old.path) == "log_0001"
    db = sqlite3.connect(old.path)
    assert db.execute("SELECT count(*) FROM entries").fetchone() == (1_202,)
    db.close()
