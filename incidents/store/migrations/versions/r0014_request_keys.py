"""What was answered to requests of the API that carried a key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "request_keys",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False, comment="As the request carried it"),
        sa.Column("request", sa.String(), nullable=False, comment="SHA-256 of method, path, query and body"),
        sa.Column("taken_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=False),
        sa.Column(
            "status", sa.Integer(), nullable=True, comment="HTTP status of the answer; null until there is one"
        ),
        sa.Column("headers", JSON, nullable=True, comment="Headers of the answer that say what it is about"),
        sa.Column("body", sa.Text(), nullable=True, comment="The answer. It holds no text of a post"),
        sa.PrimaryKeyConstraint("person", "key", name=op.f("pk_request_keys")),
    )
    op.create_index(op.f("ix_request_keys_expires_at"), "request_keys", ["expires_at"])
