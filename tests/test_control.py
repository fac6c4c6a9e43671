"""Orders: the same done by the server as without one; nobody else hears them."""

import asyncio
import stat
from pathlib import Path

import aiohttp
import pytest

from monitor.control import (
    AddSource,
    AddToken,
    Desk,
    ExportCohort,
    ImportCohort,
    ListCohorts,
    Order,
    carry_out,
    opened,
)
from monitor.office import Declined
from monitor.store.folder import Folder
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW


def clock() -> int:
    return NOW


def importing(data: bytes) -> ImportCohort:
    return ImportCohort(by="cli/a", file=data.decode(), why="import")


@pytest.mark.parametrize("deep", [False, True])
async def test_an_order_holds_at_once_in_the_running_server(tmp_path: Path, deep: bool) -> None:
    path = tmp_path / ("a path that is longer than the kernel takes for a socket/" * 3 if deep else "data")
    folder = Folder(path)
    folder.lock(patience_s=0)
    async with opened(folder) as (_, office):
        desk = Desk(folder, office, clock)
        await desk.open()
        assert stat.S_IMODE(folder.socket.stat().st_mode) == 0o600
        row, secret = await carry_out(Folder(path), AddSource(by="cli/a", id="main", kind="native"), clock)
        assert (row["id"], row["added_at"]) == ("main", NOW)
        assert secret.startswith("whsec_")
        assert office.source("main") is not None
        done = await carry_out(Folder(path), importing(cohort_file()), clock)
        assert (done["created"], done["notes"]) == (True, [])
        with pytest.raises(Declined) as found:
            await carry_out(Folder(path), importing(cohort_file(policy="nowhere")), clock)
        assert (found.value.reason, [error.where for error in found.value.errors]) == ("invalid", ["policy"])
        await desk.close()
        assert not folder.socket.exists()
    folder.unlock()


async def test_without_a_server_the_order_is_carried_out_here(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert (await carry_out(folder, importing(cohort_file()), clock))["created"] is True
    assert [row["id"] for row in await carry_out(folder, ListCohorts(by="cli/a"), clock)] == ["bj-cnc-01"]
    text = await carry_out(folder, ExportCohort(by="cli/a", cohort="bj-cnc-01"), clock)
    assert text.encode() == cohort_file()
    folder.lock(patience_s=0)
    folder.unlock()


async def test_the_answer_is_the_same_either_way(tmp_path: Path) -> None:
    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    there.lock(patience_s=0)
    async with opened(there) as (_, office):
        desk = Desk(there, office, clock)
        await desk.open()
        for order in (importing(cohort_file()), ListCohorts(by="cli/a")):
            by_server = await carry_out(Folder(there.path), order, clock)
            assert by_server == await carry_out(here, order, clock)
        await desk.close()
    there.unlock()


async def test_commands_wait_for_each_other(tmp_path: Path) -> None:
    orders = [AddToken(by="cli/a", role="admin") for _ in range(5)]
    done = await asyncio.gather(*(carry_out(Folder(tmp_path), order, clock) for order in orders))
    assert len({row["id"] for row, _ in done}) == 5


async def test_a_folder_that_is_held_by_something_without_a_desk_is_given_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.control._PATIENCE_S", 0.0)
    folder = Folder(tmp_path)
    folder.lock(patience_s=0)
    with pytest.raises(aiohttp.ClientError):
        await carry_out(Folder(tmp_path), ListCohorts(by="cli/a"), clock)
    folder.unlock()


async def test_the_desk_takes_over_a_socket_that_a_killed_server_left(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.lock(patience_s=0)
    folder.socket.write_text("left behind")
    async with opened(folder) as (_, office):
        desk = Desk(folder, office, clock)
        await desk.open()
        assert await carry_out(Folder(tmp_path), ListCohorts(by="cli/a"), clock) == []
        await desk.close()
    folder.unlock()


async def test_an_order_of_another_version_is_declined(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.lock(patience_s=0)
    async with opened(folder) as (_, office):
        desk = Desk(folder, office, clock)
        await desk.open()
        connector = aiohttp.UnixConnector(str(folder.socket))
        async with aiohttp.ClientSession(connector=connector) as session:
            for body in (
                b"",
                b"{}",
                b'{"order":"nothing","by":"x"}',
                b'{"order":"token list","by":"x","y":1}',
            ):
                async with session.post("http://monitor/", data=body) as answer:
                    assert answer.status == 422
                    assert (await answer.json(content_type=None))["reason"] == "invalid"
        await desk.close()
    folder.unlock()


def test_an_order_that_does_nothing_can_not_be_made() -> None:
    class Nothing(Order, tag="nothing"):
        pass

    with pytest.raises(TypeError, match="carry_out"):
        Nothing(by="cli/a")  # type: ignore[abstract]
