"""`ledger verify`: a chain that is broken, or misses a head that was noted before, is exit code 1."""

import asyncio
import json
from pathlib import Path

import pytest

from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from tests.cli.command import Command
from tests.cli.ledger.classes import ID, a_class
from tests.store.logs import alter, rewrite_entry


def test_a_chain_that_holds_is_exit_code_0(monitor: Command) -> None:
    asyncio.run(a_class(monitor.folder))
    done = monitor("ledger", "verify")
    assert (done.code, done.err) == (0, "")
    assert "holds" in done.out


def test_an_altered_log_is_exit_code_1_and_the_link_is_named(monitor: Command) -> None:
    asyncio.run(a_class(monitor.folder))
    rewrite_entry(monitor.folder.log, 4, at=1)
    done = monitor("ledger", "verify")
    assert done.code == 1
    assert "position 4" in done.err
    told = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["entries"], told["broken"]["position"]) == (3, "4")


# --- heads noted before ----------------------------------------------------------------------------------


def test_heads_as_they_stand_in_answers_are_met(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    answer = json.loads(monitor("ledger", "export", ID, tmp_path / "out", "--json").out)
    position, head = answer["position"], answer["head"]
    behind = {"position": "1", "hash": _hash(monitor.folder, 1), "event": {}}
    for text in (
        json.dumps(answer),
        json.dumps(answer, indent=2),
        f"# noted\n\n{position} {head.upper()}\n{json.dumps(behind)}\n",
        f"position {position}, head {head}",
        monitor("ledger", "verify").out.splitlines()[0],
        monitor("ledger", "verify", "--json").out,
    ):
        (tmp_path / "heads").write_text(text)
        done = monitor("ledger", "verify", "--heads", tmp_path / "heads")
        assert (done.code, "passes through" in done.out) == (0, True), (text, done.err)


def _hash(folder: Folder, position: int) -> str:
    ledger = Ledger(folder.log)
    try:
        return ledger.entry(position).hash
    finally:
        ledger.close()


def test_a_shortened_chain_is_found_and_the_head_named(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    head = json.loads(monitor("ledger", "verify", "--json").out)
    (tmp_path / "heads").write_text(f"{head['entries']} {head['head']}\n1 {_hash(monitor.folder, 1)}\n")
    alter(monitor.folder.log, "DELETE FROM blocks WHERE first > 3")
    assert monitor("ledger", "verify").code == 0
    done = monitor("ledger", "verify", "--heads", tmp_path / "heads")
    assert (done.code, f"head {head['entries']} {head['head']}" in done.err) == (1, True)
    told = json.loads(monitor("ledger", "verify", "--heads", tmp_path / "heads", "--json").out)
    assert [missed["position"] for missed in told["missed"]] == [str(head["entries"])]
    assert told["broken"] is None


DIGEST = f'{{"as_of": "2026-05-22T10:00:00.000Z", "policy": {{"digest": "sha256:{"a" * 64}"}}}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# none\n",
        "5 abc",
        '{"position": "5"}',
        "\xff",
        DIGEST,
        json.dumps(json.loads(DIGEST), indent=1),
        f"sha256:{'a' * 64}",
        f"1 {'a' * 65}",
    ],
)
def test_a_file_without_heads_accuses_nobody(monitor: Command, tmp_path: Path, text: str) -> None:
    """A recount has no head: the digest of its policy is not taken for one."""
    asyncio.run(a_class(monitor.folder))
    (tmp_path / "heads").write_bytes(text.encode("latin-1"))
    done = monitor("ledger", "verify", "--heads", tmp_path / "heads")
    assert (done.code, done.out) == (2, "")
    assert "position" not in done.err.replace("with position and head", "")
