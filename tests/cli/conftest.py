"""What every test of the command line may ask for."""

from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def monitor(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, with an empty data folder of its own."""
    for name in ("MONITOR_DATA", "MONITOR_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Command(capsys, str(tmp_path / "data"))
