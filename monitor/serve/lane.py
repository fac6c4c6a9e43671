"""What is under way on one socket: answers leave in the order in which frames came, and room is bounded.

In: frames as they are taken on, their answers whenever they are known. Out: the answers, in order. Never:
what is in a frame. A frame has its room until its answer was sent, so that who does not read answers is not
read from.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class _Place:
    """A frame's place in the order: how large it was, and its answer once there is one."""

    __slots__ = ("answer", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.answer: bytes | None = None


class Lane:
    """The frames of one socket that are under way."""

    def __init__(self, frames: int, size: int) -> None:
        """At most so many frames, and no more than one beyond so many bytes."""
        self._frames, self._size = frames, size
        self._places: deque[_Place] = deque()
        self._held = 0
        self._room, self._news = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._over = False

    async def room(self) -> None:
        """Waits until another frame may be taken on."""
        await self._room.wait()

    def enter(self, size: int) -> Callable[[bytes], None]:
        """Takes a frame on; what is returned is to be called with its answer, once."""
        place = _Place(size)
        self._places.append(place)
        self._held += size
        if len(self._places) >= self._frames or self._held >= self._size:
            self._room.clear()

        def answered(answer: bytes) -> None:
            place.answer = answer
            if self._places and self._places[0] is place:
                self._news.set()

        return answered

    def close(self) -> None:
        """No more frames come; `send` ends with the last answer."""
        self._over = True
        self._news.set()

    async def send(self, out: Callable[[bytes], Awaitable[None]]) -> None:
        """Hands the answers out in order, until the last after `close`; to nobody once they left."""
        gone = False
        while self._places or not self._over:
            if not self._places or self._places[0].answer is None:
                self._news.clear()
                await self._news.wait()
                continue
            answer = self._places[0].answer
            if not gone:
                try:
                    await out(answer)
                except ConnectionError:
                    gone = True
            self._held -= self._places.popleft().size
            if len(self._places) < self._frames and self._held < self._size:
                self._room.set()
