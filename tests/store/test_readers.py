"""Who reads the log: followers are told in order before the answer, and entries are found."""

import asyncio

import pytest

from monitor.store.append import IdReused
from monitor.store.entry import Entry
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from tests.store.logs import AT, Hand, keep


async def test_followers_are_told_in_order_before_the_answer_and_even_if_nobody_waits(
    log: Log, hand: Hand
) -> None:
    told: list[int] = []

    def follow(entry: object) -> None:
        told.append(entry.position)  # type: ignore[attr-defined]

    opening = await hand.hold(log)
    tasks = [
        asyncio.create_task(log.append("delivery", "main", AT, {}, b"", "native/1", then=follow))
        for _ in range(5)
    ]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.sleep(0)
    hand.go.set()
    await asyncio.gather(opening, *tasks, return_exceptions=True)
    assert told == [2, 3, 4, 5, 6]


async def test_a_follower_that_breaks_undoes_nothing(log: Log) -> None:
    def broken(_entry: object) -> None:
        raise RuntimeError("broken")

    kept = await log.append("delivery", "main", AT, {}, b"", "native/1", then=broken)
    assert [kept] == [entry async for entry in log.read()]


async def test_who_does_not_wait_is_told_after_those_who_follow_and_one_that_breaks_stops_nobody(
    log: Log,
) -> None:
    told: list[object] = []
    all_told = asyncio.Event()

    def tell(outcome: Entry | Exception) -> None:
        told.append(outcome.position if isinstance(outcome, Entry) else type(outcome))
        if len(told) == 5:
            all_told.set()
        raise RuntimeError("broken")

    def put(once: str, body: bytes) -> None:
        log.put(
            "delivery",
            "main",
            AT,
            {},
            body,
            "native/1",
            tell,
            once=once,
            then=lambda one: told.append(-one.position),
        )

    put("a", b"1")
    put("a", b"2")
    put("b", b"3")
    async with asyncio.timeout(20):
        await all_told.wait()
    assert told == [-1, -2, 1, IdReused, 2]


# --- reading -------------------------------------------------------------------------------------------


async def test_reading_by_kind_source_and_position(log: Log) -> None:
    for n in range(30):
        kind = "cohort" if n % 10 == 0 else "delivery"
        await log.append(kind, ("a", "b", "c")[n % 3], AT + n, {}, b"%d" % n, "native/1")

    async def positions(**asked: object) -> list[int]:
        return [entry.position async for entry in log.read(**asked)]  # type: ignore[arg-type]

    assert list(range(1, 31)) == await positions()
    assert await positions(kinds={"cohort"}) == [1, 11, 21]
    assert list(range(2, 31, 3)) == await positions(sources={"b"})
    assert [n for n in range(1, 31) if n % 3 != 0] == await positions(sources={"a", "b"})
    assert [n for n in range(6, 21) if n % 3 != 0] == await positions(sources={"a", "b"}, after=5, until=20)
    assert await positions(sources={"nobody"}) == []
    assert await positions(after=30) == []


async def test_reading_goes_on_over_many_chunks(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.readers.CHUNK", 7)
    monkeypatch.setattr("monitor.store.ledger._READ_BYTES", 50)
    await asyncio.gather(*(keep(log, b"x" * n, source=f"s{n % 3}") for n in range(60)))
    assert list(range(1, 61)) == [e.position async for e in log.read(sources={"s0", "s1", "s2"})]
    assert list(range(1, 61)) == [e.position async for e in log.read()]


async def test_what_is_not_there_is_a_key_error(log: Log) -> None:
    with pytest.raises(KeyError):
        await log.entry(1)


async def test_a_reader_beside_the_writer_sees_what_is_committed(log: Log) -> None:
    await keep(log)
    ledger = await asyncio.to_thread(Ledger, log.place)
    assert (await asyncio.to_thread(ledger.head))[0] == 1
    await keep(log)
    assert (await asyncio.to_thread(ledger.head))[0] == 2
    await asyncio.to_thread(ledger.close)
