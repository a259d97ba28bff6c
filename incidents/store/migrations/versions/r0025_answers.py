"""Items know which post they answer."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its index; of items that were frozen before, nothing is known of it."""
    comment = "Id of the post that it answers; null where none is known"
    op.add_column("items", sa.Column("answers", sa.String(), nullable=True, comment=comment))
    is_an_answer = sa.text("answers IS NOT NULL")
    op.create_index(
        "ix_items_answers",
        "items",
        ["sweep_id", "answers"],
        sqlite_where=is_an_answer,
        postgresql_where=is_an_answer,
    )
