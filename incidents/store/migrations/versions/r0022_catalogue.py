"""What the catalogue said, kept when it first comes into force."""

import sqlalchemy as sa
from alembic import op

from incidents.store.schema import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. What was said before is not known: they begin with the next start."""
    op.create_table(
        "catalogue_versions",
        sa.Column("version", sa.String(), nullable=False, comment="Hash of what all files say"),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_catalogue_versions")),
    )
    order = "In the order in which they came into force"
    op.create_table(
        "catalogue_entries",
        sa.Column("id", sa.Integer(), nullable=False, comment=order),
        sa.Column("kind", sa.String(), nullable=False, comment="List of the catalogue, e.g. policies"),
        sa.Column("entry", sa.String(), nullable=False, comment="Id within the list"),
        sa.Column("version", sa.Integer(), comment="As the entry says; null where its kind has none"),
        sa.Column("digest", sa.String(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON: what the file says, in its order"),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_entries")),
        sa.UniqueConstraint("kind", "entry", "digest", name=op.f("uq_catalogue_entries_kind_entry_digest")),
    )
