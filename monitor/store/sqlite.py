"""The log's pages in SQLite: one file, every commit synced before it returns.

In: blocks and delivery ids. Out: the same, from a snapshot where several belong together. Never: what is in a
block. One connection writes; every reader opens its own, so that reading never holds up writing.
"""

import contextlib
import heapq
import sqlite3
from collections.abc import Collection, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from monitor.store.pages import KEY_BITS, Block, Key

_FORGET: Final = 2_000  # delivery ids forgotten with a commit
_LOOK: Final = 64  # blocks looked up at a time

_BLOCK = "first, entries, form, before, link, head, bodies"


class SQLite:
    """A connection to one SQLite file with the log; the file must have been migrated."""

    watch_s: float | None = None

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Opens the file; to write, in WAL mode with every commit synced."""
        mode = "rw" if write else "ro"
        self._db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            self._db.execute("PRAGMA busy_timeout=10000")
            if write:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA wal_autocheckpoint=4000")
                self._db.execute("PRAGMA cache_size=-32000")
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self, *, erasing: bool) -> Iterator[None]:
        """All that is written within is on disk at its end, or nothing of it, and the error."""
        db = self._db
        if erasing:
            db.execute("PRAGMA secure_delete=ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if erasing:
                self._scrub()
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        if erasing:
            with contextlib.suppress(sqlite3.Error):  # erased it is; a reader may hold the old pages for now
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA secure_delete=OFF")

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

    def holds(self) -> None:
        """The lock is the folder's; it is had until the process ends."""

    def add(self, block: Block) -> None:
        """Adds a young block behind the last."""
        self._insert(block, 0)

    def close_young(self, first: int, blocks: Sequence[Block], sources: Sequence[Collection[str]]) -> None:
        """Puts closed blocks, found under the `sources` of each, in the place of the young ones."""
        self._db.execute("DELETE FROM blocks WHERE closed=0 AND first >= ?", (first,))
        for block, names in zip(blocks, sources, strict=True):
            self._insert(block, 1)
            self._db.executemany(
                "INSERT INTO block_sources VALUES(?,?)", [(name, block.first) for name in sorted(names)]
            )

    def _insert(self, block: Block, closed: int) -> None:
        self._db.execute("INSERT INTO blocks VALUES(?,?,?,?,?,?,?,?)", (*block[:2], closed, *block[2:]))

    def replace(self, first: int, head: bytes, bodies: bytes) -> None:
        """Other contents for the block that begins at `first`."""
        self._db.execute("UPDATE blocks SET head=?, bodies=? WHERE first=?", (head, bodies, first))

    def put_keys(self, keys: Sequence[Key]) -> None:
        """Keeps delivery ids, each in the place of one with its day and key."""
        self._db.executemany(
            "INSERT OR REPLACE INTO seen_ids VALUES(?,?)",
            [(day << KEY_BITS | key, position) for day, key, position in keys],
        )

    def forget_keys(self, day: int) -> bool:
        """Forgets ids of days before `day`, some at a time; whether none of them is left."""
        gone = self._db.execute(
            "DELETE FROM seen_ids WHERE id IN (SELECT id FROM seen_ids WHERE id<? LIMIT ?)",
            (day << KEY_BITS, _FORGET),
        ).rowcount
        return gone < _FORGET

    def key(self, days: Collection[int], key: int) -> list[int]:
        """The positions kept for a key on one of these days."""
        marks = ",".join("?" * len(days))
        found = self._db.execute(
            f"SELECT position FROM seen_ids WHERE id IN ({marks})", [day << KEY_BITS | key for day in days]
        )
        return [row[0] for row in found]

    def last_key_day(self, before: int | None) -> int | None:
        """The last day (before `before`) of which ids are kept."""
        until = 1 << 62 if before is None else before << KEY_BITS
        last = self._db.execute("SELECT max(id) FROM seen_ids WHERE id < ?", (until,)).fetchone()[0]
        return None if last is None else last >> KEY_BITS

    def keys_of(self, day: int, limit: int) -> list[tuple[int, int]]:
        """Key and position of the ids of a day, the youngest first, `limit` at most."""
        first = day << KEY_BITS
        return self._db.execute(
            "SELECT id - ?, position FROM seen_ids WHERE id >= ? AND id < ? ORDER BY position DESC LIMIT ?",
            (first, first, (day + 1) << KEY_BITS, limit),
        ).fetchall()

    def head(self) -> tuple[int, bytes] | None:
        """The last entry's position and link; None where there is none."""
        row = self._db.execute(
            "SELECT first+entries-1, link FROM blocks ORDER BY first DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1]) if row else None

    def block_at(self, position: int) -> Block:
        """The last block that begins at a position or before it; KeyError where there is none."""
        row = self._db.execute(
            f"SELECT {_BLOCK} FROM blocks WHERE first <= ? ORDER BY first DESC LIMIT 1", (position,)
        ).fetchone()
        if row is None:
            raise KeyError(position)
        return Block(*row)

    def young(self) -> list[Block]:
        """Every young block, in order."""
        found = self._db.execute(f"SELECT {_BLOCK} FROM blocks WHERE closed=0 ORDER BY first")
        return [Block(*row) for row in found.fetchall()]

    def blocks(self, position: int, sources: Collection[str] | None) -> Generator[Block, None, None]:
        """The blocks that hold a position or a later one, from one snapshot that ends with this."""
        self._db.execute("BEGIN")
        try:
            for first in self._firsts(position, sources):
                yield self.block_at(first)
        finally:
            self._db.execute("COMMIT")

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

    def stored(self, after: int) -> Iterator[tuple[Any, ...]]:
        """Every block that begins after a position, in order, and whether it is closed; whatever is there."""
        while row := self._db.execute(
            f"SELECT {_BLOCK}, closed FROM blocks WHERE first > ? ORDER BY first LIMIT 1", (after,)
        ).fetchone():
            yield row
            after = row[0]

    def sources_of(self, first: int) -> list[str]:
        """Under which sources a closed block is found."""
        found = self._db.execute("SELECT source FROM block_sources WHERE first=? ORDER BY source", (first,))
        return [row[0] for row in found]

    def stray_source(self) -> int | None:
        """Where the first closed block should begin that a source is listed for and that isn't there."""
        row = self._db.execute(
            "SELECT min(first) FROM block_sources "
            "WHERE first NOT IN (SELECT first FROM blocks WHERE closed=1)"
        ).fetchone()
        return row[0] if row else None
