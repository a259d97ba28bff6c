"""Action items in a browser: mine and all, moved on by the rules, taken along as files."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from incidents.reviews.actions import ActionState
from incidents.settings import Settings
from incidents.store.action_items import find_action
from incidents.store.engine import Store
from incidents.store.schema import action_items
from tests.console.browsing import Browser, browser, statements_of, welcome
from tests.console.command_line import declared, run, told

HOSTILE = "<script>alert(1)</script> =cmd() {{ 7*7 }} \u202eevil"


def filed(incident: str, owner: str, title: str = "Match mirrored copies") -> str:
    words = ("--title", title, "--kind", "detect", "--owner", owner, "--success", "None is back")
    return str(told("actions", "file", incident, *words, "--as", "ada-l")["id"])


def overdue(store: Store, item: str) -> None:
    with store.begin() as work:
        late = sa.update(action_items).where(action_items.c.id == item)
        work.execute(late.values(due_at=datetime.now(UTC) - timedelta(days=1)))


def state(store: Store, item: str) -> ActionState:
    with store.read() as work:
        return find_action(work, item).state


def shown(visiting: Browser, query: str = "") -> list[str]:
    return re.findall(r'href="/actions/(INC-\d+-A\d+)"', visiting.get(f"/actions?{query}").text)


def test_one_sees_one_s_own_and_on_demand_all_that_one_may(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    incident = declared()
    mine, theirs = filed(incident, "bo-r"), filed(incident, "english", "Write a rota")
    overdue(store, theirs)
    welcome(visiting, store, "bo-r")
    assert f'href="/actions/{mine}"' in visiting.get("/").text
    assert shown(visiting) == [mine]
    assert shown(visiting, "whose=all") == [theirs, mine]
    assert shown(visiting, "whose=all&late=yes") == [theirs]
    assert 'class="late">overdue' in visiting.get("/actions?whose=all").text
    assert shown(visiting, "whose=all&owner=english") == [theirs]
    assert shown(visiting, f"incident={incident}") == [theirs, mine]
    assert shown(visiting, "whose=all&state=verified") == []
    assert visiting.get("/actions?state=lost").status_code == 400
    with browser(settings) as partner:
        welcome(partner, store, "dev-e")
        assert shown(partner, "whose=all&state=all") == [theirs]
        assert f"/incidents/{incident}" not in partner.get(f"/actions/{theirs}").text
        refused = partner.get(f"/actions/{mine}")
        assert refused.status_code == 403
        assert "may not see" in refused.text or "ROLE_MISSING" in refused.text
        assert (
            partner.post(f"/actions/{mine}/change", data=partner.csrf | {"state": "wont_do"}).status_code == 403
        )


def test_an_item_is_moved_on_to_its_end_by_two_people(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    item = filed(declared(), "english")
    page = f"/actions/{item}"
    with browser(settings) as partner:
        welcome(partner, store, "fay-e")
        partner.submit(page, f"{page}/change", state="in_progress")
        assert (
            "done claimed" in partner.submit(page, f"{page}/change", state="done_claimed", note="Shipped").text
        )
    welcome(visiting, store, "bo-r")
    back = visiting.submit(page, f"{page}/change", state="in_progress", note=" ")
    assert back.status_code == 422
    assert "REASON_MISSING" in back.text
    verified = visiting.submit(page, f"{page}/change", state="verified", note="Seen in the drill")
    assert "Seen in the drill" in verified.text
    assert "Move it on" not in verified.text
    assert state(store, item) is ActionState.verified
    history = visiting.get(page).text
    assert len(re.findall(r'href="/incidents/INC-1\?before=', history)) == 4


def test_what_refuses_a_move_is_said_beside_the_button(visiting: Browser, store: Store) -> None:
    incident = declared()
    item, heir = filed(incident, "bo-r"), filed(incident, "noor", "One tool for both")
    welcome(visiting, store, "bo-r")
    page = f"/actions/{item}"
    gone = visiting.submit(page, f"{page}/change", state="superseded", note="One tool for both")
    assert gone.status_code == 422
    form = gone.text[gone.text.index('id="do-change"') :]
    assert form.index("SUCCESSOR_MISSING") < form.index("</form>")
    assert "One tool for both</textarea>" in form
    unknown = visiting.submit(page, f"{page}/change", state="superseded", note="x", successor="INC-9-A9")
    assert "There is no action item INC-9-A9" in unknown.text
    done = visiting.submit(page, f"{page}/change", state="superseded", note="One tool", successor=heir)
    assert f'superseded by <a href="/actions/{heir}">' in done.text
    late = visiting.post(f"{page}/change", data=visiting.csrf | {"state": "superseded", "note": "x"})
    assert late.status_code == 422
    assert "moved it first" in late.text
    assert visiting.get("/actions/INC-1-A99").status_code == 404
    assert visiting.post(f"{page}/change", data=visiting.csrf | {"state": "nonsense"}).status_code == 422


def test_the_owner_does_not_verify_their_own(visiting: Browser, store: Store) -> None:
    item = filed(declared(), "bo-r")
    welcome(visiting, store, "bo-r")
    for to in ("in_progress", "done_claimed"):
        visiting.submit(f"/actions/{item}", f"/actions/{item}/change", state=to)
    refused = visiting.submit(f"/actions/{item}", f"/actions/{item}/change", state="verified")
    assert "VERIFIER_IS_OWNER" in refused.text
    assert state(store, item) is ActionState.done_claimed


def test_an_item_is_filed(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "bo-r")
    typed = {
        "incident": incident,
        "owner": "legal",
        "title": "Keep a list",
        "kind": "process",
        "due": "2020-01-01",
    }
    refused = visiting.submit("/actions", "/actions/file", **typed, success="")
    assert refused.status_code == 422
    assert "success is empty" in refused.text
    assert "has passed" in refused.text
    assert 'value="Keep a list"' in refused.text
    right = typed | {"due": "2099-03-01", "success": "It is asked for", "factor": ""}
    page = visiting.submit("/actions", "/actions/file", **right)
    assert page.url.path == f"/actions/{incident}-A1"
    assert "2099-03-01" in page.text
    assert visiting.submit("/actions", "/actions/file", **right | {"due": "soon"}).status_code == 422
    second = visiting.submit("/actions", "/actions/file", **right | {"title": "Another", "due": ""})
    assert second.url.path == f"/actions/{incident}-A2"


def test_partners_file_nothing(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "fay-e")
    assert "/actions/file" not in visiting.get("/actions").text
    typed = {"incident": incident, "owner": "x", "title": "x", "kind": "process", "success": "x"}
    assert visiting.post("/actions/file", data=visiting.csrf | typed).status_code == 403


def test_items_of_a_restricted_incident_are_its_circle_s_and_their_owners(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    incident = declared()
    item = filed(incident, "legal")
    run("restrict", incident, "--reason", "Names of victims", "--as", "ada-l")
    welcome(visiting, store, "bo-r")
    assert shown(visiting, "whose=all") == []
    assert item not in visiting.get("/actions.csv?whose=all").text
    assert visiting.get(f"/actions/{item}").status_code == 403
    with browser(settings) as legal:
        welcome(legal, store, "cleo-l")
        assert shown(legal) == [item]


def test_the_list_is_taken_along(visiting: Browser, store: Store) -> None:
    incident = declared()
    item = filed(incident, "bo-r", HOSTILE)
    filed(incident, "noor", "Another")
    welcome(visiting, store, "bo-r")
    sheet = visiting.get("/actions.csv?whose=mine")
    assert sheet.headers["content-disposition"] == 'attachment; filename="actions.csv"'
    assert len(sheet.text.splitlines()) == 2
    assert item in sheet.text
    calendar = visiting.get("/actions.ics?whose=all")
    assert calendar.text.startswith("BEGIN:VCALENDAR")
    assert calendar.text.count("BEGIN:VEVENT") == 2
    assert visiting.get("/actions.exe").status_code == 404


def test_hostile_text_stays_text(visiting: Browser, store: Store) -> None:
    item = filed(declared(), "bo-r", HOSTILE)
    welcome(visiting, store, "bo-r")
    visiting.submit(f"/actions/{item}", f"/actions/{item}/change", state="in_progress", note=HOSTILE)
    for path in ("/actions", f"/actions/{item}", "/"):
        page = visiting.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script" not in page
        assert "{{ 7*7 }}" in page
        assert "\u202e" not in page


def test_a_long_list_is_paged_without_a_statement_an_item(
    visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = declared()
    items = [filed(incident, "bo-r", "The first")]
    welcome(visiting, store, "bo-r")
    few = statements_of(visiting, "/actions")
    items += [filed(incident, "bo-r", f"Number {number}") for number in range(4)]
    assert statements_of(visiting, "/actions") == few <= 3
    monkeypatch.setattr("console.pages.actions.SHOWN", 2)
    seen, query = list[str](), ""
    for _ in range(3):
        seen += shown(visiting, query)
        following = re.search(r'href="/actions\?([^"]*behind=[^"]*)"', visiting.get(f"/actions?{query}").text)
        query = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == sorted(items)
