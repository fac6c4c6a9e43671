"""A damaged or altered log is said in one sentence, with what to do; no export of it is believed."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.ledger import Ledger
from tests.cli.command import Command, Done
from tests.cli.ledger.classes import ID, a_class
from tests.store.logs import alter, rewrite, rewrite_entry

DAMAGE = "UPDATE blocks SET bodies = x'00' WHERE first = 4"


def _told(monitor: Command, *arguments: object) -> str:
    """The one sentence with which a command ended."""
    done = _served(monitor) if arguments == ("serve",) else monitor(*arguments)
    assert (done.code, done.out) == (1, ""), done
    sentence, end = done.err[:-1], done.err[-1:]
    assert (end, "\n" in sentence, "Traceback" in sentence) == ("\n", False, False), done.err
    assert "monitor ledger verify" in sentence
    assert "monitor restore" in sentence
    return sentence


def _served(monitor: Command) -> Done:
    """A service of its own process: it takes hold of signals and hooks."""
    where = ["--data", monitor.data, "--port", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "serve", *where], capture_output=True, text=True, timeout=60
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _first_delivery(monitor: Command) -> int:
    ledger = Ledger(monitor.folder.log)
    try:
        return ledger.read(0, None, {"delivery"}, None, 1)[0].position
    finally:
        ledger.close()


def test_an_altered_body_is_not_exported_and_its_position_is_named(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    assert monitor("ledger", "export", ID, tmp_path / "out").code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    at = _first_delivery(monitor)
    rewrite_entry(monitor.folder.log, at, body=b"[]")
    assert f"position {at}: " in _told(monitor, "ledger", "export", ID, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    assert f"第 {at} 条" in _told(monitor, "ledger", "export", ID, tmp_path / "out")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize("body", [b"{}", b"not JSON"])
def test_an_altered_cohort_file_is_an_altered_log(monitor: Command, tmp_path: Path, body: bytes) -> None:
    asyncio.run(a_class(monitor.folder))
    rewrite_entry(monitor.folder.log, 1, body=body)
    assert "position 1: " in _told(monitor, "ledger", "export", ID, tmp_path / "out")


def test_a_cohort_that_was_hidden_is_an_altered_log(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    rewrite_entry(monitor.folder.log, 1, kind="x")
    assert "position 1: " in _told(monitor, "ledger", "export", ID, tmp_path / "out")


def test_a_head_that_is_not_the_chains_is_not_exported(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    alter(monitor.folder.log, "UPDATE blocks SET link = before WHERE first = (SELECT max(first) FROM blocks)")
    assert "the link was altered" in _told(monitor, "ledger", "export", ID, tmp_path / "out")


def test_a_block_that_can_not_be_read_is_named(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    alter(monitor.folder.log, DAMAGE)
    for command in (
        ("serve",),
        ("ledger", "find", "--source", "main"),
        ("ledger", "export", ID, tmp_path / "out"),
        ("token", "list"),
    ):
        assert "positions 4 to 4" in _told(monitor, *command)
    assert not (tmp_path / "out").exists()


def test_a_log_without_its_table_is_said_to_be_damaged(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    log = monitor.folder.log
    alter(log, "ALTER TABLE blocks RENAME TO elsewhere")  # the database is for other tests, too
    try:
        for command in (
            ("ledger", "verify"),
            ("ledger", "export", ID, tmp_path / "out"),
            ("ledger", "find", "--source", "main"),
            ("serve",),
            ("backup", tmp_path / "copy"),
        ):
            assert f"{log}: 台账已损坏" in _told(monitor, *command)
    finally:
        alter(log, "ALTER TABLE elsewhere RENAME TO blocks")


def test_a_log_whose_last_rows_were_deleted_is_not_said_to_hold_behind_its_break(monitor: Command) -> None:
    """Closed once, the last block is a young one of an older copy now: who is listed for it, is still."""
    asyncio.run(a_class(monitor.folder))
    head = json.loads(monitor("ledger", "verify", "--json").out)["entries"]
    alter(monitor.folder.log, "INSERT INTO block_sources VALUES ('main', 4)")
    done = monitor("ledger", "verify")
    assert done.code == 1
    assert f"position {head + 1}: the chain ends before it" in done.err
    assert f"the {head} entries before it hold" in done.err


def test_a_body_gone_unsaid_stands_among_links_that_hold(monitor: Command) -> None:
    asyncio.run(a_class(monitor.folder))
    head = json.loads(monitor("ledger", "verify", "--json").out)["entries"]
    at = _first_delivery(monitor)
    rewrite(
        monitor.folder.log,
        at,
        lambda rows: [
            row._replace(body=b"", erased=row.body_hash()) if row.position == at else row for row in rows
        ],
    )
    done = monitor("ledger", "verify")
    assert done.code == 1
    assert f"position {at}: the body is gone" in done.err
    assert f"the links of all {head} entries hold" in done.err
