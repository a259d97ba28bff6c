"""Approvals of a retrospective: given for a version and an audience, asked for before it is given away."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed
from incidents.people import Act, Person
from incidents.reviews.approvals import Approval, approval_refusals, approve_refusals, speaks_for
from incidents.reviews.audiences import Audience
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock
from incidents.store.reviews import read_draft
from incidents.store.schema import approvals
from incidents.timeline import Event


def approve(
    work: Work,
    incident: str,
    audience: Audience,
    version: int,
    *,
    approvers: Sequence[str],
    by: Person,
    note: str = "",
    now: datetime,
) -> list[Approval]:
    """Approve the newest version for an audience, for every approver whom the person speaks for.

    NotAllowed with coded reasons (see `approve_refusals`); Conflict, with who and when, where all of it is
    approved already.
    """
    find_for(work, incident, by, Act.approve_review)
    lock(work, incident)  # a version that is just being written makes this one stale
    newest = read_draft(work, incident).version
    if reasons := approve_refusals(by, approvers=approvers, version=version, newest=newest):
        what = f"{by.id} cannot approve version {version} of {incident}'s retrospective for {audience}."
        raise NotAllowed(what, reasons)
    mine = [approver for approver in approvers if speaks_for(by, approver)]
    given = [name for name in mine if _approve(work, incident, audience, version, name, by, note, now)]
    if not given:
        raise _approved_already(work, incident, audience, version, mine)
    return [each for each in approvals_of(work, incident) if each.version == version]


def approvals_of(work: Work, incident: str) -> list[Approval]:
    """Every approval of the incident's retrospective, also of older versions, in order."""
    statement = (
        sa.select(approvals)
        .where(approvals.c.incident_id == incident)
        .order_by(approvals.c.version, approvals.c.audience, approvals.c.approver)
    )
    return [Approval.model_validate(row) for row in work.execute(statement)]


def refuse_unapproved(
    work: Work, incident: str, audience: Audience, version: int, *, approvers: Sequence[str]
) -> None:
    """NotAllowed with coded reasons (`approval_refusals`) where the audience may not be given this version."""
    given = approvals_of(work, incident)
    what = f"Version {version} of {incident}'s retrospective is not approved for the audience {audience}."
    if reasons := approval_refusals(audience, version, approvers=approvers, given=given):
        raise NotAllowed(what, reasons)


def _approve(
    work: Work,
    incident: str,
    audience: Audience,
    version: int,
    approver: str,
    by: Person,
    note: str,
    now: datetime,
) -> bool:
    told = {"version": version, "audience": audience.value, "approver": approver, "note": note}
    if not work.insert_once(approvals, told | {"incident_id": incident, "person": by.id, "at": now}):
        return False
    timeline.append(work, incident, Event.version_approved, actor=by.id, now=now, facts=told)
    return True


def _approved_already(
    work: Work, incident: str, audience: Audience, version: int, mine: Sequence[str]
) -> Conflict:
    known = approvals_of(work, incident)
    first = next(
        each for each in known if (each.version, each.audience) == (version, audience) and each.approver in mine
    )
    return Conflict(
        f"Version {version} of {incident}'s retrospective is approved for {audience} by {first.person}, at"
        f" {first.at:%Y-%m-%d %H:%M:%S} UTC. Nothing of yours was changed."
    )
