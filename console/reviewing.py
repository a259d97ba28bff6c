"""What both doors of a review say: who may read it, how its steps stand, how a version is drafted."""

from dataclasses import dataclass
from datetime import datetime

from incidents.catalogue.model import Catalogue
from incidents.incident.incident import SYSTEM, Incident
from incidents.people import Act, Person, Role
from incidents.reviews.approvals import speaks_for
from incidents.reviews.audiences import Audience
from incidents.reviews.drafting import gather, redraft
from incidents.reviews.steps import StepStanding, doers
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for, holder_of
from incidents.store.review_steps import steps_of
from incidents.store.reviews import find_review


@dataclass(frozen=True)
class StepOfReview:
    """How a step stands, and who is to do it."""

    standing: StepStanding
    whose: list[str]


def approvers_of(catalogue: Catalogue, found: Incident, audience: Audience) -> tuple[str, ...]:
    """The roles and teams that approve this incident's retrospective for an audience."""
    return catalogue.approvers(found.protocol, found.severity, audience)


def find_to_read(work: Work, catalogue: Catalogue, incident: str, audience: Audience, by: Person) -> Incident:
    """The incident, where the person may read its retrospective as this audience does.

    Whoever has to approve what an audience is given reads that, and no more, whatever else they may see.
    """
    asked = approvers_of(catalogue, find(work, incident), audience)
    approves = any(speaks_for(by, approver) for approver in asked)
    return find_for(work, incident, by, Act.approve_review if approves else Act.see_incidents)


def read_steps(work: Work, catalogue: Catalogue, found: Incident) -> list[StepOfReview]:
    """Every step of the review, in order. NotFound where none was started."""
    approvers = approvers_of(catalogue, found, Audience.internal)
    steps = steps_of(work, found.id, approvers=approvers)
    owner, commander = find_review(work, found.id).owner, holder_of(work, found.id, Role.commander)
    reviewers = catalogue.holders(Role.reviewer, drill=found.is_drill)
    return [
        StepOfReview(
            each,
            doers(each.step, owner=owner, commander=commander, reviewers=reviewers, approvers=approvers),
        )
        for each in steps
    ]


def draft_anew(work: Work, incident: str, *, by: Person, now: datetime) -> int:
    """Write the next version from the record as it is now; the number of the newest, also where it is equal."""
    find_for(work, incident, by, Act.draft_review)
    find_review(work, incident)
    gather(work, incident, now=now)
    # The text is made from the record: whoever has it made is not its author, and may sign it.
    return redraft(work, incident, author=SYSTEM.id, now=now)
