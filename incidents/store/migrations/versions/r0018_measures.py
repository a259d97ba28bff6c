"""What each incident measures, so that trends read no record."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; what is missing in it is measured when somebody asks."""
    head, found = (
        "Head of the timeline that it was measured at",
        "JSON: durations in seconds, shares as part and whole",
    )
    op.create_table(
        "measures",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False, comment=head),
        sa.Column("rules", sa.String(), nullable=False, comment="Version that measured it"),
        sa.Column("found", sa.Text(), nullable=False, comment=found),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_measures_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_measures")),
    )
