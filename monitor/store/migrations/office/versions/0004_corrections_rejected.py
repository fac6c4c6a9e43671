"""A correction can be rejected, or withdrawn by who proposed it."""

import sqlalchemy as sa
from alembic import op

revision = "office_0004"
down_revision = "office_0003"


def upgrade() -> None:
    """Adds who said so, and when."""
    op.add_column("corrections", sa.Column("rejected_by", sa.Text))
    op.add_column("corrections", sa.Column("rejected_at", sa.BigInteger))
