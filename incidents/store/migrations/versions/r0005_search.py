"""Search what is written about incidents: passages, an index of their words, and marks of what has changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SEARCHED = {
    "incidents": ("id", ("title", "policy", "opened_at")),
    "retrospectives": ("incident_id", ("version", "markdown")),
    "guidelines": ("incident_id", ("title",)),
    "factors": ("incident_id", ("sentence", "reason")),
    "action_items": ("incident_id", ("title", "success", "note", "owner")),
}
"""Table → its column with the incident, and those whose change is a change of what is found."""


def upgrade() -> None:
    """Make the tables, have the database itself mark every change, and mark all that is there."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    _make_tables(TSVECTOR() if on_postgresql else sa.Text())
    if on_postgresql:
        op.create_index("passages_words", "passages", ["words"], postgresql_using="gin")
        _mark_on_postgresql()
    else:
        _index_on_sqlite()
        _mark_on_sqlite()
    op.execute("INSERT INTO search_marks (incident_id) SELECT id FROM incidents ORDER BY number")


def _make_tables(words: TSVECTOR | sa.Text) -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="Order among those of the incident"),
        sa.Column("kind", sa.String(), nullable=False, comment="What it is of"),
        sa.Column("key", sa.String(), nullable=False, comment="Which of that kind: a version, a number, an id"),
        sa.Column("part", sa.String(), nullable=False, comment="Section of a retrospective"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "words",
            words,
            nullable=False,
            comment="Folded; indexed in passages_words",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When what it is of was written"),
        sa.Column("owner", sa.String(), nullable=False, comment="Of an action item, or empty"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_passages_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passages")),
        sa.UniqueConstraint("incident_id", "place", name=op.f("uq_passages_incident_id_place")),
        comment="What is searched, made from what triggers name in search_marks",
    )
    op.create_index("ix_passages_incident_id", "passages", ["incident_id"])
    op.create_table(
        "search_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_marks")),
        comment="Triggers write here what is to be indexed anew: only added to, so that no mark is lost",
    )


def _index_on_sqlite() -> None:
    """FTS5 over the column `words`. Its tokenizer `ascii` leaves every character beyond ASCII as it is."""
    op.execute(
        "CREATE VIRTUAL TABLE passages_words USING"
        " fts5(words, content='passages', content_rowid='id', tokenize='ascii')"
    )
    op.execute(
        "CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN"
        " INSERT INTO passages_words (rowid, words) VALUES (new.id, new.words); END"
    )
    op.execute(
        "CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN"
        " INSERT INTO passages_words (passages_words, rowid, words) VALUES ('delete', old.id, old.words); END"
    )


def _mark_on_sqlite() -> None:
    for table, (incident, columns) in SEARCHED.items():
        for name, verb, row in (
            ("insert", "INSERT", "new"),
            ("update", f"UPDATE OF {', '.join(columns)}", "new"),
            ("delete", "DELETE", "old"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name}_marks AFTER {verb} ON {table} BEGIN"
                f" INSERT INTO search_marks (incident_id) VALUES ({row}.{incident}); END"
            )


def _mark_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION mark_for_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO search_marks (incident_id) VALUES ("
        "   CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[0]);"
        " RETURN NULL; END $$"
    )
    for table, (incident, columns) in SEARCHED.items():
        op.execute(
            f"CREATE TRIGGER {table}_marks AFTER INSERT OR DELETE OR UPDATE OF {', '.join(columns)} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION mark_for_search('{incident}')"
        )
