"""Whose word is needed before an audience is given a version of a retrospective, and is it there?

A protocol of the catalogue says who approves for which audience. An approval holds for one version: what
was approved is what was read.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from incidents.errors import Refusal
from incidents.people import Person, Role
from incidents.reviews.audiences import Audience


class Approval(BaseModel):
    """One approver's word for one version and one audience."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    version: int
    audience: Audience
    approver: str
    person: str
    note: str
    at: datetime


def speaks_for(person: Person, approver: str) -> bool:
    """Whether the person's word is the approver's: they hold that role, or lead that partner team.

    Only the lone operator leads without a team, and leads all of them.
    """
    leads = Role.partner_lead in person.roles and person.team in (approver, None)
    return approver in person.roles or leads


def missing_approvers(
    audience: Audience, version: int, *, approvers: Sequence[str], given: Collection[Approval]
) -> list[str]:
    """Those who did not approve this version for the audience; arguments as for `approval_refusals`."""
    done = {each.approver for each in given if (each.audience, each.version) == (audience, version)}
    return [approver for approver in approvers if approver not in done]


def approval_refusals(
    audience: Audience, version: int, *, approvers: Sequence[str], given: Collection[Approval]
) -> list[Refusal]:
    """Why the audience may not be given this version yet; none where every approver approved it.

    `approvers` are those whom the incident's protocol names for the audience; `given` all approvals of the
    incident, whatever their version.
    """
    mine = [each for each in given if each.audience is audience]
    found = []
    for approver in missing_approvers(audience, version, approvers=approvers, given=given):
        older = [each.version for each in mine if each.approver == approver]
        if older:
            sentence = f"{approver} approved version {max(older)} for the audience {audience}, not {version}."
            found.append(Refusal("APPROVAL_STALE", sentence))
        else:
            sentence = f"{approver} has not approved version {version} for the audience {audience}."
            found.append(Refusal("APPROVAL_MISSING", sentence))
    return found


def approve_refusals(person: Person, *, approvers: Sequence[str], version: int, newest: int) -> list[Refusal]:
    """Why this person's approval does not count; none means that it does.

    An approval is refused where:

    - nobody is asked for one: the protocol names no approver for the audience
    - the person speaks for none of the approvers
    - a newer version exists: what was read is not what would be given away
    """
    found = []
    if not approvers:
        found.append(Refusal("APPROVAL_NOT_ASKED", "Its protocol asks nobody for it; nothing waits for it."))
    elif not any(speaks_for(person, approver) for approver in approvers):
        asked = ", ".join(approvers)
        found.append(Refusal("APPROVER_OTHER", f"It takes somebody who speaks for one of: {asked}."))
    if version != newest:
        found.append(Refusal("VERSION_STALE", f"Version {newest} is the newest. Read that one."))
    return found
