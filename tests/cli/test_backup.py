"""Backup and restore, as they are needed one day: killed, gone, and back with the same answers."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.control import opened
from monitor.instant import instant, rfc3339
from monitor.intake import Intake
from monitor.store import backup
from monitor.store.facts import fact
from monitor.store.folder import Folder
from monitor.store.vault import Vault
from tests.cli.command import Command
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, SECRET, batch, event, signed
from tests.serve.test_command import done, ended, serving
from tests.store.logs import rewrite_entry

ID = "bj-cnc-01"
NUMBER = "11010519491231002X"  # the example of GB 11643 itself


async def _filled(data: str, deliveries: int = 3) -> None:
    async with opened(Folder(Path(data))) as (log, office):
        await office.import_cohort(cohort_file(), {"t01": NUMBER}, by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        intake = Intake(log, office.source)
        for n in range(deliveries):
            body = batch(event(f"e{n}", time=f"2026-05-11T08:{30 + n}:00+08:00"))
            await intake.deliver("main", signed(f"m{n}", body), body, NOW)


async def _answer(url: str, token: str) -> bytes:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        address = f"{url}/v1/cohorts/{ID}/attendance?as_of=2026-05-12T00:00:00Z"
        async with http.get(address) as answer:
            assert answer.status == 200
            return await answer.read()


async def test_a_service_that_was_killed_and_lost_comes_back_with_the_same_answers(tmp_path: Path) -> None:
    data, copy, new = tmp_path / "data", tmp_path / "copy", tmp_path / "new"
    await _filled(str(data))
    async with serving(data) as (process, url):
        token = (await done("token", "add", "--role", "admin", "--data", data))[1].strip()
        before = await _answer(url, token)
        code, out, err = await done("backup", copy, "--data", data, "--json")
        assert (code, "is not in this backup" in err) == (0, True)
        (tmp_path / "heads").write_text(out)
        shutil.copy(data / "monitor.key", tmp_path / "key")
        process.send_signal(signal.SIGKILL)
        await ended(process)
    shutil.rmtree(data)
    assert (await done("restore", copy, "--key", tmp_path / "key", "--data", new))[0] == 0
    code, out, _ = await done("ledger", "verify", "--heads", tmp_path / "heads", "--data", new)
    assert (code, "passes through 1 heads" in out) == (0, True)
    async with serving(new) as (_, url):
        assert before == await _answer(url, token)


@pytest.mark.parametrize("at", [None, 1_778_459_430_000])
def test_a_backup_says_when_it_was_made_and_older_ones_that_said_it_in_milliseconds_are_read(
    monitor: Command, tmp_path: Path, at: int | None
) -> None:
    assert monitor("token", "add", "--role", "admin").code == 0
    copy = tmp_path / "copy"
    assert monitor("backup", copy, "--with-key").code == 0
    manifest = json.loads((copy / "backup.json").read_text())
    assert rfc3339(instant(manifest["at"])) == manifest["at"]
    if at is not None:
        (copy / "backup.json").write_text(json.dumps({**manifest, "at": at}))
    assert monitor("restore", copy, "--data", tmp_path / "new", data=False).code == 0


def test_a_backup_beside_a_writer_is_of_one_instant(monitor: Command, tmp_path: Path) -> None:
    async def run() -> None:
        folder = Folder(Path(monitor.data))
        folder.lock(patience_s=0)
        async with opened(folder) as (log, office):
            await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
            over = False

            async def write() -> None:
                while not over:
                    await log.append("delivery", "main", NOW, {}, os.urandom(3_000), "native/1")

            writing = [asyncio.create_task(write()) for _ in range(4)]
            for n in range(3):
                made = await asyncio.to_thread(monitor, "backup", tmp_path / f"copy{n}")
                assert made.code == 0
            over = True
            await asyncio.gather(*writing)
        folder.unlock()

    asyncio.run(run())
    for n in range(3):
        assert monitor("ledger", "verify", "--data", tmp_path / f"copy{n}", data=False).code == 0
        assert sorted(path.name for path in (tmp_path / f"copy{n}").iterdir()) == [
            "backup.json",
            "log.sqlite",
            "office.sqlite",
        ]


def test_files_of_a_backup_are_for_their_owner_alone(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_filled(monitor.data))
    assert monitor("backup", tmp_path / "copy", "--with-key").code == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy").iterdir()}
    assert modes == dict.fromkeys(["backup.json", "log.sqlite", "office.sqlite", "monitor.key"], 0o600)
    assert monitor("restore", tmp_path / "copy", "--data", tmp_path / "new", data=False).code == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert {mode for name, mode in modes.items() if name != "monitor.lock"} == {0o600}
    assert asyncio.run(_identities(tmp_path / "new")) == {"t01": NUMBER}


async def _identities(data: Path) -> dict[str, str]:
    async with opened(Folder(data)) as (_, office):
        return await office.identities(ID)


@pytest.mark.parametrize("there", ["log.sqlite", "office.sqlite", "monitor.key", "log.sqlite-wal"])
def test_restore_refuses_over_data(monitor: Command, tmp_path: Path, there: str) -> None:
    asyncio.run(_filled(monitor.data))
    monitor("backup", tmp_path / "copy", "--with-key")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / there).write_bytes(b"data")
    refused = monitor("restore", tmp_path / "copy", "--data", tmp_path / "new", data=False)
    assert (refused.code, "there is data already" in refused.err) == (2, True)
    assert (tmp_path / "new" / there).read_bytes() == b"data"


def _cut(copy: Path) -> None:
    db = sqlite3.connect(copy / "log.sqlite")
    with db:
        db.execute("DELETE FROM blocks WHERE first = (SELECT max(first) FROM blocks)")
    db.close()


WRONG: dict[str, tuple[Any, str]] = {
    "altered": (lambda copy: rewrite_entry(copy / "log.sqlite", 2, at=1), "position 2"),
    "cut": (_cut, "is not the one that was copied"),
    "no manifest": (lambda copy: (copy / "backup.json").unlink(), "no backup"),
    "a manifest that is none": (lambda copy: (copy / "backup.json").write_text("{"), "can't be read"),
    "no log": (lambda copy: (copy / "log.sqlite").unlink(), "missing"),
    "no key": (lambda copy: (copy / "monitor.key").unlink(), "--key FILE"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_made_of_it(
    monitor: Command, tmp_path: Path, what: str
) -> None:
    asyncio.run(_filled(monitor.data))
    monitor("backup", tmp_path / "copy", "--with-key")
    change, words = WRONG[what]
    change(tmp_path / "copy")
    refused = monitor("restore", tmp_path / "copy", "--data", tmp_path / "new", data=False)
    assert (refused.code, words in refused.err) == (2, True), refused.err
    assert not (tmp_path / "new" / "log.sqlite").exists()


def test_a_backup_goes_into_an_empty_folder(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_filled(monitor.data))
    assert monitor("backup", tmp_path / "copy").code == 0
    again = monitor("backup", tmp_path / "copy")
    assert (again.code, "not empty" in again.err) == (2, True)


def test_without_its_key_the_log_comes_back_and_a_source_is_given_a_secret_again(
    monitor: Command, tmp_path: Path
) -> None:
    asyncio.run(_filled(monitor.data))
    monitor("backup", tmp_path / "copy")
    monitor.data = str(tmp_path / "new")
    assert monitor("restore", tmp_path / "copy", "--log-only").code == 0
    (row,) = json.loads(monitor("source", "list", "--json").out)
    assert row["secrets"] == []
    secret = monitor("source", "rotate", "main").out.strip()

    async def push() -> None:
        async with opened(Folder(Path(monitor.data))) as (log, office):
            body = batch(event("after"))
            answer = await Intake(log, office.source).deliver(
                "main", signed("m9", body, secret=secret), body, NOW
            )
            assert answer.accepted == 1

    asyncio.run(push())


def test_tables_older_than_the_log_catch_up_and_the_lost_secret_is_given_again(
    monitor: Command, tmp_path: Path
) -> None:
    asyncio.run(_filled(monitor.data))
    shutil.copytree(monitor.data, tmp_path / "old")
    monitor("source", "add", "late", "--kind", "native")
    for file in Path(monitor.data).glob("office.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "old" / "office.sqlite", Path(monitor.data) / "office.sqlite")
    rows = {row["id"]: row["secrets"] for row in json.loads(monitor("source", "list", "--json").out)}
    assert (rows["late"], len(rows["main"])) == ([], 1)
    assert monitor("source", "rotate", "late", "--keep", "5").code == 0
    rows = {row["id"]: row["secrets"] for row in json.loads(monitor("source", "list", "--json").out)}
    assert [one["ends_at"] for one in rows["late"]] == [None]


def _names(copy: Path) -> list[str]:
    return sorted(path.name for path in copy.iterdir())


def test_a_backup_of_a_damaged_log_fails_names_the_position_and_is_marked(
    monitor: Command, tmp_path: Path
) -> None:
    asyncio.run(_filled(monitor.data))
    rewrite_entry(Path(monitor.data) / "log.sqlite", 4, body=b"[]")
    made = monitor("backup", tmp_path / "copy")
    assert (made.code, made.out) == (1, "")
    assert "position 4: the entry or its body was altered" in made.err
    assert _names(tmp_path / "copy") == ["log.sqlite.damaged", "office.sqlite"]
    refused = monitor("restore", tmp_path / "copy", "--data", tmp_path / "new", data=False)
    assert (refused.code, "is no backup of monitor" in refused.err) == (2, True)


def test_a_backup_of_a_log_that_ends_before_what_the_tables_have_seen_fails(
    monitor: Command, tmp_path: Path
) -> None:
    asyncio.run(_filled(monitor.data))
    _cut(Path(monitor.data))
    made = monitor("backup", tmp_path / "copy")
    assert (made.code, "position 5: the chain ends before it" in made.err) == (1, True)
    assert _names(tmp_path / "copy") == ["log.sqlite.damaged", "office.sqlite"]


def test_tables_copied_after_the_log_remember_nothing_beyond_it(
    monitor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decided and delivered between the two copies is not in the backup; it starts all the same."""
    asyncio.run(_filled(monitor.data))
    shutil.copytree(monitor.data, tmp_path / "before")

    def later(path: Path, to: Path, progress: Any) -> None:
        at = Path(monitor.data) if path.name == "office.sqlite" else tmp_path / "before"
        copied(at / path.name, to, progress)

    copied = backup._copy_database
    monkeypatch.setattr(backup, "_copy_database", later)
    head = json.loads(monitor("source", "list", "--json").out)
    assert [row["id"] for row in head] == ["main"]
    monitor("source", "add", "late", "--kind", "native")
    shutil.copy(tmp_path / "before" / "office.sqlite", tmp_path / "office.sqlite")
    monkeypatch.setattr(backup, "fact", _seen_before(tmp_path / "office.sqlite", Path(monitor.data)))
    made = monitor("backup", tmp_path / "copy", "--with-key")
    assert made.code == 0, made.err
    monitor.data = str(tmp_path / "new")
    assert monitor("restore", tmp_path / "copy").code == 0
    found = monitor("source", "list", "--json")
    assert found.code == 0, found.err
    assert [row["id"] for row in json.loads(found.out)] == ["main"]
    assert asyncio.run(_identities(tmp_path / "new")) == {"t01": NUMBER}


def _seen_before(older: Path, data: Path) -> Any:
    """Facts as they were read before the log was copied."""
    return lambda office, name: fact(older if office.parent == data else office, name)


def test_a_restored_folder_knows_where_its_log_ends(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_filled(monitor.data))
    assert monitor("backup", tmp_path / "copy", "--with-key").code == 0
    monitor.data = str(tmp_path / "new")
    assert monitor("restore", tmp_path / "copy").code == 0
    _cut(Path(monitor.data))
    refused = monitor("source", "list")
    assert (refused.code, "followed up to 5" in refused.err) == (1, True), refused.err


@pytest.mark.parametrize(
    ("what", "words"), [("another", "but the data was encrypted with key"), ("none", "no such key file")]
)
def test_restore_with_a_wrong_key_is_refused_before_anything_is_written(
    monitor: Command, tmp_path: Path, what: str, words: str
) -> None:
    asyncio.run(_filled(monitor.data))
    assert monitor("backup", tmp_path / "copy").code == 0
    if what == "another":
        other = Vault.open(tmp_path / "key", None).id
        right = Vault.open(Path(monitor.data) / "monitor.key", None).id
        words = f"this is key {other}, {words} {right}"
    refused = monitor(
        "restore", tmp_path / "copy", "--key", tmp_path / "key", "--data", tmp_path / "new", data=False
    )
    assert (refused.code, words in refused.err) == (2, True), refused.err
    assert _names(tmp_path / "new") == ["monitor.lock"]
    assert (tmp_path / "key").exists() == (what == "another")
