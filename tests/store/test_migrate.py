"""Schemas: the revisions lead to what the code expects, and a newer file is refused."""

import asyncio
import hashlib
import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine

from monitor.store import chain
from monitor.store.append import AlreadyKept
from monitor.store.entry import Entry
from monitor.store.log import Log
from monitor.store.migrate import (
    HEADS,
    REVISIONS,
    DamagedLog,
    NewerSchema,
    Which,
    migrate,
    revision,
    versions,
)
from monitor.store.place import Place, Server
from monitor.store.server import engine
from monitor.store.tables import metadata
from monitor.store.verify import Head
from tests.databases import execute_at
from tests.store.logs import AT, alter, keep, verified


@pytest.mark.parametrize("which", ["log", "office"])
def test_the_head_that_the_code_names_is_the_last_revision(which: str) -> None:
    assert HEADS[which] == ScriptDirectory(str(REVISIONS / which)).get_current_head()


def test_the_tables_that_the_revisions_make_are_those_the_code_knows(bare: Place) -> None:
    migrate(bare, "office")
    if isinstance(bare, Path):
        engine = create_engine(f"sqlite:///{bare}", poolclass=NullPool)
        with engine.connect() as connection:
            assert differences(connection) == []
        engine.dispose()
    else:
        assert asyncio.run(differences_on(bare)) == []


def differences(connection: Connection, table: str = "alembic_version") -> list[Any]:
    context = MigrationContext.configure(connection, opts={"version_table": table})
    return list(compare_metadata(context, metadata))


async def differences_on(place: Server) -> list[Any]:
    found = engine(place, poolclass=NullPool)
    async with found.connect() as connection:
        told = await connection.run_sync(differences, versions("office"))
    await found.dispose()
    return told


def test_migrating_twice_changes_nothing(path: Path) -> None:
    migrate(path, "log")
    before = path.read_bytes()
    migrate(path, "log")
    assert before == path.read_bytes()
    assert HEADS["log"] == revision(path, "log")


@pytest.mark.parametrize("which", ["log", "office"])
def test_a_migration_that_breaks_off_leaves_nothing_behind(
    which: Which, bare: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last revision fails, as with a power cut: what those before it made is not there either."""
    from alembic import op

    execute = op.execute

    def broken(statement: str) -> None:
        if statement == "DROP TABLE bodies":
            raise RuntimeError("power cut")
        execute(statement)

    def refused(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(op, "execute", broken)
        patch.setattr(op, "add_column", refused)
        with pytest.raises(RuntimeError):
            migrate(bare, which)
    assert revision(bare, which) is None
    migrate(bare, which)
    assert HEADS[which] == revision(bare, which)


def test_what_a_newer_version_has_made_is_refused(place: Place) -> None:
    migrate(place, "log")
    table = "alembic_version" if isinstance(place, Path) else versions("log")
    alter(place, f"UPDATE {table} SET version_num = 'log_9999'")
    with pytest.raises(NewerSchema, match="newer version"):
        Log(place)


async def test_two_that_begin_on_an_empty_database_make_its_tables_once(empty: Server) -> None:
    both = [asyncio.to_thread(migrate, empty, "office") for _ in range(2)]
    await asyncio.gather(*both)
    assert HEADS["office"] == await asyncio.to_thread(revision, empty, "office")


# --- from the first schema to the last, with data in it ------------------------------------------------


class Old:
    """A log as the first schema had it: each entry a row, each body another."""

    def __init__(self, place: Place) -> None:
        migrate(place, "log", to="log_0001")
        self.place = place
        self.entries: list[Entry] = []

    def add(self, *entries: tuple[str, str, dict[str, str], bytes]) -> None:
        link = bytes.fromhex(self.entries[-1].hash) if self.entries else chain.ORIGIN
        rows: list[tuple[object, ...]] = []
        for kind, source, headers, body in entries:
            position, at = len(self.entries) + 1, AT + len(self.entries) * 1000
            digest = chain.body_hash(body)
            link = chain.link(link, chain.canonical(position, kind, source, at, headers, digest, "native/1"))
            text = json.dumps(headers, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            entry = (position, kind, source, at, text, digest, "native/1", link)
            rows.append(("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?)", *entry))
            packed = (1, zlib.compress(body)) if len(body) > 200 else (0, body)
            rows.append(("INSERT INTO bodies VALUES (?,?,?)", position, *packed))
            if once := headers.get("webhook-id"):
                key = hashlib.sha256(f"{source}\n{once}".encode()).digest()[:16]
                rows.append(("INSERT INTO delivery_ids VALUES (?,?,?)", at // 86_400_000, key, position))
            self.entries.append(Entry(position, kind, source, at, headers, body, "native/1", link.hex()))
        execute_at(self.place, *rows)


@pytest.fixture
def old(bare: Place) -> Old:
    found = Old(bare)
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
    log = Log(old.place)
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
    seen = verified(old.place, [Head(entry.position, entry.hash) for entry in [*old.entries, kept]])
    assert (seen.entries, seen.broken, seen.missed) == (len(old.entries) + 1, None, ())


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE entries SET at = at + 1 WHERE position = 600", 600),
        ("UPDATE bodies SET bytes = x'5B5D', encoding = 0 WHERE position = 600", 600),
        ("UPDATE entries SET hash = x'" + "00" * 32 + "' WHERE position = 600", 600),
        ("DELETE FROM entries WHERE position = 600", 600),
    ],
)
def test_what_was_altered_in_the_first_schema_is_found_in_the_last(
    old: Old, statement: str, position: int
) -> None:
    alter(old.place, statement)
    migrate(old.place, "log")
    broken = verified(old.place).broken
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
    alter(old.place, statement)
    with pytest.raises(DamagedLog, match="position 600"):
        migrate(old.place, "log")
    assert revision(old.place, "log") == "log_0001"
    assert execute_at(old.place, "SELECT count(*) FROM entries") == [[(1_202,)]]
