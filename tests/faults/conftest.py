"""What every test of the faults may ask for."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from monitor.store.place import Server
from tests.faults.sender import Ground, prepare


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The ground, prepared once; tests take copies of it."""
    return asyncio.run(prepare(tmp_path_factory.mktemp("untouched") / "data"))


@pytest.fixture
def ground(untouched: Ground, tmp_path: Path) -> Ground:
    """A ground of the test's own."""
    shutil.copytree(untouched.data, tmp_path / "data")
    return Ground(tmp_path / "data", untouched.tokens)


@pytest.fixture
def served(tmp_path: Path, empty: Server) -> Ground:
    """A ground whose log and tables are in a PostgreSQL database."""
    return asyncio.run(prepare(tmp_path / "data", empty.url))
