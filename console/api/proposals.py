"""What takes a second person: what was proposed, and another person's yes or no to it."""

from typing import Annotated, Any, Final

from fastapi import BackgroundTasks, Response
from fastapi import Body as InBody
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.bodies import Because
from console.api.ground import ONCE, room, shows
from console.api.pages import Page
from console.second_person import confirm
from console.shared import page_of
from incidents.proposals import Proposal, ProposalState, read_as
from incidents.reviews.audiences import Audience
from incidents.reviews.sharing import Shared
from incidents.store.incidents import find_for
from incidents.store.proposals import answer, find_proposal, visible_proposals

router = room("proposals")


class SharedTold(BaseModel):
    """A retrospective as an audience is given it."""

    incident: str
    audience: Audience
    team: str | None = Field(description="Of partners: which team.")
    version: int = Field(description="The signed version behind it.")
    input_hash: str = Field(description="Of what the audience may see of the record.")
    markdown: str
    html: str = Field(description="The same as one page, with its charts; it needs nothing beside it.")


class Confirmed(BaseModel):
    """What was confirmed, and done with that."""

    proposal: Proposal
    shared: SharedTold | None = Field(description="Where it was to share a retrospective: what was shared.")


PROPOSAL: Final = {
    "id": "INC-12-P1",
    "incident_id": "INC-12",
    "seq": 52,
    "wanted": {
        "step": "close",
        "incident": "INC-12",
        "sweep": "INC-12-S1",
        "item": None,
        "actions": None,
        "audience": None,
        "team": None,
        "code": None,
    },
    "state": "open",
    "proposed_by": "ada-l",
    "reason": "The platform took all of it down",
    "proposed_at": "2026-11-24T09:00:00Z",
    "expires_at": "2026-11-25T09:00:00Z",
    "answered_by": None,
    "answered_at": None,
    "answer": None,
}
SHARED: Final = {
    "incident": "INC-12",
    "audience": "public",
    "team": None,
    "version": 2,
    "input_hash": "c1df339f98c6",
    "markdown": "# Calls to storm a clinic\n",
    "html": "<!doctype html>",
}
_ANSWERED: Final = {"answered_by": "noor", "answered_at": "2026-11-24T09:20:00Z", "answer": "I looked, too"}
_CONFIRMED: Final = PROPOSAL | _ANSWERED | {"state": "confirmed"}
_WHY: Final = {"reason": "I looked, too"}

Said = Annotated[Because, InBody(examples=[_WHY])]

WAITS: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "model": Proposal,
        "description": "The protocol asks for a second person: nothing is done yet, and this waits for one.",
        "content": {"application/json": {"example": PROPOSAL}},
    }
}
"""What a route answers where its step takes two."""


def waits(proposal: Proposal) -> Response:
    """The answer that a step was proposed, and not taken."""
    where = {"Location": f"/api/v1/proposals/{proposal.id}"}
    return Response(proposal.model_dump_json(), 202, where, media_type="application/json")


def shared_told(shared: Shared) -> SharedTold:
    """A document that was handed out."""
    return SharedTold(
        incident=shared.incident,
        audience=shared.view.audience,
        team=shared.view.team,
        version=shared.version,
        input_hash=shared.input_hash,
        markdown=shared.markdown,
        html=page_of(shared),
    )


@router.get("/proposals", responses=shows({"items": [PROPOSAL], "next": None}))
def list_proposals(calls: Calls) -> Page[Proposal]:
    """What was proposed in incidents that the caller may see, the newest 200, all of them on one page."""
    with calls.store.read() as work:
        return Page(items=visible_proposals(work, calls.person(drill=True)), next=None)


@router.get("/proposals/{proposal}", responses=shows(PROPOSAL))
def show_proposal(calls: Calls, proposal: str) -> Proposal:
    """One proposal, and what became of it."""
    with calls.store.read() as work:
        found = find_proposal(work, proposal)
        by = calls.person_in(work, found.incident_id)
        find_for(work, found.incident_id, by, read_as(found, by))
        return found


@router.post(
    "/proposals/{proposal}/confirm",
    dependencies=[ONCE],
    responses=shows({"proposal": _CONFIRMED, "shared": None}),
)
def confirm_proposal(calls: Calls, proposal: str, said: Said, after: BackgroundTasks) -> Confirmed:
    """Confirm what somebody else proposed, which is done at once. Never by a token that another person made."""
    with calls.moving(_incident_of(calls, proposal), after) as (work, by, now):
        taken = confirm(work, calls, proposal, by=by, reason=said.reason, now=now)
        found = find_proposal(work, proposal)
    return Confirmed(proposal=found, shared=shared_told(taken) if isinstance(taken, Shared) else None)


@router.post(
    "/proposals/{proposal}/refuse", dependencies=[ONCE], responses=shows(_CONFIRMED | {"state": "refused"})
)
def refuse_proposal(calls: Calls, proposal: str, said: Said, after: BackgroundTasks) -> Proposal:
    """Refuse what somebody else proposed; nothing is done."""
    with calls.moving(_incident_of(calls, proposal), after) as (work, by, now):
        return answer(work, proposal, ProposalState.refused, by=by, reason=said.reason, now=now)


def _incident_of(calls: Calls, proposal: str) -> str:
    with calls.store.read() as work:
        return find_proposal(work, proposal).incident_id
