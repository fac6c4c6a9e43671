"""The data folder: where its files are, and who has it.

In: a path. Out: the paths of what is kept there, and a lock that one process holds. Never: opens or reads what
is in the files. The lock is the kernel's: it is gone with the process, however that ends.
"""

import fcntl
import os
from pathlib import Path


class FolderInUse(Exception):
    """Another process has the data folder."""


class Folder:
    """A data folder. Made (for its owner alone) when it is opened to be written."""

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """FileNotFoundError with `make` off where there is none."""
        self.path = path
        if make:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.is_dir():
            raise FileNotFoundError(path)
        self._lock: int | None = None

    @property
    def log(self) -> Path:
        """The log: what was delivered and decided."""
        return self.path / "log.sqlite"

    @property
    def office(self) -> Path:
        """The tables: rebuilt from the log, but for secrets, token hashes and identities."""
        return self.path / "office.sqlite"

    @property
    def key(self) -> Path:
        """The key that identities and secrets are encrypted with."""
        return self.path / "monitor.key"

    @property
    def socket(self) -> Path:
        """Where the running server takes commands."""
        return self.path / "monitor.sock"

    def lock(self) -> None:
        """Takes the folder for this process; FolderInUse where another one has it."""
        handle = os.open(self.path / "monitor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise FolderInUse(
                f"{self.path}: another monitor (process {owner}) has this data folder; "
                "stop it first, or name another folder with --data"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    def unlock(self) -> None:
        """Gives the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
