"""The pages of a sweep in a real browser: begun while one types, watched while others read, calm on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.sources import SOURCES_FILE
from incidents.settings import Settings
from tests.browser.axe import serious
from tests.browser.conftest import Visiting
from tests.console.command_line import declared, run, write
from tests.console.swept import COPIED, HARMLESS, POSTS, SECRET, TERM, UNSURE, VIOLATES, gathered, read_by

HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script> {{ 7*7 }} "><b>' + "unbroken" * 30
SWEEP = "/sweeps/INC-1-S1"
PAGES = (
    "/incidents/INC-1/sweeps",
    "/incidents/INC-1/sweeps/new",
    "/drills",
    SWEEP,
    f"{SWEEP}/decisions",
    f"{SWEEP}/clusters",
    f"{SWEEP}/quality",
    f"{SWEEP}/certificate",
    f"{SWEEP}/plan",
    f"{SWEEP}/post?item=1",
)


@pytest.fixture
def named(settings: Settings) -> Path:
    """A place that the operator named, with posts in it."""
    posts = write(settings.home / "exports" / "monday.csv", COPIED)
    write(settings.home / SOURCES_FILE, f"exports: {{kind: file, path: {posts}}}\n")
    return posts


@pytest.fixture
def swept(named: Path, tmp_path: Path) -> str:
    """A sweep for hostile words, half read, with hostile rationales and ids."""
    declared()
    text = (
        POSTS + f'"{HOSTILE[:60].replace(chr(34), "")}",{TERM} said a hostile one,en,9,2026-01-15T09:10:00Z\n'
    )
    posts = write(tmp_path / "posts.csv", text)
    run("sweep", "start", "INC-1", "--term", TERM, "--term", HOSTILE, "--posts", str(posts))
    gathered("INC-1-S1")
    read_by("dev-e", tmp_path, VIOLATES, **{"2": HARMLESS, "4": UNSURE | {"rationale": HOSTILE}})
    return "INC-1-S1"


def test_counts_and_costs_show_while_one_types(visiting: Visiting, named: Path) -> None:
    declared()
    page = visiting("ada-l")
    page.goto("/incidents/INC-1")
    page.get_by_role("link", name="Start a sweep").click()
    page.get_by_label("Where the posts lie").select_option("exports")
    counts = page.locator("#counts")
    expect(counts).to_contain_text("an empty scope")
    page.get_by_label("Words and phrases").fill(TERM)
    page.keyboard.press("Tab")
    expect(counts).to_contain_text("5 of 6 posts match")
    expect(counts).to_contain_text("reviewer hours")
    page.get_by_label("Words that leave a post out").fill("torches")
    page.keyboard.press("Tab")
    expect(counts).to_contain_text("4 of 6 posts match")
    expect(page.get_by_label("Words and phrases")).to_have_value(TERM)
    page.get_by_role("button", name="Start the sweep").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sweep INC-1-S1")


def test_an_open_page_follows_the_sweep(visiting: Visiting, named: Path) -> None:
    declared()
    run("sweep", "start", "INC-1", "--term", TERM, "--posts", str(named))
    page = visiting("ada-l")
    page.goto(SWEEP)
    expect(page.locator("#known")).to_contain_text("being gathered")
    gathered("INC-1-S1")
    expect(page.locator("#known")).to_contain_text("0 of 5 posts decided")


def test_without_scripts_a_sweep_is_counted_started_and_led(
    visiting: Visiting, named: Path, tmp_path: Path
) -> None:
    declared()
    page = visiting("ada-l", java_script_enabled=False)
    page.goto("/incidents/INC-1/sweeps/new")
    page.get_by_label("Where the posts lie").select_option("exports")
    page.get_by_label("Words and phrases").fill(TERM)
    page.get_by_role("button", name="Count what it would bring in").click()
    until_counted(page)
    expect(page.locator("#counts")).to_contain_text("5 of 6 posts match")
    page.get_by_role("button", name="Start the sweep").click()
    gathered("INC-1-S1")
    read_by("dev-e", tmp_path, VIOLATES)
    page.get_by_role("link", name="Decisions").click()
    page.get_by_text("Undo", exact=True).first.click()
    page.get_by_label("Why? It is read again").first.fill("It is a news report")
    page.get_by_role("button", name="Undo the decision").first.click()
    page.get_by_role("link", name="Progress").click()
    expect(page.locator("#known")).not_to_contain_text("5 of 5 posts decided")


def until_counted(page: Page) -> None:
    """Look again, as often as it takes."""
    for _ in range(100):
        if not page.get_by_role("link", name="Look again").count():
            return
        page.get_by_role("link", name="Look again").click()
        page.wait_for_timeout(100)


def test_a_text_is_hidden_until_it_is_opened(visiting: Visiting, swept: str) -> None:
    page = visiting("ada-l")
    page.goto(f"{SWEEP}/post?item=1")
    page.get_by_label("Why do you need to read it?").fill("The press quotes it")
    page.get_by_role("button", name="Ask for the text").click()
    expect(page.get_by_text(SECRET)).to_be_hidden()
    page.get_by_text("Show the text").click()
    expect(page.get_by_text(SECRET)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visiting: Visiting, swept: str, scheme: str) -> None:
    page = visiting("ada-l", color_scheme=scheme)
    found = {path: serious(page) for path in PAGES if page.goto(path)}
    page.set_viewport_size({"width": 360, "height": 740})
    found |= {f"{path} on a phone": serious(page) for path in (SWEEP, PAGES[1]) if page.goto(path)}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_text_stays_text_and_breaks_no_layout(visiting: Visiting, swept: str, width: int) -> None:
    page = visiting("ada-l", viewport={"width": width, "height": 740})
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.locator("main script, main img[src=x]").count() == 0, path
    page.goto("/incidents/INC-1/sweeps/new")
    page.get_by_label("Words and phrases").fill(f"{HOSTILE}\n{TERM}")
    page.get_by_label("Where the posts lie").select_option("exports")
    expect(page.locator("#counts")).to_contain_text("5 of 6 posts match")
    assert page.locator("main script, main img[src=x]").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_alone_starts_a_sweep(visiting: Visiting, named: Path) -> None:
    declared()
    page = visiting("ada-l")
    page.goto("/incidents/INC-1/sweeps/new")
    page.get_by_label("Where the posts lie").focus()
    page.keyboard.type("exports")
    page.keyboard.press("Tab")
    page.keyboard.type(TERM)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == "start":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sweep INC-1-S1")
