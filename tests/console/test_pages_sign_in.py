"""Who gets in to the pages, who is kept out, and what every answer forbids the browser."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.passwords import hash_password, is_outdated, is_password
from incidents.access.limits import FROM_ADDRESS, OF_PERSON, OF_PERSON_FROM_ADDRESS, Failures, refuse_try
from incidents.access.passwords import refuse_weak
from incidents.access.sessions import IDLE, LINK_LASTS, LONGEST
from incidents.errors import BadInput
from incidents.settings import Settings
from incidents.store import accounts
from incidents.store.access_schema import sessions, sign_in_links
from incidents.store.engine import Store
from tests.console.browsing import PASSWORD, STAFFED, Browser, browser, form_on, link_for, welcome
from tests.console.command_line import run, told


def age(store: Store, table: sa.Table, **by: timedelta) -> None:
    """Let time have passed: move these times of every row back."""
    with store.begin() as work:
        for row in work.execute(sa.select(table)).all():
            older = {name: getattr(row, name) - much for name, much in by.items()}
            work.execute(sa.update(table).where(table.c.id == row.id).values(**older))


def is_signed_in(visiting: Browser) -> bool:
    return bool(visiting.get("/account", follow_redirects=False).status_code == 200)


def test_without_a_session_every_page_leads_to_the_sign_in_and_back(visiting: Browser, store: Store) -> None:
    answer = visiting.get("/incidents/INC-1?before=3", follow_redirects=False)
    assert answer.headers["location"] == "/sign-in?then=%2Fincidents%2FINC-1%3Fbefore%3D3"
    welcome(visiting, store, "ada-l")
    visiting.cookies.clear()
    there = visiting.post(
        "/sign-in",
        data={"person": "Ada-L", "password": PASSWORD, "then": "/account"},
        follow_redirects=False,
    )
    assert (there.status_code, there.headers["location"]) == (303, "/account")
    assert is_signed_in(visiting)


@pytest.mark.parametrize(
    "then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"]
)
def test_signing_in_never_leads_elsewhere(visiting: Browser, store: Store, then: str) -> None:
    welcome(visiting, store, "ada-l")
    answer = visiting.post(
        "/sign-in", data={"person": "ada-l", "password": PASSWORD, "then": then}, follow_redirects=False
    )
    assert answer.headers["location"] == "/"


def test_a_wrong_name_and_a_wrong_password_are_told_alike(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    visiting.cookies.clear()
    wrong = visiting.sign_in("ada-l", "not this one at all")
    unknown = visiting.sign_in("nobody", "not this one at all")
    assert (wrong.status_code, unknown.status_code) == (403, 403)
    assert wrong.text.replace("ada-l", "nobody") == unknown.text
    assert not is_signed_in(visiting)


def test_a_link_works_once_and_for_a_day(visiting: Browser, store: Store) -> None:
    path = link_for(store, "ada-l")
    assert visiting.get(path).status_code == 200  # a preview of the link does not use it up
    assert visiting.post(path, data={"password": PASSWORD, "again": PASSWORD}).status_code == 200
    again = visiting.post(path, data={"password": PASSWORD, "again": PASSWORD})
    assert again.status_code == 403
    assert "LINK_UNUSABLE" in again.text
    late = link_for(store, "noor")
    age(store, sign_in_links, made_at=LINK_LASTS)
    assert visiting.get(late).status_code == 403


def test_a_newer_link_ends_the_one_before(visiting: Browser, store: Store) -> None:
    first, second = link_for(store, "ada-l"), link_for(store, "ada-l")
    assert visiting.get(first).status_code == 403
    assert visiting.get(second).status_code == 200


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "at least 15"),
        (PASSWORD, "another one entirely", "not the same"),
        ("watchfloor12345", "watchfloor12345", "among the first"),
        ("a" * 20, "a" * 20, "among the first"),
        ("x1 y2 z3" * 30, "x1 y2 z3" * 30, "at most 200"),
    ],
)
def test_a_weak_password_leaves_the_link_as_it_was(
    visiting: Browser, store: Store, password: str, again: str, said: str
) -> None:
    path = link_for(store, "ada-l")
    answer = visiting.post(path, data={"password": password, "again": again})
    assert answer.status_code == 400
    assert said in answer.text
    assert not is_signed_in(visiting)
    assert visiting.get(path).status_code == 200


def test_a_session_ends_by_itself(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    age(store, sessions, seen_at=IDLE - timedelta(minutes=5))
    assert is_signed_in(visiting)  # which is a request, so that it counts anew
    age(store, sessions, seen_at=IDLE - timedelta(minutes=5))
    assert is_signed_in(visiting)
    age(store, sessions, seen_at=IDLE + timedelta(seconds=1))
    assert not is_signed_in(visiting)
    visiting.sign_in("ada-l")
    age(store, sessions, opened_at=LONGEST + timedelta(seconds=1))
    assert not is_signed_in(visiting)


def test_signing_out_ends_the_session_itself_and_not_the_cookie_alone(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    kept = dict(visiting.cookies)
    visiting.submit("/account", "/sign-out")
    assert not is_signed_in(visiting)
    visiting.cookies.update(kept)
    assert not is_signed_in(visiting)


def test_changing_the_password_ends_every_other_session(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    with browser(settings) as elsewhere:
        elsewhere.sign_in("ada-l")
        assert is_signed_in(elsewhere)
        new = "four other words than those"
        wrong = visiting.submit("/account", "/account/password", present="wrong", password=new, again=new)
        assert wrong.status_code == 400
        assert is_signed_in(elsewhere)
        visiting.submit("/account", "/account/password", present=PASSWORD, password=new, again=new)
        assert is_signed_in(visiting)
        assert not is_signed_in(elsewhere)
        assert elsewhere.sign_in("ada-l").status_code == 403
        assert elsewhere.sign_in("ada-l", new).status_code == 200


def test_one_may_end_one_s_own_sessions_and_nobody_else_s(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    with browser(settings) as elsewhere:
        welcome(elsewhere, store, "noor")
        with store.read() as work:
            [other] = accounts.live_sessions(work, "noor", now=datetime.now(UTC))
        page = visiting.get("/account").text
        csrf = form_on(page, "/sign-out")["csrf"]
        visiting.post("/account/sessions", data={"csrf": csrf, "session": other.id})
        assert is_signed_in(elsewhere)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://testserver"}, 200),
    ],
)
def test_a_form_from_elsewhere_is_refused(
    visiting: Browser, store: Store, headers: dict[str, str], status: int
) -> None:
    welcome(visiting, store, "ada-l")
    fields = form_on(visiting.get("/account").text, "/sign-out")
    assert visiting.post("/sign-out", data=fields, headers=headers).status_code == status
    assert is_signed_in(visiting) == (status == 403)


def test_a_form_of_another_session_is_refused(settings: Settings, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    with browser(settings) as elsewhere:
        elsewhere.sign_in("ada-l")
        foreign = form_on(elsewhere.get("/account").text, "/sign-out")
    answer = visiting.post("/sign-out", data=foreign)
    assert answer.status_code == 403
    assert "FOREIGN_FORM" in answer.text
    assert visiting.post("/sign-out", data={}).status_code == 403
    assert is_signed_in(visiting)


def test_too_many_tries_wait_and_others_do_not(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    visiting.cookies.clear()
    for _ in range(OF_PERSON_FROM_ADDRESS):
        assert "WRONG_PASSWORD" in visiting.sign_in("ada-l", "not this one at all").text
    refused = visiting.sign_in("ada-l")
    assert refused.status_code == 403
    assert "TRIED_TOO_OFTEN" in refused.text
    with store.read() as work:
        assert accounts.find_account(work, "ada-l") is not None
        here = accounts.failures(work, "ada-l", "elsewhere", now=datetime.now(UTC))
    assert (here.of_person_from_address, here.of_person) == (0, OF_PERSON_FROM_ADDRESS)


@pytest.mark.parametrize(
    ("failures", "is_last", "code"),
    [
        (Failures(), False, None),
        (Failures(of_person_from_address=OF_PERSON_FROM_ADDRESS - 1), False, None),
        (Failures(of_person_from_address=OF_PERSON_FROM_ADDRESS), False, "TRIED_TOO_OFTEN"),
        (Failures(of_person_from_address=OF_PERSON_FROM_ADDRESS), True, "TRIED_TOO_OFTEN"),
        (Failures(from_address=FROM_ADDRESS), False, "TRIED_TOO_OFTEN"),
        (Failures(of_person=OF_PERSON), False, "ACCOUNT_LOCKED"),
        (Failures(of_person=OF_PERSON), True, None),
    ],
)
def test_the_last_administrator_is_never_locked_out_by_others(
    failures: Failures, is_last: bool, code: str | None
) -> None:
    refused = refuse_try(failures, is_last_administrator=is_last)
    assert (refused and refused.code) == code


def test_who_is_the_last_administrator(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "root-a")
    with store.begin() as work:
        assert accounts.is_last_of(work, "root-a", ["root-a", "other"])
        assert not accounts.is_last_of(work, "ada-l", ["root-a", "other"])
        accounts.set_password(work, "other", hash_password(PASSWORD), now=datetime.now(UTC))
        assert not accounts.is_last_of(work, "root-a", ["root-a", "other"])
        accounts.disable_account(work, "other", by="root-a", reason="Left", now=datetime.now(UTC))
        assert accounts.is_last_of(work, "root-a", ["root-a", "other"])


def test_a_disabled_account_is_signed_out_and_let_in_no_more(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    run("accounts", "disable", "ada-l", "--reason", "Left the team", "--as", "root-a")
    assert not is_signed_in(visiting)
    assert visiting.sign_in("ada-l").status_code == 403
    [listed] = told("accounts", "list", "--as", "root-a")
    assert (listed["person"], listed["signed_in"]) == ("ada-l", 0)
    assert listed["disabled_at"]
    assert PASSWORD not in run("accounts", "list", "--json", "--as", "root-a").stdout
    address = told("accounts", "link", "ada-l", "--as", "root-a")["address"]
    path = address[address.index("/welcome/") :]
    assert visiting.post(path, data={"password": PASSWORD, "again": PASSWORD}).status_code == 200
    assert is_signed_in(visiting)


def test_administrators_alone_let_people_in(settings: Settings) -> None:
    for words in (["link", "noor"], ["list"], ["disable", "noor", "--reason", "x"]):
        assert "ROLE_MISSING" in run("accounts", *words, "--as", "ada-l", code=1).output
    assert "no person" in run("accounts", "link", "nobody", "--as", "root-a", code=1).output


def test_whoever_left_people_yaml_is_let_in_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "noor")
    home = Settings().home
    without = "\n".join(line for line in STAFFED.splitlines() if "noor" not in line)
    (home / "catalogue" / "people.yaml").write_text(without + "\n", encoding="utf-8")
    with browser(Settings()) as started_again:
        started_again.cookies.update(dict(visiting.cookies))
        assert started_again.get("/").status_code == 403


def test_every_answer_forbids_what_no_page_needs(visiting: Browser) -> None:
    for path in ("/sign-in", "/nothing", "/static/watchfloor.css", "/health", "/api/v1/incidents"):
        headers = visiting.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert ("no-store" in headers.get("cache-control", "")) == (not path.startswith("/static/"))


def test_the_cookie_is_out_of_reach_of_scripts_and_bound_to_the_host_under_tls(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    answer = visiting.post(
        link_for(store, "ada-l"), data={"password": PASSWORD, "again": PASSWORD}, follow_redirects=False
    )
    said: Any = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(said.split("; "))
    assert "Secure" not in said
    under_tls = visiting.post(
        f"https://testserver{link_for(store, 'noor')}",
        data={"password": PASSWORD, "again": PASSWORD},
        follow_redirects=False,
    )
    assert under_tls.headers["set-cookie"].startswith("__Host-watchfloor-session=")
    assert "Secure" in under_tls.headers["set-cookie"]
    assert "strict-transport-security" in under_tls.headers


def test_the_store_holds_nothing_to_sign_in_with(visiting: Browser, store: Store) -> None:
    path = link_for(store, "ada-l")
    secrets = [path.rpartition("/")[2], PASSWORD]
    visiting.post(path, data={"password": PASSWORD, "again": PASSWORD})
    secrets += list(dict(visiting.cookies).values())
    with store.read() as work:
        for table in ("accounts", "sessions", "sign_in_links", "access_log"):
            held = str(work.execute(sa.text(f"SELECT * FROM {table}")).all())
            assert held != "[]"
            assert not [secret for secret in secrets if secret in held], table


def test_a_password_is_hashed_with_a_salt_and_checked() -> None:
    one, two = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one != two
    assert one.startswith("$argon2id$")
    assert is_password(PASSWORD, one)
    assert not is_password("another", one)
    assert not is_password(PASSWORD, None)
    assert not is_password("no account has this one", None)
    assert not is_password(PASSWORD, "not a hash")
    assert not is_outdated(one)
    assert is_outdated(one.replace("t=3", "t=2"))


def test_a_password_may_not_be_made_of_one_s_name() -> None:
    with pytest.raises(BadInput, match="among the first"):
        refuse_weak("noornoornoornoor", person="noor")
    refuse_weak("noor likes long walks", person="noor")
