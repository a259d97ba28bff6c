"""The first page: what goes on, by severity, and what waits for whoever looks."""

from datetime import datetime

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse, RedirectResponse

from console.briefing import brief_due
from console.oncall import on_call_now
from console.pages.door import OwnForm, Visitor, Visits, go
from incidents.store.asks import acknowledge, find_ask
from incidents.store.board import Board, board_of
from incidents.store.proposals import waiting_for

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_board(visits: Visits) -> HTMLResponse:
    """The board."""
    with visits.store.read() as work:
        me = visits.person(drill=True)
        found = board_of(work, me)
        proposed = waiting_for(work, me, machine_now=visits.machine_now)
        on_call = on_call_now(work, visits.catalogue, me, visits.machine_now)
    return visits.page("board", board=found, proposed=proposed, on_call=on_call, briefs=_briefs(visits, found))


def _briefs(visits: Visitor, found: Board) -> dict[str, datetime]:
    """Crisis → when its next brief is due, where people wait for one."""
    due = {
        each.incident.id: brief_due(visits.catalogue, each.incident, each.briefed_at) for each in found.crises
    }
    return {incident: at for incident, at in due.items() if at is not None}


@router.post("/asks/acknowledge")
def acknowledge_ask(visits: Visits, form: OwnForm, after: BackgroundTasks) -> RedirectResponse:
    """Say for one's team that it heard an ask."""
    with visits.store.begin() as work:
        incident = find_ask(work, form.text("ask")).incident_id
        by, now = visits.person_in(work, incident), visits.now_in(work, incident)
        acknowledge(work, form.text("ask"), by=by, note=form.text("note"), now=now)
    after.add_task(visits.hand_over, incident)
    return go("/")
