"""The log as entries: in, out, each in a block among others, whichever database the blocks are in.

In: entries made by `log.py`. Out: entries as they were written. Never: queues, threads, decisions, SQL (that
is behind the seam in `pages.py`). One ledger writes; every reader opens its own.

    commit ─▶ a young block ─▶ when there are enough: one closed block in their place, same transaction
"""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from monitor.store.block import FAST, FORM, SMALL, Kept, pack
from monitor.store.chain import ORIGIN
from monitor.store.damage import DamagedBlock
from monitor.store.entry import Entry
from monitor.store.pages import KEY_BITS, Block, Key, open_pages
from monitor.store.place import Place

__all__ = ["KEY_BITS", "Block", "Erasing", "Key", "Ledger", "entry"]

_CLOSE: Final = 512  # entries of young blocks that make a closed one
_CLOSE_BYTES: Final = 128 << 10
_BLOCK_BYTES: Final = 512 << 10
_READ_BYTES = 8 << 20


class Erasing(NamedTuple):
    """A body to be erased with a commit, and what stands in its place from then on."""

    position: int
    replacement: bytes


class Ledger:
    """The log at a place. Not to be shared between threads at one time."""

    def __init__(self, place: Place, *, write: bool = False, make: bool = False) -> None:
        """Opens it; to write, alone, and so that every commit is on disk when it returns.

        `make`: first the log is made, or brought to the newest schema.
        """
        self._pages = open_pages(place, write=write, make=make)
        self.watch_s = self._pages.watch_s
        self._last: tuple[Block, list[Kept]] | None = None
        self._young: list[Kept] = []
        self._young_bytes = 0
        if write:
            try:
                self._read_young()
            except BaseException:
                self._pages.close()
                raise

    def close(self) -> None:
        """Closes the connection."""
        self._pages.close()

    def write(
        self,
        rows: list[Kept],
        before: bytes,
        keys: Sequence[Key],
        forget: int = 0,
        erase: Sequence[Erasing] = (),
    ) -> bool:
        """All of it in one transaction, on disk when this returns; or nothing of it, and the error.

        `before`: the link before the first of `rows`. Delivery ids of days before `forget` go, some at a
        time; whether none of them is left.
        """
        pages = self._pages
        clean = True
        with pages.transaction(erasing=bool(erase)):
            young, size = self._add(rows, before)
            if keys:
                pages.put_keys(keys)
            if forget:
                clean = pages.forget_keys(forget)
            for position, replacement in erase:
                self._erase(position, replacement)
        self._young, self._young_bytes = young, size
        if erase:
            self._read_young()
        return clean

    def _add(self, rows: list[Kept], before: bytes) -> tuple[list[Kept], int]:
        """Adds a young block, or closes all that are young; what is young then, and the bytes of it."""
        young = self._young + rows
        size = self._young_bytes + sum([len(row.body) for row in rows])
        if len(young) < _CLOSE and size < _CLOSE_BYTES:
            self._pages.add(_packed(rows, before, FAST))
            return young, size
        first = young[0].position
        if self._young:
            before = self._pages.block_at(first).before
        blocks: list[Block] = []
        sources: list[set[str]] = []
        for part in _parts(young, size):
            held = sum(len(row.body) for row in part)
            small = held < len(part) * 1024  # many small deliveries: packing is little of it
            blocks.append(_packed(part, before, SMALL if small else FAST))
            sources.append({row.source for row in part})
            before = part[-1].link
        self._pages.close_young(first, blocks, sources)
        return [], 0

    def _erase(self, position: int, replacement: bytes) -> None:
        block = self._pages.block_at(position)
        rows = [
            row._replace(body=replacement, erased=row.body_hash()) if row.position == position else row
            for row in _unpacked(block)
        ]
        self._pages.replace(block.first, *pack(rows, SMALL))

    def touch(self) -> None:
        """Writes and syncs something that changes nothing: whether that goes."""
        self._pages.touch()

    def holds(self) -> None:
        """Whether what keeps others from writing is still had; raises where it isn't."""
        self._pages.holds()

    def head(self) -> tuple[int, bytes]:
        """The last entry's position and link; (0, ORIGIN) where there is none."""
        return self._pages.head() or (0, ORIGIN)

    def kept(self, position: int) -> Kept:
        """What is stored at a position; KeyError where there is nothing."""
        block = self._pages.block_at(position)
        row = self._rows(block)[position - block.first] if position < block.first + block.entries else None
        if row is None:
            raise KeyError(position)
        return row

    def entry(self, position: int) -> Entry:
        """The entry at a position; KeyError where there is none."""
        return entry(self.kept(position))

    def key(self, days: Collection[int], key: int) -> list[int]:
        """The positions at which a delivery id (or another with its key) was kept on one of these days."""
        return self._pages.key(days, key)

    def key_days(self) -> list[int]:
        """The days of which delivery ids are kept, in order."""
        days: list[int] = []
        while (day := self._pages.last_key_day(days[-1] if days else None)) is not None:
            days.append(day)
        return days[::-1]

    def keys(self, limit: int) -> list[tuple[int, int]]:
        """The youngest `limit` delivery ids that were kept, oldest first, by key and position."""
        found: list[tuple[int, int]] = []
        for day in reversed(self.key_days()):
            if limit > len(found):
                found += self._pages.keys_of(day, limit - len(found))
        return found[::-1]

    def read(
        self,
        after: int,
        until: int | None,
        kinds: Collection[str] | None,
        sources: Collection[str] | None,
        limit: int,
    ) -> list[Entry]:
        """Entries after `after`, up to and with `until`, in order of position; none where there are no more.

        About `limit`: whole blocks are read; fewer where their bodies are large.
        """
        found: list[Entry] = []
        size = 0
        with contextlib.closing(self._pages.blocks(after + 1, sources)) as blocks:
            for block in blocks:
                if until is not None and block.first > until:
                    break
                rows = self._rows(block)
                for row in rows:
                    if (
                        row.position > after
                        and (until is None or row.position <= until)
                        and (kinds is None or row.kind in kinds)
                        and (sources is None or row.source in sources)
                    ):
                        found.append(entry(row))
                        size += len(row.body)
                after = max(after, rows[-1].position)
                if len(found) >= limit or size > _READ_BYTES:
                    break
        return found

    def blocks(self, after: int) -> Iterator[tuple[Any, ...]]:
        """Every block that begins after a position, as it is stored, and whether it is closed."""
        return self._pages.stored(after)

    def sources_of(self, first: int) -> list[str]:
        """Under which sources a closed block is found."""
        return self._pages.sources_of(first)

    def stray_source(self) -> int | None:
        """Where the first closed block should begin that a source is listed for and that isn't there."""
        return self._pages.stray_source()

    def _rows(self, block: Block) -> list[Kept]:
        if self._last is None or self._last[0] != block:
            self._last = (block, _unpacked(block))
        return self._last[1]

    def _read_young(self) -> None:
        self._young = [row for block in self._pages.young() for row in _unpacked(block)]
        self._young_bytes = sum([len(row.body) for row in self._young])


def _unpacked(block: Block) -> list[Kept]:
    """The entries of a block; DamagedBlock where they can't be read."""
    try:
        return block.rows()
    except ValueError as error:
        raise DamagedBlock(block.first, block.first + block.entries - 1, str(error)) from None


def _packed(rows: Sequence[Kept], before: bytes, level: int) -> Block:
    """Entries as a block behind the link `before`."""
    return Block(rows[0].position, len(rows), FORM, before, rows[-1].link, *pack(rows, level))


def _parts(rows: list[Kept], size: int) -> Iterator[list[Kept]]:
    """Entries in blocks of about the same size, none much over `_BLOCK_BYTES` but for a body that is."""
    most = max(_CLOSE_BYTES, size // (1 + size // _BLOCK_BYTES))
    part: list[Kept] = []
    held = 0
    for row in rows:
        if part and (held + len(row.body) > most + _CLOSE_BYTES or len(part) >= 2 * _CLOSE):
            yield part
            part, held = [], 0
        part.append(row)
        held += len(row.body)
    yield part


def entry(row: Kept) -> Entry:
    """What is stored as it is handed out."""
    return Entry(
        row.position,
        row.kind,
        row.source,
        row.at,
        dict(row.headers),
        row.body,
        row.decoder,
        row.link.hex(),
        "" if row.erased is None else row.erased.hex(),
    )
