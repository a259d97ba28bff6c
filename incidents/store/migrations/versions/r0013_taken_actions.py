"""What was carried out of the plans of sweeps, when, and how many people had seen it by then."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table; nothing is known of what was done before."""
    measure = "remove, restrict, label or restore; null: by a site's own tools"
    op.create_table(
        "taken_actions",
        sa.Column("key", sa.String(), nullable=False, comment="action:<sweep>:<item>, or reversal:…"),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("sweep_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=True, comment=measure),
        sa.Column("state", sa.String(), nullable=False, comment="ordered, done, failed or withdrawn"),
        sa.Column("delivery", sa.String(), nullable=True, comment="Key of the outbox row that carries it"),
        sa.Column("ordered_at", UTC_TIME, nullable=True, comment="When a person ordered it of the platform"),
        sa.Column(
            "acted_at", UTC_TIME, nullable=True, comment="When it took effect, as the platform or the site says"
        ),
        sa.Column("reach", sa.BigInteger(), nullable=True, comment="People who had seen the post by then"),
        sa.Column("error", sa.Text(), nullable=True, comment="Why the platform refused it"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_taken_actions_incident_id")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_taken_actions_sweep_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_taken_actions")),
        comment="What was carried out of the plans",
    )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        kinds = "message, event, resume or actions"
        op.alter_column("outbox", "kind", comment=kinds, existing_comment="message, event or resume")
    for column in ("incident_id", "sweep_id", "delivery"):
        op.create_index(op.f(f"ix_taken_actions_{column}"), "taken_actions", [column])
