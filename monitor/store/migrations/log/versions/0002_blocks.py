"""The log in blocks: some hundreds of entries together, a fifth of the bytes an event.

Every link of the old form is taken over as it stands there, so that what was altered before is still found
after. A log in which an entry or a body can't be read at all is left as it is.
"""

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from alembic import op

from monitor.store.block import FORM, SMALL, Kept, pack
from monitor.store.migrate import DamagedLog

revision = "log_0002"
down_revision = "log_0001"

_MOST, _MOST_BYTES = 512, 256 << 10
_KEY_BITS = 40
_OLD = sa.text(
    "SELECT e.position, e.kind, e.source, e.at, e.headers, e.decoder, e.hash, b.encoding, b.bytes "
    "FROM entries e LEFT JOIN bodies b ON b.position = e.position "
    "WHERE e.position > :after ORDER BY e.position LIMIT 500"
)

_TABLES = {
    "sqlite": (
        "CREATE TABLE blocks (first INTEGER PRIMARY KEY, entries INTEGER NOT NULL, closed INTEGER NOT NULL, "
        "form INTEGER NOT NULL, before BLOB NOT NULL, link BLOB NOT NULL, head BLOB NOT NULL, "
        "bodies BLOB NOT NULL)",
        "CREATE INDEX young_blocks ON blocks (first) WHERE closed = 0",
        "CREATE TABLE block_sources (source TEXT NOT NULL, first INTEGER NOT NULL, "
        "PRIMARY KEY (source, first)) WITHOUT ROWID",
        "CREATE TABLE seen_ids (id INTEGER PRIMARY KEY, position INTEGER NOT NULL)",
    ),
    "postgresql": (
        "CREATE TABLE blocks (first bigint PRIMARY KEY, entries int NOT NULL, closed int NOT NULL, "
        "form int NOT NULL, before bytea NOT NULL, link bytea NOT NULL, head bytea NOT NULL, "
        "bodies bytea NOT NULL)",
        "ALTER TABLE blocks ALTER head SET STORAGE EXTERNAL, ALTER bodies SET STORAGE EXTERNAL",  # deflated
        "CREATE INDEX young_blocks ON blocks (first) WHERE closed = 0",
        "CREATE TABLE block_sources (source text NOT NULL, first bigint NOT NULL, "
        "PRIMARY KEY (source, first))",
        "CREATE TABLE seen_ids (id bigint PRIMARY KEY, position bigint NOT NULL)",
    ),
}


def upgrade() -> None:
    """Makes the new tables, moves everything into them, and drops the old ones."""
    db = op.get_bind()
    for statement in _TABLES[db.dialect.name]:
        op.execute(statement)
    put_block = sa.text(
        "INSERT INTO blocks (first, entries, closed, form, before, link, head, bodies) "
        "VALUES (:first, :entries, 1, :form, :before, :link, :head, :bodies)"
    )
    put_source = sa.text("INSERT INTO block_sources (source, first) VALUES (:source, :first)")
    before = bytes(32)
    for rows in _groups(db):
        head, bodies = pack(rows, SMALL)
        first, link = rows[0].position, rows[-1].link
        block = {"first": first, "entries": len(rows), "form": FORM, "before": before, "link": link}
        db.execute(put_block, {**block, "head": head, "bodies": bodies})
        db.execute(put_source, [{"source": name, "first": first} for name in {row.source for row in rows}])
        before = link
    found = {
        day << _KEY_BITS | int.from_bytes(key[: _KEY_BITS // 8], "big"): position
        for day, key, position in db.execute(sa.text("SELECT day, key, position FROM delivery_ids"))
    }
    if found:
        db.execute(
            sa.text("INSERT INTO seen_ids (id, position) VALUES (:id, :position)"),
            [{"id": name, "position": position} for name, position in sorted(found.items())],
        )
    for table in ("entries", "bodies", "delivery_ids"):
        op.execute(f"DROP TABLE {table}")


def _groups(db: sa.Connection) -> Iterator[list[Kept]]:
    group: list[Kept] = []
    size = 0
    for row in _rows(db):
        if group and (
            row.position != group[-1].position + 1
            or len(group) >= _MOST
            or size + len(row.body) > _MOST_BYTES
        ):
            yield group
            group, size = [], 0
        group.append(row)
        size += len(row.body)
    if group:
        yield group


def _rows(db: sa.Connection) -> Iterator[Kept]:
    after = -(2**63)
    while found := db.execute(_OLD, {"after": after}).fetchall():
        for position, kind, source, at, headers, decoder, link, encoding, stored in found:
            try:
                yield Kept(
                    position,
                    kind,
                    source,
                    at,
                    msgspec.json.decode(headers, type=dict[str, str]),
                    _body(encoding, stored),
                    decoder,
                    link,
                )
            except (ValueError, TypeError):
                raise DamagedLog(
                    f"position {position} of the log can't be read, so it can't be taken into the new form; "
                    "nothing was changed. Check it with the version that wrote it, and restore a backup"
                ) from None
        after = found[-1][0]


def _body(encoding: int | None, stored: bytes | None) -> bytes:
    import zlib

    if stored is None or encoding not in (0, 1):
        raise ValueError("no body")
    try:
        return zlib.decompress(stored) if encoding == 1 else stored
    except zlib.error as error:
        raise ValueError(str(error)) from None
