"""Comments on a retrospective, beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    place = "A section, an entry, or empty: all of it"
    resolved = "Of a thread, at its first comment"
    op.create_table(
        "review_comments",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thread", sa.Integer(), nullable=False, comment="The comment that began it"),
        sa.Column("version", sa.Integer(), nullable=False, comment="What the person read"),
        sa.Column("place", sa.String(), nullable=False, comment=place),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("written_at", UTC_TIME, nullable=False),
        sa.Column("resolved_by", sa.String(), nullable=True, comment=resolved),
        sa.Column("resolved_at", UTC_TIME, nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id", "version"],
            ["retrospectives.incident_id", "retrospectives.version"],
            name=op.f("fk_review_comments_incident_id_version"),
        ),
        sa.PrimaryKeyConstraint("incident_id", "number", name=op.f("pk_review_comments")),
    )
