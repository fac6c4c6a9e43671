"""What a log holds, read from a copy of its files, so that looking mends nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from monitor.store.entry import Entry
from monitor.store.log import Log
from tests.faults.sender import Sender
from tests.store.logs import verified


def copied(data: Path, folder: str) -> None:
    for file in data.glob("log.sqlite*"):
        shutil.copy(file, folder)


async def entries(data: Path) -> list[Entry]:
    """Every entry of a log whose chain holds."""
    with tempfile.TemporaryDirectory() as folder:
        copied(data, folder)
        log = Log(Path(folder, "log.sqlite"))
        try:
            found = [entry async for entry in log.read()]
        finally:
            await log.close()
        assert verified(Path(folder, "log.sqlite")).broken is None
    return found


async def holds(data: Path, sender: Sender) -> dict[str, int]:
    """Nothing acknowledged is missing, nothing is there twice or in part; delivery ids to positions."""
    there: dict[str, int] = {}
    for n, entry in enumerate(await entries(data), 1):
        assert n == entry.position
        if entry.kind != "delivery" or entry.source != "main":
            continue
        name = entry.headers["webhook-id"]
        assert name not in there, f"{name} is kept twice"
        assert sender.sent[name] == entry.body
        there[name] = entry.position
    missing = {name for name in sender.kept if name not in there}
    assert set() == missing
    assert sender.kept == {name: there[name] for name in sender.kept}
    return there
