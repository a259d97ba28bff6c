"""Find what is handed out next without sorting all that waits, and who decided an item without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the queue's indexes anew in the order in which posts are handed out.

    What stands is found by `uq_decisions_current`. Beside it, `ix_decisions_standing` led both databases to
    read all decisions of a sweep where they were asked about one item.
    """
    queue = ["sweep_id", "team", "language", "state"]
    op.drop_index("ix_items_queue", "items")
    op.create_index("ix_items_queue", "items", [*queue, sa.text("priority DESC"), "item"])
    op.drop_index("ix_items_steer", "items")
    op.create_index("ix_items_steer", "items", [*queue, "steer_key"])
    op.drop_index("ix_decisions_standing", "decisions")
    op.create_index("ix_decisions_item", "decisions", ["sweep_id", "item", "person"])
