"""Every event once, as the bytes it came in (RULES section 3).

In: events, and chunks of lines. Out: the event of a source and id, as it is taken: of differing contents the
first by canonical JSON, of several arrivals the earliest. Never: whether an event counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from monitor.contents import canonical
from monitor.event import Event, decode, decode_lines

Place = int | tuple[bytes, int | None]
"""Where an event's bytes are kept: in the chunk of that number, or here, with its arrival."""

LATE_MS: Final = 72 * 3_600_000
"""An event that reached us later than this after its time is late."""
CLOCK_MS: Final = 120_000
"""An event stamped farther than this ahead of its arrival comes from a wrong clock."""


class Memory:
    """The events of a cohort. `known` by source and id; `reused` ids had differing contents.

    `odd_arrivals` names the events that may have come late or from a wrong clock. Bytes take a tenth of the
    room that objects would.
    """

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Place]] = defaultdict(dict)
        self.reused: set[tuple[str, str]] = set()
        self.odd_arrivals: set[tuple[str, str]] = set()
        self.oddities = 0
        """How often one of the two has changed, or what is kept of an event in them."""
        self._chunks: list[bytes] = []
        self._open: tuple[int, dict[tuple[str, str], bytes]] = (-1, {})

    def __iter__(self) -> Iterator[Event]:
        for source, known in self.known.items():
            for event_id, place in known.items():
                yield self._recall(source, event_id, place)

    def event(self, source: str, event_id: str) -> Event | None:
        """The event of that source and id."""
        place = self.known[source].get(event_id) if source in self.known else None
        return None if place is None else self._recall(source, event_id, place)

    def knows(self, event: Event) -> bool:
        """Whether an event of that source and id is kept."""
        return event.source in self.known and event.id in self.known[event.source]

    def _recall(self, source: str, event_id: str, place: Place) -> Event:
        if not isinstance(place, int):
            return decode(*place)
        if self._open[0] != place:
            chunk = self._chunks[place]
            heads = zip(decode_lines(chunk), chunk.split(b"\n"), strict=False)
            lines: dict[tuple[str, str], bytes] = {}
            for head, line in heads:
                lines.setdefault((head.source, head.id), line)
            self._open = (place, lines)
        return decode(self._open[1][source, event_id])

    def take_chunk(self, chunk: bytes) -> int:
        """Keep a chunk of lines; returns its number, the place of the events taken from it."""
        self._chunks.append(chunk)
        return len(self._chunks) - 1

    def take(self, event: Event) -> bool:
        """Keep an event that is not known yet; False where it is."""
        known, received = self.known[event.source], event.received
        if event.id in known:
            return False
        known[event.id] = (event.raw, received)
        if received is not None and not -CLOCK_MS <= received - event.at <= LATE_MS:
            self.odd_arrivals.add((event.source, event.id))
            self.oddities += 1
        return True

    def take_again(self, event: Event) -> bool:
        """Take a known event once more; True when its contents are now taken instead of those before."""
        known, key = self.known[event.source], (event.source, event.id)
        before = taken = self._recall(*key, known[event.id])
        if event.raw != before.raw:
            contents, new = canonical(before), canonical(event)
            if contents != new:
                self.reused.add(key)
                self.oddities += 1
                taken = before if contents < new else event
        received = min((at for at in (before.received, event.received) if at is not None), default=None)
        if taken is event or received != before.received:
            known[event.id] = (taken.raw, received)
            self.odd_arrivals.add(key)
            self.oddities += 1
        return taken is event
