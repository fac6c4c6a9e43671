"""What a log holds, read from a copy of its files, so that looking mends nothing."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from monitor.store.entry import Entry
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from monitor.store.place import Server
from monitor.store.verify import verify
from tests.faults.sender import Sender
from tests.store.logs import verified


def copied(data: Path, folder: str) -> None:
    for file in data.glob("log.sqlite*"):
        shutil.copy(file, folder)


async def entries(data: Path, database: str | None = None) -> list[Entry]:
    """Every entry of a log whose chain holds."""
    if database is not None:
        return await asyncio.to_thread(_on_the_server, Server(database))
    with tempfile.TemporaryDirectory() as folder:
        copied(data, folder)
        log = Log(Path(folder, "log.sqlite"))
        try:
            found = [entry async for entry in log.read()]
        finally:
            await log.close()
        assert verified(Path(folder, "log.sqlite")).broken is None
    return found


def _on_the_server(server: Server) -> list[Entry]:
    """The same in a database, once what was killed has let go of it: until then a commit may be under way."""
    ledger = Ledger(server, write=True, make=True)
    try:
        assert verify(ledger).broken is None
        found: list[Entry] = []
        while more := ledger.read(len(found), None, None, None, 10_000):
            found += more
        return found
    finally:
        ledger.close()


async def holds(data: Path, sender: Sender, database: str | None = None) -> dict[str, int]:
    """Nothing acknowledged is missing, nothing is there twice or in part; delivery ids to positions."""
    there: dict[str, int] = {}
    for n, entry in enumerate(await entries(data, database), 1):
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
