"""A log that may not be written: the service says so and does not start, or refuses until it may."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest

from tests.faults.child import Died, hurt, serving, spawn
from tests.faults.disk import ShortFiles, on_a_small_disk, small_disk
from tests.faults.kept import holds
from tests.faults.sender import Ground, Sender, client
from tests.faults.test_faulty_disk import settle
from tests.faults.test_full import status

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1


def ordinary() -> None:
    """From now on the modes of files hold for this process, even where it is root's."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE)


def immutable(file: Path, yes: bool) -> bool:
    """Makes the kernel refuse every write to a file; whether it does."""
    done = subprocess.run(["chattr", "+i" if yes else "-i", file], capture_output=True)
    return done.returncode == 0


@pytest.mark.parametrize("what", ["log.sqlite", "office.sqlite", "monitor.lock", "."])
async def test_what_may_not_be_written_is_named_at_the_start(what: str, ground: Ground) -> None:
    """Exit code 2, the file's name and what to do; nothing is changed, and given back it starts."""
    file = ground.data / what
    mode = file.stat().st_mode
    file.chmod(0o500 if file.is_dir() else 0o400)
    try:
        child = await spawn(ground.data, before=ordinary)
        assert 2 == await child.ended()
        assert "Traceback" not in child.words()
        assert (
            f"monitor: {file if file.is_file() else ground.data}: 运行本命令的用户无权写入" in child.words()
        )
    finally:
        file.chmod(mode)
    async with serving(ground.data) as child:
        assert 0 == await child.end()


async def test_files_that_may_only_be_read_from_now_on_lose_nothing(ground: Ground) -> None:
    """What is open can be written on; once it has to be opened again it waits until that is allowed."""
    sender = Sender()
    async with hurt(ground.data, before=ordinary) as child, client() as http:
        await settle(sender, child.url, [sender.delivery()[0] for _ in range(3)])
        for file in ground.data.glob("log.sqlite*"):
            file.chmod(0o400)
        assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0]
        disk = ShortFiles(ground, child)
        disk.fill()
        name, _ = sender.delivery(3, padding=20_000)
        told = [await sender.post(http, child.url, name)]
        disk.free()
        told += [await sender.post(http, child.url, name) for _ in range(3)]
        assert {(503, "not_kept")} == {(code, said["reason"]) for code, said, _ in told}
        assert all("Retry-After" in headers for _, _, headers in told)
        assert 503 == await status(http, f"{child.url}/readyz")
        for file in ground.data.glob("log.sqlite*"):
            file.chmod(0o600)
        await settle(sender, child.url, [name])
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert sender.kept == await holds(ground.data, sender)


async def test_a_start_on_a_full_disk_is_refused_in_a_sentence_and_changes_nothing(
    ground: Ground, tmp_path: Path
) -> None:
    sender = Sender()
    async with on_a_small_disk(ground, tmp_path) as disk:
        where = disk.ground.data
        await settle(sender, disk.child.url, [sender.delivery(3)[0] for _ in range(3)])
        assert 0 == await disk.child.end()
        disk.fill()
        with pytest.raises(Died) as died:
            async with serving(where, journal=tmp_path / "journal"):
                pass
        disk.free()
        assert "Traceback" not in str(died.value)
        assert "monitor: 数据无法读写（SQLITE_" in str(died.value)
        async with serving(where) as child:
            await settle(sender, child.url, [sender.delivery(3)[0]])
            assert 0 == await child.end()
        assert sender.kept == await holds(where, sender)


async def test_a_log_that_becomes_immutable_refuses_until_it_may_be_written_again(ground: Ground) -> None:
    sender = Sender()
    async with serving(ground.data) as child, client() as http:
        assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0]
        wal = ground.data / "log.sqlite-wal"
        if not immutable(wal, True):
            pytest.skip("files can be made immutable by root only, and on some file systems")
        try:
            refused = [sender.delivery(5)[0] for _ in range(5)]
            told = [await sender.post(http, child.url, name) for name in refused]
            assert {(503, "not_kept")} == {(code, said["reason"]) for code, said, _ in told}
            assert 503 == await status(http, f"{child.url}/readyz")
        finally:
            immutable(wal, False)
        await settle(sender, child.url, refused)
        assert 200 == await status(http, f"{child.url}/readyz")
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert sender.kept == await holds(ground.data, sender)


async def test_a_journal_that_can_not_be_written_stops_no_delivery(ground: Ground, tmp_path: Path) -> None:
    sender = Sender()
    with small_disk(tmp_path / "small", 1) as where:
        journal = where / "journal"
        (where / "ballast").write_bytes(bytes(2**20 - 8192))
        async with serving(ground.data, journal=journal) as child, client() as http:
            await settle(sender, child.url, [sender.delivery(3)[0] for _ in range(20)])
            assert 404 == await status(http, f"{child.url}/nowhere")
            assert 0 == await child.end()
    assert sender.kept == await holds(ground.data, sender)
