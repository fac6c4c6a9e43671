"""Deliveries are found again by source, room or session, and day: empty, it is filled when somebody looks."""

import sqlalchemy as sa
from alembic import op

revision = "office_0005"
down_revision = "office_0004"


def upgrade() -> None:
    """Makes the table and its way in by day."""
    op.create_table(
        "catalogue",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("shelf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("positions", sa.LargeBinary, nullable=False),
    )
    op.create_index("catalogue_by_day", "catalogue", ["source", "day", "place", "shelf"])
