"""Tokens with which tools ask the API: one's own, and for administrators everybody's."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from console.pages.door import Form, OwnForm, Visitor, Visits, go
from console.tokens import make_token
from incidents.access.tokens import LONGEST
from incidents.errors import BadInput, NotAllowed, WatchfloorError
from incidents.people import SEPARATE, Act, Person, authorise, is_allowed
from incidents.store import tokens

router = APIRouter(include_in_schema=False)

OWN, EVERYBODY = "/account/tokens", "/administration/tokens"


@router.get(OWN)
def show_own(visits: Visits) -> HTMLResponse:
    """One's own tokens."""
    return _page(visits, OWN)


@router.post(f"{OWN}/make")
def make_own(visits: Visits, form: OwnForm) -> HTMLResponse:
    """Make a token of one's own, and show it this once."""
    return _made(visits, OWN, form, of=visits.person())


@router.post(f"{OWN}/revoke")
def revoke_own(visits: Visits, form: OwnForm) -> RedirectResponse:
    """Have a token of one's own let nobody in any more."""
    _revoke(visits, form, by=visits.person())
    return go(OWN)


@router.get(EVERYBODY)
def show_everybody_s(visits: Visits) -> HTMLResponse:
    """Everybody's tokens."""
    return _page(visits, EVERYBODY)


@router.post(f"{EVERYBODY}/make")
def make_for_somebody(visits: Visits, form: OwnForm) -> HTMLResponse:
    """Make a token for somebody, and show it this once."""
    me, named = _administrator(visits), form.text("person")
    return _made(visits, EVERYBODY, form, of=me if named == me.id else visits.catalogue.person(named))


@router.post(f"{EVERYBODY}/revoke")
def revoke_somebody_s(visits: Visits, form: OwnForm) -> RedirectResponse:
    """Have anybody's token let nobody in any more."""
    _revoke(visits, form, by=_administrator(visits))
    return go(EVERYBODY)


def _administrator(visits: Visitor) -> Person:
    me = visits.person()
    authorise(me, Act.administer)
    return me


def _made(visits: Visitor, path: str, form: Form, *, of: Person) -> HTMLResponse:
    try:
        scope, lasts = _scope(form), timedelta(days=_days(form))
        with visits.store.begin() as work:
            _, secret = make_token(
                work, of, form.text("name"), scope, lasts=lasts, by=visits.person(), now=visits.machine_now
            )
    except (BadInput, NotAllowed) as refused:
        return _page(visits, path, refused=refused, typed=form)
    return _page(visits, path, secret=secret)


def _revoke(visits: Visitor, form: Form, *, by: Person) -> None:
    with visits.store.begin() as work:
        tokens.revoke_token(work, form.number("token"), by=by, now=visits.machine_now)


def _scope(form: Form) -> list[Act]:
    try:
        return [Act(act) for act in form.all("may")]
    except ValueError:
        raise BadInput("The form names an act that there is not. Load the page again.") from None


def _days(form: Form) -> int:
    return min(form.number("days"), LONGEST.days + 1)


def _page(
    visits: Visitor,
    path: str,
    *,
    secret: str = "",
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    me = _administrator(visits) if path == EVERYBODY else visits.person()
    with visits.store.read() as work:
        found = tokens.all_tokens(work, by=me) if path == EVERYBODY else tokens.tokens_of(work, me.id)
    offered = set(Act) - SEPARATE if path == EVERYBODY else {act for act in Act if is_allowed(me, act)}
    return visits.page(
        "tokens",
        status=422 if refused else 200,
        path=path,
        tokens=found,
        people=(visits.catalogue.people or (me,)) if path == EVERYBODY else (),
        offered=[act for act in Act if act in offered],
        longest=LONGEST.days,
        secret=secret,
        refused=refused,
        typed=typed or Form({}),
    )
