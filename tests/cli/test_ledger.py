"""`ledger`: a broken chain is exit code 1; what is exported recounts to the same bytes."""

import asyncio
import errno
import hashlib
import itertools
import json
import random
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
from tests.cohort_file import COHORT, cohort_file
from tests.databases import execute_at
from tests.ingest.signing import NOW, SECRET, batch, event, signed
from tests.store.logs import alter, rewrite_entry

ID = "bj-cnc-01"
AS_OF = "2026-05-22T18:00:00+08:00"
BEATS = [f"2026-05-11T08:{minute:02}:{second:02}+08:00" for minute in range(30, 60) for second in (0, 30)]


@pytest.fixture
def monitor(monitor: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, once over files and once over a database on a server."""
    if isinstance(place, Server):
        monkeypatch.setenv("MONITOR_DATABASE", place.url)
        monitor.database = place.url
    return monitor


async def _class(folder: Folder) -> bytes:
    """A class with what happens to classes; what the service counts of it."""
    async with opened(folder) as (log, office):
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
    served = asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
    told = json.loads(monitor("ledger", "export", ID, tmp_path / "out", "--json").out)
    verified = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["position"], told["head"]) == (str(verified["entries"]), verified["head"])
    assert told["events"] == len((tmp_path / "out" / "events.ndjson").read_bytes().splitlines())


def test_an_export_is_whole_or_not_there(
    monitor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an export before it wrote stays as it was; what it says of the files is true of them."""
    asyncio.run(_class(monitor.folder))
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


def test_a_chain_that_holds_is_exit_code_0(monitor: Command) -> None:
    asyncio.run(_class(monitor.folder))
    done = monitor("ledger", "verify")
    assert (done.code, done.err) == (0, "")
    assert "holds" in done.out


def test_an_altered_log_is_exit_code_1_and_the_link_is_named(monitor: Command) -> None:
    asyncio.run(_class(monitor.folder))
    rewrite_entry(monitor.folder.log, 4, at=1)
    done = monitor("ledger", "verify")
    assert done.code == 1
    assert "position 4" in done.err
    told = json.loads(monitor("ledger", "verify", "--json").out)
    assert (told["entries"], told["broken"]["position"]) == (3, "4")


def test_both_work_beside_a_running_server(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_class(monitor.folder))

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


# --- heads noted before ----------------------------------------------------------------------------------


def test_heads_as_they_stand_in_answers_are_met(monitor: Command, tmp_path: Path) -> None:
    asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
    (tmp_path / "heads").write_bytes(text.encode("latin-1"))
    done = monitor("ledger", "verify", "--heads", tmp_path / "heads")
    assert (done.code, done.out) == (2, "")
    assert "position" not in done.err.replace("with position and head", "")


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


# --- erasure ---------------------------------------------------------------------------------------------


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
    asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
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
    asyncio.run(_class(monitor.folder))
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
