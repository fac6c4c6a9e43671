"""What the tests of the log share: appends by the dozen, and a hand on the writer."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.store.block import Kept, pack
from monitor.store.entry import Entry
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from monitor.store.pages import Block, open_pages
from monitor.store.place import Place
from monitor.store.verify import Head, Verified, verify
from tests.databases import away, execute_at

AT = 1_778_459_430_000  # 2026-05-11T00:30:30Z


async def keep(
    log: Log, body: bytes = b"[]", *, once: str | None = None, source: str = "main", at: int = AT
) -> Entry:
    headers = {} if once is None else {"webhook-id": once}
    return await log.append("delivery", source, at, headers, body, "native/1", once=once)


def verified(place: Place, heads: Iterable[Head] = ()) -> Verified:
    def walk() -> Verified:  # in a thread of its own: a server is asked where no loop runs
        ledger = Ledger(place)
        try:
            return verify(ledger, heads=heads)
        finally:
            ledger.close()

    return walk() if isinstance(place, Path) else away(asyncio.to_thread(walk))


def alter(place: Place, *statements: str) -> None:
    execute_at(place, *statements)


def rewrite(place: Place, position: int, change: Callable[[list[Kept]], list[Kept]]) -> None:
    """Alters the entries of the block that holds a position; no link is worked out anew."""

    def read() -> Block:
        pages = open_pages(place)
        try:
            return pages.block_at(position)
        finally:
            pages.close()

    block = read() if isinstance(place, Path) else away(asyncio.to_thread(read))
    rows = change(block.rows())
    execute_at(
        place,
        (
            "UPDATE blocks SET entries = ?, head = ?, bodies = ? WHERE first = ?",
            len(rows),
            *pack(rows),
            block.first,
        ),
    )


def rewrite_entry(place: Place, position: int, **fields: object) -> None:
    """Alters one entry where it stands."""
    rewrite(
        place,
        position,
        lambda rows: [row._replace(**fields) if row.position == position else row for row in rows],  # type: ignore[arg-type]
    )


class Hand:
    """Holds the writer before a commit, or makes commits fail."""

    def __init__(self) -> None:
        self.fail: list[Exception | None] = []
        """What becomes of the next commits: None goes well."""
        self.late: list[bool] = []
        """Whether each of those failures comes when all is in the file already."""
        self.reached = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.groups: list[int] = []

    async def hold(self, log: Log) -> "asyncio.Task[Entry]":
        """Has the writer stand before a commit of one entry; what is appended now rides in the next."""
        self.go.clear()
        self.reached.clear()
        first = asyncio.create_task(keep(log, b"the first"))
        await asyncio.to_thread(self.reached.wait, 30)
        return first


@contextmanager
def hand_on_the_writer(patch: pytest.MonkeyPatch) -> Iterator[Hand]:
    hand = Hand()
    write = Ledger.write

    def held(self: Ledger, rows: list, *rest: object) -> bool:  # type: ignore[type-arg]
        hand.groups.append(len(rows))
        hand.reached.set()
        hand.go.wait(30)
        outcome = hand.fail.pop(0) if hand.fail else None
        if outcome is not None:
            if hand.late and hand.late.pop(0):
                write(self, rows, *rest)  # type: ignore[arg-type]
            raise outcome
        return write(self, rows, *rest)  # type: ignore[arg-type]

    patch.setattr(Ledger, "write", held)
    try:
        yield hand
    finally:
        hand.go.set()
