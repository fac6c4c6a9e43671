"""What tests do in the office: import, bind, propose; and what came of it."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from monitor.hours.plan import open_cohort
from monitor.office import Declined, Office
from monitor.store.entry import Entry
from monitor.store.folder import Folder
from monitor.store.place import Server
from monitor.store.tables import metadata
from tests.cohort_file import cohort_file
from tests.databases import LOG_TABLES, execute_at
from tests.ingest.signing import NOW

NUMBER = "11010519491231002X"  # the example of GB 11643 itself
ID = "bj-cnc-01"


def kept(folder: Folder) -> Iterator[bytes]:
    """All that is kept, as it lies there."""
    for file in folder.path.iterdir():
        if file.is_file():
            yield file.read_bytes()
    if isinstance(folder.log, Server):
        for table in (*metadata.tables, *LOG_TABLES):
            for row in execute_at(folder.log, f"SELECT * FROM {table}")[0]:
                yield repr(row).encode()


async def imported(office: Office, data: bytes | None = None, **more: Any) -> Any:
    return await office.import_cohort(data or cohort_file(), by="cli/a", why="import", now=NOW, **more)


async def entries(office: Office) -> list[Entry]:
    return [entry async for entry in office.log.read()]


async def declined(coroutine: Any) -> Declined:
    with pytest.raises(Declined) as found:
        await coroutine
    return found.value


def accounts(data: bytes, person: str) -> list[str]:
    return list(open_cohort(data).people[person].accounts)


async def bind(office: Office, person: str, account: str) -> Any:
    return await office.bind_account(ID, person, account, by="tok", why="inbox", now=NOW)


async def propose(office: Office, **changed: Any) -> Any:
    said = {"person": "t01", "session": "s01", "period": 0, "credit": True, "reason": "机房断网", "by": "李"}
    said |= changed
    return await office.propose_correction(ID, **said, token="tok-1", now=NOW)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rows(office: Office) -> list[list[Any]]:
    return [office.state.all(kind) for kind in office.state.rows]
