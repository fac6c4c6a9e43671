"""`ledger erase`: a body is gone, its hash stays, and the chain holds."""

import asyncio
import json
import random
from pathlib import Path

import pytest

from monitor.control import opened
from monitor.ingest import sources
from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from tests.cli.command import Command
from tests.cli.ledger.classes import ID, a_class
from tests.databases import execute_at
from tests.ingest.signing import NOW, batch, event
from tests.store.logs import rewrite_entry


def _position(folder: Folder, name: str) -> int:
    ledger = Ledger(folder.log)
    try:
        (found,) = (
            entry.position
            for entry in ledger.read(0, None, {"delivery"}, None, 1_000)
            if entry.headers.get("webhook-id") == name
        )
        return found
    finally:
        ledger.close()


def test_an_erased_body_is_reported_as_erased_and_the_chain_holds(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    before = monitor("ledger", "verify", "--json").out
    (tmp_path / "heads").write_text(before)
    position = _position(monitor.folder, "m2")
    done = monitor("ledger", "erase", position, "--reason", "删除请求", "--by", "张管理员", "--json")
    assert (done.code, "backups" in done.err) == (0, True)
    found = monitor("ledger", "verify", "--heads", tmp_path / "heads")
    assert (found.code, f"erased: positions {position}" in found.out) == (0, True)
    told = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["erased"], told["broken"]) == ([str(position)], None)
    assert told["head"] == json.loads(done.out)["head"]
    ledger = Ledger(monitor.folder.log)
    said, gone = ledger.entry(int(json.loads(done.out)["position"])), ledger.entry(position)
    ledger.close()
    assert (said.kind, said.headers["by"], said.headers["why"]) == ("erasure", "张管理员", "删除请求")
    assert (gone.body, len(gone.erased)) == (b"", 64)
    assert gone.erased in said.body.decode()


def test_with_a_pseudonym_the_hours_of_the_others_stay(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    position = _position(monitor.folder, "m2")
    done = monitor("ledger", "erase", position, "--reason", "r", "--by", "b", "--account", "u-1001=erased-1")
    assert done.code == 0
    assert monitor("ledger", "verify").code == 0
    ledger = Ledger(monitor.folder.log)
    accounts = {one.data.account for one in sources.events(ledger.entry(position))}
    ledger.close()
    assert accounts == {"erased-1"}
    assert monitor("ledger", "export", ID, tmp_path / "out").code == 0
    exported = [json.loads(line) for line in (tmp_path / "out" / "events.ndjson").read_bytes().splitlines()]
    assert {"u-1001", "erased-1"} <= {one["data"].get("account") for one in exported}
    assert monitor("ledger", "erase", position, "--reason", "r", "--by", "b").code == 0
    assert json.loads(monitor("ledger", "verify", "--json").out)["erased"] == [str(position)]


def test_what_stands_in_place_of_an_erased_body_can_not_be_altered(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    position = _position(monitor.folder, "m2")
    (tmp_path / "events").write_bytes(batch(event("b20", data={"account": "p", "room": "r", "camera": "on"})))
    arguments = ("--reason", "r", "--by", "b", "--events", tmp_path / "events")
    assert monitor("ledger", "erase", position, *arguments).code == 0
    assert monitor("ledger", "verify").code == 0
    rewrite_entry(monitor.folder.log, position, body=b"[]")
    broken = json.loads(monitor("ledger", "verify", "--json").out)["broken"]
    assert (broken["position"], "not what its erasure entry says" in broken["problem"]) == (
        str(position),
        True,
    )


@pytest.mark.parametrize(
    ("position", "more", "words"),
    [
        ("999", [], "no position 999"),
        ("1", [], "is no delivery but a cohort"),
        ("m2", ["--account", "u-404=x"], "nothing was erased"),
        ("m2", ["--reason", " "], "why"),
        ("m2", ["--reason", "身份证 11010519491231002X"], "ID number"),
        ("m2", ["--events", "new.json"], "only what was sent can stay"),
        ("m2", ["--events", "none.json"], "events"),
        ("x", [], "no position of the log"),
        ("m2", ["--account", "u"], "OLD=NEW"),
        ("m2", ["--events", "missing.json"], "missing.json"),
    ],
)
def test_an_erasure_that_can_not_be_is_exit_code_2_and_erases_nothing(
    monitor: Command, tmp_path: Path, position: str, more: list[str], words: str
) -> None:
    asyncio.run(a_class(monitor.folder))
    (tmp_path / "new.json").write_bytes(batch(event("never-sent")))
    (tmp_path / "none.json").write_bytes(b"[")
    place = str(_position(monitor.folder, position)) if position == "m2" else position
    before = json.loads(monitor("ledger", "verify", "--json").out)
    done = monitor("ledger", "erase", place, "--reason", "r", "--by", "b", *more)
    assert (done.code, words in done.err) == (2, True), done.err
    assert before == json.loads(monitor("ledger", "verify", "--json").out)


def test_the_bytes_of_an_erased_body_are_in_no_file_and_no_row(monitor: Command) -> None:
    noise = random.Random(1).randbytes(3_000)

    async def keep_some() -> int:
        async with opened(monitor.folder) as (log, office):
            for n in range(3):
                await log.append("delivery", "main", NOW, {}, b"x" * n, "native/1")
            kept = await log.append("delivery", "main", NOW, {}, noise, "native/1")
            for n in range(600):  # the block is closed, its young copy is free space
                await log.append("delivery", "main", NOW, {}, b"%d" % n, "native/1")
            await office.erase(kept.position, "r", by="b", now=NOW)
            assert (await log.entry(kept.position)).body == b""
            assert (await log.entry(kept.position + 1)).body == b"0"
            await log.append("delivery", "main", NOW, {}, b"after", "native/1")
            return kept.position

    position = asyncio.run(keep_some())
    kept = [file.read_bytes() for file in Path(monitor.data).iterdir() if file.is_file()]
    kept += [bodies for (bodies,) in execute_at(monitor.folder.log, "SELECT bodies FROM blocks")[0]]
    for data in kept:
        assert not any(noise[n : n + 16] in data for n in range(0, 2_900, 50))
    assert json.loads(monitor("ledger", "verify", "--json").out)["erased"] == [str(position)]
