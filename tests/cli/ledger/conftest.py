"""What every test of `ledger` may ask for."""

import pytest

from monitor.store.place import Place, Server
from tests.cli.command import Command


@pytest.fixture
def monitor(monitor: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, once over files and once over a database on a server."""
    if isinstance(place, Server):
        monkeypatch.setenv("MONITOR_DATABASE", place.url)
        monitor.database = place.url
    return monitor
