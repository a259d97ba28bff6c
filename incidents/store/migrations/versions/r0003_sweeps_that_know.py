"""Windows of a sweep, places in batches, blind readings, samples and certificates.

Until here an item stood in one batch for good. From here on a batch is made when somebody asks for one, and
a post may be read in several: by its reviewer, blind by a second one, and for the certificate.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Move each item's batch to its place in it, and add what windows, samples and certificates need."""
    _add_to_sweeps()
    _add_places()
    _change_items()
    op.execute(
        "UPDATE items SET state = 'taken', read_as = item, team = ("
        "SELECT batches.team FROM places JOIN batches ON batches.id = places.batch_id"
        " WHERE places.sweep_id = items.sweep_id AND places.item = items.item)"
    )
    _add_windows()
    _count_languages()
    _count_batches()
    _add_readings()
    _add_certificates()


def _add_places() -> None:
    op.create_table(
        "places",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="Order within the batch"),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False, comment="Id of the post, or of a golden item"),
        sa.Column(
            "purpose", sa.String(), nullable=False, comment="Why it is read here; reviewers do not see it"
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_places_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "place", name=op.f("pk_places")),
        sa.UniqueConstraint("batch_id", "item", name=op.f("uq_places_batch_id_item")),
    )
    op.create_index("ix_places_item", "places", ["sweep_id", "item"], unique=False)
    op.execute(
        "INSERT INTO places (batch_id, place, sweep_id, item, purpose)"
        " SELECT batch_id, place, sweep_id, item, 'rank' FROM items"
    )


def _add_windows() -> None:
    op.create_table(
        "windows",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("requested_at", UTC_TIME, nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("frozen_at", UTC_TIME, nullable=True),
        sa.Column("posts_seen", sa.Integer(), nullable=True),
        sa.Column("posts_matched", sa.Integer(), nullable=True),
        sa.Column("languages", JSON, nullable=True, comment="Language → posts matched"),
        sa.Column("universe_hash", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_windows_sweep_id")),
        sa.PrimaryKeyConstraint("sweep_id", "number", name=op.f("pk_windows")),
    )
    op.execute(
        "INSERT INTO windows (sweep_id, number, source, requested_at, requested_by, frozen_at,"
        " posts_seen, posts_matched, universe_hash)"
        " SELECT id, 1, source, requested_at, requested_by, frozen_at, posts_seen, posts_matched, universe_hash"
        " FROM sweeps"
    )


def _count_languages() -> None:
    """In which languages posts may wait is asked of the windows."""
    windows = sa.table("windows", sa.column("sweep_id"), sa.column("languages", JSON))
    counted = op.get_bind().execute(
        sa.text("SELECT sweep_id, language, count(*) FROM items GROUP BY sweep_id, language ORDER BY 1, 2")
    )
    languages: dict[str, dict[str, int]] = {}
    for sweep, language, posts in counted:
        languages.setdefault(sweep, {})[language] = posts
    for sweep, posts_of in languages.items():
        op.execute(windows.update().where(windows.c.sweep_id == sweep).values(languages=posts_of))


def _count_batches() -> None:
    """Batches got their numbers when a sweep was frozen; from here on a counter goes on from there."""
    op.execute(
        "INSERT INTO counters (name, value)"
        " SELECT 'batch:' || sweep_id, max(number) FROM batches GROUP BY sweep_id"
    )


def _add_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False, comment="Id of the post, or of a golden item"),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False, comment="golden, second or check"),
        sa.Column(
            "expected", sa.String(), nullable=False, comment="Verdict that stood then, or the golden one"
        ),
        sa.Column(
            "drawn", sa.Float(), nullable=True, comment="How likely it was to be drawn for this look, 0 to 1"
        ),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=True),
        sa.Column("clause", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("rationale", sa.Text(), server_default="", nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("decided_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_readings_batch_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_readings_sweep_id")),
        sa.PrimaryKeyConstraint("batch_id", "item", name=op.f("pk_readings")),
        comment="Blind looks: they are compared with what stands, and never stand themselves",
    )
    op.create_index("ix_readings_item", "readings", ["sweep_id", "item"], unique=False)
    op.add_column(
        "batches",
        sa.Column(
            "graphic",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Its policy is about what is hard to look at",
        ),
    )
    op.create_table(
        "skips",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False, comment="Who is not asked about it again"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_skips_sweep_id")),
        sa.PrimaryKeyConstraint("sweep_id", "item", "person", name=op.f("pk_skips")),
    )
    op.create_table(
        "golden",
        sa.Column("id", sa.String(), nullable=False, comment="golden:<number>"),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="Sensitive, as the text of items"),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=True),
        sa.Column("drill", sa.String(), server_default="", nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", UTC_TIME, nullable=False),
        sa.Column("retired_at", UTC_TIME, nullable=True, comment="From here on it is not handed out"),
        sa.Column("retired_by", sa.String(), nullable=True),
        sa.Column("retired_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden")),
        sa.UniqueConstraint("drill", "policy", "text_hash", name=op.f("uq_golden_drill_policy_text_hash")),
    )
    op.create_index("ix_golden_due", "golden", ["drill", "policy", "language"], unique=False)
    op.create_table(
        "exposures",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("began_at", UTC_TIME, nullable=False),
        sa.Column("ended_at", UTC_TIME, nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False, comment="Items that this person judged in it"),
        sa.Column("severe", sa.Integer(), nullable=False, comment="Items that this person said violate"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_exposures_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "person", name=op.f("pk_exposures")),
    )
    op.create_index("ix_exposures_person", "exposures", ["person", "ended_at"], unique=False)


def _add_certificates() -> None:
    op.create_table(
        "certify_sample",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column(
            "key", sa.BigInteger(), nullable=False, comment="Order of reading, from the seed and the id alone"
        ),
        sa.Column(
            "wanted", sa.Integer(), nullable=False, comment="Readers: 2, a third where they differ, or 1"
        ),
        sa.Column("verdict", sa.String(), nullable=True, comment="What its readers agreed on; null until then"),
        sa.ForeignKeyConstraint(
            ["sweep_id", "item"], ["items.sweep_id", "items.item"], name=op.f("fk_certify_sample_sweep_id")
        ),
        sa.PrimaryKeyConstraint("sweep_id", "item", name=op.f("pk_certify_sample")),
    )
    op.create_index("ix_certify_sample_key", "certify_sample", ["sweep_id", "key"], unique=False)
    op.create_table(
        "certify_readings",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=True),
        sa.Column("clause", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("rationale", sa.Text(), server_default="", nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("decided_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_certify_readings_batch_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_certify_readings_sweep_id")),
        sa.PrimaryKeyConstraint("batch_id", "item", name=op.f("pk_certify_readings")),
    )
    op.create_index("ix_certify_readings_item", "certify_readings", ["sweep_id", "item"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="certified, complete or waived"),
        sa.Column("document", sa.Text(), nullable=False, comment="The signed JSON, byte for byte"),
        sa.Column("issued_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_certificates_incident_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_certificates_sweep_id")),
        sa.PrimaryKeyConstraint("sweep_id", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_incident_id"), "certificates", ["incident_id"], unique=False)


def _add_to_sweeps() -> None:
    op.create_index("ix_batches_leased_to", "batches", ["leased_to", "leased_at"])
    with op.batch_alter_table("decisions") as batch:
        batch.alter_column(
            "superseded_at",
            existing_type=UTC_TIME,
            existing_nullable=True,
            comment="When somebody decided otherwise, or it was undone",
            existing_comment="When the same person decided otherwise",
        )
    op.add_column(
        "planned_actions",
        sa.Column("reversed_at", UTC_TIME, nullable=True, comment="When the decision behind it was undone"),
    )
    op.add_column("planned_actions", sa.Column("reversed_by", sa.String(), nullable=True))
    op.add_column("planned_actions", sa.Column("reversed_because", sa.Text(), nullable=True))
    op.add_column(
        "sweeps",
        sa.Column("goal", JSON, nullable=True, comment="Recall to be certified, and how carefully it is read"),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "plan", JSON, nullable=True, comment="When the certify sample may speak; fixed before it is read"
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "steer_seed",
            sa.BigInteger(),
            nullable=True,
            comment="Drawn when it was frozen first, told to the timeline",
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "certify_seed",
            sa.BigInteger(),
            nullable=True,
            comment="Of the sample that no ranking may learn from",
        ),
    )
    op.add_column("sweeps", sa.Column("readers", JSON, nullable=True, comment="Language → people who read it"))
    op.add_column(
        "sweeps",
        sa.Column(
            "steering", JSON, nullable=True, comment="What was read so far, as far as it says where to read on"
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "ranked_at_decisions",
            sa.Integer(),
            nullable=True,
            comment="Decisions that the ranking last learned from",
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "certify_wanted",
            sa.Integer(),
            nullable=True,
            comment="Posts of the certify sample to be read, in its order",
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column(
            "reached_at",
            UTC_TIME,
            nullable=True,
            comment="When its target was reached: from here on no batch is handed out",
        ),
    )
    op.add_column(
        "sweeps",
        sa.Column("closed_by", sa.String(), nullable=True, comment="Who ended it without a certificate"),
    )
    op.add_column("sweeps", sa.Column("closed_because", sa.Text(), nullable=True))


def _change_items() -> None:
    """SQLite makes the table anew for it; see `Store.migrate`."""
    with op.batch_alter_table("items") as batch:
        batch.drop_index("ix_items_batch_id")
        batch.drop_constraint("fk_items_batch_id", type_="foreignkey")
        batch.drop_column("batch_id")
        batch.drop_column("place")
        batch.add_column(sa.Column("window", sa.Integer(), server_default="1", nullable=False))
        batch.add_column(
            sa.Column("team", sa.String(), server_default="", nullable=False, comment="Reads its language")
        )
        batch.add_column(
            sa.Column(
                "content_hash", sa.String(), server_default="", nullable=False, comment="SHA-256 of id and text"
            )
        )
        batch.add_column(
            sa.Column("form", sa.String(), server_default="text", nullable=False, comment="text, link or media")
        )
        batch.add_column(
            sa.Column("evaded", JSON, nullable=True, comment="Of these, what only a normalisation found")
        )
        batch.add_column(
            sa.Column(
                "cluster",
                sa.String(),
                nullable=True,
                comment="Head of its cluster; null where it has no copies",
            )
        )
        batch.add_column(
            sa.Column(
                "kind", sa.String(), server_default="alone", nullable=False, comment="How it is like the head"
            )
        )
        batch.add_column(sa.Column("likeness", sa.Float(), nullable=True, comment="0 to 1, to the head"))
        batch.add_column(
            sa.Column("context", sa.String(), nullable=True, comment="quote, counter or news: has its own look")
        )
        batch.add_column(
            sa.Column(
                "read_as",
                sa.String(),
                nullable=False,
                server_default="",
                comment="Item whose decision holds for this one",
            )
        )
        batch.add_column(
            sa.Column(
                "copies",
                sa.Integer(),
                server_default="1",
                nullable=False,
                comment="Items that its decision covers",
            )
        )
        batch.add_column(
            sa.Column(
                "state",
                sa.String(),
                server_default="waiting",
                nullable=False,
                comment="waiting, taken, covered",
            )
        )
        batch.add_column(
            sa.Column(
                "steer_key",
                sa.BigInteger(),
                nullable=True,
                comment="Order of the sample that steers: lowest first",
            )
        )
        batch.add_column(
            sa.Column(
                "look",
                sa.String(),
                nullable=True,
                comment="Further look that it waits for: second, check or adjudicate",
            )
        )
        batch.add_column(
            sa.Column(
                "drawn",
                sa.Float(),
                nullable=True,
                comment="How likely it was to be drawn for a second look, 0 to 1",
            )
        )
        batch.add_column(
            sa.Column(
                "score",
                sa.Float(),
                nullable=True,
                comment="0 to 1: how likely it violates, as the ranking sees it",
            )
        )
        batch.add_column(
            sa.Column(
                "priority", sa.Float(), server_default="0", nullable=False, comment="Higher is read earlier"
            )
        )
    with op.batch_alter_table("items") as batch:
        batch.alter_column("read_as", existing_type=sa.String(), existing_nullable=False, server_default=None)
    op.create_index("ix_items_cluster", "items", ["sweep_id", "cluster"], unique=False)
    op.create_index(
        "ix_items_look",
        "items",
        ["sweep_id", "team", "look", "language"],
        unique=False,
        sqlite_where=sa.text("look IS NOT NULL"),
        postgresql_where=sa.text("look IS NOT NULL"),
    )
    op.create_index(
        "ix_items_queue", "items", ["sweep_id", "team", "language", "state", "priority", "item"], unique=False
    )
    op.create_index("ix_items_read_as", "items", ["sweep_id", "read_as"], unique=False)
    op.create_index("ix_items_steer", "items", ["sweep_id", "team", "language", "steer_key"], unique=False)
