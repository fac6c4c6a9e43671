"""The data folder: one process has it; it is gone with the process."""

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.control import opened
from monitor.store.folder import Folder, FolderInUse, NotWritable


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    Folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_files_are_for_their_owner_alone_whoever_made_the_folder(tmp_path: Path) -> None:
    """Those that were made before, too; the folder itself is not ours to close, so a sentence asks for it."""
    tmp_path.chmod(0o755)
    folder = Folder(tmp_path)

    async def meanwhile() -> dict[str, int]:
        async with opened(folder):
            return modes(tmp_path)

    found = asyncio.run(meanwhile())
    assert found.keys() >= {"log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "office.sqlite", "monitor.key"}
    assert set(found.values()) == {0o600}
    (tmp_path / "office.sqlite").chmod(0o644)
    folder.lock()
    assert stat.S_IMODE((tmp_path / "office.sqlite").stat().st_mode) == 0o600
    folder.unlock()
    assert "chmod 700" in (folder.exposed() or "")
    tmp_path.chmod(0o700)
    assert folder.exposed() is None


def test_a_folder_that_is_not_there_is_an_error_when_it_is_not_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path / "a", make=False)


def test_only_a_folder_that_was_made_for_it_is_taken_away_again(tmp_path: Path) -> None:
    """And only as long as nothing else is in it, and nobody else has it."""
    new, old = Folder(tmp_path / "new"), Folder(tmp_path)
    for folder in (new, old):
        (folder.path / "log.sqlite").write_bytes(b"log")
        folder.key.write_bytes(b"key")
    taken = Folder(tmp_path / "taken")
    other = Folder(tmp_path / "taken")
    other.lock()
    kept = Folder(tmp_path / "kept")
    (kept.path / "list.xlsx").write_bytes(b"not ours")
    for folder in (new, old, taken, kept):
        folder.discard()
    other.unlock()
    assert [folder.path.exists() for folder in (new, old, taken, kept)] == [False, True, True, True]
    assert old.key.read_bytes() == b"key"
    assert (kept.path / "list.xlsx").read_bytes() == b"not ours"


def test_a_second_one_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    first, second = Folder(tmp_path), Folder(tmp_path)
    first.lock()
    with pytest.raises(FolderInUse, match=r"process \d+"):
        second.lock(patience_s=0)
    first.unlock()
    second.lock(patience_s=0)
    second.unlock()


def test_one_database_of_two_folders_is_refused(tmp_path: Path) -> None:
    first = Folder(tmp_path / "a", tmp_path / "log.sqlite")
    second = Folder(tmp_path / "b", tmp_path / "log.sqlite")
    assert tmp_path / "log.sqlite" == first.log
    assert tmp_path / "log-office.sqlite" == first.office
    first.lock()
    with pytest.raises(FolderInUse):
        second.lock(patience_s=0)
    first.unlock()
    second.lock(patience_s=0)
    second.unlock()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from monitor.store.folder import Folder\n"
            "Folder(Path(sys.argv[1])).lock(); print('locked', flush=True); time.sleep(60)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"locked\n"
    folder = Folder(tmp_path)
    with pytest.raises(FolderInUse, match=str(child.pid)):
        folder.lock(patience_s=0)
    child.kill()
    child.wait()
    child.stdout.close()
    folder.lock(patience_s=0)
    folder.unlock()


def test_what_may_not_be_written_is_named_all_of_it_and_the_folder_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    for name in ("log.sqlite", "log.sqlite-wal", "office.sqlite"):
        (tmp_path / name).touch()
    closed = {folder.log, tmp_path / "log.sqlite-wal"}
    with monkeypatch.context() as patch:
        patch.setattr("monitor.store.folder.os.access", lambda file, _how: file not in closed)
        with pytest.raises(NotWritable) as told:
            folder.lock()
    assert str(told.value).startswith(f"{folder.log}, {folder.log}-wal: ")
    folder.lock()
    folder.unlock()
