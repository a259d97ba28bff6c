"""Senders of signals over HTTP; their secrets are derived, and not kept."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "senders",
        sa.Column("name", sa.String(), nullable=False, comment="As its signals call their source"),
        sa.Column("generation", sa.Integer(), nullable=False, comment="Of its secret, which is not kept"),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("renewed_at", UtcDateTime(), nullable=False, comment="When it was given its secret"),
        sa.Column("seen_at", UtcDateTime(), nullable=True, comment="When it last handed something in"),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_senders")),
    )
