"""Keep what was proposed, and let one other person answer it, once."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, NotFound, Refusal
from incidents.people import Act, Person, authorise, is_allowed
from incidents.proposals import (
    ANSWERED_BY,
    Proposal,
    ProposalState,
    Wanted,
    answer_refusals,
    own_word_refusals,
)
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock, readable
from incidents.store.schema import incidents, proposals
from incidents.timeline import Event

MOST: Final = 200
"""Proposals that are listed together."""

_OPEN: Final = proposals.c.state == ProposalState.open.value
_ANSWERS: Final = {
    ProposalState.confirmed: Event.proposal_confirmed,
    ProposalState.refused: Event.proposal_refused,
}


def propose(
    work: Work, wanted: Wanted, *, by: Person, reason: str, waits: timedelta, now: datetime
) -> Proposal:
    """Put a step to a second person; the caller has seen that nothing else stands against it.

    NotAllowed without a reason (REASON_MISSING), and where it is not the person's own word (TOKEN_LENT).
    Conflict where the same is proposed and waits already.
    """
    lock(work, wanted.incident)
    refusals = own_word_refusals(by)
    if not reason.strip():
        refusals.append(Refusal("REASON_MISSING", "Say why; whoever confirms it reads that."))
    if refusals:
        raise NotAllowed(f"Nothing was proposed in {wanted.incident}.", refusals)
    for other in proposals_of(work, wanted.incident):
        if other.wanted == wanted and other.waits(now):
            raise Conflict(f"{other.id} of {other.proposed_by} proposes the same, and waits for an answer.")
    number = work.next_number(f"proposal:{wanted.incident}")
    row = {
        "id": f"{wanted.incident}-P{number}",
        "incident_id": wanted.incident,
        "wanted": wanted.model_dump(mode="json"),
        "state": ProposalState.open.value,
        "proposed_by": by.id,
        "reason": reason.strip(),
        "proposed_at": now,
        "expires_at": now + waits,
    }
    told = {"proposal": row["id"], "reason": row["reason"], "until": (now + waits).isoformat()}
    facts = wanted.facts() | told
    entry = timeline.append(work, wanted.incident, Event.proposal_made, actor=by.id, now=now, facts=facts)
    work.execute(proposals.insert().values(**row, seq=entry.seq))
    return find_proposal(work, str(row["id"]))


def answer(
    work: Work, proposal: str, state: ProposalState, *, by: Person, reason: str, now: datetime
) -> Proposal:
    """Confirm or refuse what somebody else proposed. Taking the step is the caller's, in the same transaction.

    NotAllowed with coded reasons (`answer_refusals`), NotAuthorised where the step takes a role that the person
    does not hold. Conflict, with who and when, where somebody answered first.
    """
    found = find_proposal(work, proposal)
    find_for(work, found.incident_id, by, ANSWERED_BY[found.wanted.step])
    if found.state is not ProposalState.open:
        raise _answered_first(found)
    if refusals := answer_refusals(found, by=by, reason=reason, now=now):
        raise NotAllowed(f"{by.id} cannot answer {proposal}.", refusals)
    values = {"state": state.value, "answered_by": by.id, "answered_at": now, "answer": reason.strip()}
    mine = sa.and_(proposals.c.id == proposal, _OPEN, proposals.c.expires_at > now)
    if work.execute(sa.update(proposals).where(mine).values(**values)).rowcount != 1:
        raise _answered_first(find_proposal(work, proposal))
    told = {"proposal": proposal, "proposed_by": found.proposed_by, "reason": reason.strip()}
    facts = found.wanted.facts() | told
    timeline.append(work, found.incident_id, _ANSWERS[state], actor=by.id, now=now, facts=facts)
    return find_proposal(work, proposal)


def find_proposal(work: Work, proposal: str) -> Proposal:
    """The proposal of that id. NotFound where there is none."""
    row = work.execute(sa.select(proposals).where(proposals.c.id == proposal)).one_or_none()
    if row is None:
        raise NotFound(f"There is no proposal {proposal}. `watchfloor proposals list` shows them.")
    return Proposal.model_validate(row)


def proposals_of(work: Work, incident: str) -> list[Proposal]:
    """Every proposal in an incident, in order."""
    statement = sa.select(proposals).where(proposals.c.incident_id == incident).order_by(proposals.c.seq)
    return [Proposal.model_validate(row) for row in work.execute(statement)]


def visible_proposals(work: Work, person: Person, *, incident: str | None = None) -> list[Proposal]:
    """The proposals of incidents that the person may see, newest first; of one incident, or of all."""
    authorise(person, Act.see_incidents)
    statement = sa.select(proposals).join(incidents, incidents.c.id == proposals.c.incident_id)
    if incident is not None:
        find_for(work, incident, person, Act.see_incidents)
        statement = statement.where(proposals.c.incident_id == incident)
    newest = (
        statement.where(readable(person)).order_by(proposals.c.proposed_at.desc(), proposals.c.id).limit(MOST)
    )
    return [Proposal.model_validate(row) for row in work.execute(newest)]


def waiting_for(work: Work, person: Person, *, machine_now: datetime) -> list[Proposal]:
    """What others proposed and this person may answer, in order of their ends.

    No drill asks a second person, so the machine's clock is every proposal's.
    """
    statement = (
        sa.select(proposals)
        .join(incidents, incidents.c.id == proposals.c.incident_id)
        .where(
            _OPEN, proposals.c.expires_at > machine_now, proposals.c.proposed_by != person.id, readable(person)
        )
        .order_by(proposals.c.expires_at, proposals.c.id)
        .limit(MOST)
    )
    found = [Proposal.model_validate(row) for row in work.execute(statement)]
    return [each for each in found if is_allowed(person, ANSWERED_BY[each.wanted.step])]


def _answered_first(found: Proposal) -> Conflict:
    return Conflict(
        f"{found.id} is {found.state.value}: {found.answered_by} answered first, at"
        f" {found.answered_at:%Y-%m-%d %H:%M:%S} UTC. Nothing of yours was changed."
    )
