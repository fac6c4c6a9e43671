"""Secrets of sources can end: one that was replaced holds for a while yet."""

import sqlalchemy as sa
from alembic import op

revision = "office_0002"
down_revision = "office_0001"


def upgrade() -> None:
    """Adds the instant of the end."""
    op.add_column("secrets", sa.Column("ends_at", sa.BigInteger))
