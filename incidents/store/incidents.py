"""Find incidents, open candidates, and read what is still loose in them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotFound
from incidents.incident.incident import Incident, Loose
from incidents.incident.phases import OPEN, Phase
from incidents.incident.severity import Impact, Priority
from incidents.people import Act, Person, Role, authorise
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.schema import asks, guidelines, incidents, reviews, roles, sweeps
from incidents.timeline import GENESIS, Event


class NewCandidate(BaseModel):
    """What a candidate incident is opened with."""

    model_config = ConfigDict(frozen=True)

    title: str
    grouping_key: str
    impact: Impact
    priority: Priority
    policy: str | None
    protocol: str
    protocol_version: int
    catalogue_version: str
    why: str = Field("", description="What opened it: the trigger of a rule, or a person's word.")
    drill: str = ""


_BY_ID: Final = sa.select(incidents).where(incidents.c.id == sa.bindparam("incident"))


def find(work: Work, incident: str) -> Incident:
    """The incident of that id. NotFound where there is none."""
    row = work.execute(_BY_ID, {"incident": incident}).one_or_none()
    if row is None:
        raise NotFound(f"There is no incident {incident}. `watchfloor incidents` lists them.")
    return Incident.model_validate(row)


def lock(work: Work, incident: str) -> Incident:
    """The incident, with its row locked until the transaction ends: nobody moves it meanwhile."""
    work.execute(sa.select(incidents.c.id).where(incidents.c.id == incident).with_for_update())
    return find(work, incident)


def find_for(work: Work, incident: str, person: Person, act: Act, *, team: str | None = None) -> Incident:
    """The incident, if the person may do that with it. NotFound, or NotAuthorised with its reason."""
    found = find(work, incident)
    circle = holders(work, incident) if found.restricted else None
    authorise(person, act, team=team, restricted_to=circle)
    return found


def visible_incidents(
    work: Work, person: Person, *, phases: Sequence[Phase] | None = None, drills: bool = True
) -> list[Incident]:
    """The incidents that the person may see, newest first."""
    authorise(person, Act.see_incidents)
    statement = sa.select(incidents).order_by(incidents.c.number.desc())
    if phases is not None:
        statement = statement.where(incidents.c.phase.in_([phase.value for phase in phases]))
    if not drills:
        statement = statement.where(incidents.c.drill == "")
    return [Incident.model_validate(row) for row in work.execute(statement.where(readable(person)))]


def readable(person: Person) -> sa.ColumnElement[bool]:
    """The condition that an incident's circle includes the person: what `authorise` says of one, of many."""
    if Role.administrator in person.roles:
        return sa.true()
    held = sa.select(roles.c.incident_id).where(roles.c.person == person.id, roles.c.handed_over_at.is_(None))
    return incidents.c.restricted.is_(False) | incidents.c.id.in_(held)


def in_phases(work: Work, phases: Collection[Phase]) -> list[Incident]:
    """Every incident in one of these phases, by number. For flows: a door asks `visible_incidents`."""
    statement = sa.select(incidents).where(incidents.c.phase.in_([phase.value for phase in phases]))
    return [Incident.model_validate(row) for row in work.execute(statement.order_by(incidents.c.number))]


def open_with_key(work: Work, grouping_key: str) -> Incident | None:
    """The open incident of a grouping key. The database keeps it to one."""
    statement = sa.select(incidents).where(
        incidents.c.grouping_key == grouping_key, incidents.c.phase.in_([phase.value for phase in OPEN])
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else Incident.model_validate(row)


def open_candidate(work: Work, new: NewCandidate, *, by: str, now: datetime) -> Incident | None:
    """Open a candidate; None where its grouping key has an open incident already."""
    number = work.next_number("incident")
    row = new.model_dump(mode="json", exclude={"priority", "impact", "why"}) | {
        "id": f"INC-{number}",
        "number": number,
        "impact": new.impact.model_dump(mode="json"),
        "severity": new.priority.severity,
        "priority_rule": new.priority.rule,
        "phase": Phase.detected.value,
        "phase_since": now,
        "opened_by": by,
        "opened_at": now,
        "head": GENESIS,
    }
    if not work.insert_once(incidents, row):
        return None
    facts = {"title": new.title, "severity": new.priority.severity, "rule": new.priority.rule, "why": new.why}
    entry = timeline.append(work, row["id"], Event.candidate_opened, actor=by, now=now, facts=facts)
    timeline.reach_milestone(work, entry, "detected")
    return find(work, row["id"])


def loose(work: Work, incident: str) -> Loose:
    """What is not finished yet in an incident."""
    open_sweeps = sa.select(sweeps.c.id).where(sweeps.c.incident_id == incident, sweeps.c.state != "finished")
    open_asks = sa.select(asks.c.key).where(asks.c.incident_id == incident, asks.c.acknowledged_at.is_(None))
    published = sa.select(guidelines.c.id).where(guidelines.c.incident_id == incident).limit(1)
    review = work.execute(sa.select(reviews).where(reviews.c.incident_id == incident)).one_or_none()
    return Loose(
        unfinished_sweeps=tuple(work.execute(open_sweeps.order_by(sweeps.c.number)).scalars()),
        unacknowledged_asks=tuple(work.execute(open_asks.order_by(asks.c.key)).scalars()),
        has_commander=holder_of(work, incident, Role.commander) is not None,
        has_guideline=work.execute(published).first() is not None,
        review_signed=review is not None and review.signed_at is not None,
        review_published=review is not None and review.published_at is not None,
    )


def holder_of(work: Work, incident: str, role: Role) -> str | None:
    """Who holds a role on the incident now."""
    statement = sa.select(roles.c.person).where(
        roles.c.incident_id == incident, roles.c.role == role.value, roles.c.handed_over_at.is_(None)
    )
    return work.execute(statement).scalar_one_or_none()


def holders(work: Work, incident: str) -> frozenset[str]:
    """Everybody who holds a role on the incident now."""
    statement = sa.select(roles.c.person).where(
        roles.c.incident_id == incident, roles.c.handed_over_at.is_(None)
    )
    return frozenset(work.execute(statement).scalars())
