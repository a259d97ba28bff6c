"""The clocks by which briefs are due."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_FROM_THE_DECLARATION = """
INSERT INTO brief_clocks (incident_id, since, sent, reminders)
SELECT incidents.id, milestones.at, 0, 0
FROM incidents JOIN milestones ON milestones.incident_id = incidents.id AND milestones.name = 'declared'
"""


def upgrade() -> None:
    """Make the table, with a clock of each crisis that was declared before."""
    op.create_table(
        "brief_clocks",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False, comment="The last brief, or when it was declared"),
        sa.Column("sent", sa.Integer(), nullable=False, comment="Briefs so far"),
        sa.Column("reminders", sa.Integer(), nullable=False, comment="Missed briefs that were told of, since"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_brief_clocks_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_brief_clocks")),
    )
    op.execute(_FROM_THE_DECLARATION)
