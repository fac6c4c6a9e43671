"""Disks that are full, for real: a small tmpfs, or a limit on the size of files."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.faults.child import Child, serving
from tests.faults.sender import Ground


class Disk(ABC):
    """Where a service keeps what it has."""

    def __init__(self, ground: Ground, child: Child) -> None:
        self.ground, self.child = ground, child

    @abstractmethod
    def fill(self) -> None:
        """Nothing more can be written."""

    @abstractmethod
    def free(self) -> None:
        """It can again."""


class SmallDisk(Disk):
    """A tmpfs of a few MiB: writing fails with ENOSPC."""

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.ground.data.with_name("ballast")


class ShortFiles(Disk):
    """No file may be longer than a page: writing fails with EFBIG (SIGXFSZ is ignored by Python)."""

    def fill(self) -> None:
        self._limit(4096)

    def free(self) -> None:
        if self.child.code is None:
            self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        resource.prlimit(self.child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_disk(where: Path, mebibytes: int) -> Iterator[Path]:
    """A tmpfs of so many MiB; skips the test where one can't be mounted."""
    where.mkdir()
    options = f"size={mebibytes}m,mode=700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "faults", where], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small tmpfs can be mounted by root only")
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


@asynccontextmanager
async def on_a_small_disk(ground: Ground, tmp: Path) -> AsyncIterator[Disk]:
    """The service with its folder, and its journal, on a small disk."""
    with small_disk(tmp / "small", 16) as where:
        shutil.copytree(ground.data, where / "data")
        moved = Ground(where / "data", ground.tokens)
        async with serving(moved.data) as child:
            yield SmallDisk(moved, child)


@asynccontextmanager
async def with_short_files(ground: Ground, tmp: Path) -> AsyncIterator[Disk]:
    """The service with a limit on its files."""
    async with serving(ground.data) as child:
        yield ShortFiles(ground, child)
