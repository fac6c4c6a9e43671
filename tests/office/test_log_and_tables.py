"""What is decided is in the log, holds at once, and can be read again from it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from monitor.beats import Taken
from monitor.control import opened
from monitor.office import Office
from monitor.store.cabinet import Cabinet
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.log import Log
from monitor.store.place import LogBehind
from monitor.store.tables import metadata
from tests.cohort_file import COHORT, cohort_file
from tests.databases import LOG_TABLES, execute_at
from tests.ingest.signing import NOW, OTHER, SECRET, signed
from tests.office.desk import (
    ID,
    NUMBER,
    bind,
    declined,
    entries,
    imported,
    propose,
    rows,
)
from tests.store.logs import alter, hand_on_the_writer, keep, verified


async def everything(office: Office) -> None:
    """Something of each kind."""
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    clerk, _ = await office.add_token("clerk", may_list=["main"], by="cli/a", now=NOW)
    await office.import_cohort(cohort_file(), {"t01": NUMBER}, by=clerk.id, why="import", now=NOW)
    await bind(office, "t01", "u-7")
    await propose(office)
    await propose(office, person="t02", period=None)
    await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW)
    await office.excuse(ID, "t01", "s01", "病假", by="李", token="t", now=NOW)
    await office.revoke_token(clerk.id, by="cli/a", now=NOW)


async def test_all_that_was_decided_is_there_after_a_restart(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await everything(office)
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_the_tables_can_be_read_again_from_the_log(office: Office, folder: Folder) -> None:
    await everything(office)
    before = rows(office)
    alter(
        folder.office, "DELETE FROM cohorts", "UPDATE sources SET camera = 'none'", "DELETE FROM corrections"
    )
    await office.rebuild()
    assert rows(office) == before
    assert await office.identities(ID) == {"t01": NUMBER}
    source = office.source("main")
    assert source is not None
    assert source.seal.open(signed("m", b"[]"), b"[]", NOW).id == "m"


async def test_tables_that_lag_behind_the_log_catch_up_at_the_start(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await everything(office)
        before = rows(office)
    alter(folder.office, "DELETE FROM cohorts", "DELETE FROM facts WHERE name = 'applied'")
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_tables_that_belong_to_another_log_are_not_emptied(folder: Folder) -> None:
    """They hold what no log has; nothing begins then, and a sentence says what to do."""
    async with opened(folder) as (_, office):
        await everything(office)
    execute_at(folder.log, *(f"DELETE FROM {table}" for table in LOG_TABLES))
    with pytest.raises(LogBehind, match="ends at 0 and"):
        async with opened(folder):
            pass


async def test_tables_that_are_ahead_of_the_log_are_not_emptied(tmp_path: Path) -> None:
    """A log that is gone or older is not the one that the tables follow."""
    folder = Folder(tmp_path / "data")
    async with opened(folder) as (_, office):
        await imported(office)
    older = snapshot(folder)
    async with opened(folder) as (_, office):
        await office.add_token("admin", by="cli/a", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        expected = rows(office)
    whole = snapshot(folder)
    put(folder, older)
    with pytest.raises(LogBehind, match="ends at 1 and"):
        async with opened(folder):
            pass
    put(folder, {})
    with pytest.raises(LogBehind, match="is gone"):
        async with opened(folder):
            pass
    assert snapshot(folder) == {}
    put(folder, whole)
    async with opened(folder) as (_, office):
        assert expected == rows(office)


LAST_BLOCK = "DELETE FROM blocks WHERE first = (SELECT max(first) FROM blocks)"


async def test_a_log_whose_last_deliveries_are_gone_is_not_begun_with(folder: Folder) -> None:
    """The tables follow no delivery; yet they know how far the log had come when it was last seen."""
    async with opened(folder) as (log, office):
        await imported(office)
        for _ in range(3):
            await keep(log)
    alter(folder.log, LAST_BLOCK)
    with pytest.raises(LogBehind, match="ends at 3 and is not the one that the tables followed up to 4"):
        async with opened(folder):
            pass


async def test_a_log_in_which_another_delivery_stands_last_is_not_begun_with(folder: Folder) -> None:
    async with opened(folder) as (log, office):
        await imported(office)
        await keep(log, b"[1]")
    alter(folder.log, LAST_BLOCK)
    other = Log(folder.log)
    for n in range(2, 5):
        await keep(other, b"[%d]" % n)
    await other.close()
    with pytest.raises(LogBehind, match="ends at 4 and is not the one that the tables followed up to 2"):
        async with opened(folder):
            pass


async def test_where_the_log_ends_is_noted_while_the_service_runs_and_may_lag(folder: Folder) -> None:
    """A service that was killed leaves a mark that is behind the log, and begins again."""
    async with opened(folder) as (log, office):
        first = await keep(log)
        await office.note_head()
        assert await office.cabinet.fact("head") == f"{first.position} {first.hash}"
        await keep(log)
        log.writable = False  # what a killed service does at its end
    assert execute_at(folder.office, "SELECT value FROM facts WHERE name = 'head'") == [
        [(f"{first.position} {first.hash}",)]
    ]
    async with opened(folder) as (log, _):
        assert log.head()[0] == 2


async def test_where_the_log_ends_is_not_noted_while_it_can_not_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Log, "_probe", lambda _log: None)
    await keep(office.log)
    monkeypatch.setattr(office.log, "writable", False)
    await office.note_head()
    assert await office.cabinet.fact("head") is None
    monkeypatch.setattr(office.log, "writable", True)
    await office.note_head()
    assert await office.cabinet.fact("head") is not None


async def test_tables_that_fail_do_not_keep_the_service_from_its_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise OperationalError("", {}, Exception("disk full"))

    async with opened(folder) as (log, _):
        await keep(log)
        monkeypatch.setattr(Cabinet, "set_fact", broken)
    async with opened(folder) as (log, _):
        assert log.head()[0] == 1


def snapshot(folder: Folder) -> dict[str, bytes]:
    """The files of a log."""
    return {path.name: path.read_bytes() for path in folder.path.glob("log.sqlite*")}


def put(folder: Folder, files: dict[str, bytes]) -> None:
    """Those files in the place of the log's."""
    for path in folder.path.glob("log.sqlite*"):
        path.unlink()
    for name, data in files.items():
        (folder.path / name).write_bytes(data)


async def test_a_decision_holds_though_the_tables_fail_and_they_catch_up_later(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folder) as (_, office):
        async with asyncio.timeout(60):
            with monkeypatch.context() as patch:

                async def broken(*_: object) -> None:
                    raise OperationalError("", {}, Exception("disk full"))

                patch.setattr(Cabinet, "apply", broken)
                await imported(office)
            assert office.cohort(ID) is not None
            await office.add_token("admin", by="cli/a", now=NOW)
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_a_decision_that_could_not_be_written_does_not_hold(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail.append(sqlite3.OperationalError("disk I/O error"))
        assert (await declined(imported(office))).reason == "unavailable"
    assert office.cohorts() == []
    await until_writable(office)
    assert (await imported(office)).position == 1


async def until_writable(office: Office) -> None:
    """The writer tries anew by itself."""
    async with asyncio.timeout(20):
        while not office.log.writable:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_nothing_is_written_to_the_tables_while_the_log_can_not_be(
    folder: Folder, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may be another service's by then: neither secrets nor hashes nor ID numbers get there."""
    await imported(office)
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    tables = [f"SELECT * FROM {name}" for name in sorted(metadata.tables)]
    before = await asyncio.to_thread(execute_at, folder.office, *tables)
    monkeypatch.setattr(Log, "_probe", lambda _log: None)
    monkeypatch.setattr(office.log, "writable", False)
    for decision in (
        office.add_source("other", "native", by="cli/a", now=NOW),
        office.rotate_source("main", secret=OTHER, by="cli/a", now=NOW),
        office.add_token("admin", by="cli/a", now=NOW),
        imported(office, identities={"t01": NUMBER}),
    ):
        found = await declined(decision)
        assert (found.reason, "try again" in found.detail) == ("unavailable", True)
    assert await asyncio.to_thread(execute_at, folder.office, *tables) == before
    assert office.secrets_of("other") == []
    monkeypatch.setattr(office.log, "writable", True)
    await imported(office, identities={"t01": NUMBER})
    assert await office.identities(ID) == {"t01": NUMBER}


async def test_a_decision_found_in_the_file_after_all_holds_in_memory_and_in_the_tables(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that failed may leave the decision in the file: then memory, tables and log say the same."""
    async with opened(folder) as (_, office):
        seen: list[int] = []
        office.on_entry.append(lambda entry, _events: seen.append(entry.position))
        with hand_on_the_writer(monkeypatch) as hand:
            hand.fail, hand.late = [sqlite3.OperationalError("disk I/O error")], [True]
            assert (await declined(imported(office))).reason == "unavailable"
        await until_writable(office)
        await office.add_token("admin", by="cli/a", now=NOW)
        assert seen == [1, 2]
        assert [row.id for row in office.cohorts()] == [ID]
        before = rows(office)
    async with opened(folder) as (_, office):
        assert rows(office) == before


async def test_a_decision_is_taken_whole_though_its_caller_goes_away(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        task = asyncio.create_task(imported(office))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await office.add_token("admin", by="cli/a", now=NOW)
    async with opened(folder) as (_, office):
        assert [row.id for row in office.cohorts()] == [ID]


async def test_followers_see_each_decision_when_it_already_holds(office: Office) -> None:
    seen: list[tuple[int, str, int]] = []

    def broken(_entry: Entry, _taken: Taken) -> None:
        raise RuntimeError("broken")

    def follow(entry: Entry, taken: Taken) -> None:
        seen.append((entry.position, entry.kind, len(taken.ids)))
        assert office.cohort(ID) is not None

    office.on_entry += [broken, follow]
    await imported(office)
    await propose(office)
    await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW)
    assert seen == [(1, "cohort", 0), (2, "correction", 0), (3, "delivery", 1)]


async def test_a_text_that_can_not_be_written_is_declined(office: Office) -> None:
    for text in ("\udcff", "a\0b"):
        found = await declined(office.import_cohort(cohort_file(), by=text, why="x", now=NOW))
        assert found.reason == "invalid"
    named = cohort_file(cohort={**COHORT["cohort"], "name": "a\0b"})
    assert (await declined(imported(office, named))).reason == "invalid"
    assert (await declined(office.add_token("admin", name="\0", by="cli/a", now=NOW))).reason == "invalid"
    assert await entries(office) == []
    named = cohort_file(cohort={**COHORT["cohort"], "name": r"a\u0000b"})
    assert (await imported(office, named)).created


async def test_a_reading_is_written_down_whatever_was_said(office: Office) -> None:
    reading = {"at": NOW, "token": "t", "role": "center", "door": "d", "cohort": "c", "person": None}
    await office.note_reading(**reading, full=True, why="a\0b")
    assert [row["why"] for row in await office.readings()] == ["a\ufffdb"]


async def test_the_log_verifies_after_everything(folder: Folder) -> None:
    async with opened(folder) as (log, office):
        await everything(office)
        assert isinstance(log, Log)
    assert verified(folder.log).broken is None
