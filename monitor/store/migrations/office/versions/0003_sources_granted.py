"""A token can be granted sources, which the cohort files that come with it may list."""

import sqlalchemy as sa
from alembic import op

revision = "office_0003"
down_revision = "office_0002"


def upgrade() -> None:
    """Adds the sources; tokens that are there were granted none."""
    op.add_column("tokens", sa.Column("may_list", sa.JSON, nullable=False, server_default="[]"))
