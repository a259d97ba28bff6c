"""The tables of what the catalogue said: each content of each entry, from when it first came into force."""

import sqlalchemy as sa

from incidents.store.schema import UtcDateTime, metadata

catalogue_versions = sa.Table(
    "catalogue_versions",
    metadata,
    sa.Column("version", sa.String, primary_key=True, comment="Hash of what all files say"),
    sa.Column("kept_at", UtcDateTime, nullable=False),
)

catalogue_entries = sa.Table(
    "catalogue_entries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="In the order in which they came into force"),
    sa.Column("kind", sa.String, nullable=False, comment="List of the catalogue, e.g. policies"),
    sa.Column("entry", sa.String, nullable=False, comment="Id within the list"),
    sa.Column("version", sa.Integer, comment="As the entry says; null where its kind has none"),
    sa.Column("digest", sa.String, nullable=False, comment="SHA-256 of the content"),
    sa.Column("content", sa.Text, nullable=False, comment="JSON: what the file says, in its order"),
    sa.Column("kept_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("kind", "entry", "digest"),
)
