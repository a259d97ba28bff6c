"""Who leads: the store's record of which flow run does which piece of work."""

from datetime import datetime, timedelta

from incidents.store import attempts
from incidents.store.incidents import find
from tasks.world import settings, store


def attempt_key(flow: str, subject: str, incident: str) -> str:
    """The name of a piece of work. A reopened incident is worked on in a new round, by a new run.

    A sweep is one piece of work, whichever round of its incident it began in.
    """
    with store().read() as work:
        round_ = find(work, incident).round if subject == incident else 1
    return f"{flow}:{subject}" if round_ == 1 else f"{flow}:{subject}:{round_}"


def take_lead(key: str, flow: str, incident: str, flow_run_id: str, machine_now: datetime) -> bool:
    """Lead the work, or learn that another live run does."""
    dead_after = timedelta(seconds=settings().dead_after_seconds)
    with store().begin() as work:
        return attempts.take_lead(
            work,
            key,
            flow=flow,
            incident=incident,
            flow_run_id=flow_run_id,
            machine_now=machine_now,
            dead_after=dead_after,
        )


def beat(key: str, flow_run_id: str, machine_now: datetime) -> bool:
    """Say that the run lives; False where another one leads by now."""
    with store().begin() as work:
        return attempts.beat(work, key, flow_run_id, machine_now=machine_now)


def rest(key: str, flow_run_id: str, state: str, machine_now: datetime) -> None:
    """Say that the run waits at a gate, goes on, or is done: `waiting`, `running`, `done`."""
    with store().begin() as work:
        attempts.rest(work, key, flow_run_id, state, machine_now=machine_now)


def beat_seconds() -> float:
    """How often a live run says so."""
    return settings().beat_seconds
