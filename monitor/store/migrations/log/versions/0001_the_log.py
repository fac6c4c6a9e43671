"""The log: entries with their links, bodies apart, delivery ids by day of arrival."""

from alembic import op

revision = "log_0001"
down_revision = None


def upgrade() -> None:
    """Makes the three tables."""
    op.execute(
        "CREATE TABLE entries ("
        "position INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL, "
        "headers TEXT NOT NULL, body_hash BLOB NOT NULL, decoder TEXT NOT NULL, hash BLOB NOT NULL)"
    )
    op.execute("CREATE INDEX entries_by_source ON entries (source, position)")
    op.execute(
        "CREATE TABLE bodies (position INTEGER PRIMARY KEY, encoding INTEGER NOT NULL, bytes BLOB NOT NULL)"
    )
    op.execute(
        "CREATE TABLE delivery_ids (day INTEGER NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL, "
        "PRIMARY KEY (day, key)) WITHOUT ROWID"
    )
