"""What every test of the office may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.control import opened
from monitor.office import Office
from monitor.store.folder import Folder
from monitor.store.place import Place, Server


@pytest.fixture
def folder(tmp_path: Path, place: Place) -> Folder:
    """A data folder for each engine: all in it, or all but the key in a database."""
    return Folder(tmp_path / "data", place.url if isinstance(place, Server) else None)


@pytest.fixture
async def office(folder: Folder) -> AsyncIterator[Office]:
    async with opened(folder) as (_, found):
        yield found
