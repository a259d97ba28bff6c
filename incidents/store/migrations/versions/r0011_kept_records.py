"""The record that a version of a retrospective was made of is kept beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Of versions that were written before, nothing is kept."""
    op.create_table(
        "kept_records",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False, comment="Canonical JSON, compressed (zlib)"),
        sa.ForeignKeyConstraint(
            ["incident_id", "version"],
            ["retrospectives.incident_id", "retrospectives.version"],
            name=op.f("fk_kept_records_incident_id_version"),
        ),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_kept_records")),
    )
