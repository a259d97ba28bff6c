"""What every page passes: who is signed in, that a form comes from our own page, and how a page is answered."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console.api_door import Body, Caller, World, machine_now
from console.signing_in import Origin
from console.turned_away import ForeignForm, SignInNeeded
from incidents.access.sessions import Session
from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, WatchfloorError
from incidents.people import Act, is_allowed
from incidents.store import accounts
from incidents.words import render

COOKIE = "watchfloor-session"
Choice = TypeVar("Choice", bound=StrEnum)
Answer = HTMLResponse | RedirectResponse

LARGEST_NUMBER = 2**31 - 1
"""What an integer column of PostgreSQL holds."""

MOST_FIELDS = 500
"""Fields that one form may have."""


class Visitor(Caller):
    """One request of somebody who is signed in."""

    def __init__(self, world: World, session: Session, token: str) -> None:
        super().__init__(world, session.person)
        self.session = session
        self.csrf = csrf_token(token)

    def page(self, name: str, *, status: int = 200, **facts: Any) -> HTMLResponse:  # noqa: ANN401
        """A page of templates/pages, for this visitor."""
        me = self.person(drill=True)
        shown = {
            "me": me,
            "may": lambda act: is_allowed(me, Act[act]),
            "csrf": self.csrf,
            "now": self.machine_now,
        }
        return HTMLResponse(render(f"pages/{name}.html.j2", **shown, **facts), status)


@dataclass(frozen=True)
class Form:
    """What was typed into a form. A field that was not sent is empty."""

    fields: Mapping[str, list[str]]

    def text(self, name: str, longest: int = 2_000) -> str:
        """One field, without space around it. BadInput where it is longer than it may be."""
        value = self.fields.get(name, [""])[0].strip()
        if len(value) > longest:
            raise BadInput(f"{name} has at most {longest:,} characters. Nothing was kept.")
        if "\0" in value:
            raise BadInput(f"{name} holds a NUL character, which no database keeps. Nothing was kept.")
        return value

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be given again."""
        return [value.strip() for value in self.fields.get(name, []) if value.strip()]

    def number(self, name: str) -> int:
        """One field as a whole number that a database keeps, from 0 on. BadInput where it is none."""
        typed = self.text(name)
        if not (typed.isascii() and typed.isdigit()) or int(typed) > LARGEST_NUMBER:
            raise BadInput(f"{name} is a whole number from 0 to {LARGEST_NUMBER:,}. Nothing was kept.")
        return int(typed)

    def one_of(self, name: str, choices: type[Choice]) -> Choice:
        """One field as one of these. BadInput where it is none of them."""
        try:
            return choices(self.text(name))
        except ValueError:
            raise BadInput(f"{name} is one of {', '.join(choices)}. Nothing was kept.") from None


def attempt(done: Callable[[], Answer], shown: Callable[[WatchfloorError], HTMLResponse]) -> Answer:
    """What a form leads to; where it is refused, its page with the refusal. Raises NotAuthorised."""
    try:
        return done()
    except NotAuthorised:
        raise
    except (NotAllowed, BadInput, Conflict) as refused:
        return shown(refused)


def signed_in(request: Request) -> Visitor:
    """Whoever is signed in. Raises SignInNeeded."""
    found = find_visitor(request)
    if found is None:
        raise SignInNeeded(_path(request))
    return found


def find_visitor(request: Request) -> Visitor | None:
    """Whoever is signed in; None where nobody is."""
    world: World = request.app.state.world
    token = request.cookies.get(cookie_name(request), "")
    found = _session(world, token, machine_now()) if token else None
    return None if found is None else Visitor(world, found, token)


def form_of(request: Request, body: Body) -> Form:
    """What was typed into a form of any page. Raises ForeignForm where another site's page sent it."""
    refuse_foreign(request)
    try:
        return Form(parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise BadInput(f"A form has at most {MOST_FIELDS} fields. Nothing was kept.") from error


Visits = Annotated[Visitor, Depends(signed_in)]
AnyForm = Annotated[Form, Depends(form_of)]


def own_form(visits: Visits, form: AnyForm) -> Form:
    """What was typed into a form of a page that this session was shown. Raises ForeignForm."""
    refuse_unknown(visits, form.text("csrf"))
    return form


OwnForm = Annotated[Form, Depends(own_form)]


def refuse_unknown(visits: Visitor, csrf: str) -> None:
    """Raise ForeignForm where what a form or a script carries is not what this session was given."""
    if not hmac.compare_digest(csrf.encode(), visits.csrf.encode()):
        raise ForeignForm


def refuse_foreign(request: Request) -> None:
    """Raise ForeignForm where the browser says that the request comes from elsewhere."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin", "none"}:
        raise ForeignForm
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignForm


def csrf_token(token: str) -> str:
    """What every form of a session carries: nobody else can compute it, and it tells nothing of the cookie."""
    return sha256(f"form {token}".encode()).hexdigest()


def cookie_name(request: Request) -> str:
    """The cookie's name: over TLS with the prefix that ties it to this host alone (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def keep_token(request: Request, answer: RedirectResponse, token: str) -> RedirectResponse:
    """Have the browser keep the session's token, out of reach of scripts, until it is closed."""
    secure = request.url.scheme == "https"
    answer.set_cookie(cookie_name(request), token, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def origin_of(request: Request) -> Origin:
    """Where the request comes from."""
    address = request.client.host if request.client else ""
    return Origin(address=address, agent=request.headers.get("user-agent", ""))


def go(path: str) -> RedirectResponse:
    """Send the browser on with a GET, so that loading again sends no form again."""
    return RedirectResponse(path, 303)


def safe_path(path: str) -> str:
    """A path of ours, to go on to; the board for anything that leads elsewhere."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if ours and "\\" not in path else "/"


def _session(world: World, token: str, now: datetime) -> Session | None:
    with world.store.read() as work:
        found = accounts.find_session(work, token, now=now)
    if found is not None and now - found.seen_at >= accounts.SEEN_EVERY:
        with world.store.begin() as work:
            accounts.touch_session(work, found, now=now)
    return found


def _path(request: Request) -> str:
    """Where to go on to after signing in. A form that was on its way cannot be sent again: its page then."""
    if request.method != "GET":
        return safe_path(urlsplit(request.headers.get("referer", "/")).path or "/")
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
