"""`ledger`: a broken chain is exit code 1; what is exported recounts to the same bytes."""

import asyncio
import json
from pathlib import Path

from monitor.control import opened
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, to_bytes
from monitor.ingest import sources
from monitor.intake import Intake
from monitor.store.folder import Folder
from tests.cli.command import Command
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, SECRET, batch, event, signed
from tests.store.logs import rewrite_entry

ID = "bj-cnc-01"
AS_OF = "2026-05-22T18:00:00+08:00"
BEATS = [f"2026-05-11T08:{minute:02}:{second:02}+08:00" for minute in range(30, 60) for second in (0, 30)]


async def _class(data: str) -> bytes:
    """A class with what happens to classes; what the service counts of it."""
    async with opened(Folder(Path(data))) as (log, office):
        await office.import_cohort(cohort_file(), by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        intake = Intake(log, office.source)

        async def push(name: str, now: int, *events: object) -> None:
            body = batch(*events)
            await intake.deliver("main", signed(name, body, at=now), body, now)

        await push("m1", NOW, event("j", "classroom.joined", time=BEATS[0]))
        beats = [event(f"b{n}", time=time) for n, time in enumerate(BEATS)]
        await push("m2", NOW + 3_600_000, *beats[20:], event("x", source="other"), 5)
        await push("m3", NOW + 4 * 86_400_000, *beats[:25])
        await push(
            "m4", NOW + 4 * 86_400_000, event("b1", time=BEATS[1], data={"room": "room-1", "camera": "off"})
        )
        elsewhere = {"cohort": "another", "account": "u-1001", "room": "room-1", "camera": "on"}
        await push(
            "m5", NOW, event("theirs", data=elsewhere), event("n", receivedtime="2020-01-01T00:00:00Z")
        )
        await office.bind_account(ID, "t02", "main/u-7", by="tok", why="inbox", now=NOW)
        await office.propose_correction(
            ID, "t02", "s01", None, True, "机房断网", by="李", token="t1", now=NOW
        )
        await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW + 86_400_000)
        fold = Fold(open_cohort(await office.cohort_file(ID)))
        async for entry in log.read(kinds={"delivery"}):
            for one in sources.events(entry):
                if fold.touches(one):
                    fold.add(one)
        return to_bytes(document(fold.result(1_779_444_000_000)))


def test_what_is_exported_recounts_to_the_same_bytes_as_the_service(monitor: Command, tmp_path: Path) -> None:
    served = asyncio.run(_class(monitor.data))
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
    asyncio.run(_class(monitor.data))
    told = json.loads(monitor("ledger", "export", ID, tmp_path / "out", "--json").out)
    verified = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["position"], told["head"]) == (str(verified["entries"]), verified["head"])
    assert told["events"] == len((tmp_path / "out" / "events.ndjson").read_bytes().splitlines())


def test_a_cohort_that_is_not_there_can_not_be_exported(monitor: Command, tmp_path: Path) -> None:
    monitor("source", "add", "main", "--kind", "native")
    done = monitor("ledger", "export", "nowhere", tmp_path / "out")
    assert (done.code, "nowhere" in done.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_chain_that_holds_is_exit_code_0(monitor: Command) -> None:
    asyncio.run(_class(monitor.data))
    done = monitor("ledger", "verify")
    assert (done.code, done.err) == (0, "")
    assert "holds" in done.out


def test_an_altered_log_is_exit_code_1_and_the_link_is_named(monitor: Command) -> None:
    asyncio.run(_class(monitor.data))
    rewrite_entry(Path(monitor.data) / "log.sqlite", 4, at=1)
    done = monitor("ledger", "verify")
    assert done.code == 1
    assert "position 4" in done.err
    told = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["entries"], told["broken"]["position"]) == (3, 4)


def test_both_work_beside_a_running_server(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_class(monitor.data))

    async def meanwhile() -> list[int]:
        folder = Folder(Path(monitor.data))
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


def test_a_folder_without_a_log_is_exit_code_2(monitor: Command) -> None:
    Path(monitor.data).mkdir()
    done = monitor("ledger", "verify")
    assert (done.code, "no log" in done.err) == (2, True)
