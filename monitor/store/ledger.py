"""The log's pages in SQLite: rows in, rows out, in transactions that a power cut does not undo.

In: rows made by `log.py`. Out: rows as they were written. Never: hashing, queues, threads, decisions.
One connection writes; every reader opens its own, so that reading never holds up writing.
"""

import heapq
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor.store.chain import ORIGIN
from monitor.store.entry import Entry

RAW, ZLIB = 0, 1
_COMPRESS_FROM = 160  # bytes; below this zlib's own header eats what it saves
_LEVEL = 1
_FORGET = 2_000  # delivery ids forgotten with a commit
_READ_BYTES = 8 << 20

_headers = msgspec.json.Decoder(dict[str, str])

_COLUMNS = "e.position, e.kind, e.source, e.at, e.headers, e.decoder, e.hash, b.encoding, b.bytes"


class Row(NamedTuple):
    """An entry as it is stored, without its body."""

    position: int
    kind: str
    source: str
    at: int
    headers: str
    body_hash: bytes
    decoder: str
    hash: bytes


class Body(NamedTuple):
    """A body as it is stored, apart from its entry: it may be erased, the entry never."""

    position: int
    encoding: int
    bytes: bytes


class Key(NamedTuple):
    """A delivery id that was seen: by day of arrival, so that new ones go where the last ones went."""

    day: int
    key: bytes
    position: int


def pack(body: bytes) -> tuple[int, bytes]:
    """The body as it is stored: compressed where that pays."""
    if len(body) >= _COMPRESS_FROM:
        small = zlib.compress(body, _LEVEL)
        if len(small) < len(body):
            return ZLIB, small
    return RAW, body


def unpack(encoding: int | None, stored: bytes | None) -> bytes:
    """What `pack` was given; ValueError where the stored bytes are not that, or where there are none."""
    if encoding is None or stored is None:
        raise ValueError("the body is missing")
    if encoding == RAW:
        return stored
    if encoding == ZLIB:
        try:
            return zlib.decompress(stored)
        except zlib.error as error:
            raise ValueError(f"stored body can't be unpacked: {error}") from None
    raise ValueError(f"stored body has an encoding this version doesn't know: {encoding}")


class Ledger:
    """One SQLite file with the log; `path` must have been migrated. Not to be shared between threads."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Opens the file; to write, in WAL mode with every commit synced."""
        self.path = path
        mode = "rw" if write else "ro"
        self._db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA busy_timeout=10000")
        if write:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA wal_autocheckpoint=4000")
            self._db.execute("PRAGMA cache_size=-32000")

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

    def write(self, rows: list[Row], bodies: list[Body], keys: list[Key], forget: int = 0) -> bool:
        """All of it in one transaction, on disk when this returns; or nothing of it, and the error.

        Delivery ids of days before `forget` go, some at a time; whether none of them is left.
        """
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("INSERT INTO entries VALUES(?,?,?,?,?,?,?,?)", rows)
            db.executemany("INSERT INTO bodies VALUES(?,?,?)", bodies)
            if keys:
                db.executemany("INSERT OR REPLACE INTO delivery_ids VALUES(?,?,?)", keys)
            gone = 0
            if forget:
                gone = db.execute(
                    "DELETE FROM delivery_ids WHERE (day, key) IN "
                    "(SELECT day, key FROM delivery_ids WHERE day<? LIMIT ?)",
                    (forget, _FORGET),
                ).rowcount
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return gone < _FORGET

    def touch(self) -> None:
        """Writes and syncs something that changes nothing: whether that goes."""
        self._db.execute("PRAGMA user_version=1")

    def head(self) -> tuple[int, bytes]:
        """The last entry's position and link; (0, ORIGIN) where there is none."""
        row = self._db.execute("SELECT position, hash FROM entries ORDER BY position DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, ORIGIN)

    def body_hash(self, position: int) -> bytes:
        """The hash of the body at a position; KeyError where there is none."""
        row = self._db.execute("SELECT body_hash FROM entries WHERE position=?", (position,)).fetchone()
        if row is None:
            raise KeyError(position)
        return bytes(row[0])

    def key(self, days: Collection[int], key: bytes) -> int | None:
        """The position at which a delivery id was kept on one of these days, or None."""
        marks = ",".join("?" * len(days))
        row = self._db.execute(
            f"SELECT position FROM delivery_ids WHERE day IN ({marks}) AND key=? LIMIT 1", (*days, key)
        ).fetchone()
        return row[0] if row else None

    def keys(self, first_day: int, limit: int) -> list[tuple[bytes, int]]:
        """The youngest `limit` delivery ids kept from that day on, oldest first."""
        rows = self._db.execute(
            "SELECT key, position FROM delivery_ids WHERE day>=? ORDER BY position DESC LIMIT ?",
            (first_day, limit),
        ).fetchall()
        return rows[::-1]

    def read(
        self,
        after: int,
        until: int | None,
        kinds: Collection[str] | None,
        sources: Collection[str] | None,
        limit: int,
    ) -> list[Entry]:
        """Entries after `after`, up to and with `until`, in order of position; none where there are no more.

        At most `limit`, and fewer where their bodies are large.
        """
        where, values = ["e.position > ?"], [after]
        if until is not None:
            where.append("e.position <= ?")
            values.append(until)
        if kinds is not None:
            where.append(f"e.kind IN ({','.join('?' * len(kinds))})")
        rows: Iterable[tuple[Any, ...]]
        if sources is None:
            rows = self._select(where, (*values, *(kinds or ())), limit)
        else:  # one walk down the index a source, merged: nobody else's rows are touched
            where.append("e.source = ?")
            rows = heapq.merge(
                *(self._select(where, (*values, *(kinds or ()), source), limit) for source in set(sources)),
                key=lambda row: row[0],
            )
        found: list[Entry] = []
        size = 0
        for row in rows:
            found.append(entry(row))
            size += len(found[-1].body)
            if len(found) >= limit or size > _READ_BYTES:
                break
        return found

    def _select(self, where: list[str], values: tuple[Any, ...], limit: int) -> sqlite3.Cursor:
        return self._db.execute(
            f"SELECT {_COLUMNS} FROM entries e LEFT JOIN bodies b ON b.position = e.position "
            f"WHERE {' AND '.join(where)} ORDER BY e.position LIMIT {limit}",
            values,
        )

    def rows(self, after: int, limit: int) -> Iterator[tuple[Any, ...]]:
        """Entries as they are stored, with encoding and bytes of their bodies (None where one is missing)."""
        return self._db.execute(
            "SELECT e.position, e.kind, e.source, e.at, e.headers, e.body_hash, e.decoder, e.hash, "
            "b.encoding, b.bytes FROM entries e LEFT JOIN bodies b ON b.position = e.position "
            "WHERE e.position > ? ORDER BY e.position LIMIT ?",
            (after, limit),
        )

    def stray_body(self) -> int | None:
        """The position of a body that belongs to no entry, or None."""
        row = self._db.execute(
            "SELECT position FROM bodies WHERE position NOT IN (SELECT position FROM entries) LIMIT 1"
        ).fetchone()
        return row[0] if row else None


def entry(row: tuple[Any, ...]) -> Entry:
    """A stored row (in the order of `_COLUMNS`) as an entry."""
    position, kind, source, at, headers, decoder, link, encoding, stored = row
    return Entry(
        position, kind, source, at, _headers.decode(headers), unpack(encoding, stored), decoder, link.hex()
    )
