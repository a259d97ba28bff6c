"""Batches that are put aside for somebody before they are opened."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    comment = "For whom an open one is put aside, or was made"
    op.add_column("batches", sa.Column("reserved_for", sa.String(), nullable=True, comment=comment))
    op.add_column("batches", sa.Column("reserved_until", UtcDateTime(), nullable=True))
