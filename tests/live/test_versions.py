"""Which file of a cohort was in force at a position of the log, without reading the log for each cohort."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.live.versions import Versions
from monitor.store.entry import Entry
from monitor.store.log import Log


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    found = Log(tmp_path / "log.sqlite")
    yield found
    await found.close()


async def file(log: Log, cohort: str, body: bytes, versions: Versions | None = None) -> Entry:
    then = versions.add if versions is not None else None
    return await log.append("cohort", "staff", 0, {"cohort": cohort}, body, "ours/1", then=then)


async def body(versions: Versions, cohort: str, until: int) -> bytes | None:
    entry = await versions.at(cohort, until)
    return None if entry is None else entry.body


async def test_the_file_in_force_is_the_last_one_up_to_the_position(log: Log) -> None:
    """Before the first file there is none, and a file of another cohort changes nothing."""
    for cohort, text in (("a", b"a1"), ("b", b"b1"), ("a", b"a2")):
        await file(log, cohort, text)
    await log.append("delivery", "main", 0, {}, b"[]", "native/1")
    versions = Versions(log)

    assert [None, b"a1", b"a1", b"a2", b"a2"] == [await body(versions, "a", at) for at in range(5)]
    assert [None, None, b"b1", b"b1", b"b1"] == [await body(versions, "b", at) for at in range(5)]
    assert await body(versions, "c", 4) is None


async def test_a_file_that_comes_later_is_in_force_from_its_position(log: Log) -> None:
    """It is told, not read: and a cohort that was unknown is known then."""
    versions = Versions(log)
    await file(log, "a", b"a1", versions)
    assert await body(versions, "a", 1) == b"a1"
    await file(log, "a", b"a2", versions)
    await file(log, "b", b"b1", versions)

    assert (await body(versions, "a", 1), await body(versions, "a", 3)) == (b"a1", b"a2")
    assert await body(versions, "b", 3) == b"b1"


async def test_the_log_is_read_once_for_all_cohorts(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand cohorts asked for after a restart don't read a thousand files each."""
    for n in range(6):
        await file(log, f"c{n}", b"%d" % n)
    reads = []
    read = Log.read

    def counted(self: Log, *args: Any, **named: Any) -> Any:
        reads.append(args)
        return read(self, *args, **named)

    monkeypatch.setattr(Log, "read", counted)
    versions = Versions(log)
    found = await asyncio.gather(*(body(versions, f"c{n}", 6) for n in range(6)))

    assert [b"%d" % n for n in range(6)] == found
    assert 1 == len(reads)


async def test_a_file_that_comes_while_the_log_is_read_is_there_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither lost nor found twice, on whichever side of the reading it falls."""
    versions = Versions(log)
    await file(log, "a", b"a1", versions)
    read = Log.read

    async def slowly(self: Log, *args: Any, **named: Any) -> AsyncIterator[Entry]:
        async for entry in read(self, *args, **named):
            await file(log, "a", b"a2", versions)
            yield entry

    monkeypatch.setattr(Log, "read", slowly)
    assert await body(versions, "a", 2) == b"a2"
    assert versions._positions == {"a": [1, 2]}
