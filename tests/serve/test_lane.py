"""The order of answers on one socket, and the room that is given back only when they were sent."""

from __future__ import annotations

import asyncio

import pytest

from monitor.serve.lane import Lane


async def turns() -> None:
    """Lets whatever can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_answers_leave_in_the_order_of_the_frames_whatever_is_known_first() -> None:
    lane, sent = Lane(10, 1000), list[bytes]()

    async def out(answer: bytes) -> None:
        sent.append(answer)

    sending = asyncio.create_task(lane.send(out))
    first, second, third = (lane.enter(1) for _ in range(3))
    third(b"3")
    second(b"2")
    await turns()
    assert sent == []
    first(b"1")
    await turns()
    assert sent == [b"1", b"2", b"3"]
    last = lane.enter(1)
    lane.close()
    await turns()
    assert not sending.done()
    last(b"4")
    await sending
    assert sent[-1] == b"4"


@pytest.mark.parametrize(("frames", "size"), [(3, 1000), (100, 3)])
async def test_there_is_room_again_only_when_an_answer_was_sent(frames: int, size: int) -> None:
    """Whoever does not read answers is not read from: so many frames, so many bytes."""
    lane, reads = Lane(frames, size), asyncio.Event()

    async def out(_answer: bytes) -> None:
        await reads.wait()

    sending = asyncio.create_task(lane.send(out))
    for _ in range(3):
        await lane.room()
        lane.enter(1)(b"known")
    waiting = asyncio.create_task(lane.room())
    await turns()
    assert not waiting.done()
    reads.set()
    await waiting
    lane.close()
    await sending


async def test_when_the_other_side_has_left_the_rest_is_told_to_nobody() -> None:
    lane, tried = Lane(10, 1000), list[bytes]()

    async def out(answer: bytes) -> None:
        tried.append(answer)
        raise ConnectionResetError

    places = [lane.enter(1) for _ in range(3)]
    lane.close()
    for place in places:
        place(b"known")
    await lane.send(out)
    assert tried == [b"known"]
