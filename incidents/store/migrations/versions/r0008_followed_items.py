"""Action items have an area, may be superseded, and are told of to others: to those who lead, and a tracker."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns one by one: a table that is made anew on SQLite would lose its triggers."""
    for column in (
        sa.Column("area", sa.String(), nullable=True, comment="policy, product, tooling or staffing"),
        sa.Column("superseded_by", sa.String(), nullable=True, comment="Item that takes its place"),
        sa.Column("escalations", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "changes", sa.Integer(), server_default="1", nullable=False, comment="1 as filed, 1 more a change"
        ),
        sa.Column(
            "changes_told", sa.Integer(), server_default="0", nullable=False, comment="Told to the tracker"
        ),
        sa.Column("address", sa.String(), nullable=True, comment="Where the tracker has it"),
    ):
        op.add_column("action_items", column)
