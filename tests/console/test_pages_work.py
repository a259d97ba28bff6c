"""The review queue in a browser without JavaScript: every move, who may not, and what arrives twice."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.settings import Settings
from incidents.store.access_log import Access, read_log
from incidents.store.engine import Store
from incidents.store.guidelines import publish_guideline
from incidents.store.schema import batches, decisions, exposures, items, places, skips
from tests.console.browsing import STAFFED, Browser, browser, form_on, welcome
from tests.console.swept import SECRET, TERM, worked
from tests.tasks.servers import answers, http_partner

PEOPLE = f"""{STAFFED}\
  - {{id: eli-e, name: Eli E., roles: [partner_reviewer], team: english, languages: [en]}}
  - {{id: gil-w, name: Gil W., roles: [partner_reviewer], team: western-europe, languages: [de, fr]}}
  - {{id: hana-e, name: Hana E., roles: [partner_reviewer], team: english, opt_outs: [violence.incitement]}}
"""
BATCH = "INC-1-S1-B1"
PAGE = f"/queue/{BATCH}"
CLAUSE = "violence.incitement/call-to-act"


@pytest.fixture
def people() -> str:
    return PEOPLE


@pytest.fixture(autouse=True)
def sweep(settings: Settings, tmp_path: Path) -> str:
    return worked(tmp_path)


@pytest.fixture
def at_work(visiting: Browser, store: Store) -> Browser:
    """Dev, who holds the first batch of the sweep."""
    welcome(visiting, store, "dev-e")
    took = visiting.submit("/queue", "/queue/claim")
    assert took.url.path == PAGE
    return visiting


@contextmanager
def another(settings: Settings, store: Store, person: str) -> Iterator[Browser]:
    with browser(settings) as opened:
        yield welcome(opened, store, person)


def said_of(store: Store, item: str) -> list[tuple[str, str]]:
    """Who decided what of a post, the word that stands last."""
    with store.read() as work:
        statement = sa.select(decisions.c.person, decisions.c.verdict).where(decisions.c.item == item)
        rows = work.execute(statement.order_by(decisions.c.superseded_at.is_(None), decisions.c.id))
        return [(row.person, row.verdict) for row in rows]


def say(visiting: Browser, item: str, verdict: str, page: str = PAGE, **more: str) -> Any:
    """Send the form of one post as the page shows it."""
    shown = visiting.get(page).text
    [fields] = [form for form in forms(shown) if form["item"] == item]
    return visiting.post(f"{page}/say", data=fields | {"say": verdict} | more)


def forms(page: str) -> list[dict[str, str]]:
    """The hidden fields of each post's form."""
    found = re.findall(rf'<form method="post" action="{PAGE}/say".*?</form>', page, re.DOTALL)
    return [form_on(each, f"{PAGE}/say") for each in found]


def lease_ends(store: Store) -> None:
    """Let the time with every batch be over."""
    with store.begin() as work:
        work.execute(sa.update(batches).values(lease_expires_at=datetime.now(UTC) - timedelta(minutes=1)))


def publish(store: Store, body: str = "# Calls\nRemove what calls to act.") -> None:
    """A commander publishes the next version of the guideline."""
    ada = Person(id="ada-l", roles=frozenset({Role.commander}))
    now = datetime.now(UTC)
    with store.begin() as work:
        publish_guideline(
            work, "INC-1", {"en": body}, title="Calls", policy=None, effective_from=now, by=ada, now=now
        )


def test_a_post_is_translated_where_the_site_has_a_translator(
    settings: Settings, at_work: Browser, store: Store
) -> None:
    assert "Translate" not in at_work.get(PAGE).text
    told = f"<b>bring friends</b> {SECRET}"
    with http_partner(answers(200, body=json.dumps({"translatedText": told}).encode())) as server:
        configured = settings.model_copy(update={"translate_url": f"{server.url}/"})
        with another(configured, store, "dev-e") as dev:
            form = form_on(dev.get(PAGE).text, f"{PAGE}/translate#p1")
            page = dev.post(f"{PAGE}/translate", data=form | {"into": "de-AT"})
            gone = dev.post(f"{PAGE}/translate", data=form | {"item": "9"})
        [request] = server.requests
    assert '<p lang="de-AT" dir="auto">&lt;b&gt;bring friends' in page.text
    assert "by a machine, which may be wrong" in page.text
    assert gone.status_code == 404
    assert request.path == "/translate"
    assert json.loads(request.body) | {"q": ""} == {"q": "", "source": "en", "target": "de", "format": "text"}
    with another(configured, store, "dev-e") as dev:
        silent = dev.submit(PAGE, f"{PAGE}/translate#p1")
    assert "The text was not translated: the connection failed" in silent.text


def test_a_partner_takes_a_batch_judges_it_and_takes_the_next(at_work: Browser, store: Store) -> None:
    page = at_work.get(PAGE).text
    assert page.count('<details class="text">') == 3  # closed: a text is shown when it is asked for
    assert SECRET in page
    recorded = say(at_work, "1", "violates", clause=CLAUSE)
    assert recorded.url.path == PAGE
    assert "<strong>1</strong> of 3" in recorded.text
    refused = at_work.submit(PAGE, f"{PAGE}/finish", next="yes")
    assert refused.status_code == 422
    assert refused.text.index("Finish, and take the next") < refused.text.rindex("ITEMS_UNDECIDED")
    say(at_work, "2", "does_not_violate")
    say(at_work, "4", "unsure", why="It may be a quote.")
    done = at_work.submit(PAGE, f"{PAGE}/finish", next="yes")
    assert "Nothing waits for the team english" in done.text
    assert said_of(store, "1") == [("dev-e", "violates")]
    assert said_of(store, "4") == [("dev-e", "unsure")]
    with store.read() as work:
        assert work.execute(sa.select(batches.c.state)).scalar_one() == "done"
    assert "finished it" in at_work.get(PAGE).text


def test_a_form_that_is_sent_twice_is_recorded_once(at_work: Browser, store: Store) -> None:
    for _ in range(2):
        assert say(at_work, "1", "violates", clause=CLAUSE).status_code == 200
    assert said_of(store, "1") == [("dev-e", "violates")]
    for _ in range(2):
        fields = {"csrf": at_work_csrf(at_work), "item": "2", "place": "1", "say": "skip", "why": "I know her"}
        assert at_work.post(f"{PAGE}/say", data=fields).status_code == 200
    with store.read() as work:
        assert work.execute(sa.select(sa.func.count()).select_from(skips)).scalar_one() == 1


def at_work_csrf(visiting: Browser) -> str:
    return form_on(visiting.get("/queue").text, "/sign-out")["csrf"]


def test_one_may_change_one_s_mind_and_both_words_are_kept(at_work: Browser, store: Store) -> None:
    say(at_work, "1", "violates", clause=CLAUSE)
    assert "Change it" in at_work.get(PAGE).text
    say(at_work, "1", "does_not_violate")
    assert said_of(store, "1") == [("dev-e", "violates"), ("dev-e", "does_not_violate")]


def test_what_a_rule_refuses_is_said_beside_the_post_and_stays_typed(at_work: Browser, store: Store) -> None:
    refused = say(at_work, "2", "violates", other="violence.incitement/no-such", why="Look at <the> flags")
    assert refused.status_code == 422
    card = refused.text[refused.text.index('data-item="2"') :]
    assert card.index("CLAUSE_UNKNOWN") < card.index("</form>")
    assert 'value="Look at &lt;the&gt; flags"' in card
    assert "RATIONALE_MISSING" in say(at_work, "2", "unsure").text
    assert "REASON_MISSING" in say(at_work, "2", "skip").text
    assert say(at_work, "2", "burn it").status_code == 422
    assert say(at_work, "2", "violates", clause=CLAUSE, action="vaporise").status_code == 422
    assert said_of(store, "2") == []
    assert say(at_work, "2", "violates", other="violence.threat/general", action="label").status_code == 200
    assert "Change it" in at_work.get(PAGE).text


def test_two_people_on_one_sweep_get_two_batches_and_neither_sees_the_other_s(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    with store.begin() as work:
        work.execute(sa.update(items).where(items.c.item == "1").values(state="taken"))
    welcome(visiting, store, "dev-e").submit("/queue", "/queue/claim")
    with store.begin() as work:
        work.execute(sa.update(items).where(items.c.item == "1").values(state="waiting"))
    with another(settings, store, "eli-e") as elis:
        theirs = elis.submit("/queue", "/queue/claim")
        assert theirs.url.path == "/queue/INC-1-S1-B2"
        assert SECRET in theirs.text
        closed = elis.get(PAGE)
        assert closed.status_code == 409
        assert "held by dev-e" in closed.text
        assert "torches" not in closed.text
        assert "Take this batch" not in closed.text
        assert "Look at its posts" not in closed.text
    assert "/queue/INC-1-S1-B1" in visiting.get("/").text
    assert "/queue/INC-1-S1-B2" not in visiting.get("/").text


@pytest.mark.parametrize(
    ("person", "code"), [("gil-w", "OTHER_TEAM"), ("cleo-l", "OTHER_TEAM"), ("bo-r", "ROLE_MISSING")]
)
def test_other_teams_and_roles_see_nothing_of_it(
    settings: Settings, at_work: Browser, store: Store, person: str, code: str
) -> None:
    with another(settings, store, person) as stranger:
        csrf = form_on(stranger.get("/").text, "/sign-out")
        answers = [stranger.get(PAGE)]
        answers += [
            stranger.post(f"{PAGE}/{move}", data=csrf | {"item": "1", "place": "1", "say": "does_not_violate"})
            for move in ("say", "take", "return", "finish", "look")
        ]
        answers.append(stranger.post("/queue/claim", data=csrf | {"team": "english"}))
        assert [answer.status_code for answer in answers] == [403] * 7
        assert all(SECRET not in answer.text for answer in answers)
        assert code in answers[0].text
    assert said_of(store, "1") == []


def test_staff_who_look_say_why_and_it_is_written_down(
    settings: Settings, at_work: Browser, store: Store
) -> None:
    with another(settings, store, "ada-l") as staff:
        assert SECRET not in staff.get(PAGE).text
        assert "REASON_MISSING" in staff.submit(PAGE, f"{PAGE}/look", reason=" ").text
        shown = staff.submit(PAGE, f"{PAGE}/look", reason="A reader asks for help")
        assert SECRET in shown.text
        assert f"{PAGE}/say" not in shown.text
    with store.read() as work:
        log = read_log(work, by=Person(id="root-a", roles=frozenset({Role.administrator})))
    [look] = [entry for entry in log if entry.what is Access.post_shown]
    assert (look.person, look.target, look.reason) == ("ada-l", BATCH, "A reader asks for help")


def test_what_is_said_after_the_lease_ended_is_not_lost(at_work: Browser, store: Store) -> None:
    shown = at_work.get(PAGE).text
    [fields] = [form for form in forms(shown) if form["item"] == "1"]
    lease_ends(store)
    late = at_work.post(f"{PAGE}/say", data=fields | {"say": "violates", "clause": CLAUSE})
    assert late.status_code == 409
    assert "LEASE_EXPIRED" in late.text
    assert SECRET not in late.text
    assert said_of(store, "1") == []
    again = at_work.post(f"{PAGE}/say", data=form_on(late.text, f"{PAGE}/say"))
    assert again.url.path == PAGE
    assert said_of(store, "1") == [("dev-e", "violates")]


def test_what_is_said_after_somebody_else_took_it_is_told_so(
    settings: Settings, at_work: Browser, store: Store
) -> None:
    [fields] = [form for form in forms(at_work.get(PAGE).text) if form["item"] == "1"]
    lease_ends(store)
    with another(settings, store, "eli-e") as elis:
        assert elis.submit("/queue", "/queue/claim").url.path == PAGE
    late = at_work.post(f"{PAGE}/say", data=fields | {"say": "does_not_violate"})
    assert late.status_code == 409
    assert "held by eli-e" in late.text
    assert said_of(store, "1") == []


def test_a_batch_is_given_back_and_its_decisions_stay(
    settings: Settings, at_work: Browser, store: Store
) -> None:
    say(at_work, "1", "violates", clause=CLAUSE)
    assert at_work.submit(PAGE, f"{PAGE}/return", reason="").status_code == 200
    assert "Take this batch" in at_work.get(PAGE).text
    with another(settings, store, "eli-e") as elis:
        page = elis.submit("/queue", "/queue/claim")
        assert page.url.path == PAGE
        assert "Decided by a colleague" in page.text
        assert sorted(form["item"] for form in forms(page.text)) == ["2", "4"]


def test_a_decision_under_a_superseded_guideline_is_refused(at_work: Browser, store: Store) -> None:
    publish(store)
    assert "Remove what calls to act." in at_work.get(PAGE).text
    read = say(at_work, "1", "does_not_violate")
    assert read.status_code == 200
    [fields] = [form for form in forms(read.text) if form["item"] == "2"]
    publish(store, "# Calls\nRemove what calls to act.\nNews is not removed.")
    again = at_work.post(f"{PAGE}/say", data=fields | {"item": "1", "say": "does_not_violate"})
    assert again.status_code == 200  # what stands already changes nothing
    late = at_work.post(f"{PAGE}/say", data=fields | {"say": "does_not_violate"})
    assert late.status_code == 422
    assert "GUIDELINE_SUPERSEDED" in late.text
    assert "<ins>News is not removed.</ins>" in late.text
    assert said_of(store, "2") == []
    assert say(at_work, "2", "does_not_violate").status_code == 200


def test_whoever_needs_a_break_is_told_so_kindly(at_work: Browser, store: Store) -> None:
    now = datetime.now(UTC)
    at_work.submit(PAGE, f"{PAGE}/return", reason="a break")
    with store.begin() as work:
        began = now - timedelta(minutes=55)
        work.execute(sa.update(exposures).values(began_at=began, ended_at=now, looked_at=40))
    page = at_work.get("/queue").text
    assert "It is time for a break" in page
    refused = at_work.submit("/queue", "/queue/claim")
    assert refused.status_code == 422
    assert "BREAK_DUE" in refused.text


def test_a_day_is_shown_to_the_one_who_has_it_alone(settings: Settings, at_work: Browser, store: Store) -> None:
    assert "Shown to you and nobody else" in at_work.get("/queue").text
    with store.begin() as work:
        work.execute(sa.update(exposures).values(looked_at=42, severe=42))
        work.execute(sa.update(batches).values(graphic=True))
    assert "42 of 200" in at_work.get("/queue").text
    for person in ("fay-e", "root-a"):
        with another(settings, store, person) as other:
            assert "42 of 200" not in other.get("/queue?team=english").text


def test_nobody_is_given_what_they_opted_out_of(settings: Settings, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "hana-e")
    page = visiting.get("/queue").text
    assert "Nobody asks why" in page
    assert "INC-1-S1" not in page
    assert "Nothing waits for the team english" in visiting.submit("/queue", "/queue/claim").text


def test_staff_choose_the_team_that_they_work_for(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    assert "Take a batch</button>" not in visiting.get("/queue").text
    page = visiting.get("/queue?team=english").text
    assert "INC-1-S1" in page
    fields = form_on(page, "/queue/claim") | {"sweep": "INC-1-S1"}
    assert visiting.post("/queue/claim", data=fields).url.path == PAGE
    assert visiting.get("/queue?team=no-such").status_code == 404


def test_hostile_and_right_to_left_text_is_inert(
    settings: Settings, visiting: Browser, store: Store, sweep: str
) -> None:
    evil = f"<script>alert(1)</script></p></details><img src=//evil.example/x> {{{{ 7*7 }}}} \u202e {TERM}"
    welcome(visiting, store, "dev-e")
    visiting.submit("/queue", "/queue/claim")
    with store.begin() as work:
        work.execute(sa.update(items).where(items.c.item == "1").values(text=evil, language="ar"))
        second = sa.update(items).where(items.c.item == "2")
        work.execute(second.values(text="نداء إلى العيادة", language="und"))
    publish(store, "# Ok\n<script>alert(2)</script><img src=//evil.example/y>[x](javascript:alert(3))")
    page = visiting.get(PAGE).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for wrong in ("<script>alert", "<img", "javascript:", " style="):
        assert wrong not in page
    assert 'lang="ar" dir="auto">&lt;script' in page
    assert 'lang="" dir="auto">نداء' in page


def test_moves_that_there_are_not_and_forms_from_elsewhere(at_work: Browser, store: Store) -> None:
    csrf = {"csrf": at_work_csrf(at_work)}
    assert at_work.post(f"{PAGE}/explode", data=csrf).status_code == 400
    assert at_work.post(f"{PAGE}/finish", data={}).status_code == 403
    assert at_work.get("/queue/INC-9-S1-B1").status_code == 404
    assert at_work.submit(PAGE, f"{PAGE}/take").url.path == PAGE


def test_a_page_of_many_rows_asks_the_store_as_much_as_one_of_few_and_stays_small(
    settings: Settings, at_work: Browser, store: Store
) -> None:
    engine = at_work.app.state.world.store.engine  # type: ignore[attr-defined]
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    def queries(page: str) -> int:
        asked.clear()
        assert at_work.get(page).status_code == 200
        return len(asked)

    few = [queries("/queue"), queries(PAGE)]
    with store.begin() as work:
        [row] = work.execute(sa.select(items).where(items.c.item == "1")).mappings()
        [place] = work.execute(sa.select(places).where(places.c.item == "1")).mappings()
        more = [dict(row) | {"item": f"x{n}", "read_as": f"x{n}", "text": "w" * 280} for n in range(47)]
        work.execute(items.insert(), more)
        work.execute(places.insert(), [dict(place) | {"item": f"x{n}", "place": 10 + n} for n in range(47)])
        work.execute(sa.update(batches).values(size=50))
    page = at_work.get(PAGE)
    assert 'data-item="x46"' in page.text
    assert len(page.content) < 150_000
    assert [queries("/queue"), queries(PAGE)] == few
    assert max(few) <= 14
