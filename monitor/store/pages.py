"""The seam between the log and the database it is in: what a database must be able to do with blocks.

In: blocks, delivery ids, positions. Out: the same again. Never: packs a block, knows what is in it, makes a
thread. `ledger.py` above it is the same for every database; `sqlite.py` and those beside it fulfil this.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from monitor.store.block import Blobs, Kept, unpack
from monitor.store.migrate import migrate
from monitor.store.place import Place
from monitor.store.wal import write_again

KEY_BITS: Final = 40
"""How much of a delivery id's hash is kept; what it finds is compared with the entry itself."""
PATIENCE_S: Final = 2.0
"""How long a place is waited for that somebody else has; a command has it for a moment only."""


class Key(NamedTuple):
    """A delivery id that was seen: by day of arrival, so that new ones go where the last ones went."""

    day: int
    key: int
    position: int


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


class Pages(Protocol):
    """One connection to the database that a log is in. Not to be shared between threads at one time."""

    watch_s: float | None
    """How often who writes has to ask whether it still may, when there is nothing to write; None: never."""

    def close(self) -> None:
        """Closes the connection."""

    def transaction(self, *, erasing: bool) -> AbstractContextManager[None]:
        """All that is written within is on disk at its end, or nothing of it, and the error.

        `erasing`: what is replaced within is to be unreadable afterwards, as far as the database allows.
        """

    def touch(self) -> None:
        """Writes and syncs something that changes nothing: whether that goes."""

    def holds(self) -> None:
        """Whether what keeps others from writing is still had; raises where it isn't."""

    def add(self, block: Block) -> None:
        """Adds a young block behind the last."""

    def close_young(self, first: int, blocks: Sequence[Block], sources: Sequence[Collection[str]]) -> None:
        """Puts closed blocks, found under the `sources` of each, in the place of the young ones.

        `first`: where the first young one begins, or the first of `blocks` where there is none.
        """

    def replace(self, first: int, head: bytes, bodies: bytes) -> None:
        """Other contents for the block that begins at `first`."""

    def put_keys(self, keys: Sequence[Key]) -> None:
        """Keeps delivery ids, each in the place of one with its day and key."""

    def forget_keys(self, day: int) -> bool:
        """Forgets ids of days before `day`, some at a time; whether none of them is left."""

    def key(self, days: Collection[int], key: int) -> list[int]:
        """The positions kept for a key on one of these days."""

    def last_key_day(self, before: int | None) -> int | None:
        """The last day (before `before`) of which ids are kept."""

    def keys_of(self, day: int, limit: int) -> list[tuple[int, int]]:
        """Key and position of the ids of a day, the youngest first, `limit` at most."""

    def head(self) -> tuple[int, bytes] | None:
        """The last entry's position and link; None where there is none."""

    def block_at(self, position: int) -> Block:
        """The last block that begins at a position or before it; KeyError where there is none."""

    def young(self) -> list[Block]:
        """Every young block, in order."""

    def blocks(self, position: int, sources: Collection[str] | None) -> Generator[Block, None, None]:
        """The blocks that hold a position or a later one, in order; young ones, and closed ones of `sources`.

        Others may be among them, and a block may hold what one before it held. To be closed after use.
        """

    def stored(self, after: int) -> Iterator[tuple[Any, ...]]:
        """Every block that begins after a position, in order, and whether it is closed; whatever is there."""

    def sources_of(self, first: int) -> list[str]:
        """Under which sources a closed block is found."""

    def stray_source(self) -> int | None:
        """Where the first closed block should begin that a source is listed for and that isn't there."""


def open_pages(place: Place, *, write: bool = False, make: bool = False) -> Pages:
    """A connection to the log at a place; to write, alone.

    `make`: the log is made, or brought to the newest schema, first; elsewhere it must be there as it should
    be. FolderInUse, NotReached, NewerSchema.
    """
    if isinstance(place, Path):
        from monitor.store.sqlite import SQLite

        if write:
            write_again(place)
        if make:
            migrate(place, "log")
        return SQLite(place, write=write)
    from monitor.store.postgresql import PostgreSQL  # only here: a driver that nobody else needs

    pages = PostgreSQL(place, write=write, patience_s=PATIENCE_S if make else 0)
    try:
        if make:  # now that nobody else writes
            migrate(place, "log")
    except BaseException:
        pages.close()
        raise
    return pages
