"""Does the flow run that leads a piece of work still live, and what does one take that replaces it?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ENDED_BADLY: Final = frozenset({"CRASHED", "FAILED", "CANCELLED"})
"""Types of a run's state. A run that a person cancels counts as dead, too: the work it leads is not done."""

SETTLES: Final = timedelta(seconds=5)
"""How old a bad end must be. Prefect's worker reports a killed process twice, three seconds apart: the second
report would hit the run that was started again by then, and take its slot away."""


@dataclass(frozen=True)
class RunState:
    """What became of a flow run: the type of its state, e.g. `RUNNING` or `PAUSED`, and since when."""

    kind: str
    since: datetime


def dead_because(
    state: RunState | None, beat_at: datetime, *, machine_now: datetime, dead_after: timedelta
) -> str | None:
    """Why a run is taken for dead; None where it lives, waits, or has not begun yet.

    - Prefect knows no such run (`state` is None)
    - it ended badly, long enough ago for Prefect to have said all about it
    - it is to be running, and neither its heartbeat nor its state is younger than `dead_after`
    """
    if state is None:
        return "Prefect does not know the run any more"
    if state.kind in ENDED_BADLY:
        return f"the run was {state.kind.lower()}" if state.since <= machine_now - SETTLES else None
    # A run that was just woken has not had the time to say so: its state is younger than its last beat.
    heard = max(beat_at, state.since)
    if state.kind in {"RUNNING", "PENDING"} and heard < machine_now - dead_after:
        return f"no sign of life since {heard:%H:%M:%S} UTC"
    return None


def request_again(flow: str, key: str, incident: str) -> dict[str, str]:
    """What a run is started with that takes the place of one that led the piece of work of that key.

    A key is `<flow>:<subject>`, or `<flow>:<subject>:<round>` of a reopened incident.
    """
    subject = key.split(":")[1]
    match flow:
        case "sweep":
            return {"incident": incident, "sweep": subject}
        case "widen":
            sweep, _, window = subject.rpartition("-W")
            return {"incident": incident, "sweep": sweep, "window": window}
        case _:
            return {"incident": incident}
