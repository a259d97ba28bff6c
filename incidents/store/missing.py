"""Which flows should be running and are not."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.incident.phases import OPEN, Phase
from incidents.store.engine import Work
from incidents.store.schema import attempts, incidents, sweeps, windows


class MissingRun(BaseModel):
    """A flow that nobody leads, with what it is to be started with."""

    model_config = ConfigDict(frozen=True)

    flow: str
    key: str
    incident: str
    request: dict[str, str]
    since: datetime


def missing_runs(work: Work) -> list[MissingRun]:
    """Every piece of work that has no attempt: open incidents, ended ones without a review, sweeps, windows."""
    return [
        *_incidents_without(work, "crisis"),
        *_incidents_without(work, "review"),
        *_sweeps_without(work),
        *_windows_without(work),
    ]


def _incidents_without(work: Work, flow: str) -> list[MissingRun]:
    phases = OPEN if flow == "crisis" else {Phase.stood_down, Phase.reviewing}
    first = flow + ":" + incidents.c.id
    key = sa.case((incidents.c.round == 1, first), else_=first + ":" + sa.cast(incidents.c.round, sa.String))
    statement = (
        sa.select(incidents.c.id, incidents.c.phase_since, key.label("key"))
        .outerjoin(attempts, attempts.c.key == key)
        .where(incidents.c.phase.in_([phase.value for phase in phases]), attempts.c.key.is_(None))
        .order_by(incidents.c.number)
    )
    return [
        MissingRun(flow=flow, key=row.key, incident=row.id, request={"incident": row.id}, since=row.phase_since)
        for row in work.execute(statement)
    ]


def _sweeps_without(work: Work) -> list[MissingRun]:
    led = sa.select(attempts.c.key).where(
        sa.or_(attempts.c.key == "sweep:" + sweeps.c.id, attempts.c.key.like("sweep:" + sweeps.c.id + ":%"))
    )
    statement = (
        sa.select(sweeps)
        .where(sweeps.c.state != "finished", ~led.exists())
        .order_by(sweeps.c.incident_id, sweeps.c.number)
    )
    return [
        MissingRun(
            flow="sweep",
            key=f"sweep:{row.id}",
            incident=row.incident_id,
            request={"incident": row.incident_id, "sweep": row.id},
            since=row.requested_at,
        )
        for row in work.execute(statement)
    ]


def _windows_without(work: Work) -> list[MissingRun]:
    """Later windows that were asked for; the first belongs to the sweep's own flow."""
    key = "widen:" + windows.c.sweep_id + "-W" + sa.cast(windows.c.number, sa.String)
    statement = (
        sa.select(windows, sweeps.c.incident_id, key.label("key"))
        .join(sweeps, sweeps.c.id == windows.c.sweep_id)
        .outerjoin(attempts, attempts.c.key == key)
        .where(windows.c.number > 1, windows.c.frozen_at.is_(None), attempts.c.key.is_(None))
        .order_by(windows.c.sweep_id, windows.c.number)
    )
    return [
        MissingRun(
            flow="widen",
            key=row.key,
            incident=row.incident_id,
            request={"incident": row.incident_id, "sweep": row.sweep_id, "window": str(row.number)},
            since=row.requested_at,
        )
        for row in work.execute(statement)
    ]
