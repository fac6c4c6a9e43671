"""Those who watch a cohort, and what they are told: a snapshot once, then each change, encoded once for all.

In: changes of the cohort's state, one after the other. Out: messages in each watcher's own bounded queue.
Never: waits for a slow watcher (it is told to fetch anew and let go), knows a socket or a clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from monitor.live.change import Change, State, together

View = Literal["full", "masked"]
"""How names go out; all else is the same for everybody."""

VIEWS: Final[tuple[View, ...]] = ("full", "masked")
MOST_WAITING: Final = 64
"""Messages that may wait for one watcher; with the next it is told to fetch anew."""
MOST_KEPT: Final = 4_096
"""Changes that a channel keeps for those who come back; they are told what they missed in few messages."""
MOST_KEPT_BYTES: Final = 4 << 20

REFETCH: Final = msgspec.json.encode({"type": "refetch"})


Send = Callable[[bytes], bool]
"""Sends a message at once, or says that it can't: then nothing of it was sent."""


class Watcher:
    """One who watches. `next` gives the messages in order; None when there is nothing more to come.

    Once it was given `send`, a message that finds the queue empty is sent where it is told, if it can be sent
    at once.
    """

    def __init__(self, view: View, most_waiting: int = MOST_WAITING) -> None:
        self.view = view
        self._queue: deque[bytes] = deque()
        self._most = most_waiting
        self._bell = asyncio.Event()
        self._over = False
        self.send: Send | None = None
        self.slow = False
        """Whether it was let go because it did not keep up."""

    def tell(self, message: bytes) -> None:
        """Sends a message or puts it in the queue; when that is full it makes way for `refetch`, the last."""
        if self._over or (self.send is not None and not self._queue and self.send(message)):
            return
        if len(self._queue) >= self._most:
            self.slow = True
            self._queue.clear()
            message = REFETCH
            self._over = True
        self._queue.append(message)
        self._bell.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._over = True
        self._bell.set()

    async def next(self) -> bytes | None:
        """The next message, once there is one; None after the last."""
        while not self._queue:
            if self._over:
                return None
            self._bell.clear()
            await self._bell.wait()
        return self._queue.popleft()


class _Kept:
    """A change as it was sent: its position, and its bytes for each view."""

    __slots__ = ("message", "position")

    def __init__(self, position: str, message: dict[View, bytes]) -> None:
        self.position = position
        self.message = message


class Channel:
    """One cohort's watchers, the position they were last told of, and the changes that led there."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self._position = ""
        self._before = ""
        self._kept: deque[_Kept] = deque()
        self._kept_bytes = 0
        self._snapshots: dict[View, bytes] = {}

    @property
    def position(self) -> str:
        """The position of the state that was last told; "" before the first."""
        return self._position

    def tell(self, position: str, changes: dict[View, Change]) -> int:
        """Tells everybody what leads from the state before to that at `position`; how many were told.

        The first state has nothing before it: its change is told to nobody.
        """
        if not self._position:
            self._position = self._before = position
            return 0
        if not changes["full"]:
            return 0
        self._snapshots.clear()
        self._position = position
        full = _message("change", position, changes["full"])
        same = changes["masked"] is changes["full"]
        messages: dict[View, bytes] = {
            "full": full,
            "masked": full if same else _message("change", position, changes["masked"]),
        }
        self._keep(_Kept(position, messages))
        told = list(self.watchers)
        for watcher in told:
            watcher.tell(messages[watcher.view])
            if watcher.slow:
                self.watchers.discard(watcher)
        return len(told)

    def _keep(self, kept: _Kept) -> None:
        self._kept.append(kept)
        self._kept_bytes += len(kept.message["full"])
        while len(self._kept) > MOST_KEPT or (self._kept_bytes > MOST_KEPT_BYTES and len(self._kept) > 1):
            oldest = self._kept.popleft()
            self._kept_bytes -= len(oldest.message["full"])
            self._before = oldest.position

    def join(self, watcher: Watcher, after: str | None, state: Callable[[View], State]) -> None:
        """Adds a watcher: with the changes `after` a position that is remembered, else with a snapshot.

        `state` is the one that was last told.
        """
        missed = None if after is None else self._after(after)
        if missed is None:
            watcher.tell(self._snapshot(watcher.view, state))
        else:
            watcher.tell(_message("resumed", self._position if not missed else after, {}))
            messages = _merged(missed, watcher.view)
            if len(messages) >= MOST_WAITING:
                messages = [self._snapshot(watcher.view, state)]
            for message in messages:
                watcher.tell(message)
        self.watchers.add(watcher)

    def _after(self, position: str) -> list[_Kept] | None:
        if position == self._before:
            return list(self._kept)
        for index, kept in enumerate(self._kept):
            if kept.position == position:
                return list(self._kept)[index + 1 :]
        return None

    def _snapshot(self, view: View, state: Callable[[View], State]) -> bytes:
        if view not in self._snapshots:
            self._snapshots[view] = _message("snapshot", self._position, {"state": state(view)})
        return self._snapshots[view]


def _merged(kept: list[_Kept], view: View) -> list[bytes]:
    """The changes as few messages that do the same."""
    if len(kept) < 2:
        return [one.message[view] for one in kept]
    found: list[tuple[str, Change]] = []
    for one in kept:
        told = msgspec.json.decode(one.message[view])
        change = {name: part for name, part in told.items() if name not in ("type", "position")}
        both = together(found[-1][1], change) if found else None
        if both is None:
            found.append((one.position, change))
        else:
            found[-1] = (one.position, both)
    return [_message("change", position, change) for position, change in found]


def _message(kind: str, position: str | None, parts: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "position": position, **parts})
