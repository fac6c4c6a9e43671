"""Backups of a PostgreSQL database, and from files into one: of one form, whole or not at all."""

import asyncio
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.control import opened
from monitor.intake import Intake
from monitor.store.folder import Folder
from monitor.store.place import Place, Server
from tests.cli.command import Command
from tests.cohort_file import cohort_file
from tests.databases import LOG_TABLES, execute, execute_at
from tests.ingest.signing import NOW, SECRET, batch, event, signed
from tests.store.logs import alter

ID = "bj-cnc-01"
NUMBER = "11010519491231002X"  # the example of GB 11643 itself


async def filled(folder: Folder) -> None:
    """What every table can hold, and a log of more than one block."""
    async with opened(folder) as (log, office):
        await office.import_cohort(cohort_file(), {"t01": NUMBER}, by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        await office.add_token("center", by="cli/a", now=NOW)
        await office.add_token("clerk", cohorts=(ID,), by="cli/a", now=NOW)
        await office.propose_correction(ID, "t02", "s01", None, True, "r", by="李", token="t1", now=NOW)
        await office.bind_account(ID, "t02", "main/u-7", by="tok", why="inbox", now=NOW)
        reading = {"at": NOW, "token": "t", "role": "center", "door": "d", "cohort": ID, "person": None}
        await office.note_reading(**reading, full=True, why=None)
        intake = Intake(log, office.source)
        for n in range(40):
            body = batch(event(f"e{n}", time=f"2026-05-11T08:30:{n:02}+08:00"))
            await intake.deliver("main", signed(f"m{n}", body), body, NOW)


def rows(folder: Folder) -> dict[str, Any]:
    """All that is kept, table by table."""
    tables = {table: folder.log for table in LOG_TABLES}
    office = ("sources", "secrets", "tokens", "token_hashes", "cohorts", "bindings", "corrections")
    tables |= dict.fromkeys((*office, "identities", "readings", "facts"), folder.office)
    return {table: told(place, table) for table, place in tables.items()}


def told(place: Place, table: str) -> list[tuple[Any, ...]]:
    found = execute_at(place, f"SELECT * FROM {table}")[0]
    return sorted(tuple(map(plain, row)) for row in found)


def plain(value: Any) -> str:
    """A value of either database; JSON however it is spaced."""
    if isinstance(value, str) and value.startswith(("[", "{")):
        value = json.loads(value)
    return repr(int(value) if isinstance(value, bool) else value)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.ledger._CLOSE", 10)


@pytest.mark.parametrize("way", ["from a server", "to a server"])
def test_all_of_it_goes_from_one_engine_to_the_other(
    monitor: Command, empty: Server, tmp_path: Path, way: str
) -> None:
    """Every table has the same rows afterwards, and what was kept can be opened and gone on with."""
    here, there = Folder(tmp_path / "data"), Folder(tmp_path / "new", empty.url)
    if way == "from a server":
        here, there = Folder(tmp_path / "data", empty.url), Folder(tmp_path / "new")

    def at(folder: Folder) -> tuple[object, ...]:
        database = ("--database", empty.url) if isinstance(folder.log, Server) else ()
        return ("--data", folder.path, *database)

    asyncio.run(filled(here))
    made = monitor("backup", tmp_path / "copy", "--with-key", "--json", *at(here), data=False)
    assert made.code == 0, made.err
    before = rows(here)
    assert all(before.values())
    done = monitor("restore", tmp_path / "copy", *at(there), data=False)
    assert (done.code, json.loads(made.out)["head"] in done.out) == (0, True), done.err
    assert rows(there) == before
    (tmp_path / "heads").write_text(made.out)
    assert monitor("ledger", "verify", "--heads", tmp_path / "heads", *at(there), data=False).code == 0

    async def go_on() -> None:
        async with opened(there) as (log, office):
            assert await office.identities(ID) == {"t01": NUMBER}
            body = batch(event("e3", time="2026-05-11T08:30:03+08:00"))
            again = await Intake(log, office.source).deliver("main", signed("m3", body), body, NOW)
            assert (again.accepted, again.duplicate) == (0, 1)
            reading = {"at": NOW, "token": "t", "role": "center", "door": "d", "cohort": ID, "person": None}
            await office.note_reading(**reading, full=False, why=None)
            assert [row["full"] for row in await office.readings()] == [True, False]
            assert (await office.add_token("admin", by="cli/a", now=NOW))[0].position == log.head()[0]

    asyncio.run(go_on())


def test_a_backup_beside_a_writer_is_of_one_instant(
    monitor: Command, database: Server, tmp_path: Path
) -> None:
    async def run() -> None:
        async with opened(Folder(Path(monitor.data), database.url)) as (log, office):
            over = False

            async def write() -> None:
                while not over:
                    await log.append("delivery", "main", NOW, {}, os.urandom(3_000), "native/1")
                    await office.add_token("admin", by="cli/a", now=NOW)

            writing = [asyncio.create_task(write()) for _ in range(3)]
            for n in range(2):
                copy = ("backup", tmp_path / f"copy{n}", "--database", database.url)
                assert (await asyncio.to_thread(monitor, *copy)).code == 0
            over = True
            await asyncio.gather(*writing)

    asyncio.run(run())
    for n in range(2):
        copy = tmp_path / f"copy{n}"
        assert monitor("ledger", "verify", "--data", copy, data=False).code == 0
        assert sorted(path.name for path in copy.iterdir()) == ["backup.json", "log.sqlite", "office.sqlite"]
        last = execute_at(copy / "log.sqlite", "SELECT max(first + entries - 1) FROM blocks")[0][0][0]
        applied = execute_at(copy / "office.sqlite", "SELECT value FROM facts WHERE name = 'applied'")[0][0][
            0
        ]
        assert int(applied.split()[0]) <= last


def test_restore_refuses_a_database_with_data_and_leaves_it_as_it_is(
    monitor: Command, database: Server, tmp_path: Path
) -> None:
    asyncio.run(filled(monitor.folder))
    assert monitor("backup", tmp_path / "copy", "--with-key").code == 0
    execute(database.url, "INSERT INTO facts VALUES ('key', 'another')")
    where = ("--data", tmp_path / "new", "--database", database.url)
    refused = monitor("restore", tmp_path / "copy", *where, data=False)
    assert (refused.code, "there is data already" in refused.err) == (2, True)
    assert not (tmp_path / "new" / "monitor.key").exists()
    assert execute(database.url, "SELECT count(*) FROM blocks") == [[(0,)]]


def test_restore_refuses_a_database_that_a_service_has(
    monitor: Command, database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.transfer.PATIENCE_S", 0)
    asyncio.run(filled(monitor.folder))
    assert monitor("backup", tmp_path / "copy", "--with-key").code == 0

    async def meanwhile() -> Any:
        async with opened(Folder(tmp_path / "served", database.url)):
            where = ("--data", tmp_path / "new", "--database", database.url)
            return await asyncio.to_thread(monitor, "restore", tmp_path / "copy", *where, data=False)

    refused = asyncio.run(meanwhile())
    assert (refused.code, "another monitor" in refused.err) == (1, True)


def test_a_backup_that_breaks_off_in_the_middle_leaves_the_database_empty(
    monitor: Command, empty: Server, tmp_path: Path
) -> None:
    """The last table can't be taken over: nothing of the others is there either."""
    asyncio.run(filled(monitor.folder))
    assert monitor("backup", tmp_path / "copy", "--with-key").code == 0
    alter(tmp_path / "copy" / "office.sqlite", "UPDATE tokens SET added_at = 'x'")
    where = ("--data", tmp_path / "new", "--database", empty.url)
    refused = monitor("restore", tmp_path / "copy", *where, data=False)
    assert (refused.code, "table tokens was altered" in refused.err) == (2, True)
    assert execute(empty.url, "SELECT count(*) FROM blocks", "SELECT count(*) FROM sources") == [[(0,)]] * 2


@pytest.mark.parametrize("what", ["no log", "another version", "not there"])
def test_a_database_that_can_not_be_copied_is_said(
    monitor: Command, empty: Server, tmp_path: Path, what: str
) -> None:
    Path(monitor.data).mkdir()
    url, words = empty.url, "there is no log"
    if what == "another version":
        asyncio.run(filled(Folder(Path(monitor.data), empty.url)))
        execute(empty.url, "UPDATE alembic_version_office SET version_num = 'office_0001'")
        words = "another version"
    if what == "not there":
        url, words = "postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@127.0.0.1:1/none: "
    refused = monitor("backup", tmp_path / "copy", "--database", url)
    assert (refused.code != 0, words in refused.err) == (True, True), refused.err
    assert not (tmp_path / "copy").exists() or not any((tmp_path / "copy").iterdir())


def test_the_copy_is_for_its_owner_alone_and_one_file_each(
    monitor: Command, empty: Server, tmp_path: Path
) -> None:
    folder = Folder(Path(monitor.data), empty.url)
    asyncio.run(filled(folder))
    assert monitor("backup", tmp_path / "copy", "--database", empty.url).code == 0
    for name in ("log.sqlite", "office.sqlite"):
        assert (tmp_path / "copy" / name).stat().st_mode & 0o777 == 0o600
        db = sqlite3.connect(tmp_path / "copy" / name)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        db.close()
