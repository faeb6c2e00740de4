"""The scale of a picture by region, and where in it an outline lies and what made it."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"
branch_labels = depends_on = None


def upgrade() -> None:
    """Add columns; what is there stays without."""
    op.add_column("cases", sa.Column("regions", sa.JSON))
    op.add_column("case_masks", sa.Column("centre_row", sa.Integer))
    op.add_column("case_masks", sa.Column("centre_column", sa.Integer))
    op.add_column("case_masks", sa.Column("segmenter", sa.String(80)))
