"""A promise of the outbox may be about no incident: the digest of a month is about many."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the column be empty; on SQLite that makes the table anew, which has no triggers."""
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("incident_id", existing_type=sa.String(), nullable=True)
