"""The data folder: where its files are, and who has it.

In: a path, and a database where the log is not in it. Out: where things are kept, and a lock that one process
holds. Never: opens or reads what is in the files. The lock is the kernel's: it is gone with the process,
however that ends.
"""

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path

from monitor.store.place import FolderInUse, Place, Server

__all__ = ["Folder", "FolderInUse", "NotWritable"]


class NotWritable(Exception):
    """Files that must be written and may not be; the sentence names each, and says what to do."""

    def __init__(self, files: list[Path]) -> None:
        super().__init__(
            f"{', '.join(map(str, files))}: 运行本命令的用户无权写入。请将其交还该用户（chown、chmod u+rw），"
            "并确认磁盘不是只读 · the user who runs this may not write there; give it back to that user "
            "(chown, chmod u+rw), and see that the disk is not mounted to be read only"
        )


class Folder:
    """A data folder. Made (for its owner alone) when it is opened to be written."""

    def __init__(self, path: Path, database: Path | str | None = None, *, make: bool = True) -> None:
        """`database`: the log's file, or the URL of the PostgreSQL server that has log and tables.

        `make` off: FileNotFoundError without folder.
        """
        self.path = path
        self._database = Server(database) if isinstance(database, str) else database
        self.is_new = make and not path.exists()
        """Whether this made it."""
        if make:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.is_dir():
            raise FileNotFoundError(path)
        self._locks: list[int] = []

    @property
    def log(self) -> Place:
        """The log: what was delivered and decided."""
        return self._database or self.path / "log.sqlite"

    @property
    def office(self) -> Place:
        """The tables: rebuilt from the log, but for secrets, token hashes and identities."""
        if isinstance(self._database, Server):
            return self._database
        if self._database is not None:
            return self._database.with_name(f"{self._database.stem}-office{self._database.suffix}")
        return self.path / "office.sqlite"

    @property
    def key(self) -> Path:
        """The key that identities and secrets are encrypted with."""
        return self.path / "monitor.key"

    @property
    def socket(self) -> Path:
        """Where the running server takes commands."""
        return self.path / "monitor.sock"

    def discard(self) -> None:
        """Takes away a folder that this made, where what it was made for failed; any other one stays.

        Nothing of what somebody else has begun with it in the meantime: the lock is theirs then. A key that
        a database elsewhere was told of stays: without it that would not open any more.
        """
        if not self.is_new:
            return
        inside = [isinstance(place, Path) and place.parent == self.path for place in (self.log, self.office)]
        if self.key.exists() and not all(inside):
            return
        try:
            self.lock(patience_s=0)
        except (FolderInUse, NotWritable, OSError):
            return
        try:
            for place in (self.log, self.office):
                if isinstance(place, Path) and place.parent == self.path:
                    for part in ("-wal", "-shm", ""):
                        place.with_name(f"{place.name}{part}").unlink(missing_ok=True)
            for file in (self.key, self.socket, self.path / "monitor.lock"):
                file.unlink(missing_ok=True)
            self.path.rmdir()
        except OSError:  # something else is in it
            pass
        finally:
            self.unlock()

    def lock(self, patience_s: float = 2.0) -> None:
        """Takes the folder (and a database file) for this process; FolderInUse where another one keeps it.

        A command has it for a moment only; so long it is waited for. NotWritable where this process may not
        write all that is in it. A PostgreSQL database is taken by who writes to it, when the log is opened.
        """
        until = time.monotonic() + patience_s
        while True:
            try:
                self._take_all()
                break
            except FolderInUse:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.02)
        if closed := [file for file in self._written() if not os.access(file, os.R_OK | os.W_OK)]:
            self.unlock()
            raise NotWritable(closed)
        for file in self._written():
            if file.is_file() and file.stat().st_mode & 0o077:
                with contextlib.suppress(OSError):
                    file.chmod(0o600)

    def exposed(self) -> str | None:
        """A sentence where others than the owner may look into a folder that was there before; or None."""
        if not self.path.stat().st_mode & 0o077:
            return None
        return (
            f"{self.path.resolve()}: 其他用户可以进入此数据目录，请 chmod 700（其中文件仅所有者可读） · "
            "others may enter this data folder: chmod 700 it (the files in it are for their owner alone)"
        )

    def _written(self) -> list[Path]:
        """The folders, and of the files that are there those that are written."""
        databases = [place for place in (self.log, self.office) if isinstance(place, Path)]
        files = [file.with_name(f"{file.name}{part}") for file in databases for part in ("", "-wal", "-shm")]
        folders = dict.fromkeys([self.path, *(file.parent for file in databases)])
        return [*folders, *(file for file in files if file.exists())]

    def _take_all(self) -> None:
        names = [self.path / "monitor.lock"]
        if isinstance(self._database, Path):
            names.append(self._database.with_name(f"{self._database.name}.lock"))
        for name in names:
            self._locks.append(self._take(name))

    def _take(self, name: Path) -> int:
        try:
            handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.unlock()
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise NotWritable([name if name.exists() else name.parent]) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            self.unlock()
            raise FolderInUse(
                f"{name.parent}: another monitor (process {owner}) has this data; "
                "stop it first, or name another folder with --data"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle

    def unlock(self) -> None:
        """Gives the folder back."""
        while self._locks:
            os.close(self._locks.pop())
