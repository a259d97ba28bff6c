"""Sign in, set a password by a one-time link, change it, see where one is signed in, sign out."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.api_door import World, machine_now
from console.pages.door import (
    AnyForm,
    OwnForm,
    Visits,
    cookie_name,
    go,
    keep_token,
    origin_of,
    safe_path,
)
from console.signing_in import administrators, change_password, enter_by_link, sign_in, unusable_link
from incidents.access.passwords import SHORTEST
from incidents.errors import BadInput, NotAuthorised
from incidents.store import accounts
from incidents.words import render

router = APIRouter(include_in_schema=False)


def sign_in_page(
    world: World, *, then: str, person: str = "", refused: NotAuthorised | None = None, status: int = 200
) -> HTMLResponse:
    """The form that everybody sees first, with the way to the provider where there is one."""
    provider = None if world.provider is None else world.provider.name
    facts = {"then": then, "person": person, "refused": refused, "provider": provider}
    return HTMLResponse(render("pages/sign_in.html.j2", **facts), status)


@router.get("/sign-in")
def show_sign_in(request: Request, then: str = "/") -> HTMLResponse:
    """The form that everybody sees first."""
    return sign_in_page(request.app.state.world, then=safe_path(then))


@router.post("/sign-in", response_model=None)
def take_sign_in(request: Request, form: AnyForm) -> HTMLResponse | RedirectResponse:
    """Open a session, or say why not in words that do not tell who has an account."""
    world: World = request.app.state.world
    then, person = safe_path(form.text("then") or "/"), form.text("person", accounts.LONGEST_NAME).lower()
    now = machine_now()
    try:
        token = sign_in(
            world.store,
            person,
            form.text("password"),
            administrators=administrators(world.settings, world.files),
            origin=origin_of(request),
            now=now,
        )
    except NotAuthorised as refused:
        return sign_in_page(world, then=then, person=person, refused=refused, status=403)
    return keep_token(request, go(then), token)


@router.get("/welcome/{token}")
def show_welcome(request: Request, token: str) -> HTMLResponse:
    """The page behind a one-time link. Looking at it does not use the link up."""
    world: World = request.app.state.world
    with world.store.read() as work:
        person = accounts.read_link(work, token, now=machine_now())
    if person is None:
        raise unusable_link()
    return _welcome_page(person, token)


@router.post("/welcome/{token}", response_model=None)
def take_welcome(request: Request, token: str, form: AnyForm) -> HTMLResponse | RedirectResponse:
    """Set the password and open a session."""
    world: World = request.app.state.world
    now = machine_now()
    try:
        password = _typed_twice(form.text("password"), form.text("again"))
        opened = enter_by_link(world.store, token, password, origin=origin_of(request), now=now)
    except BadInput as refused:
        with world.store.read() as work:
            person = accounts.read_link(work, token, now=now)
        if person is None:
            raise unusable_link() from refused
        return _welcome_page(person, token, refused=refused, status=400)
    return keep_token(request, go("/"), opened)


@router.get("/account")
def show_account(visits: Visits) -> HTMLResponse:
    """Who one is here, and where one is signed in."""
    return _account_page(visits)


@router.post("/account/password", response_model=None)
def take_password(request: Request, visits: Visits, form: OwnForm) -> HTMLResponse | RedirectResponse:
    """Change the password; every other session ends."""
    try:
        new = _typed_twice(form.text("password"), form.text("again"))
        token = change_password(
            visits.store,
            visits.session.person,
            form.text("present"),
            new,
            origin=origin_of(request),
            now=visits.machine_now,
        )
    except BadInput as refused:
        return _account_page(visits, refused=refused)
    return keep_token(request, go("/account"), token)


@router.post("/account/sessions")
def end_session(visits: Visits, form: OwnForm) -> RedirectResponse:
    """Sign out of one of one's own sessions."""
    with visits.store.begin() as work:
        accounts.end_sessions(work, visits.session.person, only=form.text("session"), now=visits.machine_now)
    return go("/account")


@router.post("/sign-out")
def sign_out(request: Request, visits: Visits, _form: OwnForm) -> RedirectResponse:
    """End this session."""
    with visits.store.begin() as work:
        accounts.end_sessions(work, visits.session.person, only=visits.session.id, now=visits.machine_now)
    answer = go("/sign-in")
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


def _welcome_page(
    person: str, token: str, *, refused: BadInput | None = None, status: int = 200
) -> HTMLResponse:
    facts = {"person": person, "token": token, "refused": refused, "shortest": SHORTEST}
    return HTMLResponse(render("pages/welcome.html.j2", **facts), status)


def _account_page(visits: Visits, *, refused: BadInput | None = None) -> HTMLResponse:
    with visits.store.read() as work:
        live = accounts.live_sessions(work, visits.session.person, now=visits.machine_now)
        account = accounts.find_account(work, visits.session.person)
    facts = {"sessions": live, "this": visits.session.id, "refused": refused, "shortest": SHORTEST}
    facts["has_password"] = account is not None and account.password_hash is not None
    return visits.page("account", status=400 if refused else 200, **facts)


def _typed_twice(password: str, again: str) -> str:
    if password != again:
        raise BadInput("The two passwords are not the same. Nothing was changed.")
    return password
