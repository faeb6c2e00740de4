"""Which password a session was opened with."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0006", "0005"
branch_labels = depends_on = None


def upgrade() -> None:
    """Add a column; named users who came in before sign in once more."""
    op.add_column("sessions", sa.Column("credential", sa.String(64), nullable=False, server_default=""))
