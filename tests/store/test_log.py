"""The log: what it says it kept is kept, in order, once; what fails, fails for those who waited on it."""

import asyncio
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from monitor.store.append import AlreadyKept, LogBusy, LogFailed
from monitor.store.entry import Entry
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from monitor.store.place import Place
from tests.store.logs import AT, Hand, alter, keep, verified


async def test_an_entry_is_read_as_it_was_appended(log: Log) -> None:
    kept = await log.append("delivery", "main", AT, {"webhook-id": "名"}, b"\x00\xff" * 500, "native/1")
    assert [kept] == [entry async for entry in log.read()]
    assert kept == await log.entry(1)
    assert (1, kept.hash) == log.head()


async def test_positions_count_from_one_without_gaps(log: Log) -> None:
    kept = await asyncio.gather(*(keep(log, b"%d" % n) for n in range(200)))
    assert list(range(1, 201)) == [entry.position for entry in kept]
    assert [b"%d" % n for n in range(200)] == [entry.body async for entry in log.read()]


async def test_a_closed_log_opens_with_the_same_head(place: Place) -> None:
    log = Log(place)
    await asyncio.gather(*(keep(log, b"%d" % n) for n in range(10)))
    head = log.head()
    await log.close()
    again = Log(place)
    assert head == again.head()
    next_one = await keep(again)
    assert next_one.position == 11
    await again.close()
    assert (11, next_one.hash, None) == (
        verified(place).entries,
        verified(place).head,
        verified(place).broken,
    )


async def test_what_arrives_during_a_commit_rides_in_the_next(log: Log, hand: Hand) -> None:
    first = await hand.hold(log)
    others = [asyncio.create_task(keep(log, b"%d" % n)) for n in range(50)]
    await asyncio.sleep(0)
    hand.go.set()
    await asyncio.gather(first, *others)
    assert hand.groups == [1, 50]


async def test_what_comes_in_one_turn_of_the_loop_is_one_commit(log: Log, hand: Hand) -> None:
    await asyncio.gather(*(keep(log, b"%d" % n) for n in range(50)))
    assert hand.groups == [50]


async def test_nobody_is_answered_before_the_commit(log: Log, hand: Hand) -> None:
    task = await hand.hold(log)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    assert log.head() == (0, "0" * 64)
    hand.go.set()
    assert (await task).position == 1


async def test_a_failed_commit_fails_those_who_waited_on_it_and_nobody_else(log: Log, hand: Hand) -> None:
    before = await hand.hold(log)
    hand.fail = [None, sqlite3.OperationalError("disk I/O error"), None]
    riding = [asyncio.create_task(keep(log, b"%d" % n)) for n in range(3)]
    await asyncio.sleep(0)
    hand.go.set()
    outcomes = await asyncio.gather(*riding, return_exceptions=True)
    assert sum(isinstance(outcome, LogFailed) for outcome in outcomes) == 3
    after = await keep(log, b"after")
    assert hand.groups == [1, 3, 1]
    assert [await before, after] == [entry async for entry in log.read()]
    assert log.writable
    assert verified(log.place).broken is None


async def test_an_id_whose_commit_failed_is_free_again(log: Log, hand: Hand) -> None:
    hand.fail.append(sqlite3.OperationalError("disk I/O error"))
    with pytest.raises(LogFailed):
        await keep(log, once="a")
    assert (await keep(log, once="a")).position == 1


async def test_what_is_in_the_file_though_its_commit_failed_is_known_and_told(log: Log, hand: Hand) -> None:
    """Several failures in a row: whatever the file has in the end is what memory has, in order, once."""
    told: list[Entry] = []
    log.on_found.append(told.append)
    before = await keep(log, once="a")
    for name, late in (("b", False), ("c", True), ("d", False)):
        hand.fail, hand.late = [sqlite3.OperationalError("disk I/O error")], [late]
        with pytest.raises(LogFailed):
            await keep(log, once=name)
    with pytest.raises(AlreadyKept) as again:
        await keep(log, once="c")
    assert again.value.position == 2
    assert log.head() == (2, told[0].hash)
    assert [(await keep(log, once=name)).position for name in "db"] == [3, 4]
    assert [before, *told] == [entry async for entry in log.read(until=2)]
    assert verified(log.place).broken is None


async def test_what_was_found_is_told_before_what_is_kept_after_it(log: Log, hand: Hand) -> None:
    order: list[int] = []
    log.on_found.append(lambda entry: order.append(entry.position))
    hand.fail, hand.late = [sqlite3.OperationalError("disk I/O error")], [True]
    with pytest.raises(LogFailed):
        await keep(log)
    await log.append(
        "delivery", "main", AT, {}, b"[]", "native/1", then=lambda entry: order.append(entry.position)
    )
    assert order == [1, 2]


async def test_a_log_that_was_cut_while_it_ran_is_not_written_to(log: Log, hand: Hand) -> None:
    """What was answered for is missing after a failure: nothing is put in its place."""
    await keep(log, b"one")
    await keep(log, b"two")
    hand.fail = [sqlite3.OperationalError("disk I/O error")]
    with pytest.raises(LogFailed):
        await keep(log, b"three")
    alter(log.place, "DELETE FROM blocks WHERE first = 2")
    with pytest.raises(LogFailed, match="cut or replaced"):
        await keep(log, b"four")
    assert not log.writable
    assert verified(log.place).entries == 1


async def test_what_a_crash_left_unsynced_is_synced_before_it_is_believed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between write and sync leaves an entry that nobody was told of and the disk may not have."""
    log = Log(path)
    await keep(log, once="a")
    copy = path.with_name("copy.sqlite")
    for file in ("", "-wal"):
        shutil.copy(f"{path}{file}", f"{copy}{file}")
    await log.close()

    def refuses(_file: int) -> None:
        raise OSError("Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("monitor.store.wal._sync", refuses)
        with pytest.raises(OSError, match="Input/output"):
            Log(copy)
    again = Log(copy)
    with pytest.raises(AlreadyKept):
        await keep(again, once="a")
    await again.close()


async def test_after_a_failure_the_log_finds_out_by_itself_that_it_can_write_again(
    log: Log, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.log._PROBE_S", 0.01)
    hand.fail.append(sqlite3.OperationalError("disk I/O error"))
    with pytest.raises(LogFailed):
        await keep(log)
    for _ in range(3_000):
        if log.writable:
            break
        await asyncio.sleep(0.01)
    assert log.writable


async def test_a_log_that_can_not_be_written_says_so_when_it_is_opened(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_self: Ledger) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "touch", refuses)
        log = Log(place)
        assert not log.writable
    assert (await keep(log)).position == 1
    assert log.writable
    await log.close()


async def test_a_full_disk_fails_what_does_not_fit_and_the_log_goes_on_when_there_is_room(path: Path) -> None:
    log = Log(path)
    await keep(log, b"small")
    assert log._ledger is not None
    log._ledger._pages._db.execute("PRAGMA max_page_count=40")  # of this connection; the next one has room
    noise = random.Random(1).randbytes(1 << 20)
    with pytest.raises(LogFailed, match="full"):
        await keep(log, noise)
    kept = await keep(log, noise)
    assert kept.position == 2
    await log.close()
    assert (verified(path).entries, verified(path).broken) == (2, None)


async def test_what_can_not_be_written_fails_alone(log: Log, hand: Hand) -> None:
    first = await hand.hold(log)
    bad = asyncio.create_task(log.append("delivery", "main", AT, {"a": "\udcff"}, b"", "native/1"))
    good = asyncio.create_task(keep(log))
    await asyncio.sleep(0)
    hand.go.set()
    outcome = (await asyncio.gather(bad, return_exceptions=True))[0]
    assert isinstance(outcome, ValueError)
    assert [(await first).position, (await good).position] == [1, 2]


# --- bounds --------------------------------------------------------------------------------------------


async def test_more_than_the_queue_takes_is_refused_at_once(place: Place, hand: Hand) -> None:
    log = Log(place, waiting=5)
    tasks = [await hand.hold(log), *(asyncio.create_task(keep(log)) for _ in range(4))]
    await asyncio.sleep(0)
    with pytest.raises(LogBusy):
        await keep(log)
    hand.go.set()
    await asyncio.gather(*tasks)
    assert (await keep(log)).position == 6
    assert log.pending == 0
    await log.close()


async def test_more_bytes_than_the_queue_takes_are_refused_but_one_large_body_never(
    place: Place, hand: Hand
) -> None:
    log = Log(place, waiting_bytes=100)
    assert (await keep(log, b"x" * 1000)).position == 1
    first = await hand.hold(log)
    with pytest.raises(LogBusy):
        await keep(log, b"x" * 1000)
    hand.go.set()
    await first
    assert (await keep(log, b"x" * 1000)).position == 3
    await log.close()


async def test_closing_writes_what_waits(place: Place, hand: Hand) -> None:
    log = Log(place)
    tasks = [await hand.hold(log), *(asyncio.create_task(keep(log)) for _ in range(19))]
    await asyncio.sleep(0)
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    hand.go.set()
    assert len(await asyncio.gather(*tasks)) == 20
    await closing
    with pytest.raises(LogBusy):
        await keep(log)
