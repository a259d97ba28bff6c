"""People who sign in at a provider: who each is here. An account may have no password."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import Json, UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; let accounts be without a password."""
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(), nullable=False, comment="The sign-in provider"),
        sa.Column("subject", sa.String(), nullable=False, comment="Who they are there, for ever"),
        sa.Column("person", sa.String(), nullable=False, comment="Who they are here"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("groups", Json, nullable=False, comment="Those that the catalogue had, at the last sign-in"),
        sa.Column("taken_up_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False, comment="Last sign-in"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_person", "identities", ["person"])
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column(
            "how",
            existing_type=sa.String(),
            existing_nullable=False,
            comment="password, link or provider",
            existing_comment="password or link",
        )
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column(
            "password_hash",
            existing_type=sa.String(),
            nullable=True,
            comment="Argon2id (RFC 9106); none: signs in at the provider alone",
        )
