"""The log in blocks: some hundreds of entries together, a fifth of the bytes an event.

Every link of the old form is taken over as it stands there, so that what was altered before is still found
after. A log in which an entry or a body can't be read at all is left as it is.
"""

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from alembic import op

from monitor.store.block import FORM, Kept, pack
from monitor.store.migrate import DamagedLog

revision = "log_0002"
down_revision = "log_0001"

_MOST, _MOST_BYTES = 512, 256 << 10
_KEY_BITS = 40


def upgrade() -> None:
    """Makes the new tables, moves everything into them, and drops the old ones."""
    op.execute(
        "CREATE TABLE blocks (first INTEGER PRIMARY KEY, entries INTEGER NOT NULL, closed INTEGER NOT NULL, "
        "form INTEGER NOT NULL, before BLOB NOT NULL, link BLOB NOT NULL, head BLOB NOT NULL, "
        "bodies BLOB NOT NULL)"
    )
    op.execute("CREATE INDEX young_blocks ON blocks (first) WHERE closed = 0")
    op.execute(
        "CREATE TABLE block_sources (source TEXT NOT NULL, first INTEGER NOT NULL, "
        "PRIMARY KEY (source, first)) WITHOUT ROWID"
    )
    op.execute("CREATE TABLE seen_ids (id INTEGER PRIMARY KEY, position INTEGER NOT NULL)")
    db = op.get_bind()
    before = bytes(32)
    for rows in _groups(db):
        head, bodies = pack(rows, 6)
        db.exec_driver_sql(
            "INSERT INTO blocks VALUES (?,?,?,?,?,?,?,?)",
            (rows[0].position, len(rows), 1, FORM, before, rows[-1].link, head, bodies),
        )
        for source in {row.source for row in rows}:
            db.exec_driver_sql("INSERT INTO block_sources VALUES (?,?)", (source, rows[0].position))
        before = rows[-1].link
    for day, key, position in db.exec_driver_sql("SELECT day, key, position FROM delivery_ids").fetchall():
        db.exec_driver_sql(
            "INSERT OR REPLACE INTO seen_ids VALUES (?,?)",
            (day << _KEY_BITS | int.from_bytes(key[: _KEY_BITS // 8], "big"), position),
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
    while found := db.exec_driver_sql(
        "SELECT e.position, e.kind, e.source, e.at, e.headers, e.decoder, e.hash, b.encoding, b.bytes "
        "FROM entries e LEFT JOIN bodies b ON b.position = e.position "
        "WHERE e.position > ? ORDER BY e.position LIMIT 500",
        (after,),
    ).fetchall():
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
