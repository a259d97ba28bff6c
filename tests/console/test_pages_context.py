"""What is around a post of a batch: its thread, its copies, and what is not told of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.golden import GoldenItem, add_golden
from incidents.store.schema import golden, incidents, items, places
from tests.console.browsing import Browser, browser, statements_of, welcome
from tests.console.swept import SECRET, TERM, worked
from tests.console.test_pages_work import BATCH, PAGE, PEOPLE, say

POSTS = (
    "id,text,language,reach,posted_at,surface,answers\n"
    f"1,{TERM} {SECRET} said nobody who was there,en,10,2026-01-15T08:00:00Z,feed,\n"
    f"2,a second voice wants to {TERM} with torches,en,20,2026-01-15T08:05:00Z,comments,1\n"
    f"3,why would anyone {TERM} asks <b>the</b> evening paper,en,30,2026-01-15T09:00:00Z,comments,1\n"
    f"4,nothing to see where they {TERM} they say,en,40,2026-01-15T09:30:00Z,feed,unknown-post\n"
    f"5,{TERM} mit Fackeln,de,50,2026-01-15T09:40:00Z,comments,4\n"
    f"6,{TERM} {SECRET} said nobody who was there,en,900,2026-01-15T09:00:00Z,live,\n"
)

ADA = Person(id="ada-l", roles=frozenset({Role.commander}))


@pytest.fixture
def people() -> str:
    return PEOPLE


@pytest.fixture(autouse=True)
def sweep(settings: Settings, tmp_path: Path) -> str:
    return worked(tmp_path, POSTS)


@pytest.fixture
def at_work(visiting: Browser, store: Store) -> Browser:
    """Dev, who holds the batch with all that is read in English."""
    welcome(visiting, store, "dev-e")
    assert visiting.submit("/queue", "/queue/claim").url.path == PAGE
    return visiting


def around(visiting: Browser, item: str) -> str:
    answer = visiting.get(f"{PAGE}/context", params={"item": item})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_thread_is_shown_with_its_texts_closed(at_work: Browser) -> None:
    page = at_work.get(PAGE).text
    assert f'href="/queue/{BATCH}/context?item=2"' in page
    shown = around(at_work, "2")
    assert "It answers" in shown
    assert SECRET in shown
    assert "Others that answer the same" in shown
    assert "evening paper" in shown
    assert "comments" in shown
    assert "<details open" not in shown
    assert "Answers to it" in around(at_work, "1")
    alone = around(at_work, "4")
    assert "It answers a post that this sweep did not find for your team." in alone


def test_what_another_team_reads_is_not_shown(at_work: Browser, store: Store) -> None:
    with store.begin() as work:
        work.execute(items.update().where(items.c.item == "5").values(team="western-europe"))
    assert "Fackeln" not in around(at_work, "4")
    assert "Answers to it" not in around(at_work, "4")


def test_copies_are_shown_and_markup_is_not(at_work: Browser) -> None:
    copied = around(at_work, "1")
    assert "Copies that your word counts for" in copied
    assert "900 views" in copied
    assert "&lt;b&gt;the&lt;/b&gt; evening paper" in around(at_work, "2")


def test_what_was_decided_about_alike_posts_is_told_after_one_s_own_word(
    at_work: Browser, store: Store
) -> None:
    with store.begin() as work:
        work.execute(items.update().where(items.c.item.in_(["2", "3"])).values(cluster="2", kind="near"))
    say(at_work, "3", "does_not_violate")
    before = around(at_work, "2")
    assert "Alike, but read apart" in before
    assert "does not violate" not in before
    assert "What was decided about these shows once you have said your word." in before
    say(at_work, "2", "does_not_violate")
    assert "<strong>does not violate</strong>" in around(at_work, "2")


def test_a_golden_item_is_shown_with_a_neighbour_s_copies_in_its_own_words(
    at_work: Browser, store: Store
) -> None:
    with store.begin() as work:
        settled = GoldenItem(policy="violence.incitement", language="en", text="a settled text", violates=True)
        add_golden(work, [settled], by=ADA, now=datetime.now(UTC))
        item = work.execute(sa.select(golden.c.id)).scalar_one()
        work.execute(places.delete().where(places.c.item.not_in(["1"])))
        work.execute(sa.update(places).values(place=1))
        one = {"batch_id": BATCH, "place": 2, "sweep_id": "INC-1-S1", "item": item, "purpose": "golden"}
        work.execute(places.insert().values(one))
    shown = around(at_work, item)
    assert "Copies that your word counts for" in shown
    assert "a settled text" in shown
    assert SECRET not in shown
    assert "Answers to it" not in shown
    assert "Answers to it" in around(at_work, "1")
    with store.begin() as work:
        work.execute(places.delete().where(places.c.item == "1"))
    assert "no thread, no copies" in around(at_work, item)


def test_it_is_for_whoever_holds_the_batch(settings: Settings, at_work: Browser, store: Store) -> None:
    assert at_work.get(f"{PAGE}/context", params={"item": "nobody"}).status_code == 404
    for person, status in (("eli-e", 409), ("gil-w", 403), ("ada-l", 409)):
        with browser(settings) as other:
            welcome(other, store, person)
            answer = other.get(f"{PAGE}/context", params={"item": "1"})
        assert (answer.status_code, SECRET in answer.text) == (status, False), person
    with store.begin() as work:
        work.execute(sa.update(incidents).values(restricted=True))
    assert at_work.get(f"{PAGE}/context", params={"item": "1"}).status_code == 403


def test_many_neighbours_ask_the_store_as_much_as_few_and_some_are_shown(
    at_work: Browser, store: Store
) -> None:
    few = statements_of(at_work, f"{PAGE}/context?item=1")
    with store.begin() as work:
        [row] = work.execute(sa.select(items).where(items.c.item == "2")).mappings()
        more = [dict(row) | {"item": f"x{n}", "read_as": f"x{n}", "answers": "1"} for n in range(40)]
        work.execute(items.insert(), more)
    assert statements_of(at_work, f"{PAGE}/context?item=1") == few <= 16
    assert around(at_work, "1").count('class="text"') < 20
