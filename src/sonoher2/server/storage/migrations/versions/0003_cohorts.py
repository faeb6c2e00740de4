"""Outlines of cohorts: images, what each reader drew, and what was decided."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
branch_labels = depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("reading", sa.JSON, nullable=False),
        sa.Column("start", sa.String(10), nullable=False),
    )
    _images()
    image = sa.ForeignKey("cohort_images.id", ondelete="CASCADE")
    op.create_table(
        "cohort_outlines",
        sa.Column("image_id", sa.String(32), image, primary_key=True),
        sa.Column("reader", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(4), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("mask", sa.String(64)),
        sa.Column("area", sa.Integer, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.Column("measured", sa.JSON),
        sa.Column("changed", sa.DateTime, nullable=False),
    )
    op.create_table(
        "cohort_decisions",
        sa.Column("image_id", sa.String(32), sa.ForeignKey("cohort_images.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("mask", sa.String(64)),
        sa.Column("area", sa.Integer, nullable=False),
        sa.Column("reader", sa.String(64)),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
    )


def _images() -> None:
    op.create_table(
        "cohort_images",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "cohort_id", sa.String(32), sa.ForeignKey("cohorts.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("listed", sa.JSON, nullable=False),
        sa.Column("looked", sa.Boolean, nullable=False, index=True),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("mask_problem", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("columns", sa.Integer, nullable=False),
        sa.Column("mm_row", sa.Float),
        sa.Column("mm_column", sa.Float),
        sa.Column("quality", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("proposal", sa.String(64)),
        sa.Column("proposal_area", sa.Integer, nullable=False),
        sa.Column("given_dice", sa.Float),
        sa.Column("picture", sa.String(64)),
    )
