"""What one person proposes and another confirms or refuses, and when such an answer counts."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from incidents.errors import Refusal
from incidents.people import Act, Person
from incidents.reviews.audiences import Audience


class Step(StrEnum):
    """What is done once it is confirmed."""

    act = "act"
    undo = "undo"
    share = "share"
    close = "close"
    waive = "waive"


ANSWERED_BY: dict[Step, Act] = {
    Step.act: Act.command,
    Step.undo: Act.command,
    Step.share: Act.share_review,
    Step.close: Act.command,
    Step.waive: Act.waive,
}
"""Step → the act that whoever answers must be allowed. What is undone on a platform is a commander's matter."""


class Wanted(BaseModel):
    """One step, with all that it needs to be taken."""

    model_config = ConfigDict(frozen=True)

    step: Step
    incident: str
    sweep: str | None = None
    item: str | None = None
    actions: int | None = None
    audience: Audience | None = None
    team: str | None = None
    code: str | None = None

    def facts(self) -> dict[str, str | int]:
        """What an entry of the timeline tells of it."""
        return self.model_dump(mode="json", exclude={"incident"}, exclude_none=True)


class ProposalState(StrEnum):
    """Whether somebody answered. What nobody answered in time stays open, and cannot be answered any more."""

    open = "open"
    confirmed = "confirmed"
    refused = "refused"


class Proposal(BaseModel):
    """A step that waits for a second person, or did."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    incident_id: str
    seq: int
    """The entry that tells of it."""
    wanted: Wanted
    state: ProposalState
    proposed_by: str
    reason: str
    proposed_at: AwareDatetime
    expires_at: AwareDatetime
    answered_by: str | None
    answered_at: AwareDatetime | None
    answer: str | None

    def waits(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state is ProposalState.open and now < self.expires_at


def read_as(proposal: Proposal, by: Person) -> Act:
    """What whoever reads a proposal must be allowed: of their own, what let them propose it."""
    return Act.see_sweep if by.id == proposal.proposed_by else Act.see_incidents


def own_word_refusals(by: Person) -> list[Refusal]:
    """Why this is not the person's own word; empty where it is.

    Two words are two people's: whoever makes a token for somebody else could say both, on either side.
    """
    if by.lent_by is None:
        return []
    sentence = f"{by.lent_by} made this token for {by.id}. Sign in, or make a token of your own."
    return [Refusal("TOKEN_LENT", sentence)]


def answer_refusals(proposal: Proposal, *, by: Person, reason: str, now: datetime) -> list[Refusal]:
    """Why this person's answer does not count; empty where it does."""
    found = own_word_refusals(by)
    if not reason.strip():
        found.append(Refusal("REASON_MISSING", "Say why; it stands in the timeline."))
    if by.id == proposal.proposed_by:
        found.append(Refusal("SECOND_PERSON_SAME", "You proposed it: somebody else answers."))
    if now >= proposal.expires_at:
        sentence = f"It waited until {proposal.expires_at:%Y-%m-%d %H:%M} UTC. Propose it anew."
        found.append(Refusal("PROPOSAL_EXPIRED", sentence))
    return found
