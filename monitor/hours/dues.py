"""Who is due next: for each name the instant at which time alone changes something about it.

In: names, and when each is due. Out: the earliest of them, and whose time has come. Never: reads a clock.

A name whose instant moves later (as with each beat) costs nothing until it comes to the top of the heap: in
it may stand earlier instants than those that hold, never later ones.
"""

from __future__ import annotations

from heapq import heappop, heappush, heapreplace


class Dues:
    """The instants (ms) by name."""

    def __init__(self) -> None:
        self._due: dict[str, int] = {}
        self._queued: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def set(self, name: str, due: int | None) -> None:
        """From now on `name` is due at that instant; None: never."""
        if due is None:
            self._due.pop(name, None)
            return
        self._due[name] = due
        queued = self._queued.get(name)
        if queued is None or due < queued:
            self._queued[name] = due
            heappush(self._heap, (due, name))

    def next(self) -> int | None:
        """The earliest instant; None where nothing is due."""
        heap = self._heap
        while heap:
            at, name = heap[0]
            if self._queued.get(name) != at:
                heappop(heap)
                continue
            due = self._due.get(name)
            if due == at:
                return at
            if due is None:
                heappop(heap)
                del self._queued[name]
            else:
                heapreplace(heap, (due, name))
                self._queued[name] = due
        return None

    def come(self, now: int) -> list[str]:
        """Those whose instant has come by `now`; they are due no more until they are set again."""
        found = []
        while (due := self.next()) is not None and due <= now:
            _, name = heappop(self._heap)
            del self._queued[name], self._due[name]
            found.append(name)
        return found
