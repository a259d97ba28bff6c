"""Partner reviewers in a real browser: two languages at once, a lost connection, keys alone, no scripts."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.schema import batches, decisions
from tests.browser.axe import serious
from tests.browser.conftest import Visiting
from tests.console.browsing import STAFFED
from tests.console.command_line import at_home, run, write
from tests.console.swept import TERM, worked

PEOPLE = f"""{STAFFED}\
  - {{id: eli-e, name: Eli E., roles: [partner_reviewer], team: english, languages: [en]}}
  - {{id: max-e, name: Max E., roles: [partner_reviewer], team: english, languages: [en, ar]}}
  - {{id: lina-m, name: Lina M., roles: [partner_reviewer], team: english, languages: [ar]}}
"""
HOSTILE = "<script>alert(1)</script></p></details><img src=//evil.example/x> \u202e"
WORDS = (
    "roses are out",
    "the evening paper asks",
    "nobody was there",
    "a neighbour tells",
    "torches and flags",
)
ARABIC = ("لا تصدقوا من يدعو إلى", "شاهدت منشورا يقول", "دعوة مع الأصدقاء", "هل هذا خبر")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with a sweep of English and Arabic posts, one of them hostile, and a guideline."""
    at_home(tmp_path, monkeypatch, PEOPLE)
    said = [*(("en", words) for words in WORDS), *(("ar", words) for words in ARABIC), ("en", HOSTILE)]
    rows = (
        f'{n},"{words} {TERM} {n * 7919} {chr(97 + n) * 6}",{language},10,2026-01-15T08:{n:02d}:00Z,'
        f"{0 if n else ''}"
        for n, (language, words) in enumerate(said)
    )
    worked(tmp_path, "id,text,language,reach,posted_at,answers\n" + "\n".join(rows) + "\n")
    file = write(tmp_path / "guideline.md", "# Calls\nRemove what calls to act.")
    run("guideline", "publish", "INC-1", "--file", str(file), "--title", "Calls", "--as", "ada-l")
    return Settings()


def take(page: Page) -> None:
    page.get_by_role("link", name="Work", exact=True).click()
    page.get_by_role("button", name="Take a batch", exact=True).click()
    expect(page.locator(".post:focus")).to_be_visible()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def standing(store: Store) -> Counter[tuple[str, str]]:
    """Person and verdict of every decision that stands; a doubled one would be refused by the database."""
    with store.read() as work:
        current = decisions.c.superseded_at.is_(None)
        rows = work.execute(sa.select(decisions.c.person, decisions.c.verdict).where(current))
        return Counter((row.person, row.verdict) for row in rows)


def kept(page: Page) -> str:
    """All that the browser keeps."""
    return str(page.evaluate("() => JSON.stringify(localStorage)"))


def test_two_work_one_sweep_in_two_languages_and_one_loses_the_connection(
    visiting: Visiting, store: Store
) -> None:
    dev, lina = visiting("dev-e"), visiting("lina-m", viewport={"width": 390, "height": 800})
    take(dev)
    take(lina)
    assert dev.url != lina.url
    press(lina, "n", "1")
    expect(lina.locator("#outbox")).to_have_text("All recorded")
    lina.context.set_offline(True)
    press(lina, "n", "n")
    expect(lina.locator("#outbox")).to_contain_text("2 not sent yet")
    assert TERM not in kept(lina)
    assert ARABIC[0] not in kept(lina)
    press(dev, "1", "n", "e")
    dev.keyboard.type("It may be a quote")
    press(dev, "Enter", "n", "n", "n")
    expect(dev.locator("#progress")).to_have_text("6 of 6")
    expect(dev.locator("#outbox")).to_have_text("All recorded")
    press(dev, "f")
    expect(dev.get_by_text("Nothing waits for the team english")).to_be_visible()
    context = lina.context
    lina.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto("/queue")
    expect(again.locator("#outbox")).to_have_text("All recorded")
    again.get_by_role("link", name="INC-1-S1-B").click()
    expect(again.locator("#progress")).to_have_text("4 of 4")
    assert "outbox" not in kept(again)
    assert standing(store) == {
        ("dev-e", "violates"): 1,
        ("dev-e", "does_not_violate"): 4,
        ("dev-e", "unsure"): 1,
        ("lina-m", "violates"): 1,
        ("lina-m", "does_not_violate"): 3,
    }


def test_what_is_around_a_post_opens_beside_it_and_closes_with_it(visiting: Visiting) -> None:
    page = visiting("dev-e")
    take(page)
    press(page, "c")
    around = page.locator(".post .around-it")
    expect(around.get_by_role("heading", name=re.compile("answers", re.IGNORECASE)).first).to_be_visible()
    text = around.locator(".text p").first
    expect(text).to_be_hidden()
    around.get_by_text("Show the text").first.click()
    expect(text).to_be_visible()
    assert serious(page) == []
    press(page, "c")
    expect(page.locator(".around-it")).to_have_count(0)
    press(page, "c")
    expect(page.locator(".around-it")).to_have_count(1)
    press(page, "j")
    expect(page.locator(".around-it")).to_have_count(0)


def test_what_is_around_a_post_is_a_page_of_its_own_without_scripts(visiting: Visiting) -> None:
    page = visiting("dev-e", java_script_enabled=False)
    page.get_by_role("link", name="Work", exact=True).click()
    page.get_by_role("button", name="Take a batch", exact=True).click()
    page.get_by_role("link", name="What is around it").first.click()
    expect(page.get_by_role("heading", name="Around this post")).to_be_visible()
    page.get_by_role("link", name="Back to").click()
    expect(page.locator(".post").first).to_be_visible()


def test_keys_move_open_change_skip_and_can_be_turned_off(visiting: Visiting, store: Store) -> None:
    page = visiting("dev-e")
    take(page)
    first, second = page.locator(".post").nth(0), page.locator(".post").nth(1)
    text = first.locator(".text p")
    expect(text).to_be_hidden()
    press(page, "o")
    expect(text).to_be_visible()
    press(page, "j")
    expect(second).to_be_focused()
    expect(text).to_be_hidden()
    press(page, "k", "1", "u", "n")
    expect(first.locator(".word")).to_have_text("does not violate")
    press(page, "s")
    page.keyboard.type("I know her")
    press(page, "Enter")
    expect(page.locator("#progress")).to_have_text("1 of 5")
    press(page, "b")
    press(page, "j")
    expect(page.locator(".post:focus .text p")).to_be_visible()
    press(page, "?")
    page.get_by_label("Keys of one letter are on").uncheck()
    page.get_by_role("button", name="Close").click()
    press(page, "n")
    expect(page.locator("#progress")).to_have_text("1 of 5")
    assert standing(store) == {("dev-e", "does_not_violate"): 1}


def test_a_word_that_comes_after_the_batch_went_on_is_told_and_never_lost(
    visiting: Visiting, store: Store
) -> None:
    dev = visiting("dev-e")
    take(dev)
    with store.begin() as work:
        work.execute(sa.update(batches).values(lease_expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    press(dev, "n")
    expect(dev.locator("#outbox")).to_have_text("All recorded")  # nobody had taken it: it is held again
    with store.begin() as work:
        work.execute(sa.update(batches).values(lease_expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    eli = visiting("eli-e")
    take(eli)
    press(dev, "n")
    expect(dev.locator(".post").nth(1).locator(".refusal")).to_contain_text("held by eli-e")
    dev.goto("/queue")
    expect(dev.locator("#not-taken")).to_contain_text("held by eli-e")
    dev.get_by_role("button", name="Forget it").click()
    expect(dev.locator("#not-taken")).to_be_hidden()
    assert standing(store) == {("dev-e", "does_not_violate"): 1}


def take_with_next(page: Page) -> None:
    """Take a batch, and decide so much of it that the next one is fetched ahead."""
    with page.expect_response("**/queue/ahead") as fetched:
        take(page)
        press(page, *"n" * max(0, page.locator(".post").count() - 5))
    assert fetched.value.status == 200
    fetched.value.finished()


def decide_rest(page: Page) -> None:
    press(page, *"n" * page.locator(".post:not(.said)").count())
    expect(page.locator("#outbox")).to_have_text("All recorded")


def items_on(page: Page) -> set[str]:
    """The posts that the page shows."""
    return set(page.locator(".post").evaluate_all("all => all.map(post => post.dataset.item)"))


def in_hands(store: Store) -> list[tuple[str, str | None]]:
    """Each batch with its state and whom it is put aside for, by number."""
    with store.read() as work:
        rows = work.execute(sa.select(batches.c.state, batches.c.reserved_for).order_by(batches.c.number))
        return [(row.state, row.reserved_for) for row in rows]


def test_the_next_batch_lies_ready_and_begins_when_it_is_opened(visiting: Visiting, store: Store) -> None:
    max_e = visiting("max-e")
    take_with_next(max_e)
    assert in_hands(store) == [("leased", None), ("open", "max-e")]
    here, first = (
        set(max_e.locator(".post").evaluate_all("all => all.map(post => post.dataset.item)")),
        max_e.url,
    )
    assert not any(words in kept(max_e) for words in (*ARABIC, *WORDS)), "in memory alone"
    decide_rest(max_e)
    loaded: list[str] = []
    max_e.on("request", lambda asked: loaded.append(asked.url) if asked.is_navigation_request() else None)
    press(max_e, "f")
    expect(max_e.locator(".post:focus")).to_be_visible()
    expect(max_e.locator("#progress")).to_contain_text("0 of")
    assert (loaded, max_e.url == first) == ([], False), "the page is not loaded anew"
    assert not here & items_on(max_e)
    assert in_hands(store) == [("done", None), ("leased", None)]
    press(max_e, "o", "n")
    expect(max_e.locator("#outbox")).to_have_text("All recorded")
    max_e.reload()
    expect(max_e.locator("#progress")).to_contain_text("1 of")
    assert serious(max_e) == []
    assert sum(standing(store).values()) == len(here) + 1


def test_what_is_fetched_ahead_survives_a_lost_connection_and_a_second_tab(
    visiting: Visiting, store: Store
) -> None:
    max_e = visiting("max-e")
    take_with_next(max_e)
    other = max_e.context.new_page()
    other.goto(max_e.url)
    decide_rest(max_e)
    max_e.context.set_offline(True)
    press(max_e, "f")
    expect(max_e.locator("#outbox")).to_contain_text("No connection")
    assert in_hands(store) == [("leased", None), ("open", "max-e")]
    max_e.context.set_offline(False)
    expect(max_e.locator("#progress")).to_contain_text("0 of")
    other.reload()
    expect(other.get_by_text("is done")).to_be_visible()
    assert in_hands(store) == [("done", None), ("leased", None)]


def test_what_somebody_else_took_meanwhile_is_not_opened(visiting: Visiting, store: Store) -> None:
    max_e = visiting("max-e")
    take_with_next(max_e)
    decide_rest(max_e)
    until = datetime.now(UTC) + timedelta(minutes=30)
    taken = {"state": "leased", "leased_to": "eli-e", "lease_expires_at": until, "reserved_for": None}
    with store.begin() as work:
        work.execute(sa.update(batches).where(batches.c.state == "open").values(**taken))
    press(max_e, "f")
    expect(max_e.get_by_text("Nothing waits for the team english")).to_be_visible()


def test_without_scripts_the_whole_job_is_done(visiting: Visiting, store: Store) -> None:
    page = visiting("lina-m", java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.get_by_role("link", name="Work", exact=True).click()
    page.get_by_role("button", name="Take a batch", exact=True).click()
    expect(page.locator(".text p").first).to_be_hidden()
    page.get_by_text("Show the text").first.click()
    text = page.locator(".text p").first
    expect(text).to_be_visible()
    assert text.evaluate("element => getComputedStyle(element).direction") == "rtl"
    for number in range(1, 5):
        page.locator(f"#p{number}").get_by_role("button", name="Does not violate").click()
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.get_by_role("heading", name="Work")).to_be_visible()
    assert standing(store) == {("lina-m", "does_not_violate"): 4}


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_it_fits_and_axe_finds_nothing_serious(visiting: Visiting, scheme: str, width: int) -> None:
    page = visiting("dev-e", color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto("/queue")
    found = {"/queue": serious(page)}
    take(page)
    press(page, "b", "n", "n", "j")
    expect(page.locator("#outbox")).to_have_text("All recorded")
    page.locator(".more summary").last.click()
    found["batch"] = serious(page)
    press(page, "?")
    found["keys"] = serious(page)
    assert {path: each for path, each in found.items() if each} == {}
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("main img, main script").count() == 0
