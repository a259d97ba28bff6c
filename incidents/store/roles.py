"""Who leads and who helps in an incident, from when until when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from incidents.errors import Conflict
from incidents.people import Act, Person, Role
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import roles
from incidents.timeline import Event


def take_role(work: Work, incident: str, role: str, person: Person, *, now: datetime) -> bool:
    """Give an unfilled role to a person; False where somebody holds it. The database keeps it to one."""
    row = {"incident_id": incident, "role": Role(role).value, "person": person.id, "taken_at": now}
    if not work.insert_once(roles, row):
        return False
    entry = timeline.append(
        work, incident, Event.role_taken, actor=person.id, now=now, facts={"role": role, "person": person.id}
    )
    if role == Role.commander:
        timeline.reach_milestone(work, entry, "commander_assigned")
    return True


def hand_over(
    work: Work, incident: str, role: str, *, to: Person, by: Person, note: str, now: datetime
) -> None:
    """Pass a role on. Conflict where the role is not held any more by the one it was read from."""
    find_for(work, incident, by, Act.command)
    held = sa.select(roles.c.id, roles.c.person).where(
        roles.c.incident_id == incident, roles.c.role == Role(role).value, roles.c.handed_over_at.is_(None)
    )
    row = work.execute(held).one_or_none()
    if row is None:
        raise Conflict(f"Nobody holds the role {role} in {incident}, so there is nothing to hand over.")
    if row.person == to.id:
        raise Conflict(f"{to.id} holds the role {role} in {incident} already.")
    ended = sa.update(roles).where(roles.c.id == row.id, roles.c.handed_over_at.is_(None))
    if work.execute(ended.values(handed_over_at=now, handed_to=to.id)).rowcount != 1:
        raise Conflict(f"Somebody else handed over the role {role} in {incident} at the same moment.")
    work.execute(roles.insert().values(incident_id=incident, role=Role(role).value, person=to.id, taken_at=now))
    facts = {"role": role, "was": row.person, "person": to.id, "note": note}
    timeline.append(work, incident, Event.role_handed_over, actor=by.id, now=now, facts=facts)


def tenures(work: Work, incident: str) -> list[dict[str, Any]]:
    """Who held which role from when until when (None: still), in order of time."""
    statement = sa.select(roles).where(roles.c.incident_id == incident).order_by(roles.c.taken_at, roles.c.id)
    return [dict(row) for row in work.execute(statement).mappings()]
