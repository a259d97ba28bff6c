"""What one person proposes and another confirms or refuses."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table; what was done before took one person."""
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="The entry that tells of it"),
        sa.Column("wanted", sa.JSON(), nullable=False, comment="The step, with all that it needs"),
        sa.Column("state", sa.String(), nullable=False, comment="open, confirmed or refused"),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=False, comment="Answered before this, or never"),
        sa.Column("answered_by", sa.String(), nullable=True, comment="Another person"),
        sa.Column("answered_at", UTC_TIME, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True, comment="Why it was confirmed or refused"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_proposals_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        comment="What takes a second person",
    )
    op.create_index(op.f("ix_proposals_incident_id"), "proposals", ["incident_id"])
