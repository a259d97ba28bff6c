"""A reviewer's journey in a real browser: read a retrospective, open its evidence, comment, sign."""

import pytest
from playwright.sync_api import Page, expect

from incidents.store.engine import Store
from incidents.store.reviews import find_review
from tests.browser.axe import serious
from tests.browser.conftest import Visiting
from tests.console.command_line import run
from tests.console.reviewed import drafted, suppose

RIGHT_TO_LEFT = "لم نتوقع أن تنتشر النسخ ليلا"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> {{ 7*7 }} \u202etxet" + "unbroken" * 30
PAGES = (
    *("/retrospectives", "/retrospectives/INC-1", "/retrospectives/INC-1/changes"),
    *("/retrospectives/INC-1/words", "/retrospectives/INC-1/comments", "/retrospectives/INC-1/for/public"),
    *("/search?words=clinic", "/trends", "/trends/TTR", "/actions", "/incidents/INC-1/guidelines"),
)
ADMINISTRATION = tuple(f"/administration{each}" for each in ("", "/channels", "/deliveries", "/health", "/log"))
CATALOGUE = (
    *("/catalogue", "/catalogue/policies/violence.incitement", "/catalogue/protocols/default"),
    "/catalogue/policies/violence.incitement/changes",
)


def reviewed(words: str = "Nobody knew the term") -> None:
    """INC-1 with two versions, a factor to judge, and what somebody wrote."""
    drafted()
    suppose("INC-1", "Nobody was on call that night")
    run("review", "write", "INC-1", "surprised", "--text", words, "--as", "ada-l")
    run("review", "draft", "INC-1")


def read(page: Page) -> None:
    page.get_by_role("link", name="Retrospectives", exact=True).click()
    page.get_by_role("link", name="INC-1").click()


def test_a_reviewer_reads_opens_the_evidence_comments_and_signs(visiting: Visiting, store: Store) -> None:
    reviewed()
    page = visiting("bo-r")
    read(page)
    expect(page.locator("#evidence + p")).to_contain_text("Every number has its evidence")
    reference = page.locator(".document a", has_text="INC-1#1").first
    reference.hover()
    expect(page.locator("#shown-entry")).to_contain_text("candidate incident")
    page.keyboard.press("Escape")
    expect(page.locator("#shown-entry")).to_have_count(0)
    reference.click()
    page.locator("#shown-entry").get_by_role("link", name="Comment on it").click()
    expect(page.get_by_label("About")).to_have_value("INC-1#1")
    page.get_by_label("What do you say?").fill("Whose clock is this?")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("#c1")).to_contain_text("Whose clock is this?")
    read(page)
    expect(page.locator("#do-sign")).to_contain_text("1 comment is open")
    page.get_by_label("What do you say of it?").fill("It says what happened")
    page.get_by_role("button", name="Sign version 2").click()
    expect(page.locator(".head")).to_contain_text("Version 2 is signed by bo-r")
    with store.read() as work:
        assert find_review(work, "INC-1").signed_version == 2


def test_the_keyboard_alone_opens_evidence_and_follows_it(visiting: Visiting) -> None:
    reviewed()
    page = visiting("bo-r")
    page.goto("/retrospectives/INC-1")
    page.locator(".contents a").last.focus()
    page.keyboard.press("Tab")
    reference = page.locator(":focus")
    expect(page.locator("#shown-entry")).to_be_visible()
    assert reference.get_attribute("aria-describedby") == "shown-entry"
    page.keyboard.press("Tab")
    expect(page.locator("#shown-entry a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("td:target")).to_be_in_viewport()


def test_without_scripts_evidence_is_a_link_to_its_entry(visiting: Visiting) -> None:
    reviewed()
    page = visiting("bo-r", java_script_enabled=False)
    read(page)
    page.locator(".document a", has_text="INC-1#1").first.click()
    assert page.url.endswith("#e1")
    expect(page.locator("#e1")).to_be_in_viewport()


def test_words_run_in_the_direction_of_their_script(visiting: Visiting) -> None:
    reviewed(RIGHT_TO_LEFT)
    page = visiting("bo-r", viewport={"width": 390, "height": 800})
    page.goto("/retrospectives/INC-1")
    box, words = page.evaluate(
        """text => {
            const quoted = [...document.querySelectorAll(".document blockquote p")];
            const said = quoted.find(each => each.textContent.includes(text));
            const range = document.createRange();
            range.selectNodeContents(said);
            return [said.getBoundingClientRect().right, range.getBoundingClientRect().right];
        }""",
        RIGHT_TO_LEFT,
    )
    assert box - words < 2
    page.goto("/retrospectives/INC-1/words")
    field = page.locator("#s-surprised textarea")
    assert field.evaluate("element => getComputedStyle(element).direction") == "rtl"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visiting: Visiting, scheme: str) -> None:
    reviewed()
    run("review", "comment", "INC-1", "--text", "Whose clock is this?", "--about", "Impact", "--as", "ada-l")
    page = visiting("bo-r", color_scheme=scheme)
    found = {path: serious(page) for path in PAGES if page.goto(path)}
    page.goto("/retrospectives/INC-1")
    page.locator(".document a", has_text="INC-1#1").first.hover()
    expect(page.locator("#shown-entry")).to_be_visible()
    found["with an entry shown"] = serious(page)
    page = visiting("root-a", color_scheme=scheme)
    found |= {path: serious(page) for path in (*ADMINISTRATION, *CATALOGUE) if page.goto(path)}
    assert {path: each for path, each in found.items() if each} == {}


def test_hostile_text_stays_text_on_a_phone(visiting: Visiting) -> None:
    drafted("--title", HOSTILE)
    suppose("INC-1", HOSTILE)
    run("review", "write", "INC-1", "surprised", "--text", HOSTILE, "--as", "ada-l")
    run("review", "draft", "INC-1")
    run("review", "comment", "INC-1", "--text", HOSTILE, "--as", "ada-l")
    page = visiting("bo-r", viewport={"width": 360, "height": 740})
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.locator("main img[onerror], main script").count() == 0, path
