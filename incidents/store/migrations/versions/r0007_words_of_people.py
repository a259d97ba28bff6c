"""Keep what people write in a retrospective, star in its timeline, and say of its factors."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_TIME = sa.DateTime(timezone=True)

IS_THE_TRIGGER = sa.text("part = 'trigger' AND state = 'accepted'")


def upgrade() -> None:
    """Add sections, stars and a zone of reviews, and the part that a factor had. Known factors contributed."""
    _add_sections()
    _add_stars()
    op.add_column(
        "reviews",
        sa.Column(
            "zone", sa.String(), nullable=True, comment="IANA zone that its times are shown in beside UTC"
        ),
    )
    _add_to_factors()


def _add_sections() -> None:
    op.create_table(
        "review_sections",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="A person's words; a row is never changed"),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("written_at", UTC_TIME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="The entry that says so"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_review_sections_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "section", "version", name=op.f("pk_review_sections")),
    )


def _add_stars() -> None:
    op.create_table(
        "stars",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("starred_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id", "seq"],
            ["timeline.incident_id", "timeline.seq"],
            name=op.f("fk_stars_incident_id"),
        ),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_stars")),
    )


def _add_to_factors() -> None:
    op.add_column(
        "factors",
        sa.Column(
            "part",
            sa.String(),
            server_default="contributing",
            nullable=False,
            comment="…, trigger or mitigator",
        ),
    )
    op.add_column(
        "factors",
        sa.Column("proposed", JSON, nullable=True, comment="What the rule proposed, where a person changed it"),
    )
    op.add_column("factors", sa.Column("changed_by", sa.String(), nullable=True))
    op.add_column("factors", sa.Column("changed_because", sa.Text(), nullable=True))
    op.add_column(
        "factors",
        sa.Column("added_by", sa.String(), nullable=True, comment="Person; empty where a rule proposed it"),
    )
    op.create_index(
        "uq_factors_trigger",
        "factors",
        ["incident_id"],
        unique=True,
        sqlite_where=IS_THE_TRIGGER,
        postgresql_where=IS_THE_TRIGGER,
    )
