"""What every test of the store may ask for."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.store.log import Log
from monitor.store.place import Place
from tests.store.logs import Hand, hand_on_the_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
async def log(place: Place) -> AsyncIterator[Log]:
    found = Log(place)
    yield found
    await found.close()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    with hand_on_the_writer(monkeypatch) as found:
        yield found
