"""Visit the pages as a browser without JavaScript does: follow links, send forms, keep cookies."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI

from console.api_door import World
from console.app import make_app
from console.signing_in import make_link
from console.tokens import make_token
from incidents.people import Act, Person, is_allowed
from incidents.settings import Settings
from incidents.store.engine import Store
from tests.console.command_line import PEOPLE

with warnings.catch_warnings():
    # It asks for a package that is not out in a stable release; httpx serves it as well.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from fastapi.testclient import TestClient

PASSWORD = "four words nobody pairs"
STAFFED = f"{PEOPLE}  - {{id: root-a, name: Root A., roles: [administrator]}}\n"


class Browser(TestClient):
    """One person's browser."""

    made: FastAPI
    """The application behind it."""

    @property
    def world(self) -> World:
        """What the application behind it was started with."""
        return self.made.state.world  # type: ignore[no-any-return]

    @property
    def csrf(self) -> dict[str, str]:
        """What every form of this session carries."""
        return form_on(self.get("/account").text, "/sign-out")

    def sign_in(self, person: str, password: str = PASSWORD, then: str = "") -> Any:
        """Send the sign-in form, and follow where it leads."""
        return self.post("/sign-in", data={"person": person, "password": password, "then": then})

    def submit(self, page: str, action: str, **fields: Any) -> Any:
        """Send the form on `page` that goes to `action`, as it came, with these fields changed."""
        return self.post(action, data=form_on(self.get(page).text, action) | fields)


@contextmanager
def browser(settings: Settings) -> Iterator[Browser]:
    """A browser at the application on these settings."""
    made = make_app(settings)
    with Browser(made, raise_server_exceptions=False) as opened:
        opened.made = made
        yield opened


def link_for(store: Store, person: str) -> str:
    """The path of a page on which the person sets a password."""
    with store.begin() as work:
        return make_link(work, person, by="root-a", now=datetime.now(UTC))


def welcome(visiting: Browser, store: Store, person: str) -> Browser:
    """Set the person's password by a link; the browser is signed in then."""
    answer = visiting.post(link_for(store, person), data={"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 200, answer.text
    return visiting


def bearer(store: Store, person: Person, *scope: Act, by: Person | None = None) -> dict[str, str]:
    """The header with a new token of the person's, for these acts or for all that they may do.

    It is the person's own, or made by an administrator, who must name the acts.
    """
    reach = scope or [act for act in Act if is_allowed(person, act)]
    maker, lasts, now = by or person, timedelta(days=1), datetime.now(UTC)
    with store.begin() as work:
        _, secret = make_token(work, person, "a test", reach, lasts=lasts, by=maker, now=now)
    return {"Authorization": f"Bearer {secret}"}


def form_on(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes to `action`. Fails where the page has none."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found is not None, f"no form to {action} in {page[:2000]}"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0])
    return {name: unescape(value) for name, value in hidden}


def statements_of(visiting: Browser, path: str) -> int:
    """How many statements the database is asked for a page."""
    asked: list[object] = []
    engine = visiting.world.store.engine

    def note(*told: object) -> None:
        asked.append(told[2])

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert visiting.get(path).status_code == 200
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(asked)
