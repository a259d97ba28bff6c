"""Which flow run leads which piece of work, and whether it still lives.

The store is the truth and a flow run is an attempt: if the one that leads dies, another takes over and
finds in the store what is done already.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.store.engine import Work
from incidents.store.schema import attempts, gates


class Attempt(BaseModel):
    """The run that leads a piece of work. Times are the machine's, also in a drill."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    key: str
    flow: str
    incident_id: str
    flow_run_id: str
    state: str
    starts: int
    started_at: datetime
    beat_at: datetime


def attempts_of(work: Work, incident: str) -> list[Attempt]:
    """The runs that lead what there is to do in an incident, in the order in which they began."""
    statement = sa.select(attempts).where(attempts.c.incident_id == incident)
    rows = work.execute(statement.order_by(attempts.c.started_at, attempts.c.key))
    return [Attempt.model_validate(row) for row in rows]


def take_lead(
    work: Work,
    key: str,
    *,
    flow: str,
    incident: str,
    flow_run_id: str,
    machine_now: datetime,
    dead_after: timedelta,
) -> bool:
    """Lead a piece of work; False where another live run leads it.

    A run may take over from itself (it was rescheduled), from one that is silent for `dead_after`, and
    never from one that waits at a gate or is done.
    """
    row = {"key": key, "flow": flow, "incident_id": incident, "flow_run_id": flow_run_id, "state": "running"}
    if work.insert_once(attempts, row | {"started_at": machine_now, "beat_at": machine_now}):
        return True
    own = attempts.c.flow_run_id == flow_run_id
    dead = sa.and_(attempts.c.state == "running", attempts.c.beat_at < machine_now - dead_after)
    statement = (
        sa.update(attempts)
        .where(attempts.c.key == key, sa.or_(own, dead))
        .values(flow_run_id=flow_run_id, state="running", beat_at=machine_now, starts=attempts.c.starts + 1)
    )
    return work.execute(statement).rowcount == 1


def beat(work: Work, key: str, flow_run_id: str, *, machine_now: datetime) -> bool:
    """Say that the run lives; False where another one leads by now."""
    statement = (
        sa.update(attempts)
        .where(attempts.c.key == key, attempts.c.flow_run_id == flow_run_id)
        .values(beat_at=machine_now)
    )
    return work.execute(statement).rowcount == 1


def rest(work: Work, key: str, flow_run_id: str, state: str, *, machine_now: datetime) -> None:
    """The run waits at a gate (`waiting`), goes on (`running`) or has ended (`done`).

    Whoever came as far as a gate has not started in vain: the count of starts begins anew.
    """
    values = {"state": state, "beat_at": machine_now} | ({"starts": 0} if state == "waiting" else {})
    work.execute(
        sa.update(attempts).where(attempts.c.key == key, attempts.c.flow_run_id == flow_run_id).values(**values)
    )


def replace_run(work: Work, attempt: Attempt, flow_run_id: str, *, machine_now: datetime) -> bool:
    """Hand the lead to a run that was made in place of a lost one; False where somebody else did."""
    statement = (
        sa.update(attempts)
        .where(attempts.c.key == attempt.key, attempts.c.flow_run_id == attempt.flow_run_id)
        .values(flow_run_id=flow_run_id, beat_at=machine_now)
    )
    return work.execute(statement).rowcount == 1


def claim_restart(work: Work, attempt: Attempt, *, machine_now: datetime) -> bool:
    """Be the one who restarts a dead run; False where it gave a sign of life, or somebody else does it."""
    statement = (
        sa.update(attempts)
        .where(
            attempts.c.key == attempt.key,
            attempts.c.flow_run_id == attempt.flow_run_id,
            attempts.c.beat_at == attempt.beat_at,
        )
        .values(beat_at=machine_now)
    )
    return work.execute(statement).rowcount == 1


def waiting_at_answered_gates(work: Work) -> list[str]:
    """Flow runs that are recorded as waiting although their gate is answered."""
    statement = (
        sa.select(attempts.c.flow_run_id)
        .join(gates, gates.c.flow_run_id == attempts.c.flow_run_id)
        .where(attempts.c.state == "waiting")
        .group_by(attempts.c.flow_run_id)
        .having(sa.func.sum(sa.case((gates.c.state == "open", 1), else_=0)) == 0)
    )
    return list(work.execute(statement).scalars())


def unfinished(work: Work) -> list[Attempt]:
    """Every attempt that is running or waiting."""
    statement = sa.select(attempts).where(attempts.c.state != "done").order_by(attempts.c.key)
    return [Attempt.model_validate(row) for row in work.execute(statement)]
