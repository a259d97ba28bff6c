"""The steps of a review with their due dates, and approvals of a retrospective by version and audience."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables. A review that began before has its steps once its flow runs again."""
    op.create_table(
        "approvals",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False, comment="Role or team for which it is given"),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_approvals_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "version", "audience", "approver", name=op.f("pk_approvals")),
    )
    op.create_table(
        "review_steps",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state", sa.String(), nullable=True, comment="done or skipped, as somebody said; null: nobody did"
        ),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "reminders", sa.Integer(), server_default="0", nullable=False, comment="How many people were told"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_review_steps_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "round", "step", name=op.f("pk_review_steps")),
    )
