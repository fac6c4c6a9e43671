"""`ledger export`: what is exported recounts to the same bytes, and is whole or not there."""

import asyncio
import errno
import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.control import opened
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, to_bytes
from monitor.ingest import sources
from monitor.intake import Intake
from monitor.office import extract
from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from monitor.store.place import Place, Server
from tests.cli.command import Command
from tests.cli.ledger.classes import AS_OF, BEATS, ID, a_class
from tests.cohort_file import COHORT, cohort_file
from tests.ingest.signing import NOW, SECRET, batch, event, signed


def test_what_is_exported_recounts_to_the_same_bytes_as_the_service(monitor: Command, tmp_path: Path) -> None:
    served = asyncio.run(a_class(monitor.folder))
    done = monitor("ledger", "export", ID, tmp_path / "out")
    assert done.code == 0
    cohort, events = tmp_path / "out" / "cohort.json", tmp_path / "out" / "events.ndjson"
    lines = events.read_bytes().splitlines()
    assert all("receivedtime" in json.loads(line) for line in lines)
    assert b"another" not in events.read_bytes()
    recounted = monitor(
        "recount", "--cohort", cohort, "--events", events, "--as-of", AS_OF, "--json", data=False
    )
    assert recounted.code == 0
    assert recounted.out.encode() == served
    codes = {finding["code"] for finding in json.loads(served)["findings"]}
    assert {"id_reused", "late_event"} <= codes


def test_export_says_where_the_log_stood(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))
    told = json.loads(monitor("ledger", "export", ID, tmp_path / "out", "--json").out)
    verified = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["position"], told["head"]) == (str(verified["entries"]), verified["head"])
    assert told["events"] == len((tmp_path / "out" / "events.ndjson").read_bytes().splitlines())


def test_an_export_is_whole_or_not_there(
    monitor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an export before it wrote stays as it was; what it says of the files is true of them."""
    asyncio.run(a_class(monitor.folder))
    out = tmp_path / "out"

    def breaks_off(*given: object, **named: object) -> Iterator[bytes]:
        yield from itertools.islice(whole(*given, **named), 3)
        raise OSError(errno.ENOSPC, "no space left on device")

    whole: Any = extract.event_lines
    with monkeypatch.context() as patch:
        patch.setattr(extract, "event_lines", breaks_off)
        done = monitor("ledger", "export", ID, out)
        assert (done.code, "no space" in done.err) == (1, True)
        assert list(out.iterdir()) == []
    assert monitor("ledger", "export", ID, out).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    said = json.loads(before["export.json"])
    assert {name: hashlib.sha256(before[name]).hexdigest() for name in said["sha256"]} == said["sha256"]
    assert said["sha256"].keys() == before.keys() - {"export.json"}
    assert said["events"] == before["events.ndjson"].count(b"\n")
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    with monkeypatch.context() as patch:
        patch.setattr(extract, "event_lines", breaks_off)
        assert monitor("ledger", "export", ID, out).code == 1
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_a_cohort_that_is_not_there_can_not_be_exported(monitor: Command, tmp_path: Path) -> None:
    monitor("source", "add", "main", "--kind", "native")
    done = monitor("ledger", "export", "nowhere", tmp_path / "out")
    assert (done.code, "nowhere" in done.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_both_work_beside_a_running_server(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(a_class(monitor.folder))

    async def meanwhile() -> list[int]:
        folder = monitor.folder
        folder.lock(patience_s=0)
        try:
            async with opened(folder):
                return [
                    (await asyncio.to_thread(monitor, *arguments)).code
                    for arguments in (["ledger", "verify"], ["ledger", "export", ID, str(tmp_path / "out")])
                ]
        finally:
            folder.unlock()

    assert asyncio.run(meanwhile()) == [0, 0]


def test_where_there_is_no_log_it_is_exit_code_2(
    bare: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    where = ("--database", bare.url) if isinstance(bare, Server) else ()
    done = Command(capsys, str(tmp_path / "data"))("ledger", "verify", *where)
    assert (done.code, "no log" in done.err) == (2, True)


# --- several cohorts on one source -----------------------------------------------------------------------


async def _two(folder: Folder) -> bytes:
    """Two cohorts on one source, in the same deliveries; what the service counts of the first."""
    async with opened(folder) as (log, office):
        other = cohort_file(cohort={**COHORT["cohort"], "id": "other", "organizer": "另一机构"})
        for file in (cohort_file(), other):
            await office.import_cohort(file, by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        intake = Intake(log, office.source)
        for n, time in enumerate(BEATS):
            beats = [
                event(f"{cohort}{n}", time=time, data={**BEAT, "cohort": cohort}) for cohort in (ID, "other")
            ]
            loose = event(f"n{n}", time=time, data={**BEAT, "account": "u-404"})
            body = batch(*beats, loose) if n % 3 else batch(beats[1])
            now = NOW + 4_000_000 + n
            await intake.deliver("main", signed(f"m{n}", body, at=now), body, now)
        fold = Fold(open_cohort(await office.cohort_file(ID)))
        async for entry in log.read(kinds={"delivery"}):
            for one in sources.events(entry):
                if fold.touches(one):
                    fold.add(one)
        return to_bytes(document(fold.result(1_779_444_000_000)))


BEAT = {"account": "u-1001", "room": "room-1", "connection": "c-7", "camera": "on"}


def test_others_in_the_same_deliveries_are_hashes_and_the_recount_gives_the_same_bytes(
    monitor: Command, tmp_path: Path
) -> None:
    served = asyncio.run(_two(monitor.folder))
    assert monitor("ledger", "export", ID, tmp_path).code == 0
    recounted = monitor(
        *("recount", "--cohort", tmp_path / "cohort.json", "--events", tmp_path / "events.ndjson"),
        *("--as-of", AS_OF, "--json"),
        data=False,
    )
    assert recounted.out.encode() == served
    for file in tmp_path.glob("*.*json"):
        assert b'"other"' not in file.read_bytes()
    others = [json.loads(line) for line in (tmp_path / "others.ndjson").read_bytes().splitlines()]
    assert len(others) == sum(1 for n in range(len(BEATS)) if n % 3)
    ledger = Ledger(monitor.folder.log)
    for line in others:
        assert sorted(line) == ["hash", "position"]
        theirs = sources.events(ledger.entry(int(line["position"])))[1]
        assert (theirs.data.cohort, hashlib.sha256(theirs.raw).hexdigest()) == ("other", line["hash"])
    ledger.close()
