"""Tokens of the API: whose, what for, how far they reach, until when."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import Json, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "api_tokens",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False, comment="Of its secret"),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="What it is for"),
        sa.Column("scope", Json, nullable=False, comment="Act: what may be done with it"),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True, comment="Last request, to the minute"),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_tokens_fingerprint")),
    )
    op.create_index("ix_api_tokens_person", "api_tokens", ["person"])
