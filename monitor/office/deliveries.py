"""Deliveries are found again: by source, room or session, and local day, whatever their cohort.

In: what to look for; a position. Out: deliveries as the log holds them, in order. Never: an answer from the
catalogue alone (it says where to look, the log says what is there); makes who delivers wait.

    look ─▶ the catalogue is brought to the head of the log, shelf by shelf ─▶ positions ─▶ the log
            CatalogueBehind where that takes longer than who asks will wait; it goes on meanwhile
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from monitor.event import OURS, Event
from monitor.ingest import sources, touches
from monitor.office.archive import Archive
from monitor.office.declined import Declined
from monitor.store.cabinet import Cabinet
from monitor.store.catalogue import SHELF, Subject
from monitor.store.entry import Entry
from monitor.store.erasure import ERASURE, erased
from monitor.store.folder import Folder
from monitor.store.ledger import Ledger
from monitor.store.log import Log

FORM: Final = 1
"""Which way deliveries are filed: another number has the catalogue filed anew."""
_KINDS: Final = ("delivery", ERASURE)
_STEP: Final = 8  # shelves filed with a transaction
_CHUNK: Final = 500
_MOST_BYTES: Final = 32 << 20  # bodies read for a page

_log = logging.getLogger("monitor.office")

Rows = dict[Subject, list[int]]


class CatalogueBehind(Exception):
    """The catalogue stands at `position` and goes on; the log ends at `head`."""

    def __init__(self, position: int, head: int) -> None:
        super().__init__(f"the catalogue of deliveries is at position {position} of {head}")
        self.position, self.head = position, head


class Found(msgspec.Struct, frozen=True):
    """A delivery: `events` that were taken, `refused` ones; `at` its arrival; `erased`: its body is gone."""

    position: int
    at: int
    source: str
    webhook_id: str | None
    events: int
    refused: int
    hash: str
    erased: bool


class Page(msgspec.Struct, frozen=True):
    """Some of what was looked for, in order of position; the others come after `next` (None: no others)."""

    found: list[Found]
    next: int | None


class Proof(msgspec.Struct, frozen=True):
    """A delivery with all that its link commits to, and the link `before` it (hex)."""

    entry: Entry
    before: str
    found: Found


def looked_for(room: str | None, session: str | None, day: str | None) -> tuple[str | None, int | None]:
    """Place and day as they are filed, of names and YYYY-MM-DD; Declined where they are none."""
    if room is not None and session is not None:
        raise Declined("conflict", "name a room or a session, not both")
    try:
        on = None if day is None else touches.day_of(day)
    except ValueError as error:
        raise Declined("invalid", f"day: {error}") from None
    if room is not None:
        return touches.room(room), on
    return None if session is None else touches.session(session), on


class Deliveries(Archive):
    """Where deliveries are."""

    def __init__(self, log: Log, cabinet: Cabinet, folder: Folder) -> None:
        super().__init__(log, cabinet, folder)
        self._stands: int | None = None  # up to which position the catalogue goes; None: not looked yet
        self._filing: asyncio.Task[None] | None = None
        self._shelving = asyncio.Lock()

    async def close(self) -> None:
        """Stops filing (what is filed is kept), then closes."""
        if self._filing is not None:
            self._filing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._filing
        await super().close()

    async def rebuild(self) -> None:
        """Throws the catalogue away, too."""
        async with self._shelving:
            await self.cabinet.catalogue.clear()
            self._stands = None
        await super().rebuild()

    async def find(
        self,
        source: str,
        place: str | None,
        day: int | None,
        *,
        after: int = 0,
        most: int = 100,
        patience_s: float = 5.0,
    ) -> Page:
        """Deliveries of a source that are about a place (`touches.room`, `.session`), on a day (`.day_of`).

        Fewer than `most` where their bodies are large. CatalogueBehind, Declined.
        """
        if source not in OURS and self._platforms.get(source) is None:
            raise Declined("not_found", f"there is no source {source}; monitor source list names them")
        until = self.log.head()[0]
        if place is None and day is None:
            return await self.log.reading(lambda ledger: _of_source(ledger, source, after, until, most))
        await self._catalogued(until, patience_s)
        positions = await self.cabinet.catalogue.positions(source, place, day, after, most + 1)
        positions = [position for position in positions if position <= until]

        def read(ledger: Ledger) -> Page:
            found, last = [], after
            size = 0
            for position in positions[:most]:
                entry = ledger.entry(position)
                last, size = position, size + len(entry.body)
                if _fits(entry, place, day):
                    found.append(_told(entry))
                if size > _MOST_BYTES:
                    break
            return Page(found, last if positions and last < positions[-1] else None)

        return await self.log.reading(read)

    async def delivery(self, position: int) -> Proof | None:
        """The delivery at a position with what proves it; None where there is none."""
        if not 0 < position <= self.log.head()[0]:
            return None

        def read(ledger: Ledger) -> Proof | None:
            entry = ledger.entry(position)
            if entry.kind != "delivery":
                return None
            before = ledger.entry(position - 1).hash if position > 1 else "0" * 64
            return Proof(entry, before, _told(entry))

        return await self.log.reading(read)

    async def refile(self, position: int) -> None:
        """Files the shelf of a position anew, where it is filed: a body on it was erased.

        Where the tables can't be written now, that is done when the entry is met that says so.
        """
        try:
            async with self._shelving:
                stands = await self._where()
                if position <= stands:
                    rows = await self.log.reading(lambda ledger: _shelf(ledger, position // SHELF, stands))
                    await self.cabinet.catalogue.put(rows, {position // SHELF}, None)
        except (SQLAlchemyError, OSError) as error:
            _log.error("the catalogue is behind an erasure: %s", type(error).__name__)

    async def _catalogued(self, until: int, patience_s: float) -> None:
        if await self._where() >= until:
            return
        if self._filing is None or self._filing.done():
            self._filing = asyncio.create_task(self._file_up_to(until))
            self._filing.add_done_callback(lambda task: task.cancelled() or task.exception())
        done, _ = await asyncio.wait({self._filing}, timeout=patience_s)
        for task in done:
            task.result()
        stands = await self._where()
        if stands < until:
            raise CatalogueBehind(stands, until)

    async def _where(self) -> int:
        """Up to which position the catalogue goes: nowhere, where it is of another log or filed otherwise."""
        if self._stands is None:
            form, _, mark = (await self.cabinet.catalogue.mark() or "").partition(" ")
            position, _, link = mark.partition(" ")
            self._stands = 0
            if form == str(FORM):
                with contextlib.suppress(KeyError, ValueError):
                    if (await self.log.entry(int(position))).hash == link:
                        self._stands = int(position)
            if not self._stands:
                await self.cabinet.catalogue.clear()
        return self._stands

    async def _file_up_to(self, until: int) -> None:
        """In steps; between them as long a pause as a step took, so that half of the machine is others'."""
        loop = asyncio.get_running_loop()
        while self.log.writable and await self._where() < until:  # else the tables may be another's by now
            begun = loop.time()
            async with self._shelving:
                await self._step(until)
            await asyncio.sleep(loop.time() - begun)

    async def _step(self, until: int) -> None:
        stands = await self._where()
        last = min(until, (stands // SHELF + _STEP) * SHELF - 1)

        def filed(ledger: Ledger) -> tuple[Rows, set[int], str]:
            rows, again = _filed(ledger, stands // SHELF * SHELF - 1, last)
            for shelf in again:
                rows |= _shelf(ledger, shelf, last)
            return rows, again, f"{FORM} {last} {ledger.entry(last).hash}"

        rows, again, mark = await self.log.reading(filed)
        await self.cabinet.catalogue.put(rows, again, mark)
        self._stands = last


def _filed(ledger: Ledger, after: int, until: int) -> tuple[Rows, set[int]]:
    """What lies between two positions; and shelves on which something was erased, as is said there."""
    rows: Rows = {}
    again = set()
    while entries := ledger.read(after, until, _KINDS, None, _CHUNK):
        for entry in entries:
            if entry.kind == ERASURE:
                again.add(erased(entry.body).position // SHELF)
                continue
            for touch in touches.of(entry):
                subject = Subject(entry.source, touch.place, touch.day, entry.position // SHELF)
                rows.setdefault(subject, []).append(entry.position)
        after = entries[-1].position
    return rows, again


def _shelf(ledger: Ledger, shelf: int, until: int) -> Rows:
    """What lies on a shelf."""
    return _filed(ledger, shelf * SHELF - 1, min(until, (shelf + 1) * SHELF - 1))[0]


def _of_source(ledger: Ledger, source: str, after: int, until: int, most: int) -> Page:
    """The deliveries of a source, wherever and whenever."""
    found: list[Found] = []
    size = 0
    while entries := ledger.read(after, until, ("delivery",), (source,), most + 1 - len(found)):
        for entry in entries:
            if len(found) == most or size > _MOST_BYTES:
                return Page(found, found[-1].position)
            found.append(_told(entry))
            size += len(entry.body)
        after = entries[-1].position
    return Page(found, None)


def _fits(entry: Entry, place: str | None, day: int | None) -> bool:
    """Whether a delivery is, as it stands in the log now, about what was looked for."""
    return any(place in (None, one.place) and day in (None, one.day) for one in touches.of(entry))


def _told(entry: Entry) -> Found:
    events, refused = _counts(entry)
    return Found(
        position=entry.position,
        at=entry.at,
        source=entry.source,
        webhook_id=entry.headers.get("webhook-id"),
        events=events,
        refused=refused,
        hash=entry.hash,
        erased=bool(entry.erased),
    )


def _counts(entry: Entry) -> tuple[int, int]:
    """How many events were taken and refused; none of either where the body can't be read."""
    try:
        found: Collection[object] = sources.decode(entry)
    except (ValueError, KeyError):
        return 0, 0
    taken = sum(isinstance(one, Event) for one in found)
    return taken, len(found) - taken
