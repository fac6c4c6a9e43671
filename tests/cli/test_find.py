"""`ledger find`: the same found by the running server as without one."""

import asyncio
import json
from pathlib import Path

import pytest

from monitor.control import Desk, opened
from monitor.intake import Intake
from monitor.office import Office
from monitor.store.log import Log
from monitor.store.place import Place, Server
from tests.cli.command import Command
from tests.ingest.signing import NOW, SECRET, batch, event, signed


@pytest.fixture
def monitor(monitor: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, once over files and once over a database on a server."""
    if isinstance(place, Server):
        monkeypatch.setenv("MONITOR_DATABASE", place.url)
        monitor.database = place.url
    return monitor


async def _push(log: Log, office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    intake = Intake(log, office.source)
    for n, data in enumerate(({"room": "room-1"}, {"room": "room-2"}, {"session": "s01"})):
        body = batch(event(f"e{n}", "door.opened", data=data), *([5] if n == 0 else []))
        await intake.deliver("main", signed(f"m{n}", body), body, NOW)


def push(monitor: Command) -> None:
    async def work() -> None:
        folder = monitor.folder
        folder.lock()
        async with opened(folder) as (log, office):
            await _push(log, office)
        folder.unlock()

    asyncio.run(work())


def test_what_is_found_is_printed_and_nothing_is_exit_code_1(monitor: Command) -> None:
    push(monitor)
    done = monitor("ledger", "find", "--source", "main", "--room", "room-1", "--day", "2026-05-11")
    assert (done.code, done.err) == (0, "")
    head, line = done.out.splitlines()
    assert "position" in head
    assert line.split()[:5] == ["2", "2026-05-11", "00:30:30Z", "m0", "1"]
    assert "+1" in line
    for more in (("--room", "room-9"), ("--day", "2026-05-12"), ("--session", "room-1")):
        done = monitor("ledger", "find", "--source", "main", *more)
        assert (done.code, done.out) == (1, "")
        assert "there is no such delivery" in done.err
        assert monitor("ledger", "find", "--source", "main", *more, "--json").out == "[]\n"


def test_json_has_all_pages_with_times_and_opaque_positions(
    monitor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.find._PAGE", 1)
    push(monitor)
    done = monitor("ledger", "find", "--source", "main", "--json")
    found = json.loads(done.out)
    assert [one["position"] for one in found] == ["2", "3", "4"]
    assert {one["at"] for one in found} == {"2026-05-11T00:30:30.000Z"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--source", "mian"), "no source mian"),
        (("--source", "main", "--day", "11.5."), "day: a day as in 2026-05-11"),
        (("--source", "main", "--day", "2026-02-30"), "no such day"),
        (("--source", "main", "--room", "a", "--session", "b"), "not allowed with"),
        (("--room", "a"), "--source"),
    ],
)
def test_what_is_asked_wrongly_is_exit_code_2(monitor: Command, wrong: tuple[str, ...], said: str) -> None:
    push(monitor)
    done = monitor("ledger", "find", *wrong)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


async def test_a_running_server_finds_it(monitor: Command, tmp_path: Path) -> None:
    folder = monitor.folder
    await asyncio.to_thread(folder.lock)
    async with opened(folder) as (log, office):
        await _push(log, office)
        desk = Desk(folder, office, lambda: NOW)
        await desk.open()
        arguments = ("ledger", "find", "--source", "main", "--session", "s01", "--json")
        done = await asyncio.to_thread(monitor, *arguments)
        await desk.close()
    folder.unlock()
    assert [one["webhook_id"] for one in json.loads(done.out)] == ["m2"]
