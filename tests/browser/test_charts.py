"""Charts on a page: pictures for everybody, interactive for whoever asks."""

from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import Visiting
from tests.console.command_line import declared, run


def test_a_chart_becomes_interactive_from_the_specification_of_its_picture(visiting: Visiting) -> None:
    incident = declared()
    run("ask", incident, "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    page = visiting("ada-l")
    page.goto(f"/incidents/{incident}")
    page.get_by_role("link", name="Charts", exact=True).click()
    crisis = page.locator("#crisis")
    assert crisis.locator("img").evaluate(
        "async image => { await image.decode(); return image.naturalWidth > 0 }"
    )
    words = crisis.locator("img").get_attribute("alt")
    crisis.get_by_role("button").click()
    expect(crisis.locator("svg").first).to_be_visible(timeout=30_000)
    expect(crisis.get_by_role("img", name=str(words))).to_be_visible()
    expect(crisis.get_by_role("button")).to_have_count(0)
    assert serious(page) == []


def test_without_scripts_the_pictures_and_their_words_are_there(visiting: Visiting) -> None:
    incident = declared()
    page = visiting("ada-l", java_script_enabled=False)
    page.goto(f"/incidents/{incident}/charts")
    expect(page.locator("#crisis img")).to_be_visible()
    expect(page.get_by_role("button", name="interactive")).to_have_count(0)
