"""Schemas: the revisions lead to what the code expects, and a newer file is refused."""

import asyncio
import hashlib
import json
import random
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine

from monitor.store import chain
from monitor.store.append import AlreadyKept
from monitor.store.cabinet import Cabinet, Secret
from monitor.store.entry import Entry
from monitor.store.keyring import Link, Session
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
from monitor.store.records import BindingRow, CohortRow, CorrectionRow, SourceRow, TokenRow, UserRow
from monitor.store.server import engine
from monitor.store.tables import metadata
from monitor.store.vault import Vault
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


# --- the office ------------------------------------------------------------------------------------------

BEGINNINGS: tuple[tuple[object, ...], ...] = (
    ("INSERT INTO facts VALUES ('applied', '4 x')",),
    ("INSERT INTO sources VALUES ('main', 'native', 'heartbeat', 30, ?, ?, ?, 1)", True, False, AT),
    ("INSERT INTO tokens VALUES ('a1', '王', 'clerk', '[\"c\"]', NULL, NULL, ?, NULL, 2)", AT),
    ("INSERT INTO tokens VALUES ('a2', '', 'admin', NULL, NULL, NULL, ?, ?, 3)", AT, AT + 1),
    ("INSERT INTO token_hashes VALUES ('a1', 'hash')",),
    ("INSERT INTO cohorts VALUES ('c', '班', NULL, 'beijing-2026', '[\"main\"]', ?, 4, 1)", AT),
    ("INSERT INTO bindings VALUES ('c', 'main/u-7', 't02', 4, NULL)",),
    (
        "INSERT INTO corrections VALUES ('c', 1, 't02', 's01', NULL, ?, 'r', '李', 't', ?, 4, "
        "NULL, NULL, NULL)",
        True,
        AT,
    ),
    (
        'INSERT INTO readings (at, token, role, door, cohort, person, "full", why) '
        "VALUES (?, 't', 'center', 'd', 'c', NULL, ?, NULL)",
        AT,
        True,
    ),
)


async def test_every_row_of_the_first_office_is_in_the_last(bare: Place, tmp_path: Path) -> None:
    key = tmp_path / "monitor.key"
    vault = Vault.open(key, None)
    sealed = (vault.seal("whsec_x", "secrets", "main", "0"), vault.seal("1", "identities", "c", "t01"))
    await asyncio.to_thread(migrate, bare, "office", to="office_0001")
    execute_at(
        bare,
        *BEGINNINGS,
        ("INSERT INTO facts VALUES ('key', ?)", vault.id),
        ("INSERT INTO secrets VALUES ('main', 0, ?, ?)", sealed[0], AT),
        ("INSERT INTO identities VALUES ('c', 't01', ?, ?)", sealed[1], vault.look_up("1")),
    )
    cabinet = await Cabinet.open(bare, key)
    assert HEADS["office"] == await asyncio.to_thread(revision, bare, "office")
    state = await cabinet.load()
    assert state.all(SourceRow) == [SourceRow("main", "native", "heartbeat", 30, True, False, AT, 1)]
    assert state.all(TokenRow) == [
        TokenRow("a1", "王", "clerk", ("c",), None, None, AT, position=2),
        TokenRow("a2", "", "admin", None, None, None, AT, revoked_at=AT + 1, position=3),
    ]
    assert state.all(CohortRow) == [CohortRow("c", "班", None, "beijing-2026", ("main",), AT, 4, 1)]
    assert state.all(BindingRow) == [BindingRow("c", "main/u-7", "t02", 4)]
    (correction,) = state.all(CorrectionRow)
    assert (correction.n, correction.credit, correction.by, correction.approved_at) == (1, True, "李", None)
    assert await cabinet.secrets() == {"main": (Secret("whsec_x", AT),)}
    assert (await cabinet.token_hashes(), await cabinet.identities("c")) == ({"hash": "a1"}, {"t01": "1"})
    assert [(row["at"], row["full"]) for row in await cabinet.readings()] == [(AT, True)]
    assert await cabinet.fact("applied") == "4 x"
    reading = {"at": AT + 1, "token": "t", "role": "center", "door": "d", "cohort": "c", "person": None}
    await cabinet.put_reading({**reading, "full": False, "why": None})
    assert [row["n"] for row in await cabinet.readings()] == [1, 2]
    assert (state.all(UserRow), await cabinet.keyring.sessions()) == ([], [])
    await cabinet.close()


async def test_users_and_what_proves_them_are_there_again_as_they_were_kept(
    bare: Place, tmp_path: Path
) -> None:
    """On both engines, from an office that had none."""
    await asyncio.to_thread(migrate, bare, "office", to="office_0005")
    columns = "id, name, role, cohorts, added_at, position"
    execute_at(bare, (f"INSERT INTO tokens ({columns}) VALUES ('a1', '', 'clerk', '[]', ?, 1)", AT))
    user = UserRow("u1", "yan", "严老师", "teacher", ("c",), {"c": "w01"}, AT, AT + 1, position=2)
    everywhere = UserRow("u2", "guan", "管", "admin", None, {}, AT, AT, AT + 2, ("main",), 3)
    links = [Link("aa", "invitation", "u1", AT, AT + 5), Link("bb", "first", None, AT, AT + 6)]
    session = Session("s1", "cc", "u1", "Chrome · Windows", AT, AT + 3, AT + 9)
    cabinet = await Cabinet.open(bare, tmp_path / "monitor.key")
    await cabinet.apply([user, everywhere], "3 x")
    for link in (msgspec.structs.replace(links[0], sha256="dd"), *links):
        await cabinet.keyring.put_link(link)
    await cabinet.keyring.put_password("u1", "$argon2id$old", AT)
    await cabinet.keyring.put_password("u1", "$argon2id$", AT + 1)
    await cabinet.keyring.put_sessions(msgspec.structs.replace(session, seen_at=AT))
    await cabinet.keyring.put_sessions(session)
    await cabinet.close()
    cabinet = await Cabinet.open(bare, tmp_path / "monitor.key")
    state = await cabinet.load()
    assert state.all(UserRow) == [user, everywhere]
    assert [(row.id, row.holder) for row in state.all(TokenRow)] == [("a1", None)]
    assert sorted(await cabinet.keyring.links(), key=lambda link: link.sha256) == links
    assert await cabinet.keyring.passwords() == {"u1": "$argon2id$"}
    assert await cabinet.keyring.sessions() == [session]
    await cabinet.clear()
    assert await cabinet.keyring.sessions() == [session]
    await cabinet.keyring.drop_links("aa", "bb")
    await cabinet.keyring.drop_sessions("s1")
    assert (await cabinet.keyring.links(), await cabinet.keyring.sessions()) == ([], [])
    await cabinet.close()
