"""The log: entries with their links, bodies apart, delivery ids by day of arrival."""

from alembic import op

revision = "log_0001"
down_revision = None

_TABLES = {
    "sqlite": (
        "CREATE TABLE entries ("
        "position INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL, "
        "headers TEXT NOT NULL, body_hash BLOB NOT NULL, decoder TEXT NOT NULL, hash BLOB NOT NULL)",
        "CREATE INDEX entries_by_source ON entries (source, position)",
        "CREATE TABLE bodies (position INTEGER PRIMARY KEY, encoding INTEGER NOT NULL, bytes BLOB NOT NULL)",
        "CREATE TABLE delivery_ids (day INTEGER NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL, "
        "PRIMARY KEY (day, key)) WITHOUT ROWID",
    ),
    "postgresql": (
        "CREATE TABLE entries ("
        "position bigint PRIMARY KEY, kind text NOT NULL, source text NOT NULL, at bigint NOT NULL, "
        "headers text NOT NULL, body_hash bytea NOT NULL, decoder text NOT NULL, hash bytea NOT NULL)",
        "CREATE INDEX entries_by_source ON entries (source, position)",
        "CREATE TABLE bodies (position bigint PRIMARY KEY, encoding int NOT NULL, bytes bytea NOT NULL)",
        "CREATE TABLE delivery_ids (day int NOT NULL, key bytea NOT NULL, position bigint NOT NULL, "
        "PRIMARY KEY (day, key))",
    ),
}


def upgrade() -> None:
    """Makes the three tables."""
    for statement in _TABLES[op.get_bind().dialect.name]:
        op.execute(statement)
