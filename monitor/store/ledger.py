"""The log's pages in SQLite: entries in, entries out, in transactions that a power cut does not undo.

In: entries made by `log.py`. Out: entries as they were written. Never: queues, threads, decisions. One
connection writes; every reader opens its own, so that reading never holds up writing.

    commit ─▶ a young block ─▶ when there are enough: one closed block in their place, same transaction
"""

import contextlib
import heapq
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.store.block import FORM, Blobs, Kept, pack, unpack
from monitor.store.chain import ORIGIN
from monitor.store.entry import Entry

KEY_BITS: Final = 40
"""How much of a delivery id's hash is kept; what it finds is compared with the entry itself."""
_CLOSE: Final = 512  # entries of young blocks that make a closed one
_CLOSE_BYTES: Final = 128 << 10
_BLOCK_BYTES: Final = 512 << 10
_FORGET: Final = 2_000  # delivery ids forgotten with a commit
_READ_BYTES = 8 << 20
_LOOK: Final = 64  # blocks looked up at a time

_BLOCK = "first, entries, form, before, link, head, bodies"


class Key(NamedTuple):
    """A delivery id that was seen: by day of arrival, so that new ones go where the last ones went."""

    day: int
    key: int
    position: int


class Erasing(NamedTuple):
    """A body to be erased with a commit, and what stands in its place from then on."""

    position: int
    replacement: bytes


class Block(NamedTuple):
    """A block as it is stored."""

    first: int
    entries: int
    form: int
    before: bytes
    link: bytes
    head: bytes
    bodies: bytes

    def rows(self) -> list[Kept]:
        """Its entries; ValueError where it is damaged."""
        return unpack(self.first, self.before, Blobs(self.head, self.bodies), self.form)


class Ledger:
    """One SQLite file with the log; `path` must have been migrated. Not to be shared between threads."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Opens the file; to write, in WAL mode with every commit synced."""
        self.path = path
        mode = "rw" if write else "ro"
        self._db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        self._last: tuple[Block, list[Kept]] | None = None
        self._young: list[Kept] = []
        try:
            self._db.execute("PRAGMA busy_timeout=10000")
            if write:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA wal_autocheckpoint=4000")
                self._db.execute("PRAGMA cache_size=-32000")
                self._read_young()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

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
        db = self._db
        if erase:
            db.execute("PRAGMA secure_delete=ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            young = self._add(rows, before)
            if keys:
                db.executemany(
                    "INSERT OR REPLACE INTO seen_ids VALUES(?,?)",
                    [(day << KEY_BITS | key, position) for day, key, position in keys],
                )
            gone = 0
            if forget:
                gone = db.execute(
                    "DELETE FROM seen_ids WHERE id IN (SELECT id FROM seen_ids WHERE id<? LIMIT ?)",
                    (forget << KEY_BITS, _FORGET),
                ).rowcount
            for position, replacement in erase:
                self._erase(position, replacement)
            if erase:
                self._scrub()
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._young = young
        if erase:
            self._read_young()
            with contextlib.suppress(sqlite3.Error):  # erased it is; a reader may hold the old pages for now
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA secure_delete=OFF")
        return gone < _FORGET

    def _add(self, rows: list[Kept], before: bytes) -> list[Kept]:
        """Adds a young block, or closes all that are young; the entries that are young then."""
        young = self._young + rows
        size = sum(len(row.body) for row in young)
        if len(young) < _CLOSE and size < _CLOSE_BYTES:
            self._insert(rows, before, closed=False)
            return young
        if self._young:
            first = self._young[0].position
            before = self._block_at(first).before
            self._db.execute("DELETE FROM blocks WHERE first >= ?", (first,))
        for part in _parts(young, size):
            self._insert(part, before, closed=True)
            self._db.executemany(
                "INSERT INTO block_sources VALUES(?,?)",
                [(source, part[0].position) for source in sorted({row.source for row in part})],
            )
            before = part[-1].link
        return []

    def _insert(self, rows: Sequence[Kept], before: bytes, *, closed: bool) -> None:
        held = sum(len(row.body) for row in rows)
        level = (
            4 if closed and held < len(rows) * 1024 else 1
        )  # many small deliveries: packing is little of it
        head, bodies = pack(rows, level)
        self._db.execute(
            "INSERT INTO blocks VALUES(?,?,?,?,?,?,?,?)",
            (rows[0].position, len(rows), closed, FORM, before, rows[-1].link, head, bodies),
        )

    def _erase(self, position: int, replacement: bytes) -> None:
        block = self._block_at(position)
        rows = [
            row._replace(body=replacement, erased=row.body_hash()) if row.position == position else row
            for row in block.rows()
        ]
        head, bodies = pack(rows, 6)
        self._db.execute("UPDATE blocks SET head=?, bodies=? WHERE first=?", (head, bodies, block.first))

    def _scrub(self) -> None:
        """Overwrites the free pages, where former places of what was erased may lie."""
        free = self._pragma("freelist_count") * self._pragma("page_size")
        self._db.execute("CREATE TABLE scrub (zeros BLOB)")
        self._db.execute("INSERT INTO scrub VALUES (zeroblob(?))", (min(free, 900 << 20),))
        self._db.execute("DROP TABLE scrub")

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    def touch(self) -> None:
        """Writes and syncs something that changes nothing: whether that goes."""
        self._db.execute("PRAGMA user_version=1")

    def head(self) -> tuple[int, bytes]:
        """The last entry's position and link; (0, ORIGIN) where there is none."""
        row = self._db.execute(
            "SELECT first+entries-1, link FROM blocks ORDER BY first DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1]) if row else (0, ORIGIN)

    def kept(self, position: int) -> Kept:
        """What is stored at a position; KeyError where there is nothing."""
        block = self._block_at(position)
        row = self._rows(block)[position - block.first] if position < block.first + block.entries else None
        if row is None:
            raise KeyError(position)
        return row

    def entry(self, position: int) -> Entry:
        """The entry at a position; KeyError where there is none."""
        return entry(self.kept(position))

    def key(self, days: Collection[int], key: int) -> list[int]:
        """The positions at which a delivery id (or another with its key) was kept on one of these days."""
        marks = ",".join("?" * len(days))
        return [
            row[0]
            for row in self._db.execute(
                f"SELECT position FROM seen_ids WHERE id IN ({marks})",
                [day << KEY_BITS | key for day in days],
            )
        ]

    def keys(self, limit: int) -> list[tuple[int, int]]:
        """The youngest `limit` delivery ids that were kept, oldest first, by key and position."""
        found: list[tuple[int, int]] = []
        until = 1 << 62
        while limit > len(found):
            last = self._db.execute("SELECT max(id) FROM seen_ids WHERE id < ?", (until,)).fetchone()[0]
            if last is None:
                break
            day = last >> KEY_BITS << KEY_BITS
            found += self._db.execute(
                "SELECT id - ?, position FROM seen_ids WHERE id >= ? AND id < ? "
                "ORDER BY position DESC LIMIT ?",
                (day, day, until, limit - len(found)),
            ).fetchall()
            until = day
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
        self._db.execute("BEGIN")
        try:
            for first in self._firsts(after + 1, sources):
                if until is not None and first > until:
                    break
                for row in self._rows(self._block_at(first)):
                    if (
                        row.position > after
                        and (until is None or row.position <= until)
                        and (kinds is None or row.kind in kinds)
                        and (sources is None or row.source in sources)
                    ):
                        found.append(entry(row))
                        size += len(row.body)
                if len(found) >= limit or size > _READ_BYTES:
                    break
        finally:
            self._db.execute("COMMIT")
        return found

    def blocks(self, after: int) -> Iterator[tuple[Any, ...]]:
        """Every block from the one that begins after a position, as it is stored."""
        while row := self._db.execute(
            f"SELECT {_BLOCK}, closed FROM blocks WHERE first > ? ORDER BY first LIMIT 1",
            (after,),
        ).fetchone():
            yield row
            after = row[0]

    def sources_of(self, first: int) -> list[str]:
        """Under which sources a closed block is found."""
        return [
            row[0]
            for row in self._db.execute(
                "SELECT source FROM block_sources WHERE first=? ORDER BY source", (first,)
            )
        ]

    def stray_source(self) -> int | None:
        """Where a closed block should begin that a source is listed for and that isn't there, or None."""
        row = self._db.execute(
            "SELECT first FROM block_sources "
            "WHERE first NOT IN (SELECT first FROM blocks WHERE closed=1) LIMIT 1"
        ).fetchone()
        return row[0] if row else None

    def _firsts(self, position: int, sources: Collection[str] | None) -> Iterator[int]:
        """Where the blocks begin that hold a position, or a later one, of these sources."""
        start = self._db.execute("SELECT max(first) FROM blocks WHERE first <= ?", (position,)).fetchone()[0]
        start = position if start is None else start
        if sources is None:
            yield from self._walk("SELECT first FROM blocks WHERE first > ? ORDER BY first LIMIT ?", start)
            return
        last = 0
        walks = [
            self._walk(
                "SELECT first FROM block_sources WHERE source=? AND first > ? ORDER BY first LIMIT ?",
                start,
                source,
            )
            for source in set(sources)
        ]
        young = self._walk(
            "SELECT first FROM blocks INDEXED BY young_blocks WHERE closed=0 AND first > ? "
            "ORDER BY first LIMIT ?",
            start,
        )
        for first in heapq.merge(*walks, young):
            if first > last:
                yield first
            last = first

    def _walk(self, query: str, start: int, *values: object) -> Iterator[int]:
        after = start - 1
        while rows := self._db.execute(query, (*values, after, _LOOK)).fetchall():
            for row in rows:
                yield row[0]
            after = rows[-1][0]

    def _block_at(self, position: int) -> Block:
        row = self._db.execute(
            f"SELECT {_BLOCK} FROM blocks WHERE first <= ? ORDER BY first DESC LIMIT 1", (position,)
        ).fetchone()
        if row is None:
            raise KeyError(position)
        return Block(*row)

    def _rows(self, block: Block) -> list[Kept]:
        if self._last is None or self._last[0] != block:
            self._last = (block, block.rows())
        return self._last[1]

    def _read_young(self) -> None:
        self._young = [
            row
            for found in self._db.execute(
                f"SELECT {_BLOCK} FROM blocks WHERE closed=0 ORDER BY first"
            ).fetchall()
            for row in Block(*found).rows()
        ]


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
