"""A retrospective as others would be given it, for those who approve that they are."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from console.pages.proposals import handed_out
from console.pages.retrospective import Version, body_of
from console.reviewing import approvers_of, find_to_read
from console.second_person import take_or_propose
from incidents.errors import WatchfloorError
from incidents.incident.incident import Incident
from incidents.people import Person, is_staff
from incidents.proposals import Proposal, Step, Wanted
from incidents.reviews.approvals import approval_refusals, speaks_for
from incidents.reviews.audiences import Audience
from incidents.reviews.redaction import teams_of
from incidents.reviews.sharing import Shared, seen_by
from incidents.store import approvals
from incidents.store.incidents import find
from incidents.store.kept_records import record_of
from incidents.store.reviews import read_draft

router = APIRouter(include_in_schema=False)


@router.get("/retrospectives/{incident}/for/{audience}")
def show_for_audience(
    visits: Visits,
    incident: str,
    audience: Audience,
    version: Version = None,
    team: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """What an audience would read, and whose word is needed before it does."""
    return _page(visits, incident, audience, version, team)


@router.post("/retrospectives/{incident}/for/{audience}/approve", response_model=None)
def take_approval(
    visits: Visits, form: OwnForm, incident: str, audience: Audience, after: BackgroundTasks
) -> Answer:
    """Approve the version that was read, for everybody whom one speaks for."""
    version, team = form.number("version"), form.text("team")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            asked = approvers_of(visits.catalogue, find(work, incident), audience)
            note = form.text("note")
            approvals.approve(work, incident, audience, version, approvers=asked, by=by, note=note, now=now)
        return go(f"/retrospectives/{incident}/for/{audience}?{urlencode({'team': team})}")

    return attempt(done, lambda why: _page(visits, incident, audience, version, team, refused=why, typed=form))


@router.post("/retrospectives/{incident}/for/{audience}/share", response_model=None)
def take_share(
    visits: Visits, form: OwnForm, incident: str, audience: Audience, after: BackgroundTasks
) -> Answer:
    """Hand the signed version out for an audience; or propose to, where that takes a second person."""
    team = form.text("team")
    wanted = Wanted(step=Step.share, incident=incident, audience=audience, team=team or None)

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            taken = take_or_propose(work, visits, wanted, by=by, reason=form.text("reason"), now=now)
        if isinstance(taken, Proposal):
            return go(f"/proposals/{taken.id}")
        assert isinstance(taken, Shared)
        return handed_out(taken)

    return attempt(done, lambda why: _page(visits, incident, audience, None, team, refused=why, typed=form))


def _page(
    visits: Visits,
    incident: str,
    audience: Audience,
    version: int | None,
    team: str,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    with visits.store.read() as work:
        by = visits.person_in(work, incident)
        found = find_to_read(work, visits.catalogue, incident, audience, by)
        draft = read_draft(work, incident, version)
        teams = teams_of(record_of(work, draft)) if audience is Audience.partner else []
        needs_team = audience is Audience.partner and not team
        markdown = "" if needs_team else seen_by(work, incident, draft.version, audience, team or None)
        given = approvals.approvals_of(work, incident)
    asked = approvers_of(visits.catalogue, found, audience)
    return visits.page(
        "review_audience",
        status=422 if refused else 200,
        incident=found,
        audience=audience,
        audiences=[each for each in Audience if is_staff(by) or _speaks(visits, found, each, by)],
        team=team,
        teams=teams,
        draft=draft,
        body=body_of(markdown),
        given=[each for each in given if each.audience is audience],
        missing=approval_refusals(audience, draft.version, approvers=asked, given=given),
        speaks=_speaks(visits, found, audience, by),
        refused=refused,
        typed=typed or Form({}),
    )


def _speaks(visits: Visits, found: Incident, audience: Audience, by: Person) -> bool:
    return any(speaks_for(by, each) for each in approvers_of(visits.catalogue, found, audience))
