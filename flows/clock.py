"""What time it is, asked once a step by the flows and handed down as an argument."""

from datetime import UTC, datetime

from tasks.world import told


def machine_now() -> datetime:
    """The machine's clock, aware, in UTC."""
    return datetime.now(UTC)


def now_in(incident: str) -> datetime:
    """The incident's clock: the machine's, or in a drill the one that the drill tells."""
    return told(incident, machine_now())
