"""The catalogue: under which source, room or session, and local day a delivery is found. Never the truth.

In: positions of the log by what they are about. Out: the same, in order. Never: people, bodies, an answer
without the log: whoever finds a position here reads there what it holds. It can be thrown away; `office`
fills it from the log when somebody looks, so that deliveries wait for nothing of it.

Positions lie on shelves of 512, a row for each thing that a shelf's deliveries are about. Its mark says up to
which entry of which log it goes, and changes with the rows in one transaction.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from monitor.store import tables

SHELF: Final = 512
"""Positions that lie together: `position // SHELF` is the shelf."""
MARK: Final = "catalogued"
"""Under which name of `facts` the mark stands."""
_TOGETHER: Final = 16  # shelves looked through at a time
_ROWS: Final = 1_000  # rows a statement

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[int]).decode


class Subject(NamedTuple):
    """What the deliveries of a row are about; `place` is a room or session, or "" for neither."""

    source: str
    place: str
    day: int
    shelf: int


class Catalogue:
    """The catalogue in the tables of one office."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def mark(self) -> str | None:
        """The mark; None where there is none."""
        facts = tables.FACTS
        async with self._engine.connect() as db:
            return (await db.execute(select(facts.c.value).where(facts.c.name == MARK))).scalar_one_or_none()

    async def put(
        self, rows: Mapping[Subject, list[int]], cleared: Collection[int], mark: str | None
    ) -> None:
        """Empties some shelves, then files positions, each row in the place of the one with its subject.

        All in one transaction, and the mark with them (None: it stays).
        """
        t = tables.CATALOGUE
        values = [
            {**subject._asdict(), "positions": _deltas(subject.shelf * SHELF, positions)}
            for subject, positions in rows.items()
        ]
        async with self._engine.begin() as db:
            for shelf in cleared:
                await db.execute(delete(t).where(t.c.shelf == shelf))
            for start in range(0, len(values), _ROWS):
                await _put(db, values[start : start + _ROWS])
            if mark is not None:
                await db.execute(delete(tables.FACTS).where(tables.FACTS.c.name == MARK))
                await db.execute(tables.FACTS.insert(), [{"name": MARK, "value": mark}])

    async def clear(self) -> None:
        """Throws all of it away."""
        async with self._engine.begin() as db:
            await db.execute(delete(tables.CATALOGUE))
            await db.execute(delete(tables.FACTS).where(tables.FACTS.c.name == MARK))

    async def positions(
        self, source: str, place: str | None, day: int | None, after: int, most: int
    ) -> list[int]:
        """The first `most` positions after one, in order, of a source, place and day (None: of any)."""
        t = tables.CATALOGUE
        asked: list[ColumnElement[bool]] = [t.c.source == source]
        if place is not None:
            asked.append(t.c.place == place)
        if day is not None:
            asked.append(t.c.day == day)
        shelf = (after + 1) // SHELF
        found: list[int] = []
        async with self._engine.connect() as db:
            while len(found) < most:
                next_ones = (
                    select(t.c.shelf)
                    .where(and_(*asked, t.c.shelf >= shelf))
                    .distinct()
                    .order_by(t.c.shelf)
                    .limit(_TOGETHER)
                )
                shelves = list((await db.execute(next_ones)).scalars())
                if not shelves:
                    break
                rows = select(t.c.shelf, t.c.positions).where(
                    and_(*asked, t.c.shelf >= shelves[0], t.c.shelf <= shelves[-1])
                )
                lie = {
                    position
                    for row in await db.execute(rows)
                    for position in _positions(row.shelf * SHELF, row.positions)
                }
                found += sorted(position for position in lie if position > after)
                shelf = shelves[-1] + 1
        return found[:most]


def _deltas(first: int, positions: list[int]) -> bytes:
    """Positions of a shelf as how much each is behind the one before it: a byte each, nearly always."""
    steps = []
    for position in sorted(positions):
        steps.append(position - first)
        first = position
    return _pack(steps)


def _positions(first: int, packed: bytes) -> list[int]:
    found = []
    for step in _unpack(packed):
        first += step
        found.append(first)
    return found


async def _put(db: AsyncConnection, values: list[dict[str, object]]) -> None:
    statement = (postgresql if db.dialect.name == "postgresql" else sqlite).insert(tables.CATALOGUE)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "place", "shelf", "day"],
            set_={"positions": statement.excluded.positions},
        ),
        values,
    )
