"""Sign in at a provider in a real browser, whose policy stands between our page and the provider's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from incidents.settings import Settings
from incidents.store.engine import Store
from tests.browser.axe import serious
from tests.browser.conftest import Visiting, watch
from tests.console.browsing import PASSWORD, STAFFED
from tests.console.command_line import at_home
from tests.console.providing import at_provider
from tests.oidc import Provider, provider_on_loopback


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on_loopback() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider) -> Settings:
    """A home whose people sign in at the provider."""
    return at_provider(provider, at_home(tmp_path, monkeypatch, STAFFED), monkeypatch)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def stranger(
    request: pytest.FixtureRequest, chromium: Browser, store: Store, address: str, provider: Provider
) -> Iterator[Page]:
    """A page on which nobody is signed in, which may go to the provider and nowhere else."""
    context = chromium.new_context(base_url=address, java_script_enabled=request.param)
    context.set_default_timeout(15_000)
    page, seen = context.new_page(), list[str]()
    watch(page, (address, provider.issuer), seen)
    yield page
    context.close()
    assert seen == []


def test_the_button_leads_to_the_provider_and_back_to_the_page_that_was_asked_for(
    stranger: Page, address: str, provider: Provider
) -> None:
    stranger.goto("/actions")
    expect(stranger.get_by_label("Password")).to_be_visible()
    stranger.get_by_role("link", name="Sign in with Example Inc.").click()
    stranger.wait_for_url(f"{address}/actions")
    expect(stranger.get_by_role("link", name="Mara Q.")).to_be_visible()
    assert [path for path, _ in provider.heard] == [
        "/.well-known/openid-configuration",
        "/authorize",
        "/.well-known/openid-configuration",
        "/token",
        "/jwks",
    ]
    stranger.get_by_role("button", name="Sign out").click()
    stranger.goto("/")
    expect(stranger.get_by_role("link", name="Sign in with Example Inc.")).to_be_visible()


def test_whoever_is_refused_reads_why_and_may_take_a_password(stranger: Page, provider: Provider) -> None:
    provider.claims["groups"] = []
    stranger.goto("/sign-in")
    stranger.get_by_role("link", name="Sign in with Example Inc.").click()
    expect(stranger.get_by_role("alert")).to_contain_text("GROUP_MISSING")
    expect(stranger.get_by_label("Password")).to_be_visible()


def test_with_the_provider_down_an_administrator_comes_in_by_password(
    visiting: Visiting, address: str, provider: Provider
) -> None:
    page = visiting("root-a")
    page.get_by_role("button", name="Sign out").click()
    provider.fails = "/.well-known/openid-configuration"
    page.get_by_role("link", name="Sign in with Example Inc.").click()
    expect(page.get_by_role("alert")).to_contain_text(provider.issuer)
    assert serious(page) == []
    page.get_by_label("Name").fill("root-a")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in with the password").click()
    page.wait_for_url(f"{address}/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_with_the_button_has_no_serious_violation(
    chromium: Browser, store: Store, address: str, scheme: str
) -> None:
    context = chromium.new_context(base_url=address, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/sign-in")
    assert serious(page) == []
    context.close()
