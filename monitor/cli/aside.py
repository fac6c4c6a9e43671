"""Files that belong together, written aside: under their names there are all of them, whole, or none.

In: a folder, and bytes for each file. Out: the files, each readable by its owner alone, with their SHA-256.
Never: a file under its name that ends in the middle; what stood there before stays until all are written.
"""

import contextlib
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class Aside:
    """Several files of one folder. Left without an error, they take their places in the order of opening."""

    def __init__(self, folder: Path) -> None:
        """The folder is made, for its owner alone, where there is none."""
        self._folder = folder
        self._files: dict[str, AsideFile] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def open(self, name: str) -> "AsideFile":
        """A file to be written."""
        self._files[name] = found = AsideFile(self._folder / f".{name}.part")
        return found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for file in self._files.values():
                file.close(sync=kind is None)
            if kind is None:
                last = next(reversed(self._files), None)
                if last is not None:  # it says what the others are: while they change it is not there
                    (self._folder / last).unlink(missing_ok=True)
                for name, file in self._files.items():
                    file.path.replace(self._folder / name)
        finally:
            for file in self._files.values():
                with contextlib.suppress(OSError):
                    file.path.unlink(missing_ok=True)


class AsideFile:
    """One of them; `count` is how many writes it took, `sha256` of its bytes so far, in hex."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._hash = hashlib.sha256()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", 1 << 20)

    def write(self, data: bytes) -> None:
        """Appends bytes."""
        self._file.write(data)
        self._hash.update(data)
        self.count += 1

    @property
    def sha256(self) -> str:
        """Of all that was written."""
        return self._hash.hexdigest()

    def close(self, *, sync: bool) -> None:
        """Closes it; `sync`: it is on the disk then. OSError where it isn't."""
        try:
            if sync:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
