"""A commander's journey in a real browser: from sign-in to a crisis that is stood down."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.sources import SOURCES_FILE
from incidents.incident.phases import Phase
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.incidents import find
from incidents.store.lifecycle import start_response
from incidents.store.sweeps import find_sweep
from tests.browser.axe import serious
from tests.browser.conftest import Visiting
from tests.console.command_line import NOW, declared, run, write
from tests.console.swept import COPIED, TERM, VIOLATES, ended, gathered, read_by

HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script> javascript:alert(3) {{ 7*7 }} \u202etxet desrever "
    + "unbroken" * 40
)
BROKEN_WORDS = r"""() => [...document.querySelectorAll("main td, main th")].flatMap(cell => {
  const broken = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) broken.push(word[0]);
    }
  }
  return broken;
})"""
"""The words in tables that stand on more than one line."""

PAGES = ("/", "/incidents/INC-1", "/declare", "/account")


def declare(page: Page, title: str) -> None:
    page.get_by_role("link", name="Declare").click()
    page.get_by_label("What is it, in one line?").fill(title)
    page.get_by_role("radio", name="4 grave").check()
    page.get_by_role("radio", name="3 national").check()
    page.get_by_label("Why is it a crisis?").fill("Footage is being uploaded again and again")
    page.get_by_role("button", name="Declare the crisis").click()


def test_a_commander_declares_asks_and_stands_down(visiting: Visiting, store: Store) -> None:
    page = visiting("ada-l")
    declare(page, "Calls to storm a clinic")
    expect(page.get_by_role("heading", level=1)).to_contain_text("INC-1 Calls to storm a clinic")
    page.get_by_text("Ask a team").click()
    page.get_by_role("combobox", name="Team").select_option("legal")
    page.get_by_label("What do you ask of it?").fill("Which removal orders are to be expected?")
    page.get_by_role("button", name="Send the ask").click()
    expect(page.get_by_role("cell", name="Which removal orders are to be expected?")).to_be_visible()
    with store.begin() as work:
        start_response(work, "INC-1", now=NOW)
    page.reload()
    page.get_by_label("Why is it over?").fill("No copies for six hours")
    page.get_by_role("button", name="Stand the crisis down").click()
    form = page.locator("#do-stand-down")
    expect(form).to_contain_text("ASK_UNACKNOWLEDGED")
    expect(form.get_by_label("Why is it over?")).to_have_value("No copies for six hours")
    page.get_by_role("button", name="Acknowledge for them").click()
    page.get_by_text("Waive it").click()
    page.get_by_label("Why may it be left?").fill("There was nothing to enforce")
    page.get_by_role("button", name="Waive GUIDELINE_MISSING").click()
    page.get_by_label("Why is it over?").fill("No copies for six hours")
    page.get_by_role("button", name="Stand the crisis down").click()
    expect(page.locator("#head")).to_contain_text("stood down")
    with store.read() as work:
        assert find(work, "INC-1").phase is Phase.stood_down


def test_a_commander_publishes_a_guideline_and_leads_a_sweep_to_its_end(
    visiting: Visiting, store: Store, settings: Settings, tmp_path: Path
) -> None:
    posts = write(settings.home / "exports" / "monday.csv", COPIED)
    write(settings.home / SOURCES_FILE, f"exports: {{kind: file, path: {posts}}}\n")
    page = visiting("ada-l")
    declare(page, "Calls to storm a clinic")
    page.get_by_role("link", name="Read, compare and write them").click()
    page.get_by_label("Text, in Markdown").first.fill("# Calls to storm a clinic\n\nRemove each call.")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.locator("main")).to_contain_text("in force")
    with store.begin() as work:
        start_response(work, "INC-1", now=NOW)
    page.get_by_role("link", name="INC-1").click()
    page.get_by_role("link", name="Start a sweep").click()
    page.get_by_label("Where the posts lie").select_option("exports")
    page.get_by_label("Words and phrases").fill(TERM)
    page.keyboard.press("Tab")
    expect(page.locator("#counts")).to_contain_text("reviewer hours")
    page.get_by_role("button", name="Start the sweep").click()
    expect(page.locator("#known")).to_contain_text("being gathered")
    gathered("INC-1-S1")
    expect(page.locator("#known")).to_contain_text("0 of 5 posts decided")
    read_by("dev-e", tmp_path, VIOLATES)
    page.reload()
    expect(page.locator("#known")).to_contain_text("Known")
    page.get_by_text("Close it before its target").click()
    page.get_by_label("Why is it enough?").fill("The platform took all of it down")
    page.get_by_role("button", name="Close it, and waive the rest").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Proposed: close INC-1-S1")
    second = visiting("noor")
    second.goto(page.url)
    second.get_by_label("What did you look at?").fill("The last decisions, and what may be missing")
    second.get_by_role("button", name="Confirm, and have it done").click()
    page.goto("/sweeps/INC-1-S1")
    expect(page.get_by_label("Facts and moves")).to_contain_text("The platform took all of it down")
    ended("INC-1-S1")
    page.get_by_role("link", name="INC-1", exact=True).click()
    page.get_by_label("Why is it over?").fill("No copies for six hours")
    page.get_by_role("button", name="Stand the crisis down").click()
    expect(page.locator("#head")).to_contain_text("stood down")
    with store.read() as work:
        assert find_sweep(work, "INC-1-S1").closed_by == "ada-l"


def test_what_others_do_shows_on_an_open_page(visiting: Visiting, store: Store) -> None:
    declared()
    page = visiting("noor")
    page.goto("/incidents/INC-1")
    page.get_by_text("Hand a role over").click()
    page.get_by_label("What must they know?").fill("Half a sent")
    run("ask", "INC-1", "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    expect(page.locator("#news")).to_contain_text("Something happened")
    expect(page.locator("#entries li").first).to_contain_text("legal")
    with store.begin() as work:
        start_response(work, "INC-1", now=NOW)
    expect(page.locator("#head")).to_contain_text("responding")
    expect(page.get_by_label("What must they know?")).to_have_value("Half a sent")


def test_an_open_page_tells_nothing_more_once_the_incident_is_restricted(visiting: Visiting) -> None:
    declared()
    page = visiting("noor")
    page.goto("/incidents/INC-1")
    run("restrict", "INC-1", "--reason", "Names of victims", "--as", "ada-l")
    run("ask", "INC-1", "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    page.wait_for_timeout(2_500)
    expect(page.locator("#entries")).not_to_contain_text("Which orders?")
    expect(page.locator("#entries")).not_to_contain_text("legal")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visiting: Visiting, scheme: str) -> None:
    declared()
    run("ask", "INC-1", "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    page = visiting("ada-l", color_scheme=scheme)
    found = {path: serious(page) for path in PAGES if page.goto(path)}
    page.context.clear_cookies()
    page.goto("/sign-in")
    found["/sign-in"] = serious(page)
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_text_stays_text_and_breaks_no_layout(visiting: Visiting, width: int) -> None:
    run("declare", "--title", HOSTILE, "--harm", "3", "--reason", HOSTILE, "--as", "ada-l")
    run("ask", "INC-1", "--team", "legal", "--text", HOSTILE, "--as", "ada-l")
    page = visiting("ada-l", viewport={"width": width, "height": 740})
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path
    page.goto("/")
    assert page.locator("main img, main script").count() == 0
    expect(page.locator("main")).to_contain_text("<script>alert(2)</script>")


@pytest.mark.parametrize("width", [1280, 1024, 768])
def test_no_table_breaks_a_word_where_there_is_room(visiting: Visiting, width: int) -> None:
    declared()
    words = "Which words do we use in public? The press asks, and three ministries want to know as well"
    for team in ("communications", "western-europe"):
        run("ask", "INC-1", "--team", team, "--text", words, "--as", "ada-l")
    page = visiting("ada-l", viewport={"width": width, "height": 740})
    broken = {
        path: page.evaluate(BROKEN_WORDS)
        for path in ("/", "/incidents/INC-1", "/incidents/INC-1/guidelines")
        if page.goto(path)
    }
    assert {path: words for path, words in broken.items() if words} == {}


def test_a_picture_that_is_not_there_yet_has_its_words(visiting: Visiting) -> None:
    declared()
    page = visiting("ada-l", java_script_enabled=False)
    page.route("**/charts/crisis.svg", lambda route: route.abort())
    page.goto("/incidents/INC-1")
    course = page.get_by_role("region", name="Course")
    course.get_by_role("link", name="charts", exact=True).click()
    expect(page.locator("main")).to_contain_text("The crisis on one time axis")


def test_the_keyboard_alone_is_enough(visiting: Visiting) -> None:
    page = visiting("ada-l")
    page.goto("/declare")
    assert page.evaluate("() => document.activeElement.name") == "title"
    page.keyboard.type("A rumour turns into violence")
    page.keyboard.press("Tab")
    reached: set[str] = set()
    for _ in range(30):
        name = str(page.evaluate("() => document.activeElement.name || ''"))
        reached.add(name)
        if name == "harm":
            page.keyboard.press("ArrowDown")
        if name == "reason":
            page.keyboard.type("It spreads in two cities")
            break
        page.keyboard.press("Tab")
    assert {"policy", "protocol", "jurisdictions", "harm", "reach", "velocity", "vulnerability"} <= reached
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("A rumour turns into violence")


def test_without_scripts_nothing_is_missing_but_the_news(visiting: Visiting, store: Store) -> None:
    page = visiting("ada-l", java_script_enabled=False)
    declare(page, "Calls to storm a clinic")
    expect(page.get_by_role("heading", level=1)).to_contain_text("INC-1")
    with store.read() as work:
        assert find(work, "INC-1").phase is Phase.declared
