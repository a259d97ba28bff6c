"""For administrators: who may come in, what was not delivered, whether all is well, and who looked at what."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.doctor import State, examine
from console.pages.door import Form, OwnForm, Visitor, Visits, go
from console.people import is_one_operator, operator
from console.signing_in import make_link
from incidents.errors import Conflict, NotAllowed, WatchfloorError
from incidents.people import Act, Person, authorise, is_provided
from incidents.store import accounts, outbox
from incidents.store.access_log import read_log
from incidents.store.identities import identities_of

router = APIRouter(prefix="/administration", include_in_schema=False)

LINES = 100
"""Lines of the access log on one page."""


@router.get("")
def show_people(visits: Visits) -> HTMLResponse:
    """Who there is, who has an account, and where they are signed in."""
    return _people_page(visits)


@router.post("/link")
def take_link(visits: Visits, form: OwnForm, request: Request) -> HTMLResponse:
    """Make a link with which somebody sets a password, and show it this once."""
    me = _administrator(visits)
    named = _known(visits, form.text("person"))
    with visits.store.begin() as work:
        path = make_link(work, named.id, by=me.id, now=visits.machine_now)
    return _people_page(visits, link=f"{request.base_url}".rstrip("/") + path, linked=named.id)


@router.post("/disable", response_model=None)
def disable(visits: Visits, form: OwnForm) -> HTMLResponse | RedirectResponse:
    """Take somebody's account away. Nobody takes their own: somebody must be left to let others in."""
    me = _administrator(visits)
    person, reason = form.text("person"), form.text("reason")
    try:
        with visits.store.begin() as work:
            accounts.disable_account(work, person, by=me.id, reason=reason, now=visits.machine_now)
    except NotAllowed as refused:
        return _people_page(visits, refused=refused, typed=form)
    return go("/administration")


@router.post("/enable")
def enable(visits: Visits, form: OwnForm) -> RedirectResponse:
    """Let somebody in again whose account was taken away."""
    me = _administrator(visits)
    with visits.store.begin() as work:
        accounts.enable_account(work, form.text("person"), by=me.id, now=visits.machine_now)
    return go("/administration")


@router.get("/deliveries")
def show_deliveries(visits: Visits) -> HTMLResponse:
    """What was promised to the world outside and is not delivered yet."""
    return _deliveries_page(visits)


@router.post("/deliveries/rerun", response_model=None)
def rerun(visits: Visits, form: OwnForm, after: BackgroundTasks) -> HTMLResponse | RedirectResponse:
    """Try a failed delivery again; the message keeps its key, so nobody acts on it twice."""
    me, number = _administrator(visits), form.number("delivery")
    try:
        with visits.store.begin() as work:
            incident = outbox.find(work, number).incident_id
            now = visits.now_in(work, incident) if incident else visits.machine_now
            outbox.rerun(work, number, by=me, now=now)
    except Conflict as refused:
        return _deliveries_page(visits, refused=refused)
    after.add_task(visits.hand_over, incident)
    return go("/administration/deliveries")


@router.get("/health")
def show_health(visits: Visits) -> HTMLResponse:
    """What `watchfloor doctor` finds."""
    _administrator(visits)
    findings = examine(visits.settings)
    worst = [finding for finding in findings if finding.state is State.bad]
    return visits.page("health", findings=findings, worst=worst)


@router.get("/log")
def show_log(
    visits: Visits, before: Annotated[int | None, Query(ge=1, description="Lines before this one.")] = None
) -> HTMLResponse:
    """Who came in, and who looked at what, the newest first."""
    with visits.store.read() as work:
        lines = read_log(work, by=visits.person(), before=before, limit=LINES)
    return visits.page("access_log", lines=lines, older=lines[-1].id if len(lines) == LINES else None)


def _administrator(visits: Visitor) -> Person:
    me = visits.person()
    authorise(me, Act.administer)
    return me


def _known(visits: Visitor, person: str) -> Person:
    if is_one_operator(visits.catalogue) and person == operator(visits.settings).id:
        return operator(visits.settings)
    return visits.catalogue.person(person)


def _people_page(
    visits: Visitor,
    *,
    link: str = "",
    linked: str = "",
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    me = _administrator(visits)
    with visits.store.read() as work:
        known = {account.person: account for account in accounts.all_accounts(work)}
        live = accounts.count_live(work, now=visits.machine_now)
        provided = identities_of(work, visits.settings.oidc_issuer)
    people = visits.catalogue.people or (me,)
    gone = sorted(set(known) - {person.id for person in people})
    return visits.page(
        "administration",
        status=422 if refused else 200,
        people=people,
        accounts=known,
        identities=provided,
        is_provided=is_provided,
        live=live,
        gone=gone,
        link=link,
        linked=linked,
        refused=refused,
        typed=typed or Form({}),
    )


def _deliveries_page(visits: Visitor, *, refused: WatchfloorError | None = None) -> HTMLResponse:
    _administrator(visits)
    with visits.store.read() as work:
        found = outbox.undelivered(work)
    return visits.page("deliveries", status=422 if refused else 200, parcels=found, refused=refused)
