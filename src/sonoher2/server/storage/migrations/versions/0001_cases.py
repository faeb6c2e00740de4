"""Cases with their masks and predictions; sessions; the audit log, which the database keeps from being changed."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None
branch_labels = depends_on = None

SQLITE_REFUSAL = """
CREATE TRIGGER audit_no_{action} BEFORE {action} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRES_FUNCTION = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
"""


def upgrade() -> None:
    """Make the tables."""
    _cases()
    _masks_and_predictions()
    _sessions_and_audit()
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(SQLITE_REFUSAL.format(action=action))
    else:
        op.execute(POSTGRES_FUNCTION)
        op.execute(POSTGRES_TRIGGER)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("image_name", sa.Text, nullable=False),
        sa.Column("image_blob", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("columns", sa.Integer, nullable=False),
        sa.Column("mm_row", sa.Float),
        sa.Column("mm_column", sa.Float),
        sa.Column("mm_source", sa.String(10)),
        sa.Column("b_mode", sa.JSON, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("clinical", sa.JSON, nullable=False),
        sa.Column("bundle", sa.String(64)),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Column("finding", sa.String(40)),
    )


def _masks_and_predictions() -> None:
    case = sa.ForeignKey("cases.id", ondelete="CASCADE")
    op.create_table(
        "case_masks",
        sa.Column("case_id", sa.String(32), case, primary_key=True),
        sa.Column("frame", sa.Integer, primary_key=True),
        sa.Column("origin", sa.String(10), nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("area", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "case_frames",
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("blob", sa.String(80), nullable=False),
    )
    op.create_table(
        "case_predictions",
        sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("mask_sha256", sa.String(64), nullable=False),
        sa.Column("given", sa.JSON, nullable=False),
        sa.Column("prediction", sa.Text, nullable=False),
        sa.Column("nomogram", sa.JSON),
        sa.Column("view", sa.JSON),
        sa.Column("page_blob", sa.String(80)),
    )


def _sessions_and_audit() -> None:
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("user", sa.String(64), nullable=False, index=True),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("expires", sa.DateTime, nullable=False, index=True),
    )
    hashes = [
        sa.Column(name, sa.String(64), nullable=False) for name in ("input_sha256", "mask_sha256", "bundle_sha256")
    ]
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        *hashes,
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
