"""The same delivery again: it is recognised for a week, and answered once the first is durable."""

import asyncio
import sqlite3

import pytest

from monitor.store.append import AlreadyKept, IdReused, LogFailed
from monitor.store.log import Log
from monitor.store.place import Place
from tests.store.logs import AT, Hand, keep

DAY = 86_400_000


async def test_a_repeated_delivery_is_recognised_on_disk(log: Log) -> None:
    kept = await keep(log, once="a")
    with pytest.raises(AlreadyKept) as found:
        await keep(log, once="a")
    assert kept.position == found.value.position
    assert log.head()[0] == 1


async def test_a_repeated_delivery_is_recognised_after_a_restart(place: Place) -> None:
    log = Log(place)
    await keep(log, once="a")
    await log.close()
    log = Log(place)
    with pytest.raises(AlreadyKept):
        await keep(log, once="a", at=AT + 3 * DAY)
    await log.close()


async def test_a_repeat_in_flight_is_answered_only_when_the_first_is_durable(log: Log, hand: Hand) -> None:
    opening = await hand.hold(log)
    copies = [
        asyncio.create_task(keep(log, once="a")),
        asyncio.create_task(keep(log, once="a")),
        asyncio.create_task(keep(log, b"{}", once="a")),
    ]
    for _ in range(20):
        await asyncio.sleep(0)
    assert [task.done() for task in copies] == [False] * 3
    hand.go.set()
    await opening
    found = await asyncio.gather(*copies, return_exceptions=True)
    assert [type(one).__name__ for one in found] == ["Entry", "AlreadyKept", "IdReused"]
    assert log.head()[0] == 2


async def test_a_repeat_while_the_first_is_being_committed_waits_for_it(log: Log, hand: Hand) -> None:
    hand.go.clear()
    hand.reached.clear()
    first = asyncio.create_task(keep(log, once="a"))
    await asyncio.to_thread(hand.reached.wait, 30)
    repeat = asyncio.create_task(keep(log, once="a"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not repeat.done()
    hand.go.set()
    assert (await first).position == 1
    with pytest.raises(AlreadyKept):
        await repeat


async def test_a_repeat_whose_first_copy_fails_fails_too(log: Log, hand: Hand) -> None:
    opening = await hand.hold(log)
    hand.fail = [None, sqlite3.OperationalError("disk I/O error")]
    copies = [asyncio.create_task(keep(log, once="a")) for _ in range(2)]
    await asyncio.sleep(0)
    hand.go.set()
    await opening
    found = await asyncio.gather(*copies, return_exceptions=True)
    assert [LogFailed, LogFailed] == [type(one) for one in found]


async def test_the_id_with_another_body_is_refused(log: Log) -> None:
    await keep(log, b"[1]", once="a")
    with pytest.raises(IdReused):
        await keep(log, b"[2]", once="a")


async def test_the_same_id_of_two_sources_is_two_ids(log: Log) -> None:
    await keep(log, once="a")
    assert (await keep(log, once="a", source="other")).position == 2


async def test_ids_that_fell_out_of_memory_are_looked_up_on_disk(place: Place) -> None:
    log = Log(place, remember=10)
    await asyncio.gather(*(keep(log, once=f"{n}") for n in range(100)))
    for n in (0, 50, 99):
        with pytest.raises(AlreadyKept) as found:
            await keep(log, once=f"{n}", at=AT + DAY)
        assert n + 1 == found.value.position
    assert len(log._seen._at) == 10
    assert (await keep(log, once="new")).position == 101
    await log.close()


async def test_ids_are_forgotten_when_more_than_a_week_of_days_came_after_them(place: Place) -> None:
    log = Log(place, remember=2)
    for day in range(12):
        await keep(log, once=f"{day}", at=AT + day * DAY)
    await log.close()
    log = Log(place, remember=2)
    for day in range(2, 12):
        with pytest.raises(AlreadyKept):
            await keep(log, once=f"{day}", at=AT + 11 * DAY)
    for day in (0, 1):
        assert (await keep(log, once=f"{day}", at=AT + 11 * DAY)).position == 13 + day
    await log.close()


@pytest.mark.parametrize("wrong", [400 * DAY, 3 * DAY, -400 * DAY])
@pytest.mark.parametrize("again", [True, False])
async def test_a_clock_that_was_wrong_for_a_while_has_no_id_forgotten(
    place: Place, wrong: int, again: bool
) -> None:
    """Neither those of the days before, nor those that came meanwhile; across a restart and without one."""
    log = Log(place, remember=2)
    for day in range(7):
        await keep(log, once=f"{day}", at=AT + day * DAY)
    now = AT + 6 * DAY
    for n in range(2):
        await keep(log, once=f"meanwhile-{n}", at=now + wrong + n * DAY)
        await log.append("token", "staff", now + wrong + n * DAY, {}, b"{}", "ours/1")
    await keep(log, once="after", at=now)
    if again:
        await log.close()
        log = Log(place, remember=2)
    for name in (*map(str, range(7)), "meanwhile-0", "meanwhile-1", "after"):
        with pytest.raises(AlreadyKept):
            await keep(log, once=name, at=now + DAY)
    await log.close()
