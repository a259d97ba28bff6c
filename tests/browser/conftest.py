"""A real server on loopback, and a real Chromium that visits it."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

from console.app import make_app
from incidents.settings import Settings
from incidents.store.engine import Store
from tests.console.browsing import PASSWORD, STAFFED, link_for
from tests.console.command_line import at_home

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    # Its sandbox needs rights that a container seldom gives; the pages it visits here are our own.
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 15_000
"""How long a page is waited for, in milliseconds: a busy machine may answer seconds late."""

expect.set_options(timeout=PATIENCE_MS)

Visiting = Callable[..., Page]
"""Person → a page on which they are signed in; further arguments are of Playwright's new_context."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module: its event loop must not outlive the module's tests."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with people in it."""
    at_home(tmp_path, monkeypatch, STAFFED)
    return Settings()


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """Where the application listens."""
    config = uvicorn.Config(make_app(settings), port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = monotonic() + 30
    while not server.started:
        assert monotonic() < until, "uvicorn did not start within 30 s"
        sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.fixture
def store(settings: Settings, address: str) -> Iterator[Store]:
    """The store behind the pages."""
    opened = Store.open(settings.store_url)
    yield opened
    opened.close()


@pytest.fixture
def visiting(chromium: Browser, store: Store, address: str) -> Iterator[Visiting]:
    """Opens a page for a person, signed in by a link; whatever the page loads from elsewhere fails the test."""
    contexts: list[BrowserContext] = []
    seen: list[str] = []

    def visit(person: str, **how: object) -> Page:
        context = chromium.new_context(base_url=address, **how)  # type: ignore[arg-type]  # named by Playwright
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watch(page, (address,), seen)
        page.goto(link_for(store, person))
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        page.wait_for_url(f"{address}/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert seen == []


def watch(page: Page, addresses: tuple[str, ...], seen: list[str]) -> None:
    """Note what no page may do: load from elsewhere, open a dialog, break, or be stopped by its own policy."""

    def note_request(request: Request) -> None:
        if not request.url.startswith((*addresses, "data:")):
            seen.append(f"a request to {request.url}")

    def note_dialog(dialog: Dialog) -> None:
        seen.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def note_message(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            seen.append(message.text)

    page.on("request", note_request)
    page.on("dialog", note_dialog)
    page.on("console", note_message)
    page.on("pageerror", lambda error: seen.append(str(error)))
