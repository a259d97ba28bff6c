"""Sign in at a real provider on loopback, which is told to lie, to fail and to hang."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, time
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt

from console.app import make_app
from console.oidc.attempt import LASTS, Attempt
from console.oidc.provider import AT_ONCE
from incidents.access.identities import LAPSES, Claimed, first_id, granted, linked
from incidents.access.limits import FROM_ADDRESS
from incidents.access.sessions import fingerprint
from incidents.catalogue.groups import Group
from incidents.catalogue.load import check_catalogue, load_catalogue
from incidents.errors import BadInput
from incidents.people import Act, Person, Role
from incidents.settings import Settings
from incidents.store import accounts
from incidents.store.access_log import AccessEntry, read_log
from incidents.store.access_schema import identities, sessions
from incidents.store.engine import Store
from incidents.store.identities import known_catalogue
from tests import oidc
from tests.console.browsing import PASSWORD, STAFFED, Browser, bearer, browser, welcome
from tests.console.command_line import run, told, write
from tests.console.providing import GROUPS, at_provider, away, back_from, through
from tests.oidc import CLIENT, SECRET, Provider, provider_on_loopback

ROOT = Person(id="root-a", roles=frozenset({Role.administrator}))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on_loopback() as running:
        yield running


@pytest.fixture
def settings(provider: Provider, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return at_provider(provider, home, monkeypatch)


def is_signed_in(visiting: Browser) -> bool:
    return bool(visiting.get("/account", follow_redirects=False).status_code == 200)


def log(store: Store) -> list[AccessEntry]:
    with store.read() as work:
        return read_log(work, by=ROOT)


def known(store: Store, settings: Settings) -> dict[str, Person]:
    """Everybody who is known, by id."""
    files = load_catalogue(settings.catalogue_folder)
    return {each.id: each for each in known_catalogue(store, files, str(settings.oidc_issuer)).people}


def test_somebody_signs_in_at_the_provider_and_goes_on_where_they_wanted(
    visiting: Browser, store: Store, settings: Settings, provider: Provider
) -> None:
    answer = through(visiting, "/actions?mine=yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/actions?mine=yes")
    assert "mara-q.sso" in visiting.get("/account").text
    mara = known(store, settings)["mara-q.sso"]
    assert (mara.name, mara.team) == ("Mara Q.", None)
    assert mara.roles == {Role.commander, Role.analyst}
    assert [(line.person, line.what, line.reason) for line in log(store)] == [
        ("mara-q.sso", "signed in", "provider")
    ]
    asked = dict(provider.heard)["/authorize"]
    assert asked["scope"] == "openid profile"
    assert asked["redirect_uri"] == "http://testserver/sign-in/return"
    redeemed = dict(provider.heard)["/token"]
    assert redeemed["client_secret"] == SECRET
    assert len({asked["state"], asked["nonce"], redeemed["code_verifier"]}) == 3


def test_a_site_without_a_provider_has_no_way_there(home: Path) -> None:
    with browser(Settings()) as visiting:
        assert "/sign-in/provider" not in visiting.get("/sign-in").text
        for path in ("/sign-in/provider", "/sign-in/return"):
            assert visiting.get(path).status_code == 404


def test_a_client_without_a_secret_proves_itself_by_the_verifier_alone(
    provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHFLOOR_OIDC_CLIENT_SECRET")
    with browser(Settings()) as visiting:
        assert "PROVIDER_REFUSED" in through(visiting).text  # this provider wants one
    redeemed = dict(provider.heard)["/token"]
    assert redeemed["client_id"] == CLIENT
    assert "client_secret" not in redeemed


def test_the_secret_is_sent_in_the_form_where_the_provider_takes_it_there_alone(
    visiting: Browser, provider: Provider
) -> None:
    provider.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert through(visiting).status_code == 303
    assert dict(provider.heard)["/token"]["client_secret"] == SECRET


NOW_AND_LATER: list[tuple[str, Callable[[], oidc.Claims]]] = [
    ("nonce", lambda: {"nonce": "another"}),
    ("aud", lambda: {"aud": "another-client"}),
    ("azp", lambda: {"aud": [CLIENT, "another-client"]}),
    ("azp", lambda: {"aud": [CLIENT, "another-client"], "azp": "another-client"}),
    ("iss", lambda: {"iss": "https://another.example"}),
    ("exp", lambda: {"exp": int(time()) - 120}),
    ("exp", lambda: {"exp": None}),
    ("iat", lambda: {"iat": int(time()) + 3600, "exp": int(time()) + 7200}),
    ("at_hash", lambda: {"at_hash": "b2YgYW5vdGhlciB0b2tlbg"}),
    ("sub", lambda: {"sub": 7}),
    ("subject", lambda: {"sub": "x" * 256}),
    ("groups", lambda: {"groups": {"crisis-leads": True, "7": [7]}, "sub": "a\0b"}),
]


@pytest.mark.parametrize(("why", "lie"), NOW_AND_LATER)
def test_an_id_token_that_says_something_else_is_not_believed(
    visiting: Browser, store: Store, provider: Provider, why: str, lie: Callable[[], oidc.Claims]
) -> None:
    provider.claims |= lie()
    answer = through(visiting)
    assert answer.status_code == 403
    assert "ID_TOKEN_WRONG" in answer.text
    assert why in answer.text or "subject" in answer.text
    assert not is_signed_in(visiting)
    assert [(line.person, line.what) for line in log(store)] == [("(provider)", "was refused at sign-in")]


@pytest.mark.parametrize(
    "forge",
    [
        oidc.unsigned,
        oidc.signed_with_the_public_key,
        oidc.signed_with_an_unknown_key,
        oidc.signed_by_somebody_else,
        lambda _provider, _claims: "not.a.token",
    ],
)
def test_an_id_token_that_the_provider_did_not_sign_is_not_believed(
    visiting: Browser, provider: Provider, forge: Callable[[Provider, oidc.Claims], str]
) -> None:
    provider.forge = forge
    answer = through(visiting)
    assert answer.status_code == 403
    assert "ID_TOKEN_WRONG" in answer.text
    assert not is_signed_in(visiting)


def test_a_key_that_is_new_counts_at_once_and_one_that_is_gone_no_more(
    visiting: Browser, provider: Provider
) -> None:
    assert through(visiting).status_code == 303
    gone = provider.keys[-1]
    provider.rotate()
    assert through(visiting).status_code == 303
    provider.forge = lambda _provider, claims: jwt.encode({"alg": "RS256", "kid": gone.kid}, claims, gone)
    assert "ID_TOKEN_WRONG" in through(visiting).text


def test_an_audience_beside_us_is_believed_where_the_token_is_ours(
    visiting: Browser, provider: Provider
) -> None:
    provider.claims |= {"aud": [CLIENT, "an-api"], "azp": CLIENT}
    assert through(visiting).status_code == 303


@pytest.mark.parametrize(
    ("about", "returns", "is_let_in"),
    [
        ({}, {}, True),
        ({}, {"iss": "own"}, True),
        ({"authorization_response_iss_parameter_supported": True}, {"iss": "own"}, True),
        ({"authorization_response_iss_parameter_supported": True}, {}, False),
        ({"authorization_response_iss_parameter_supported": True}, {"iss": "https://another.example"}, False),
        ({}, {"iss": "https://another.example"}, False),
    ],
)
def test_an_answer_of_another_provider_is_not_taken(
    visiting: Browser, provider: Provider, about: oidc.Claims, returns: dict[str, str], is_let_in: bool
) -> None:
    provider.about = about
    provider.returns = {name: provider.issuer if value == "own" else value for name, value in returns.items()}
    assert (through(visiting).status_code == 303) == is_let_in
    assert is_signed_in(visiting) == is_let_in
    assert ("/token" in dict(provider.heard)) == is_let_in  # a code is never brought to another provider


@pytest.mark.parametrize(
    "about", [{"issuer": "https://another.example"}, {"token_endpoint": "http://a.example/"}]
)
def test_a_provider_that_calls_itself_otherwise_or_asks_without_tls_is_not_used(
    visiting: Browser, provider: Provider, about: oidc.Claims
) -> None:
    provider.about = about
    answer = visiting.get("/sign-in/provider")
    assert answer.status_code == 503
    assert "PROVIDER_UNREACHABLE" in answer.text


def test_the_provider_may_say_no_and_its_words_are_not_repeated(visiting: Browser, provider: Provider) -> None:
    state = parse_qs(urlsplit(away(visiting)).query)["state"][0]
    answer = visiting.get("/sign-in/return", params={"state": state, "error": "access_denied"})
    assert answer.status_code == 403
    assert "did not let you in (access_denied)" in answer.text
    state = parse_qs(urlsplit(away(visiting)).query)["state"][0]
    answer = visiting.get("/sign-in/return", params={"state": state, "error": "Call +1 555 0100 now"})
    assert "PROVIDER_REFUSED" in answer.text
    assert "555" not in answer.text


def test_an_answer_that_this_browser_did_not_ask_for_is_not_taken(
    settings: Settings, visiting: Browser, provider: Provider
) -> None:
    with browser(settings) as elsewhere:
        theirs = back_from(away(elsewhere))
        assert "ATTEMPT_LOST" in visiting.get(theirs).text  # no attempt of its own
        away(visiting)
        assert "ATTEMPT_LOST" in visiting.get(theirs).text  # another one's
        assert not is_signed_in(visiting)
        assert "/token" not in dict(provider.heard)
        assert elsewhere.get(theirs, follow_redirects=False).status_code == 303


def test_an_attempt_ends_with_its_answer_and_a_code_is_good_once(visiting: Browser) -> None:
    there = back_from(away(visiting))
    kept = dict(visiting.cookies)
    assert visiting.get(there, follow_redirects=False).status_code == 303
    visiting.get("/sign-out")
    visiting.cookies.clear()
    assert "ATTEMPT_LOST" in visiting.get(there).text
    visiting.cookies.update(kept)
    assert "PROVIDER_REFUSED" in visiting.get(there).text


def test_an_attempt_is_too_old_after_ten_minutes_and_nothing_else_is_one() -> None:
    now = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    begun = Attempt.begin("/incidents/INC-1", now)
    assert Attempt.read(begun.cookie, now + LASTS - timedelta(seconds=1)) == begun
    assert Attempt.read(begun.cookie, now + LASTS) is None
    assert Attempt.read(begun.cookie, now - timedelta(seconds=1)) is None
    assert Attempt.begin("/" * 2_000, now).then == "/"
    for nothing in ("", "x", "x.y.z", f"x.{10**30}.", begun.cookie.replace(".", "-", 1)):
        assert Attempt.read(nothing, now) is None
    assert len({begun.state, begun.nonce, begun.verifier, Attempt.begin("/", now).state}) == 4


@pytest.mark.parametrize(
    "then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"]
)
def test_coming_back_never_leads_elsewhere(visiting: Browser, then: str) -> None:
    assert through(visiting, then).headers["location"] == "/"
    forged = Attempt("chosen", datetime.now(UTC).replace(microsecond=0), then)
    address = f"{away(visiting)}&" + urlencode({"state": forged.state})
    there = back_from(address).split("?")[0]
    visiting.cookies.set("watchfloor-session-attempt", forged.cookie, domain="testserver.local", path="/")
    assert "evil" not in visiting.get(f"{there}?state={forged.state}&code=x", follow_redirects=False).text


def test_the_cookie_of_an_attempt_is_short_lived_and_out_of_reach_of_scripts(visiting: Browser) -> None:
    said = visiting.get("/sign-in/provider", follow_redirects=False).headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=600"} <= set(said.split("; "))
    under_tls = visiting.get("https://testserver/sign-in/provider", follow_redirects=False)
    assert under_tls.headers["set-cookie"].startswith("__Host-watchfloor-session-attempt=")
    assert "Secure" in under_tls.headers["set-cookie"]
    assert "https%3A%2F%2Ftestserver%2Fsign-in%2Freturn" in under_tls.headers["location"]


def test_a_session_is_new_and_ends_as_every_other(visiting: Browser, store: Store) -> None:
    visiting.cookies.set("watchfloor-session", "chosen by somebody else", domain="testserver.local", path="/")
    through(visiting)
    with store.read() as work:
        [session] = work.execute(sa.select(sessions)).all()
    assert session.how == "provider"
    assert session.id != fingerprint("chosen by somebody else")
    assert is_signed_in(visiting)
    visiting.submit("/account", "/sign-out")
    assert not is_signed_in(visiting)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_provider_that_is_down_is_said_and_a_password_still_lets_in(
    visiting: Browser, store: Store, provider: Provider, path: str, how: str
) -> None:
    welcome(visiting, store, "root-a")
    visiting.cookies.clear()
    there = back_from(away(visiting)) if path != "/.well-known/openid-configuration" else "/sign-in/provider"
    setattr(provider, how, path)
    begun = monotonic()
    answer = visiting.get(there)
    assert monotonic() - begun < 20
    assert answer.status_code == 503
    assert "PROVIDER_UNREACHABLE" in answer.text
    assert provider.issuer in answer.text
    assert visiting.sign_in("root-a", PASSWORD).status_code == 200
    assert is_signed_in(visiting)


def test_a_provider_that_hangs_does_not_hold_up_the_console(visiting: Browser) -> None:
    waiting = visiting.world.provider
    assert waiting is not None
    for _ in range(AT_ONCE):
        assert waiting._free.acquire(blocking=False)
    assert "PROVIDER_BUSY" in visiting.get("/sign-in/provider").text
    waiting._free.release()
    away(visiting)


def test_tries_from_an_address_are_limited(visiting: Browser, provider: Provider) -> None:
    provider.forge = oidc.unsigned
    for _ in range(FROM_ADDRESS):
        assert "ID_TOKEN_WRONG" in through(visiting).text
    provider.forge = None
    heard = len(provider.heard)
    assert "TRIED_TOO_OFTEN" in through(visiting).text
    assert [path for path, _ in provider.heard[heard:]] == ["/.well-known/openid-configuration", "/authorize"]


def test_nobody_without_a_known_group_gets_in_and_it_is_written_down(
    visiting: Browser, store: Store, provider: Provider
) -> None:
    provider.claims["groups"] = ["everybody"]
    answer = through(visiting)
    assert answer.status_code == 403
    assert "GROUP_MISSING" in answer.text
    assert "248289761001" in answer.text
    assert "everybody" not in answer.text
    [line] = log(store)
    assert (line.what, line.target, line.reason) == (
        "was refused at sign-in",
        "subject 248289761001",
        "GROUP_MISSING",
    )


def test_roles_change_at_the_next_sign_in_and_who_loses_all_is_out_at_once(
    settings: Settings, visiting: Browser, store: Store, provider: Provider
) -> None:
    through(visiting)
    token = bearer(store, known(store, settings)["mara-q.sso"])
    assert visiting.get("/api/v1/incidents", headers=token).status_code == 200
    provider.claims |= {"groups": ["english-leads"], "name": "Mara Quist", "preferred_username": "mq"}
    with browser(settings) as elsewhere:
        through(elsewhere)
    now = known(store, settings)["mara-q.sso"]
    assert (now.name, now.team) == ("Mara Quist", "english")
    assert now.roles == {Role.partner_lead}
    assert visiting.get("/api/v1/incidents", headers=token).status_code == 403
    provider.claims["groups"] = []
    with browser(settings) as elsewhere:
        assert "GROUP_MISSING" in through(elsewhere).text
    assert "mara-q.sso" not in known(store, settings)
    assert not is_signed_in(visiting)
    assert visiting.get("/api/v1/me", headers=token).status_code == 401


def test_who_has_not_signed_in_for_long_is_known_no_more(
    settings: Settings, visiting: Browser, store: Store, provider: Provider
) -> None:
    through(visiting)
    with store.begin() as work:
        work.execute(sa.update(identities).values(seen_at=datetime.now(UTC) - LAPSES - timedelta(days=1)))
    provider.claims |= {"sub": "another", "preferred_username": "noah"}
    through(visiting)
    assert {"mara-q.sso", "noah.sso"} & set(known(store, settings)) == {"noah.sso"}
    assert "more than 30 days ago" in run("incidents", "list", "--as", "mara-q.sso", code=1).output


def test_a_group_that_leaves_the_file_counts_no_more(
    settings: Settings, visiting: Browser, store: Store, home: Path
) -> None:
    through(visiting)
    without = "\n".join(line for line in GROUPS.splitlines() if "crisis-leads" not in line)
    write(home / "catalogue" / "groups.yaml", without)
    assert "mara-q.sso" not in known(store, settings)


def test_the_id_of_somebody_else_is_never_taken_over(
    visiting: Browser, store: Store, settings: Settings, provider: Provider
) -> None:
    for number, name in enumerate(["ada-l", "Ada L@x", "ada-l", "system", "root-a", "!!!", ""]):
        provider.claims |= {"sub": f"s{number}", "preferred_username": name, "name": ""}
        assert through(visiting).status_code == 303, name
    people = known(store, settings)
    assert people["ada-l"].name == "Ada L."
    assert [name for name in people if name.endswith(".sso")] == [
        *("ada-l-2.sso", "ada-l-3.sso", "ada-l.sso", "person-2.sso", "person.sso", "root-a.sso", "system.sso")
    ]


def test_people_yaml_may_not_use_the_ids_of_the_provider_nor_a_subject_twice(home: Path) -> None:
    write(
        home / "catalogue" / "people.yaml",
        STAFFED
        + "  - {id: eve.sso, roles: [analyst]}\n"
        + "  - {id: uma, roles: [analyst], subject: s-1}\n"
        + "  - {id: ulf, roles: [analyst], subject: s-1}\n",
    )
    said = "\n".join(map(str, check_catalogue(home / "catalogue")))
    assert "people.yaml:10: people[7].id: ids that end in `.sso`" in said
    assert "people.yaml:12: people[9].subject: somebody else has this subject" in said


def test_a_mapping_that_names_what_is_not_there_is_told_with_its_line(home: Path) -> None:
    write(
        home / "catalogue" / "groups.yaml",
        "version: 1\ngroups:\n  - {id: a, roles: [comander]}\n  - {id: b, roles: [analyst], team: nowhere}\n"
        "  - {id: c, roles: [partner_lead]}\n",
    )
    said = "\n".join(map(str, check_catalogue(home / "catalogue")))
    assert "groups.yaml:3: groups[0].roles[0]" in said
    assert "groups.yaml:4: groups[1].team: `nowhere` is not among the teams" in said
    assert "groups.yaml:5: groups[2].roles[0]: a partner_lead sees the work of one team" in said
    with pytest.raises(BadInput, match=r"groups\.yaml:3"):
        make_app(Settings())


def test_somebody_of_people_yaml_is_linked_by_subject_and_keeps_its_roles(
    home: Path, settings: Settings, store: Store, provider: Provider
) -> None:
    linking = STAFFED.replace("id: bo-r,", 'id: bo-r, subject: "248289761001",')
    write(home / "catalogue" / "people.yaml", linking)
    provider.claims["groups"] = ["keepers"]
    with browser(settings) as visiting:
        through(visiting)
        page = visiting.get("/account").text
    assert "<dd>bo-r</dd>" in page
    assert "<dd>reviewer</dd>" in page
    assert "Change the password" not in page


def test_a_claim_links_where_the_site_says_so_and_the_subject_holds_from_then_on(
    home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setenv("WATCHFLOOR_OIDC_LINK_CLAIM", "preferred_username")
    with browser(Settings()) as visiting:
        provider.claims["preferred_username"] = "bo-r"
        through(visiting)
        assert "<dd>bo-r</dd>" in visiting.get("/account").text
        provider.claims["preferred_username"] = "bo-newly-wed"
        through(visiting)
        assert "<dd>bo-r</dd>" in visiting.get("/account").text
        provider.claims |= {"sub": "another", "preferred_username": "bo-r"}
        assert "IDENTITY_TAKEN" in through(visiting).text
        provider.claims["preferred_username"] = "somebody"
        through(visiting)
        assert "<dd>somebody.sso</dd>" in visiting.get("/account").text


def test_a_claim_links_nobody_where_the_site_does_not_say_so() -> None:
    claimed = Claimed(issuer="https://x.example", subject="s", username="ada")
    ada = Person(id="ada")
    assert linked(claimed, [ada], None) is None
    assert linked(claimed.model_copy(update={"link": "ada"}), [ada], None) == ada
    owned = Person(id="ada", subject="another")
    assert linked(claimed.model_copy(update={"link": "ada"}), [owned], None) is None


def test_leading_one_team_is_not_leading_another() -> None:
    groups = [
        Group(id="readers", roles=(Role.partner_reviewer,), team="english"),
        Group(id="leads", roles=(Role.partner_lead,), team="legal"),
        Group(id="desk", roles=(Role.analyst,)),
    ]
    roles, team = granted(["leads", "readers", "desk"], groups)
    assert (sorted(roles), team) == (["analyst", "partner_reviewer"], "english")
    assert granted(["leads"], groups) == (frozenset({Role.partner_lead}), "legal")
    assert granted(["LEADS", "another"], groups) == (frozenset(), None)


@pytest.mark.parametrize(
    ("username", "made"),
    [
        ("Mara.Q@example.com", "mara-q.sso"),
        ("ÅSA", "sa.sso"),
        ("", "person.sso"),
        ("a" * 99, "a" * 40 + ".sso"),
    ],
)
def test_an_id_is_made_of_what_somebody_is_called(username: str, made: str) -> None:
    assert first_id(username) == made
    assert Person(id=first_id(username, 12)).id == made.replace(".sso", "-12.sso")


def test_an_administrator_takes_a_provider_s_account_away_and_gives_it_back(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    through(visiting)
    with browser(settings) as keeping:
        welcome(keeping, store, "root-a")
        page = keeping.get("/administration").text
        assert "provider, last" in page
        assert "NEW LINK" not in page.partition("mara-q.sso")[2].upper()
        csrf = keeping.csrf
        refused = keeping.post("/administration/link", data={**csrf, "person": "mara-q.sso"})
        assert "SIGNS_IN_ELSEWHERE" in refused.text
        keeping.post("/administration/disable", data={**csrf, "person": "mara-q.sso", "reason": "Left"})
        assert not is_signed_in(visiting)
        assert "ACCOUNT_DISABLED" in through(visiting).text
        assert "mara-q.sso" not in known(store, settings)
        assert log(store)[0].reason == "ACCOUNT_DISABLED"
        assert "Let in again" in keeping.get("/administration").text
        keeping.post("/administration/enable", data={**csrf, "person": "mara-q.sso"})
        assert through(visiting).status_code == 303
    run("accounts", "disable", "mara-q.sso", "--reason", "x", "--as", "root-a")
    assert "ACCOUNT_DISABLED" in through(visiting).text
    told("accounts", "enable", "mara-q.sso", "--as", "root-a")
    assert through(visiting).status_code == 303
    assert "has no account" in run("accounts", "enable", "nobody", "--as", "root-a", code=1).output


def test_an_administrator_by_group_administers_and_is_not_counted_as_the_last_with_a_password(
    visiting: Browser, store: Store, provider: Provider
) -> None:
    provider.claims["groups"] = ["keepers"]
    through(visiting)
    assert visiting.get("/administration").status_code == 200
    with store.begin() as work:
        accounts.set_password(work, "root-a", "x", now=datetime.now(UTC))
        assert accounts.is_last_of(work, "root-a", ["root-a", "mara-q.sso"])


def test_a_provider_s_people_are_offered_wherever_people_are_named(visiting: Browser, store: Store) -> None:
    through(visiting)
    declared = told("declare", "--title", "Calls", "--policy", "violence.incitement", "--reason", "It is one")
    page = visiting.get(f"/incidents/{declared['id']}").text
    assert 'value="mara-q.sso"' in page
    csrf = visiting.csrf
    there = f"/incidents/{declared['id']}/hand-over"
    run("hand-over", declared["id"], "--to", "mara-q.sso", "--role", "commander", "--as", "ada-l")
    assert visiting.post(there, data={**csrf, "role": "commander", "to": "ada-l"}).status_code == 200
    listed = visiting.get("/api/v1/people").json()["items"]
    assert "mara-q.sso" in [each["id"] for each in listed]
    assert Act.see_incidents in visiting.get("/api/v1/me").json()["may"]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ISSUER", "http://login.example", "has no TLS"),
        ("CLIENT_ID", "", "what Watchfloor is called"),
        ("SCOPE", "profile", "not asked for an ID token"),
    ],
)
def test_a_site_that_is_half_set_does_not_start_and_the_doctor_says_why(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"WATCHFLOOR_OIDC_{variable}", value)
    with pytest.raises(BadInput, match=said):
        make_app(Settings())
    assert said in run("doctor", code=1).output.replace("\n", " ")


def test_a_site_without_an_administrator_of_its_own_does_not_start(settings: Settings, home: Path) -> None:
    write(home / "catalogue" / "people.yaml", STAFFED.replace("administrator", "analyst"))
    with pytest.raises(BadInput, match="nobody gets in when the provider is down"):
        make_app(settings)


def test_the_doctor_asks_the_provider(settings: Settings, provider: Provider, home: Path) -> None:
    def findings() -> list[str]:
        return [each["state"] for each in told("doctor", code=1) if each["name"] == "sign-in"]

    assert findings() == ["ok"]
    write(home / "catalogue" / "groups.yaml", "version: 1\ngroups: []\n")
    assert findings() == ["warn", "ok"]
    provider.fails = "/.well-known/openid-configuration"
    assert findings() == ["warn", "bad"]


def test_neither_secret_nor_token_is_kept_or_told(
    visiting: Browser, store: Store, settings: Settings, provider: Provider
) -> None:
    through(visiting)
    told_to_us = [SECRET, *(each["code_verifier"] for path, each in provider.heard if path == "/token")]
    with store.read() as work:
        held = "".join(
            str(work.execute(sa.text(f"SELECT * FROM {table}")).all())
            for table in ("accounts", "sessions", "identities", "access_log")
        )
    assert "248289761001" in held
    assert not [secret for secret in told_to_us if secret in held + repr(settings)]


def test_an_answer_without_end_is_not_read_to_its_end(visiting: Browser, provider: Provider) -> None:
    provider.about = {"more": "x" * 2_000_000}
    answer = visiting.get("/sign-in/provider")
    assert "PROVIDER_UNREACHABLE" in answer.text
    assert httpx.get(f"{provider.issuer}/jwks", trust_env=False).status_code == 200
