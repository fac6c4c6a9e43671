"""The log's pages in PostgreSQL: one array parameter a column, every commit on the server's disk.

In: blocks and delivery ids. Out: the same. Never: what is in a block; writes without the lock that says that
nobody else does. The driver is asyncio's; the log's thread has a loop of its own, so that neither waits for
the other.
"""

import contextlib
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Any, Final

from asyncpg import PostgresError

from monitor.store.pages import KEY_BITS, Block, Key
from monitor.store.place import NotReached, Server
from monitor.store.server import WATCH_S, Line, take

_FORGET: Final = 2_000  # delivery ids forgotten with a commit
_TOGETHER: Final = 8  # blocks fetched at a time

_BLOCK = "first, entries, form, before, link, head, bodies"
_INSERT = (
    "INSERT INTO blocks (first, entries, form, before, link, head, bodies, closed) "
    "SELECT *, {} FROM unnest($1::bigint[], $2::int[], $3::int[], $4::bytea[], $5::bytea[], $6::bytea[], "
    "$7::bytea[])"
)
_YOUNG, _CLOSED = _INSERT.format(0), _INSERT.format(1)
_SOURCES = "INSERT INTO block_sources (source, first) SELECT * FROM unnest($1::text[], $2::bigint[])"
_KEYS = (
    "INSERT INTO seen_ids (id, position) SELECT * FROM unnest($1::bigint[], $2::bigint[]) "
    "ON CONFLICT (id) DO UPDATE SET position = excluded.position"
)
_START = "coalesce((SELECT max(first) FROM blocks WHERE first <= $1), $1)"
_FROM = f"SELECT {_BLOCK} FROM blocks WHERE first >= {_START} ORDER BY first LIMIT $2"
_OF = (  # each part goes along an index, and no further than asked for
    f"WITH start AS (SELECT {_START} AS at), "
    "of_sources AS (SELECT l.first FROM start, unnest($3::text[]) AS name, LATERAL (SELECT s.first "
    "FROM block_sources s WHERE s.source = name AND s.first >= start.at ORDER BY s.first LIMIT $2) l), "
    "young AS (SELECT b.first FROM start, blocks b WHERE b.closed = 0 AND b.first >= start.at "
    "ORDER BY b.first LIMIT $2), "
    "wanted AS (SELECT first FROM of_sources UNION SELECT first FROM young ORDER BY first LIMIT $2) "
    f"SELECT {_BLOCK} FROM blocks JOIN wanted USING (first) ORDER BY first"
)


class PostgreSQL:
    """A connection to the PostgreSQL database that a log is in; its tables must have been made."""

    watch_s: float | None = WATCH_S

    def __init__(self, server: Server, *, write: bool = False, patience_s: float = 0) -> None:
        """Connects; to write, it takes the lock. NotReached, FolderInUse."""
        self._line = Line(server)
        self._wait = self._line.wait
        self._db = self._line.db
        if write:
            try:
                self._wait(take(server, self._db, patience_s))
            except BaseException:
                self._line.close()
                raise

    def close(self) -> None:
        """Closes the connection, and lets go of the lock with it."""
        self._line.close()

    def holds(self) -> None:
        """Asks whether the connection is still there, and the lock with it; raises where it isn't."""
        self._wait(self._db.execute("SELECT 1"))

    @contextlib.contextmanager
    def transaction(self, *, erasing: bool) -> Iterator[None]:
        """All that is written within is on the server's disk at its end, or nothing of it, and the error.

        `erasing`: the rows that were replaced are given free at once. Their bytes may lie in the files of the
        server until something else is written there.
        """
        self._wait(self._db.execute("BEGIN"))
        try:
            yield
        except BaseException:
            with contextlib.suppress(PostgresError, NotReached):
                self._wait(self._db.execute("ROLLBACK"))
            raise
        self._wait(self._db.execute("COMMIT"))
        if erasing:
            with contextlib.suppress(PostgresError, NotReached):  # erased it is; autovacuum comes by, too
                self._wait(self._db.execute("VACUUM blocks", timeout=None))

    def touch(self) -> None:
        """Writes and syncs something that changes nothing: whether that goes."""
        self._wait(self._db.execute("UPDATE alembic_version_log SET version_num = version_num"))

    def add(self, block: Block) -> None:
        """Adds a young block behind the last."""
        self._wait(self._db.execute(_YOUNG, *([value] for value in block)))

    def close_young(self, first: int, blocks: Sequence[Block], sources: Sequence[Collection[str]]) -> None:
        """Puts closed blocks, found under the `sources` of each, in the place of the young ones."""
        self._wait(self._db.execute("DELETE FROM blocks WHERE closed = 0 AND first >= $1", first))
        self._wait(self._db.execute(_CLOSED, *map(list, zip(*blocks, strict=True))))
        found = [
            (name, block.first)
            for block, names in zip(blocks, sources, strict=True)
            for name in sorted(names)
        ]
        self._wait(self._db.execute(_SOURCES, *map(list, zip(*found, strict=True))))

    def replace(self, first: int, head: bytes, bodies: bytes) -> None:
        """Other contents for the block that begins at `first`."""
        query = "UPDATE blocks SET head = $2, bodies = $3 WHERE first = $1"
        self._wait(self._db.execute(query, first, head, bodies))

    def put_keys(self, keys: Sequence[Key]) -> None:
        """Keeps delivery ids, each in the place of one with its day and key."""
        last = {day << KEY_BITS | key: position for day, key, position in keys}
        self._wait(self._db.execute(_KEYS, list(last), list(last.values())))

    def forget_keys(self, day: int) -> bool:
        """Forgets ids of days before `day`, some at a time; whether none of them is left."""
        query = "DELETE FROM seen_ids WHERE id IN (SELECT id FROM seen_ids WHERE id < $1 LIMIT $2)"
        done = self._wait(self._db.execute(query, day << KEY_BITS, _FORGET))
        return int(done.rpartition(" ")[2]) < _FORGET

    def key(self, days: Collection[int], key: int) -> list[int]:
        """The positions kept for a key on one of these days."""
        query = "SELECT position FROM seen_ids WHERE id = ANY($1::bigint[])"
        return [row[0] for row in self._wait(self._db.fetch(query, [day << KEY_BITS | key for day in days]))]

    def last_key_day(self, before: int | None) -> int | None:
        """The last day (before `before`) of which ids are kept."""
        until = 1 << 62 if before is None else before << KEY_BITS
        last = self._wait(self._db.fetchval("SELECT max(id) FROM seen_ids WHERE id < $1", until))
        return None if last is None else last >> KEY_BITS

    def keys_of(self, day: int, limit: int) -> list[tuple[int, int]]:
        """Key and position of the ids of a day, the youngest first, `limit` at most."""
        query = (
            "SELECT id - $1::bigint, position FROM seen_ids WHERE id >= $1 AND id < $2 "
            "ORDER BY position DESC LIMIT $3"
        )
        found = self._wait(self._db.fetch(query, day << KEY_BITS, (day + 1) << KEY_BITS, limit))
        return [(row[0], row[1]) for row in found]

    def head(self) -> tuple[int, bytes] | None:
        """The last entry's position and link; None where there is none."""
        query = "SELECT first + entries - 1, link FROM blocks ORDER BY first DESC LIMIT 1"
        row = self._wait(self._db.fetchrow(query))
        return (row[0], row[1]) if row else None

    def block_at(self, position: int) -> Block:
        """The last block that begins at a position or before it; KeyError where there is none."""
        query = f"SELECT {_BLOCK} FROM blocks WHERE first <= $1 ORDER BY first DESC LIMIT 1"
        row = self._wait(self._db.fetchrow(query, position))
        if row is None:
            raise KeyError(position)
        return Block(*row)

    def young(self) -> list[Block]:
        """Every young block, in order."""
        query = f"SELECT {_BLOCK} FROM blocks WHERE closed = 0 ORDER BY first"
        return [Block(*row) for row in self._wait(self._db.fetch(query))]

    def blocks(self, position: int, sources: Collection[str] | None) -> Generator[Block, None, None]:
        """The blocks that hold a position or a later one, some at a time.

        Young blocks may be closed meanwhile: what is asked for next is what holds the next position, so that
        no entry is missed; some may be met twice, and whoever reads goes by positions.
        """
        query, asked = (_FROM, []) if sources is None else (_OF, [list(sources)])
        while found := self._wait(self._db.fetch(query, position, _TOGETHER, *asked)):
            for row in found:
                block = Block(*row)
                if block.first + block.entries > position:
                    yield block
            following = block.first + block.entries
            if len(found) < _TOGETHER or following <= position:
                return
            position = following

    def stored(self, after: int) -> Generator[tuple[Any, ...], None, None]:
        """Every block that begins after a position, in order, and whether it is closed; whatever is there."""
        query = f"SELECT {_BLOCK}, closed FROM blocks WHERE first > $1 ORDER BY first LIMIT $2"
        while found := self._wait(self._db.fetch(query, after, _TOGETHER)):
            for row in found:
                yield tuple(row)
            after = found[-1][0]

    def sources_of(self, first: int) -> list[str]:
        """Under which sources a closed block is found."""
        found = self._wait(self._db.fetch("SELECT source FROM block_sources WHERE first = $1", first))
        return sorted(row[0] for row in found)

    def stray_source(self) -> int | None:
        """Where the first closed block should begin that a source is listed for and that isn't there."""
        query = (
            "SELECT min(s.first) FROM block_sources s "
            "WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.first = s.first AND b.closed = 1)"
        )
        found: int | None = self._wait(self._db.fetchval(query))
        return found
