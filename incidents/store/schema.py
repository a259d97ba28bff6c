"""The tables. Alembic's revisions make them; this module is what the queries are written against.

Conventions: times are aware and in UTC; `by` and `person` hold a person's id; a unique key guards every
effect that must happen once. Text of posts stands in `items` alone.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = sa.JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite has no zones: there the offset is put back when it is read."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone: it could mean any of 24 hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A time without a zone was handed to the store: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[list[str]]):
    """The words of a passage in their order, as the index of each database takes them. They are not read back.

    The words hold no ASCII character but letters and digits, so that nothing has to be escaped.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL's own type for it; on SQLite a text, which FTS5 indexes beside the table."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        """With their places on PostgreSQL; its own parser would part words otherwise than SQLite's."""
        if value is None or dialect.name != "postgresql":
            return None if value is None else " ".join(value)
        return " ".join(f"'{word}':{place}" for place, word in enumerate(value, start=1))


def _incident_id() -> sa.Column[str]:
    return sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), nullable=False, index=True)


def _time(name: str, *, nullable: bool = True, comment: str | None = None) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable, comment=comment)


_IS_OPEN = sa.text("phase IN ('detected', 'assessing', 'declared', 'responding', 'monitoring')")
_IS_FIRST = sa.text("standing IN ('new', 'update')")
_IS_HELD = sa.text("handed_over_at IS NULL")
_IS_CURRENT = sa.text("superseded_at IS NULL")
_IS_OPEN_GATE = sa.text("state = 'open'")
_IS_THE_TRIGGER = sa.text("part = 'trigger' AND state = 'accepted'")
_IS_LOOKED_AT = sa.text("look IS NOT NULL")
_IS_AN_ANSWER = sa.text("answers IS NOT NULL")

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="INC-<number>"),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("phase", sa.String, nullable=False),
    _time("phase_since", nullable=False),
    sa.Column("severity", sa.String, nullable=False),
    sa.Column("impact", Json, nullable=False, comment="harm, reach, velocity, vulnerability, jurisdictions"),
    sa.Column("priority_rule", sa.String, nullable=False, comment="The rule that gave the severity"),
    sa.Column("policy", sa.String, comment="Policy that the candidate seems to violate"),
    sa.Column("protocol", sa.String, nullable=False),
    sa.Column("protocol_version", sa.Integer, nullable=False),
    sa.Column("catalogue_version", sa.String, nullable=False, comment="Catalogue that it was opened under"),
    sa.Column("grouping_key", sa.String, nullable=False),
    sa.Column("restricted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("drill", sa.String, nullable=False, server_default="", comment="Drill id; empty: it is real"),
    sa.Column("opened_by", sa.String, nullable=False),
    _time("opened_at", nullable=False),
    sa.Column("round", sa.Integer, nullable=False, server_default="1", comment="Counts up at each reopening"),
    sa.Column("entries", sa.Integer, nullable=False, server_default="0", comment="Length of the timeline"),
    sa.Column("head", sa.String, nullable=False, comment="Hash of the last entry"),
    sa.Index(
        "uq_incidents_open_key", "grouping_key", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
    ),
)

signals = sa.Table(
    "signals",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("fingerprint", sa.String, nullable=False, comment="What it is about"),
    sa.Column("content_hash", sa.String, nullable=False, comment="What it says of it"),
    sa.Column("standing", sa.String, nullable=False, comment="new, update (new content) or duplicate"),
    sa.Column("first_id", sa.Integer, sa.ForeignKey("signals.id"), comment="First signal of the fingerprint"),
    sa.Column("reach", sa.Integer, nullable=False, server_default="0", comment="Views or reports, as reported"),
    _time("event_at", nullable=False, comment="When it happened, as the source says"),
    _time("received_at", nullable=False, comment="When we took it in"),
    sa.Column("payload", sa.Text, nullable=False, comment="JSON, as received"),
    sa.Column("handed_in_by", sa.String, nullable=False),
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), index=True),
    _time("grouped_at", comment="When detection last judged it"),
    sa.Column("drill", sa.String, nullable=False, server_default=""),
    sa.Index("ix_signals_waiting", "drill", "incident_id", "event_at"),
    sa.Index(
        "uq_signals_content",
        "drill",
        "fingerprint",
        "content_hash",
        unique=True,
        sqlite_where=_IS_FIRST,
        postgresql_where=_IS_FIRST,
    ),
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _time("at", nullable=False),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("previous", sa.String, nullable=False, comment="Hash of the entry before"),
    sa.Column("hash", sa.String, nullable=False),
    comment="Append-only: triggers refuse UPDATE and DELETE",
)

milestones = sa.Table(
    "milestones",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    _time("at", nullable=False),
    sa.Column("seq", sa.Integer, nullable=False, comment="Entry of the timeline behind it"),
    sa.Column("source", sa.String, nullable=False, comment="Who or what says so"),
    sa.Column("certainty", sa.String, nullable=False, comment="recorded or estimated"),
)

roles = sa.Table(
    "roles",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _incident_id(),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("person", sa.String, nullable=False),
    _time("taken_at", nullable=False),
    _time("handed_over_at"),
    sa.Column("handed_to", sa.String),
    sa.Index(
        "uq_roles_held", "incident_id", "role", unique=True, sqlite_where=_IS_HELD, postgresql_where=_IS_HELD
    ),
)

waivers = sa.Table(
    "waivers",
    metadata,
    _incident_id(),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    _time("at", nullable=False),
    sa.PrimaryKeyConstraint("incident_id", "code"),
)

proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    _incident_id(),
    sa.Column("seq", sa.Integer, nullable=False, comment="The entry that tells of it"),
    sa.Column("wanted", sa.JSON, nullable=False, comment="The step, with all that it needs"),
    sa.Column("state", sa.String, nullable=False, comment="open, confirmed or refused"),
    sa.Column("proposed_by", sa.String, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    _time("proposed_at", nullable=False),
    _time("expires_at", nullable=False, comment="Answered before this, or never"),
    sa.Column("answered_by", sa.String, comment="Another person"),
    _time("answered_at"),
    sa.Column("answer", sa.Text, comment="Why it was confirmed or refused"),
    comment="What takes a second person",
)

gates = sa.Table(
    "gates",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _incident_id(),
    sa.Column("kind", sa.String, nullable=False, comment="declare, stand_down, sign_off or sweep_work"),
    sa.Column("subject", sa.String, nullable=False, comment="The incident, or the sweep"),
    sa.Column("round", sa.Integer, nullable=False, comment="Round of the incident that it belongs to"),
    sa.Column("state", sa.String, nullable=False, comment="open or answered"),
    _time("opened_at", nullable=False),
    _time("due_at", nullable=False, comment="Escalated after this, never failed"),
    sa.Column("escalations", sa.Integer, nullable=False, server_default="0"),
    sa.Column(
        "refusals",
        sa.Integer,
        nullable=False,
        server_default="0",
        comment="Answers refused, and wakings without one",
    ),
    sa.Column("refused_because", sa.Text, comment="What the last refused answer was told"),
    sa.Column("flow_run_id", sa.String, nullable=False, comment="The suspended run that waits here"),
    sa.Column("answer", sa.String),
    sa.Column("answered_by", sa.String),
    sa.Column("reason", sa.String),
    _time("answered_at"),
    sa.UniqueConstraint("kind", "subject", "round"),
    sa.Index(
        "uq_gates_open",
        "kind",
        "subject",
        unique=True,
        sqlite_where=_IS_OPEN_GATE,
        postgresql_where=_IS_OPEN_GATE,
    ),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="<flow>:<subject>, e.g. crisis:INC-12"),
    sa.Column("flow", sa.String, nullable=False),
    _incident_id(),
    sa.Column("flow_run_id", sa.String, nullable=False, comment="Prefect's run that leads now"),
    sa.Column("state", sa.String, nullable=False, comment="running, waiting (at a gate) or done"),
    sa.Column("starts", sa.Integer, nullable=False, server_default="1"),
    _time("started_at", nullable=False),
    _time("beat_at", nullable=False, comment="Machine's clock: when the run last said that it lives"),
)

guidelines = sa.Table(
    "guidelines",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _incident_id(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("body", sa.Text, nullable=False, comment="Markdown"),
    sa.Column("policy", sa.String),
    sa.Column("policy_version", sa.Integer),
    _time("effective_from", nullable=False),
    _time("superseded_at"),
    _time("published_at", nullable=False),
    sa.Column("published_by", sa.String, nullable=False),
    sa.UniqueConstraint("incident_id", "version", "language"),
)

asks = sa.Table(
    "asks",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="ask:<incident>:<team>:<number>"),
    _incident_id(),
    sa.Column("team", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("about", sa.String, nullable=False, comment="What occasioned it: asked once a team"),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("guideline_version", sa.Integer),
    _time("asked_at", nullable=False),
    sa.Column("asked_by", sa.String, nullable=False),
    _time("due_at", nullable=False),
    sa.Column("escalations", sa.Integer, nullable=False, server_default="0"),
    _time("acknowledged_at"),
    sa.Column("acknowledged_by", sa.String),
    sa.Column("note", sa.Text),
    sa.UniqueConstraint("incident_id", "team", "about"),
)

sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="<incident>-S<number>"),
    _incident_id(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False, comment="requested, working, finished"),
    sa.Column("scope", Json, nullable=False),
    sa.Column("scope_hash", sa.String, nullable=False),
    sa.Column("source", Json, nullable=False, comment="Where the posts lie: a file or an SQL table"),
    _time("requested_at", nullable=False),
    sa.Column("requested_by", sa.String, nullable=False),
    sa.Column("goal", Json, comment="Recall to be certified, and how carefully it is read"),
    sa.Column("plan", Json, comment="When the certify sample may speak; fixed before it is read"),
    sa.Column("steer_seed", sa.BigInteger, comment="Drawn when it was frozen first, told to the timeline"),
    sa.Column("certify_seed", sa.BigInteger, comment="Of the sample that no ranking may learn from"),
    sa.Column("readers", Json, comment="Language → people who read it"),
    _time("frozen_at"),
    sa.Column("posts_seen", sa.Integer),
    sa.Column("posts_matched", sa.Integer),
    sa.Column("universe_hash", sa.String),
    sa.Column("terms", Json, comment="Matched posts a term, and those it brought in alone"),
    sa.Column("steering", Json, comment="What was read so far, as far as it says where to read on"),
    sa.Column("ranked_at_decisions", sa.Integer, comment="Decisions that the ranking last learned from"),
    sa.Column("certify_wanted", sa.Integer, comment="Posts of the certify sample to be read, in its order"),
    _time("reached_at", comment="When its target was reached: from here on no batch is handed out"),
    sa.Column("closed_by", sa.String, comment="Who ended it without a certificate"),
    sa.Column("closed_because", sa.Text),
    _time("finished_at"),
    sa.UniqueConstraint("incident_id", "number"),
)

windows = sa.Table(
    "windows",
    metadata,
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", Json, nullable=False),
    _time("requested_at", nullable=False),
    sa.Column("requested_by", sa.String, nullable=False),
    _time("frozen_at"),
    sa.Column("posts_seen", sa.Integer),
    sa.Column("posts_matched", sa.Integer),
    sa.Column("languages", Json, comment="Language → posts matched"),
    sa.Column("universe_hash", sa.String),
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="<sweep>-B<number>"),
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False, index=True),
    _incident_id(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("team", sa.String, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column(
        "graphic",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="Its policy is about what is hard to look at",
    ),
    sa.Column("state", sa.String, nullable=False, comment="open, leased or done"),
    sa.Column("leased_to", sa.String),
    _time("leased_at"),
    _time("lease_expires_at"),
    _time("done_at"),
    sa.Column("reserved_for", sa.String, comment="For whom an open one is put aside, or was made"),
    _time("reserved_until"),
    sa.UniqueConstraint("sweep_id", "number"),
    sa.Index("ix_batches_queue", "team", "state", "number"),
    # Whom one person works with, and what they saw: asked at every claim.
    sa.Index("ix_batches_leased_to", "leased_to", "leased_at"),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False),
    sa.Column("item", sa.String, nullable=False, comment="Id of the post"),
    sa.Column("window", sa.Integer, nullable=False, server_default="1"),
    sa.Column("team", sa.String, nullable=False, server_default="", comment="Reads its language"),
    sa.Column("text", sa.Text, nullable=False, comment="Sensitive: never in logs, events or documents"),
    sa.Column("content_hash", sa.String, nullable=False, server_default="", comment="SHA-256 of id and text"),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("form", sa.String, nullable=False, server_default="text", comment="text, link or media"),
    sa.Column("surface", sa.String, comment="Where on the platform: feed, stories…; null where unknown"),
    sa.Column("answers", sa.String, comment="Id of the post that it answers; null where none is known"),
    _time("posted_at"),
    sa.Column("reach", sa.BigInteger, nullable=False),
    sa.Column("matched", Json, nullable=False, comment="What of the scope brought it in"),
    sa.Column("evaded", Json, comment="Of these, what only a normalisation found"),
    sa.Column("cluster", sa.String, comment="Head of its cluster; null where it has no copies"),
    sa.Column("kind", sa.String, nullable=False, server_default="alone", comment="How it is like the head"),
    sa.Column("likeness", sa.Float, comment="0 to 1, to the head"),
    sa.Column("context", sa.String, comment="quote, counter or news: has its own look"),
    sa.Column("read_as", sa.String, nullable=False, comment="Item whose decision holds for this one"),
    sa.Column(
        "copies", sa.Integer, nullable=False, server_default="1", comment="Items that its decision covers"
    ),
    sa.Column("state", sa.String, nullable=False, server_default="waiting", comment="waiting, taken, covered"),
    sa.Column("steer_key", sa.BigInteger, comment="Order of the sample that steers: lowest first"),
    sa.Column("look", sa.String, comment="Further look that it waits for: second, check or adjudicate"),
    sa.Column("drawn", sa.Float, comment="How likely it was to be drawn for a second look, 0 to 1"),
    sa.Column("score", sa.Float, comment="0 to 1: how likely it violates, as the ranking sees it"),
    sa.Column("priority", sa.Float, nullable=False, server_default="0", comment="Higher is read earlier"),
    sa.PrimaryKeyConstraint("sweep_id", "item"),
    sa.Index("ix_items_read_as", "sweep_id", "read_as"),
    sa.Index("ix_items_cluster", "sweep_id", "cluster"),
    sa.Index(
        "ix_items_answers",
        *("sweep_id", "answers"),
        sqlite_where=_IS_AN_ANSWER,
        postgresql_where=_IS_AN_ANSWER,
    ),
    # With the language, which SQLite would else rather take from the queue's, through all that it holds.
    sa.Index(
        "ix_items_look",
        *("sweep_id", "team", "look", "language"),
        sqlite_where=_IS_LOOKED_AT,
        postgresql_where=_IS_LOOKED_AT,
    ),
    sa.Index("ix_items_steer", "sweep_id", "team", "language", "state", "steer_key"),
)

# In the order in which posts are handed out, so that the first of them are found without sorting all.
sa.Index(
    "ix_items_queue",
    *(items.c.sweep_id, items.c.team, items.c.language, items.c.state, items.c.priority.desc(), items.c.item),
)

places = sa.Table(
    "places",
    metadata,
    sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("place", sa.Integer, nullable=False, comment="Order within the batch"),
    sa.Column("sweep_id", sa.String, nullable=False),
    sa.Column("item", sa.String, nullable=False, comment="Id of the post, or of a golden item"),
    sa.Column("purpose", sa.String, nullable=False, comment="Why it is read here; reviewers do not see it"),
    sa.PrimaryKeyConstraint("batch_id", "place"),
    sa.UniqueConstraint("batch_id", "item"),
    sa.Index("ix_places_item", "sweep_id", "item"),
)


def judgement_columns() -> list[sa.Column[Any]]:
    """What one person said about one item, wherever it is kept."""
    return [
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("policy", sa.String),
        sa.Column("clause", sa.String),
        sa.Column("policy_version", sa.Integer),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("rationale", sa.Text, nullable=False, server_default=""),
        sa.Column("guideline_version", sa.Integer),
        sa.Column("person", sa.String, nullable=False),
        _time("decided_at", nullable=False),
    ]


decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sweep_id", sa.String, nullable=False),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False, index=True),
    *judgement_columns(),
    _time("superseded_at", comment="When somebody decided otherwise, or it was undone"),
    sa.ForeignKeyConstraint(["sweep_id", "item"], ["items.sweep_id", "items.item"]),
    # Who ever decided an item: whoever did is not asked for a second look.
    sa.Index("ix_decisions_item", "sweep_id", "item", "person"),
    sa.Index(
        "uq_decisions_current",
        "sweep_id",
        "item",
        unique=True,
        sqlite_where=_IS_CURRENT,
        postgresql_where=_IS_CURRENT,
    ),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("item", sa.String, nullable=False, comment="Id of the post, or of a golden item"),
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False),
    sa.Column("purpose", sa.String, nullable=False, comment="golden, second or check"),
    sa.Column("expected", sa.String, nullable=False, comment="Verdict that stood then, or the golden one"),
    sa.Column("drawn", sa.Float, comment="How likely it was to be drawn for this look, 0 to 1"),
    *judgement_columns(),
    sa.PrimaryKeyConstraint("batch_id", "item"),
    sa.Index("ix_readings_item", "sweep_id", "item"),
    comment="Blind looks: they are compared with what stands, and never stand themselves",
)

skips = sa.Table(
    "skips",
    metadata,
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("person", sa.String, nullable=False, comment="Who is not asked about it again"),
    sa.Column("reason", sa.Text, nullable=False),
    _time("at", nullable=False),
    sa.PrimaryKeyConstraint("sweep_id", "item", "person"),
)

golden = sa.Table(
    "golden",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="golden:<number>"),
    sa.Column("policy", sa.String, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False, comment="Sensitive, as the text of items"),
    sa.Column("text_hash", sa.String, nullable=False),
    sa.Column("verdict", sa.String, nullable=False),
    sa.Column("clause", sa.String),
    sa.Column("drill", sa.String, nullable=False, server_default=""),
    sa.Column("added_by", sa.String, nullable=False),
    _time("added_at", nullable=False),
    _time("retired_at", comment="From here on it is not handed out"),
    sa.Column("retired_by", sa.String),
    sa.Column("retired_because", sa.Text),
    sa.UniqueConstraint("drill", "policy", "text_hash"),
    sa.Index("ix_golden_due", "drill", "policy", "language"),
)

exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("person", sa.String, nullable=False),
    _time("began_at", nullable=False),
    _time("ended_at", nullable=False),
    sa.Column("looked_at", sa.Integer, nullable=False, comment="Items that this person judged in it"),
    sa.Column("severe", sa.Integer, nullable=False, comment="Items that this person said violate"),
    sa.PrimaryKeyConstraint("batch_id", "person"),
    sa.Index("ix_exposures_person", "person", "ended_at"),
)

certificates = sa.Table(
    "certificates",
    metadata,
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), primary_key=True),
    _incident_id(),
    sa.Column("kind", sa.String, nullable=False, comment="certified, complete or waived"),
    sa.Column("document", sa.Text, nullable=False, comment="The signed JSON, byte for byte"),
    _time("issued_at", nullable=False),
)

planned_actions = sa.Table(
    "planned_actions",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="action:<sweep>:<item>"),
    _incident_id(),
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False, index=True),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("policy", sa.String, nullable=False),
    sa.Column("clause", sa.String, nullable=False),
    sa.Column("policy_version", sa.Integer, nullable=False),
    sa.Column("decided_by", sa.String, nullable=False),
    _time("planned_at", nullable=False),
    _time("reversed_at", comment="When the decision behind it was undone"),
    sa.Column("reversed_by", sa.String),
    sa.Column("reversed_because", sa.Text),
)

taken_actions = sa.Table(
    "taken_actions",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="action:<sweep>:<item>, or reversal:…"),
    _incident_id(),
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False, index=True),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("measure", sa.String, comment="remove, restrict, label or restore; null: by a site's own tools"),
    sa.Column("state", sa.String, nullable=False, comment="ordered, done, failed or withdrawn"),
    sa.Column("delivery", sa.String, index=True, comment="Key of the outbox row that carries it"),
    _time("ordered_at", comment="When a person ordered it of the platform"),
    _time("acted_at", comment="When it took effect, as the platform or the site says"),
    sa.Column("reach", sa.BigInteger, comment="People who had seen the post by then"),
    sa.Column("error", sa.Text, comment="Why the platform refused it"),
    comment="What was carried out of the plans",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True, comment="The same key is the same effect"),
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), index=True),
    sa.Column("kind", sa.String, nullable=False, comment="message, event, resume or actions"),
    sa.Column("channel", sa.String, comment="Channel of the catalogue, for a message"),
    sa.Column("payload", Json, nullable=False),
    sa.Column("state", sa.String, nullable=False, comment="pending, delivered or failed"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    _time("created_at", nullable=False),
    _time("next_attempt_at", nullable=False, comment="Machine's clock"),
    _time("delivered_at"),
    sa.Column("reference", sa.String, comment="What the receiver called it"),
    sa.Index("ix_outbox_due", "state", "next_attempt_at"),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False, comment="drafting, signing, signed or published"),
    _time("due_at", nullable=False),
    _time("started_at", nullable=False),
    sa.Column("signed_version", sa.Integer),
    sa.Column("signed_by", sa.String),
    _time("signed_at"),
    _time("published_at"),
    sa.Column("zone", sa.String, comment="IANA zone that its times are shown in beside UTC"),
)

retrospectives = sa.Table(
    "retrospectives",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("markdown", sa.Text, nullable=False),
    sa.Column("input_hash", sa.String, nullable=False, comment="SHA-256 of the record it was made from"),
    sa.Column("author", sa.String, nullable=False),
    _time("written_at", nullable=False),
)

kept_records = sa.Table(
    "kept_records",
    metadata,
    sa.Column("incident_id", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("record", sa.LargeBinary, nullable=False, comment="Canonical JSON, compressed (zlib)"),
    sa.ForeignKeyConstraint(
        ["incident_id", "version"], ["retrospectives.incident_id", "retrospectives.version"]
    ),
)

review_steps = sa.Table(
    "review_steps",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.String, primary_key=True),
    _time("due_at", nullable=False),
    sa.Column("state", sa.String, comment="done or skipped, as somebody said; null: nobody did"),
    sa.Column("person", sa.String),
    _time("at"),
    sa.Column("reason", sa.Text),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0", comment="How many people were told"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("audience", sa.String, primary_key=True),
    sa.Column("approver", sa.String, primary_key=True, comment="Role or team for which it is given"),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    _time("at", nullable=False),
)

review_sections = sa.Table(
    "review_sections",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("section", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False, comment="A person's words; a row is never changed"),
    sa.Column("author", sa.String, nullable=False),
    _time("written_at", nullable=False),
    sa.Column("seq", sa.Integer, nullable=False, comment="The entry that says so"),
)

measures = sa.Table(
    "measures",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("head", sa.String, nullable=False, comment="Head of the timeline that it was measured at"),
    sa.Column("rules", sa.String, nullable=False, comment="Version that measured it"),
    sa.Column("found", sa.Text, nullable=False, comment="JSON: durations in seconds, shares as part and whole"),
)

review_comments = sa.Table(
    "review_comments",
    metadata,
    sa.Column("incident_id", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("thread", sa.Integer, nullable=False, comment="The comment that began it"),
    sa.Column("version", sa.Integer, nullable=False, comment="What the person read"),
    sa.Column("place", sa.String, nullable=False, comment="A section, an entry, or empty: all of it"),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("person", sa.String, nullable=False),
    _time("written_at", nullable=False),
    sa.Column("resolved_by", sa.String, comment="Of a thread, at its first comment"),
    _time("resolved_at"),
    sa.Column("resolution", sa.Text),
    sa.ForeignKeyConstraint(
        ["incident_id", "version"], ["retrospectives.incident_id", "retrospectives.version"]
    ),
)

stars = sa.Table(
    "stars",
    metadata,
    sa.Column("incident_id", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.String, nullable=False),
    _time("starred_at", nullable=False),
    sa.ForeignKeyConstraint(["incident_id", "seq"], ["timeline.incident_id", "timeline.seq"]),
)

factors = sa.Table(
    "factors",
    metadata,
    _incident_id(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("category", sa.String, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("evidence", Json, nullable=False, comment="Entries for and against"),
    sa.Column("state", sa.String, nullable=False, comment="proposed, accepted or rejected"),
    sa.Column("judged_by", sa.String),
    sa.Column("reason", sa.Text),
    sa.Column(
        "part", sa.String, nullable=False, server_default="contributing", comment="…, trigger or mitigator"
    ),
    sa.Column("proposed", Json, comment="What the rule proposed, where a person changed it"),
    sa.Column("changed_by", sa.String),
    sa.Column("changed_because", sa.Text),
    sa.Column("added_by", sa.String, comment="Person; empty where a rule proposed it"),
    sa.PrimaryKeyConstraint("incident_id", "number"),
    sa.Index(
        "uq_factors_trigger",
        "incident_id",
        unique=True,
        sqlite_where=_IS_THE_TRIGGER,
        postgresql_where=_IS_THE_TRIGGER,
    ),
)

action_items = sa.Table(
    "action_items",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="<incident>-A<number>"),
    _incident_id(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False, comment="prevent, detect, mitigate or process"),
    sa.Column("area", sa.String, comment="policy, product, tooling or staffing"),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("success", sa.Text, nullable=False, comment="How success will be seen"),
    sa.Column("factor", sa.Integer, comment="Number of the factor behind it"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("note", sa.Text),
    _time("filed_at", nullable=False),
    _time("due_at", nullable=False),
    _time("chased_at"),
    sa.Column("superseded_by", sa.String, comment="Item that takes its place"),
    sa.Column("escalations", sa.Integer, nullable=False, server_default="0"),
    sa.Column("changes", sa.Integer, nullable=False, server_default="1", comment="1 as filed, 1 more a change"),
    sa.Column("changes_told", sa.Integer, nullable=False, server_default="0", comment="Told to the tracker"),
    sa.Column("address", sa.String, comment="Where the tracker has it"),
    sa.UniqueConstraint("incident_id", "number"),
)

shift_notes = sa.Table(
    "shift_notes",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="shift:<incident>:<hour>"),
    _incident_id(),
    _time("at", nullable=False),
    sa.Column("markdown", sa.Text, nullable=False),
)

drills = sa.Table(
    "drills",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="DRILL-<number>"),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("request", Json, nullable=False),
    sa.Column("state", sa.String, nullable=False, comment="running, finished or failed"),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("failure", sa.Text),
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id")),
    sa.Column("requested_by", sa.String, nullable=False),
    _time("stands_at", comment="What the drill's clock shows until it is moved on; null: it is live"),
    sa.Column("results", Json),
)

passages = sa.Table(
    "passages",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _incident_id(),
    sa.Column("place", sa.Integer, nullable=False, comment="Order among those of the incident"),
    sa.Column("kind", sa.String, nullable=False, comment="What it is of"),
    sa.Column("key", sa.String, nullable=False, comment="Which of that kind: a version, a number, an id"),
    sa.Column("part", sa.String, nullable=False, comment="Section of a retrospective"),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column(
        "words",
        Words,
        nullable=False,
        comment="Folded; indexed in passages_words",
    ),
    _time("at", nullable=False, comment="When what it is of was written"),
    sa.Column("owner", sa.String, nullable=False, comment="Of an action item, or empty"),
    sa.UniqueConstraint("incident_id", "place"),
    comment="What is searched, made from what triggers name in search_marks",
)

search_marks = sa.Table(
    "search_marks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("incident_id", sa.String, nullable=False),
    comment="Triggers write here what is to be indexed anew: only added to, so that no mark is lost",
)
