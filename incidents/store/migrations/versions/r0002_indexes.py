"""Find waiting signals and standing decisions without reading their whole tables."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two indexes; both are what `detect` and a sweep's progress ask for every minute."""
    op.create_index("ix_signals_waiting", "signals", ["drill", "incident_id", "event_at"])
    op.create_index("ix_decisions_standing", "decisions", ["sweep_id", "superseded_at", "verdict"])
