"""The demo's folder: made anew each time, and never wiped unless the demo made it.

In: a path, whether to keep what is there. Out: an empty folder (or the kept one) that no other demo uses.
Never: removes a folder without our mark, or a link to one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

_MARK: Final = ".made-by-monitor-demo"
_WORDS: Final = "Made by `monitor demo`, which wipes this folder when it starts. Nothing in it is real.\n"


class NotOurs(Exception):
    """The folder can't be used; the text says why and what to do."""


class DemoFolder:
    """The folder, taken for this process until it ends."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path = path
        self.data = path / "data"
        self.state = path / "demo.json"
        self.kept = False
        mark = path / _MARK
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise NotOurs(f"{path} is no folder; name another one with --data DIR")
        if path.is_dir() and any(path.iterdir()) and not (mark.is_file() and not mark.is_symlink()):
            raise NotOurs(
                f"{path} was not made by the demo and is not wiped; name another one with --data DIR"
            )
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise NotOurs(
                f"another demo is running in {path}; end it, or name another folder with --data DIR"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, _WORDS.encode(), 0)
        if keep and self.state.is_file():
            self.kept = True
        else:
            self._wipe(mark)

    def _wipe(self, mark: Path) -> None:
        for entry in self.path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != mark:
                entry.unlink()

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._lock)
