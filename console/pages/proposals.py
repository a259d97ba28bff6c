"""What takes a second person: read what somebody proposed, then confirm or refuse it."""

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from console.second_person import confirm
from console.shared import page_of
from incidents.errors import WatchfloorError
from incidents.people import is_allowed
from incidents.proposals import ANSWERED_BY, ProposalState, read_as
from incidents.reviews.sharing import Shared
from incidents.store.incidents import find_for
from incidents.store.proposals import answer, find_proposal, visible_proposals

router = APIRouter(prefix="/proposals", include_in_schema=False)


@router.get("")
def show_proposals(visits: Visits) -> HTMLResponse:
    """What was proposed to a second person, the newest first."""
    with visits.store.read() as work:
        found = visible_proposals(work, visits.person(drill=True))
    return visits.page("proposals", proposals=found)


@router.get("/{proposal}")
def show_proposal(visits: Visits, proposal: str) -> HTMLResponse:
    """One proposal, and what became of it."""
    return _page(visits, proposal)


@router.post("/{proposal}/confirm", response_model=None)
def take_confirmation(visits: Visits, form: OwnForm, proposal: str, after: BackgroundTasks) -> Answer:
    """Confirm it, which is done at once. Whoever confirms that a retrospective is shared is handed it."""

    def done() -> Answer:
        with visits.store.read() as work:
            incident = find_proposal(work, proposal).incident_id
        with visits.moving(incident, after) as (work, by, now):
            taken = confirm(work, visits, proposal, by=by, reason=form.text("reason"), now=now)
        return handed_out(taken) if isinstance(taken, Shared) else go(f"/proposals/{proposal}")

    return attempt(done, lambda why: _page(visits, proposal, refused=why, typed=form))


@router.post("/{proposal}/refuse", response_model=None)
def take_refusal(visits: Visits, form: OwnForm, proposal: str, after: BackgroundTasks) -> Answer:
    """Refuse it; nothing is done."""

    def done() -> Answer:
        with visits.store.read() as work:
            incident = find_proposal(work, proposal).incident_id
        with visits.moving(incident, after) as (work, by, now):
            answer(work, proposal, ProposalState.refused, by=by, reason=form.text("reason"), now=now)
        return go(f"/proposals/{proposal}")

    return attempt(done, lambda why: _page(visits, proposal, refused=why, typed=form))


def handed_out(shared: Shared) -> HTMLResponse:
    """The document as its audience is given it: a page that needs nothing beside it, to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="{shared.incident}-{shared.view}.html"'}
    return HTMLResponse(page_of(shared), headers=headers)


def _page(
    visits: Visits, proposal: str, *, refused: WatchfloorError | None = None, typed: Form | None = None
) -> HTMLResponse:
    with visits.store.read() as work:
        found = find_proposal(work, proposal)
        by, its_now = visits.person_in(work, found.incident_id), visits.now_in(work, found.incident_id)
        incident = find_for(work, found.incident_id, by, read_as(found, by))
    mine = by.id != found.proposed_by and is_allowed(by, ANSWERED_BY[found.wanted.step])
    return visits.page(
        "proposal",
        status=422 if refused else 200,
        proposal=found,
        incident=incident,
        its_now=its_now,
        answers=mine and found.waits(its_now),
        refused=refused,
        typed=typed or Form({}),
    )
