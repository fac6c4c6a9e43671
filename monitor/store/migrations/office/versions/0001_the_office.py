"""The office: sources, tokens, cohorts, bindings, corrections; secrets, hashes, identities, readings."""

import sqlalchemy as sa
from alembic import op

revision = "office_0001"
down_revision = None


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table("facts", sa.Column("name", sa.Text, primary_key=True), _text("value"))
    op.create_table(
        "sources",
        sa.Column("id", sa.Text, primary_key=True),
        _text("kind"),
        _text("camera"),
        sa.Column("heartbeat_seconds", sa.Integer),
        sa.Column("may_sign_in", sa.Boolean, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        _number("added_at"),
        _number("position"),
    )
    op.create_table(
        "secrets",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _number("added_at"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        _text("name"),
        _text("role"),
        sa.Column("cohorts", sa.JSON),
        sa.Column("source", sa.Text),
        sa.Column("person", sa.Text),
        _number("added_at"),
        _number("revoked_at", nullable=True),
        _number("position"),
    )
    op.create_table(
        "token_hashes",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text),
        sa.Column("organizer", sa.Text),
        _text("policy"),
        sa.Column("sources", sa.JSON, nullable=False),
        _number("at"),
        _number("position"),
        sa.Column("versions", sa.Integer, nullable=False),
    )
    op.create_table(
        "bindings",
        sa.Column("cohort", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        _text("person"),
        _number("position"),
        _number("dropped", nullable=True),
    )
    op.create_table(
        "corrections",
        sa.Column("cohort", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        _text("person"),
        _text("session"),
        sa.Column("period", sa.Integer),
        sa.Column("credit", sa.Boolean, nullable=False),
        _text("reason"),
        _text("by"),
        _text("by_token"),
        _number("at"),
        _number("position"),
        sa.Column("approved_by", sa.Text),
        _number("approved_at", nullable=True),
        _number("approved_position", nullable=True),
    )
    op.create_table(
        "identities",
        sa.Column("cohort", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("look_up", sa.LargeBinary, nullable=False),
    )
    op.create_index("identities_by_look_up", "identities", ["look_up"])
    op.create_table(
        "readings",
        sa.Column("n", sa.Integer, primary_key=True),
        _number("at"),
        _text("token"),
        _text("role"),
        _text("door"),
        sa.Column("cohort", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("full", sa.Boolean, nullable=False),
        sa.Column("why", sa.Text),
    )
    op.create_index("readings_by_cohort", "readings", ["cohort", "at"])
