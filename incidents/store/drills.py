"""Exercises: what was asked for, how far each came, and the clock that each tells."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.drills.clock import Clock
from incidents.errors import NotFound
from incidents.people import Act, Person, authorise
from incidents.store.engine import Work
from incidents.store.schema import drills, incidents


class Drill(BaseModel):
    """One exercise."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    request: dict[str, Any]
    state: str
    stage: str
    failure: str | None
    incident_id: str | None
    requested_by: str
    stands_at: datetime | None
    results: dict[str, Any] | None

    @property
    def clock(self) -> Clock:
        """The clock that the exercise tells."""
        return Clock(stands_at=self.stands_at)


def open_drill(work: Work, request: dict[str, Any], *, clock: Clock, by: Person) -> Drill:
    """Record that a drill was asked for, with the clock that it tells from now on."""
    authorise(by, Act.hand_in_signal)
    number = work.next_number("drill")
    row = clock.model_dump() | {
        "id": f"DRILL-{number}",
        "number": number,
        "request": request,
        "state": "running",
        "stage": "asked for",
        "requested_by": by.id,
    }
    work.execute(drills.insert().values(**row))
    return find_drill(work, row["id"])


def find_drill(work: Work, drill: str) -> Drill:
    """The drill of that id. NotFound where there is none."""
    row = work.execute(sa.select(drills).where(drills.c.id == drill)).one_or_none()
    if row is None:
        raise NotFound(f"There is no drill {drill}.")
    return Drill.model_validate(row)


def newest_drills(work: Work, *, by: Person, most: int) -> list[Drill]:
    """The drills that were asked for last; for staff."""
    authorise(by, Act.see_incidents)
    statement = sa.select(drills).order_by(drills.c.number.desc()).limit(most)
    return [Drill.model_validate(row) for row in work.execute(statement)]


def reach_stage(work: Work, drill: str, stage: str, *, incident: str | None = None) -> None:
    """Say how far a drill came; `incident` once it has one."""
    values: dict[str, Any] = {"stage": stage} | ({"incident_id": incident} if incident else {})
    work.execute(sa.update(drills).where(drills.c.id == drill).values(**values))


def end_drill(
    work: Work, drill: str, *, failure: str | None = None, results: dict[str, Any] | None = None
) -> None:
    """End a running drill, well or with what went wrong. The first end stays."""
    values: dict[str, Any] = {"state": "failed" if failure else "finished", "failure": failure}
    if results is not None:
        values["results"] = results
    work.execute(sa.update(drills).where(drills.c.id == drill, drills.c.state == "running").values(**values))


def keep_results(work: Work, drill: str, results: dict[str, Any]) -> None:
    """Keep what the ground truth says of a drill, for its retrospective."""
    work.execute(sa.update(drills).where(drills.c.id == drill).values(results=results))


def clock_of(work: Work, incident: str) -> Clock:
    """The clock of an incident: a drill's own, or the machine's."""
    statement = (
        sa.select(drills.c.stands_at)
        .join(incidents, incidents.c.drill == drills.c.id)
        .where(incidents.c.id == incident)
    )
    return Clock(stands_at=work.execute(statement).scalar_one_or_none())


def keeps_machine_time() -> sa.ColumnElement[bool]:
    """Of a row of `incidents`: that its clock is the machine's, and not one that stands between moves."""
    standing = sa.select(drills.c.id).where(drills.c.stands_at.is_not(None))
    return incidents.c.drill.not_in(standing)


def being_rehearsed() -> sa.Select[tuple[str]]:
    """Ids of the incidents whose drill goes on by a clock that stands: it tells the same story each time."""
    rehearsals = sa.and_(drills.c.state == "running", drills.c.stands_at.is_not(None))
    return sa.select(incidents.c.id).join(drills, incidents.c.drill == drills.c.id).where(rehearsals)


def move_clock(work: Work, drill: str, to: datetime) -> None:
    """Move a standing clock on; one that shows that time already, or a later one, is left as it is."""
    work.execute(sa.update(drills).where(drills.c.id == drill, drills.c.stands_at < to).values(stands_at=to))


def set_clock(work: Work, drill: str, to: datetime) -> None:
    """Set a standing clock before its incident begins: recorded posts bring their own time with them."""
    statement = sa.update(drills).where(drills.c.id == drill, drills.c.incident_id.is_(None))
    work.execute(statement.where(drills.c.stands_at.is_not(None)).values(stands_at=to))
