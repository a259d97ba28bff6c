"""Items have a surface: where on the platform they stand."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of items that were frozen before, the surface is unknown."""
    comment = "Where on the platform: feed, stories…; null where unknown"
    op.add_column("items", sa.Column("surface", sa.String(), nullable=True, comment=comment))
