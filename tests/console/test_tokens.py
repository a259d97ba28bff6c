"""Tokens of the API: made in a browser and at the command line, held to their scope, ended in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from incidents.access.sessions import fingerprint
from incidents.people import Person, Role
from incidents.store.access_log import read_log
from incidents.store.access_schema import api_tokens
from incidents.store.engine import Store
from tests.console.browsing import Browser, browser, form_on, welcome
from tests.console.command_line import run, told

INCIDENTS = "/api/v1/incidents"
OWN, EVERYBODY = "/account/tokens", "/administration/tokens"
ADA = Person(id="ada-l", roles=frozenset({Role.commander}))
BO = Person(id="bo-r", roles=frozenset({Role.reviewer}))
ROOT = Person(id="root-a", roles=frozenset({Role.administrator}))
DAY = timedelta(days=1)


def ask(visiting: Browser, secret: str, path: str = INCIDENTS) -> Any:
    return visiting.get(path, headers={"Authorization": f"Bearer {secret}"})


def refused(answer: Any, status: int) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    return str(answer.json()["reasons"][0]["code"])


def shown(page: str) -> str:
    """The secret that a page shows."""
    return page.partition("<p><code>")[2].partition("</code>")[0]


def put_back(store: Store, **values: datetime) -> None:
    """Move the times of every token."""
    with store.begin() as work:
        work.execute(sa.update(api_tokens).values(**values))


def test_a_token_is_shown_once_and_lets_its_person_in_for_what_it_names(visiting: Browser) -> None:
    world = visiting.world
    welcome(visiting, world.store, "ada-l")
    csrf = form_on(visiting.get(OWN).text, f"{OWN}/make")
    sent = csrf | {"name": "<b>a tracker</b>", "days": "90", "may": ["see incidents", "work a batch"]}
    page = visiting.post(f"{OWN}/make", data=sent).text
    secret = shown(page)
    assert secret.startswith("wf_")
    assert len(secret) == len("wf_") + 43
    assert "&lt;b&gt;a tracker" in page
    listed = visiting.get(OWN).text
    assert secret not in listed
    assert "never" in listed
    with browser(world.settings) as tool:
        assert ask(tool, secret).json()["items"] == []
        assert refused(ask(tool, secret, "/api/v1/search?words=mirrors"), 403) == "SCOPE_MISSING"
        # A token is no session: no page lets it in.
        page = tool.get("/", headers={"Authorization": f"Bearer {secret}"}, follow_redirects=False)
        assert page.headers["location"].startswith("/sign-in")
    assert "never" not in visiting.get(OWN).text
    with world.store.read() as work:
        row = work.execute(sa.select(api_tokens)).one()
        log = read_log(work, by=ROOT)
    assert row.fingerprint == fingerprint(secret)
    assert secret not in str(row) + str(log)
    assert (log[0].what, log[0].reason) == ("made a token", "1: see incidents, work a batch")


def test_a_token_ends_by_its_time_by_its_owner_and_with_the_account(visiting: Browser) -> None:
    store = visiting.world.store
    welcome(visiting, store, "ada-l")
    csrf = visiting.csrf
    sent = csrf | {"name": "a tracker", "days": "1", "may": "see incidents"}
    secret = shown(visiting.post(f"{OWN}/make", data=sent).text)
    visiting.cookies.clear()
    assert refused(ask(visiting, secret[:-1]), 401) == "TOKEN_UNKNOWN"
    now = datetime.now(UTC)
    put_back(store, expires_at=now)
    assert refused(ask(visiting, secret), 401) == "TOKEN_EXPIRED"
    put_back(store, expires_at=now + DAY, seen_at=now)
    assert ask(visiting, secret).status_code == 200
    welcome(visiting, store, "ada-l")
    visiting.post(f"{OWN}/revoke", data=visiting.csrf | {"token": "1"})
    visiting.cookies.clear()
    assert refused(ask(visiting, secret), 401) == "TOKEN_REVOKED"
    another = told("tokens", "make", "another", "--may", "see incidents", "--days", "1")["token"]
    assert ask(visiting, another).status_code == 200
    run("accounts", "disable", "ada-l", "--reason", "Left", "--as", "root-a")
    assert refused(ask(visiting, another), 401) == "TOKEN_REVOKED"


def test_an_administrator_makes_lists_and_revokes_anybody_s(visiting: Browser) -> None:
    welcome(visiting, visiting.world.store, "root-a")
    csrf = visiting.csrf
    sent = csrf | {"person": "bo-r", "name": "a reader", "days": "7", "may": "see incidents"}
    page = visiting.post(f"{EVERYBODY}/make", data=sent).text
    assert ask(visiting, shown(page)).status_code == 200
    assert "made by root-a" in page
    wide = visiting.post(f"{EVERYBODY}/make", data=sent | {"may": "declare or dismiss an incident"})
    assert (wide.status_code, "SCOPE_TOO_WIDE" in wide.text) == (422, True)
    for wrong in ({"may": "rule the world"}, {"days": "many"}, {"name": ""}):
        assert visiting.post(f"{EVERYBODY}/make", data=sent | wrong).status_code == 422
    assert "revoked, " in visiting.post(f"{EVERYBODY}/revoke", data=csrf | {"token": "1"}).text
    assert len(told("tokens", "list", "--all", "--as", "root-a")) == 1


def test_tokens_are_made_listed_and_revoked_at_the_command_line(visiting: Browser) -> None:
    made = told(
        "tokens", "make", "a tool", "--may", "see incidents", "--may", "verify the record", "--days", "9"
    )
    assert ask(visiting, made["token"]).status_code == 200
    [listed] = told("tokens", "list")
    assert "token" not in listed
    assert (listed["person"], sorted(listed["scope"])) == ("ada-l", ["see incidents", "verify the record"])
    assert listed["seen_at"] is not None
    assert told("tokens", "list", "--as", "noor") == []
    assert "ROLE_MISSING" in run("tokens", "list", "--all", code=1).stderr
    assert "You have no token 1" in run("tokens", "revoke", "1", "--as", "noor", code=1).stderr
    assert "lets nobody in any more" in run("tokens", "revoke", "1").stdout
    assert refused(ask(visiting, made["token"]), 401) == "TOKEN_REVOKED"
    other = told(
        *(
            "tokens",
            "make",
            "a tool",
            "--for",
            "noor",
            "--may",
            "see incidents",
            "--days",
            "9",
            "--as",
            "root-a",
        )
    )
    assert (other["person"], other["made_by"]) == ("noor", "root-a")
