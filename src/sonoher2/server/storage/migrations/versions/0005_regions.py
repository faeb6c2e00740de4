"""The parts of a screen with a scale of their own, for the images of a cohort."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"
branch_labels = depends_on = None


def upgrade() -> None:
    """Add a column; images that were looked at before stay without."""
    op.add_column("cohort_images", sa.Column("regions", sa.JSON))
