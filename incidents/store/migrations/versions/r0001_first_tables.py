"""The first tables: incidents, signals, the timeline, sweeps, reviews and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UTC_TIME = sa.DateTime(timezone=True)

APPEND_ONLY = "The timeline is append-only"


def upgrade() -> None:
    """Make every table, then let the database itself refuse changes to the timeline."""
    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(), nullable=False, comment="INC-<number>"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("phase_since", UTC_TIME, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column(
            "impact", JSON, nullable=False, comment="harm, reach, velocity, vulnerability, jurisdictions"
        ),
        sa.Column("priority_rule", sa.String(), nullable=False, comment="The rule that gave the severity"),
        sa.Column("policy", sa.String(), nullable=True, comment="Policy that the candidate seems to violate"),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column(
            "catalogue_version", sa.String(), nullable=False, comment="Catalogue that it was opened under"
        ),
        sa.Column("grouping_key", sa.String(), nullable=False),
        sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "drill", sa.String(), server_default="", nullable=False, comment="Drill id; empty: it is real"
        ),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", UTC_TIME, nullable=False),
        sa.Column(
            "round", sa.Integer(), server_default="1", nullable=False, comment="Counts up at each reopening"
        ),
        sa.Column(
            "entries", sa.Integer(), server_default="0", nullable=False, comment="Length of the timeline"
        ),
        sa.Column("head", sa.String(), nullable=False, comment="Hash of the last entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("number", name=op.f("uq_incidents_number")),
    )
    op.create_index(
        "uq_incidents_open_key",
        "incidents",
        ["grouping_key"],
        unique=True,
        sqlite_where=sa.text("phase IN ('detected', 'assessing', 'declared', 'responding', 'monitoring')"),
        postgresql_where=sa.text("phase IN ('detected', 'assessing', 'declared', 'responding', 'monitoring')"),
    )
    op.create_table(
        "action_items",
        sa.Column("id", sa.String(), nullable=False, comment="<incident>-A<number>"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="prevent, detect, mitigate or process"),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("success", sa.Text(), nullable=False, comment="How success will be seen"),
        sa.Column("factor", sa.Integer(), nullable=True, comment="Number of the factor behind it"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("filed_at", UTC_TIME, nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("chased_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_action_items_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_items")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_action_items_incident_id_number")),
    )
    op.create_index(op.f("ix_action_items_incident_id"), "action_items", ["incident_id"], unique=False)
    op.create_table(
        "asks",
        sa.Column("key", sa.String(), nullable=False, comment="ask:<incident>:<team>:<number>"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(), nullable=False, comment="What occasioned it: asked once a team"),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=True),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("escalations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acknowledged_at", UTC_TIME, nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_asks_incident_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_asks")),
        sa.UniqueConstraint("incident_id", "team", "about", name=op.f("uq_asks_incident_id_team_about")),
    )
    op.create_index(op.f("ix_asks_incident_id"), "asks", ["incident_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(), nullable=False, comment="<flow>:<subject>, e.g. crisis:INC-12"),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String(), nullable=False, comment="Prefect's run that leads now"),
        sa.Column("state", sa.String(), nullable=False, comment="running, waiting (at a gate) or done"),
        sa.Column("starts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column(
            "beat_at", UTC_TIME, nullable=False, comment="Machine's clock: when the run last said that it lives"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_attempts_incident_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_incident_id"), "attempts", ["incident_id"], unique=False)
    op.create_table(
        "drills",
        sa.Column("id", sa.String(), nullable=False, comment="DRILL-<number>"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="running, finished or failed"),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.String(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column(
            "stands_at",
            UTC_TIME,
            nullable=True,
            comment="What the drill's clock shows until it is moved on; null: it is live",
        ),
        sa.Column("results", JSON, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_drills_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.UniqueConstraint("number", name=op.f("uq_drills_number")),
    )
    op.create_table(
        "factors",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False, comment="Entries for and against"),
        sa.Column("state", sa.String(), nullable=False, comment="proposed, accepted or rejected"),
        sa.Column("judged_by", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_factors_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "number", name=op.f("pk_factors")),
    )
    op.create_index(op.f("ix_factors_incident_id"), "factors", ["incident_id"], unique=False)
    op.create_table(
        "gates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="declare, stand_down, sign_off or sweep_work"),
        sa.Column("subject", sa.String(), nullable=False, comment="The incident, or the sweep"),
        sa.Column("round", sa.Integer(), nullable=False, comment="Round of the incident that it belongs to"),
        sa.Column("state", sa.String(), nullable=False, comment="open or answered"),
        sa.Column("opened_at", UTC_TIME, nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False, comment="Escalated after this, never failed"),
        sa.Column("escalations", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "refusals",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Answers refused, and wakings without one",
        ),
        sa.Column("refused_because", sa.Text(), nullable=True, comment="What the last refused answer was told"),
        sa.Column("flow_run_id", sa.String(), nullable=False, comment="The suspended run that waits here"),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answered_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_gates_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
        sa.UniqueConstraint("kind", "subject", "round", name=op.f("uq_gates_kind_subject_round")),
    )
    op.create_index(op.f("ix_gates_incident_id"), "gates", ["incident_id"], unique=False)
    op.create_index(
        "uq_gates_open",
        "gates",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "guidelines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="Markdown"),
        sa.Column("policy", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("effective_from", UTC_TIME, nullable=False),
        sa.Column("superseded_at", UTC_TIME, nullable=True),
        sa.Column("published_at", UTC_TIME, nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_guidelines_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guidelines")),
        sa.UniqueConstraint(
            "incident_id", "version", "language", name=op.f("uq_guidelines_incident_id_version_language")
        ),
    )
    op.create_index(op.f("ix_guidelines_incident_id"), "guidelines", ["incident_id"], unique=False)
    op.create_table(
        "milestones",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="Entry of the timeline behind it"),
        sa.Column("source", sa.String(), nullable=False, comment="Who or what says so"),
        sa.Column("certainty", sa.String(), nullable=False, comment="recorded or estimated"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_milestones_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "name", name=op.f("pk_milestones")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False, comment="The same key is the same effect"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="message, event or resume"),
        sa.Column("channel", sa.String(), nullable=True, comment="Channel of the catalogue, for a message"),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="pending, delivered or failed"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("next_attempt_at", UTC_TIME, nullable=False, comment="Machine's clock"),
        sa.Column("delivered_at", UTC_TIME, nullable=True),
        sa.Column("reference", sa.String(), nullable=True, comment="What the receiver called it"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_outbox_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_attempt_at"], unique=False)
    op.create_index(op.f("ix_outbox_incident_id"), "outbox", ["incident_id"], unique=False)
    op.create_table(
        "retrospectives",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False, comment="SHA-256 of the record it was made from"),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("written_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_retrospectives_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_retrospectives")),
    )
    op.create_table(
        "reviews",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="drafting, signing, signed or published"),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("started_at", UTC_TIME, nullable=False),
        sa.Column("signed_version", sa.Integer(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("signed_at", UTC_TIME, nullable=True),
        sa.Column("published_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_reviews_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_reviews")),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("taken_at", UTC_TIME, nullable=False),
        sa.Column("handed_over_at", UTC_TIME, nullable=True),
        sa.Column("handed_to", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_roles_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
    )
    op.create_index(op.f("ix_roles_incident_id"), "roles", ["incident_id"], unique=False)
    op.create_index(
        "uq_roles_held",
        "roles",
        ["incident_id", "role"],
        unique=True,
        sqlite_where=sa.text("handed_over_at IS NULL"),
        postgresql_where=sa.text("handed_over_at IS NULL"),
    )
    op.create_table(
        "shift_notes",
        sa.Column("key", sa.String(), nullable=False, comment="shift:<incident>:<hour>"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_shift_notes_incident_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_shift_notes")),
    )
    op.create_index(op.f("ix_shift_notes_incident_id"), "shift_notes", ["incident_id"], unique=False)
    op.create_table(
        "signals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False, comment="What it is about"),
        sa.Column("content_hash", sa.String(), nullable=False, comment="What it says of it"),
        sa.Column("standing", sa.String(), nullable=False, comment="new, update (new content) or duplicate"),
        sa.Column("first_id", sa.Integer(), nullable=True, comment="First signal of the fingerprint"),
        sa.Column(
            "reach", sa.Integer(), server_default="0", nullable=False, comment="Views or reports, as reported"
        ),
        sa.Column("event_at", UTC_TIME, nullable=False, comment="When it happened, as the source says"),
        sa.Column("received_at", UTC_TIME, nullable=False, comment="When we took it in"),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON, as received"),
        sa.Column("handed_in_by", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=True),
        sa.Column("grouped_at", UTC_TIME, nullable=True, comment="When detection last judged it"),
        sa.Column("drill", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["signals.id"], name=op.f("fk_signals_first_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_signals_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
    )
    op.create_index(op.f("ix_signals_incident_id"), "signals", ["incident_id"], unique=False)
    op.create_index(
        "uq_signals_content",
        "signals",
        ["drill", "fingerprint", "content_hash"],
        unique=True,
        sqlite_where=sa.text("standing IN ('new', 'update')"),
        postgresql_where=sa.text("standing IN ('new', 'update')"),
    )
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(), nullable=False, comment="<incident>-S<number>"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="requested, working, finished"),
        sa.Column("scope", JSON, nullable=False),
        sa.Column("scope_hash", sa.String(), nullable=False),
        sa.Column("source", JSON, nullable=False, comment="Where the posts lie: a file or an SQL table"),
        sa.Column("requested_at", UTC_TIME, nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("frozen_at", UTC_TIME, nullable=True),
        sa.Column("posts_seen", sa.Integer(), nullable=True),
        sa.Column("posts_matched", sa.Integer(), nullable=True),
        sa.Column("universe_hash", sa.String(), nullable=True),
        sa.Column("terms", JSON, nullable=True, comment="Matched posts a term, and those it brought in alone"),
        sa.Column("finished_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_sweeps_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_sweeps_incident_id_number")),
    )
    op.create_index(op.f("ix_sweeps_incident_id"), "sweeps", ["incident_id"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("previous", sa.String(), nullable=False, comment="Hash of the entry before"),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_timeline_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_timeline")),
        comment="Append-only: triggers refuse UPDATE and DELETE",
    )
    op.create_table(
        "waivers",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_waivers_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "code", name=op.f("pk_waivers")),
    )
    op.create_index(op.f("ix_waivers_incident_id"), "waivers", ["incident_id"], unique=False)
    op.create_table(
        "batches",
        sa.Column("id", sa.String(), nullable=False, comment="<sweep>-B<number>"),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="open, leased or done"),
        sa.Column("leased_to", sa.String(), nullable=True),
        sa.Column("leased_at", UTC_TIME, nullable=True),
        sa.Column("lease_expires_at", UTC_TIME, nullable=True),
        sa.Column("done_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_batches_incident_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_batches_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("sweep_id", "number", name=op.f("uq_batches_sweep_id_number")),
    )
    op.create_index(op.f("ix_batches_incident_id"), "batches", ["incident_id"], unique=False)
    op.create_index("ix_batches_queue", "batches", ["team", "state", "number"], unique=False)
    op.create_index(op.f("ix_batches_sweep_id"), "batches", ["sweep_id"], unique=False)
    op.create_table(
        "planned_actions",
        sa.Column("key", sa.String(), nullable=False, comment="action:<sweep>:<item>"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("planned_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_planned_actions_incident_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_planned_actions_sweep_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_planned_actions")),
    )
    op.create_index(op.f("ix_planned_actions_incident_id"), "planned_actions", ["incident_id"], unique=False)
    op.create_index(op.f("ix_planned_actions_sweep_id"), "planned_actions", ["sweep_id"], unique=False)
    op.create_table(
        "items",
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False, comment="Id of the post"),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="Order within the batch"),
        sa.Column("text", sa.Text(), nullable=False, comment="Sensitive: never in logs, events or documents"),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("posted_at", UTC_TIME, nullable=True),
        sa.Column("reach", sa.BigInteger(), nullable=False),
        sa.Column("matched", JSON, nullable=False, comment="What of the scope brought it in"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_items_batch_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_items_sweep_id")),
        sa.PrimaryKeyConstraint("sweep_id", "item", name=op.f("pk_items")),
    )
    op.create_index(op.f("ix_items_batch_id"), "items", ["batch_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=True),
        sa.Column("clause", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("rationale", sa.Text(), server_default="", nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("decided_at", UTC_TIME, nullable=False),
        sa.Column("superseded_at", UTC_TIME, nullable=True, comment="When the same person decided otherwise"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_decisions_batch_id")),
        sa.ForeignKeyConstraint(
            ["sweep_id", "item"], ["items.sweep_id", "items.item"], name=op.f("fk_decisions_sweep_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_batch_id"), "decisions", ["batch_id"], unique=False)
    op.create_index(
        "uq_decisions_current",
        "decisions",
        ["sweep_id", "item"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )

    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _guard_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER timeline_no_{verb.lower()} BEFORE {verb} ON timeline "
            f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
        )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_timeline_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_timeline_change()"
    )
