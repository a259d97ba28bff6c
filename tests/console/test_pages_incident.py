"""The board and an incident's page, as commanders, partners and strangers meet them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import HttpUrl

from incidents.incident.phases import Phase
from incidents.settings import Settings
from incidents.store import attempts, timeline
from incidents.store.briefs import brief_clocks
from incidents.store.engine import Store
from incidents.store.incidents import find, holders
from incidents.store.lifecycle import start_response
from incidents.store.stars import starred
from incidents.timeline import Event
from tests.console.browsing import Browser, browser, form_on, welcome
from tests.console.command_line import NOW, declared, run, told
from tests.console.swept import requested, worked

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202eevil"
LOOSE = ("SWEEP_UNFINISHED", "ASK_UNACKNOWLEDGED", "GUIDELINE_MISSING")


def asked(incident: str) -> None:
    run("ask", incident, "--team", "legal", "--text", "Which orders are to be expected?", "--as", "ada-l")


def responding(store: Store) -> str:
    incident = declared()
    with store.begin() as work:
        start_response(work, incident, now=NOW)
    return incident


def phase(store: Store, incident: str) -> Phase:
    with store.read() as work:
        return find(work, incident).phase


def test_a_commander_declares_from_nothing_and_sees_how_the_severity_comes_about(
    visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    typed = {"title": "Calls to storm a clinic", "harm": "4", "reach": "3", "jurisdictions": "de, fr"}
    weighed = visiting.submit("/declare", "/declare", **typed, declare="")
    assert 'class="severity sev1"' in weighed.text
    assert "Calls to storm a clinic" in weighed.text
    assert not visiting.get("/").text.count("/incidents/INC-")
    page = visiting.submit("/declare", "/declare", **typed, declare="yes", reason="Footage comes back")
    assert page.url.path == "/incidents/INC-1"
    assert phase(store, "INC-1") is Phase.declared
    assert "Footage comes back" in page.text
    assert "/incidents/INC-1" in visiting.get("/").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": "\u200b"}, "nothing in it that can be seen"),
        ({"harm": "9"}, "A step is 0 to 4"),
        ({"jurisdictions": "Germany"}, "two letters"),
        ({"reason": " "}, "reason"),
        ({"policy": "no.such"}, "no policy"),
    ],
)
def test_what_is_wrong_with_a_declaration_is_said_and_what_was_typed_stays(
    visiting: Browser, store: Store, wrong: dict[str, str], said: str
) -> None:
    welcome(visiting, store, "ada-l")
    typed = {"title": "A rumour", "reason": "It spreads in two cities", "declare": "yes"} | wrong
    answer = visiting.submit("/declare", "/declare", **typed)
    assert answer.status_code in {404, 422}, answer.text
    assert said in answer.text
    with store.read() as work:
        assert not timeline.entries(work, "INC-1")
    if answer.status_code == 422:
        assert "rumour" in answer.text or "\u200b" in typed["title"]


def test_what_stands_against_standing_down_is_said_beside_the_button(visiting: Browser, store: Store) -> None:
    incident = responding(store)
    asked(incident)
    welcome(visiting, store, "ada-l")
    page = f"/incidents/{incident}"
    refused = visiting.submit(page, f"{page}/stand-down", reason="No copies for six hours")
    assert refused.status_code == 422
    form = refused.text[refused.text.index('id="do-stand-down"') :]
    assert form.index("ASK_UNACKNOWLEDGED") < form.index("</form>")
    assert "No copies for six hours</textarea>" in form
    visiting.submit(page, f"{page}/acknowledge", note="On it")
    visiting.submit(page, f"{page}/waive", reason="Nobody enforces anything here")
    stood = visiting.submit(page, f"{page}/stand-down", reason="No copies for six hours")
    assert stood.status_code == 200
    assert phase(store, incident) is Phase.stood_down
    reopened = visiting.submit(page, f"{page}/reopen", reason="Copies are back")
    assert "round 2" in reopened.text


def test_a_form_that_came_too_late_is_told_so(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "noor")
    page = f"/incidents/{incident}"
    assert f"{page}/dismiss" not in visiting.get(page).text
    csrf = form_on(visiting.get(page).text, "/sign-out")
    answer = visiting.post(f"{page}/dismiss", data=csrf | {"reason": "A film trailer"})
    assert answer.status_code == 422
    assert "ada-l moved first" in answer.text


def test_a_role_is_handed_over_and_access_restricted(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "ada-l")
    page = f"/incidents/{incident}"
    visiting.submit(page, f"{page}/hand-over", role="commander", to="noor", note="Legal calls at six")
    with store.read() as work:
        assert holders(work, incident) == {"noor"}
    restricted = visiting.submit(page, f"{page}/restrict", reason="Names of victims")
    assert restricted.status_code == 403  # Ada holds no role on it any more
    assert "INCIDENT_RESTRICTED" in restricted.text
    assert incident not in visiting.get("/").text


def test_an_entry_is_starred_and_the_star_taken_again(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "ada-l")
    page = f"/incidents/{incident}"
    with store.read() as work:
        entry = next(e for e in timeline.entries(work, incident) if e.event is Event.crisis_declared)
    shown = visiting.get(page).text
    csrf = form_on(shown, "/sign-out")
    visiting.post(f"{page}/star", data=csrf | {"entry": str(entry.seq)})
    with store.read() as work:
        assert starred(work, incident) == (entry.seq,)
    assert 'class="starred"' in visiting.get(page).text
    visiting.post(f"{page}/unstar", data=csrf | {"entry": str(entry.seq)})
    with store.read() as work:
        assert starred(work, incident) == ()
    assert visiting.post(f"{page}/star", data=csrf | {"entry": "x"}).status_code == 422


def test_an_ask_is_sent_and_acknowledged_by_the_team_it_goes_to_alone(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    incident = declared()
    welcome(visiting, store, "ada-l")
    page = f"/incidents/{incident}"
    sent = visiting.submit(page, f"{page}/ask", team="legal", what="Which orders are to be expected?")
    assert "Which orders are to be expected?" in sent.text
    with browser(settings) as english, browser(settings) as legal:
        assert "Which orders" not in welcome(english, store, "dev-e").get("/").text
        board = welcome(legal, store, "cleo-l").get("/").text
        assert "Which orders" in board
        fields = form_on(board, "/asks/acknowledge")
        theirs = form_on(english.get("/").text, "/sign-out")["csrf"]
        assert english.post("/asks/acknowledge", data=fields | {"csrf": theirs}).status_code == 403
        assert "Which orders" not in legal.post("/asks/acknowledge", data=fields).text
        assert legal.get(page).status_code == 403


@pytest.mark.parametrize("person", ["dev-e", "fay-e", "cleo-l"])
def test_partners_see_no_incident(visiting: Browser, store: Store, person: str) -> None:
    incident = declared()
    welcome(visiting, store, person)
    assert incident not in visiting.get("/").text
    assert visiting.get(f"/incidents/{incident}").status_code == 403


def test_hostile_text_stays_text(visiting: Browser, store: Store) -> None:
    run("declare", "--title", HOSTILE, "--harm", "3", "--reason", HOSTILE, "--as", "ada-l")
    run("ask", "INC-1", "--team", "legal", "--text", HOSTILE, "--as", "ada-l")
    welcome(visiting, store, "ada-l")
    for path in ("/", "/incidents/INC-1"):
        page = visiting.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "{{ 7*7 }}" in page
        assert "\u202e" not in page


def test_what_is_not_there_is_said_as_a_page(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    for path in ("/incidents/INC-99", "/no/such/page"):
        answer = visiting.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
    incident = declared()
    csrf = form_on(visiting.get("/").text, "/sign-out")
    assert visiting.post(f"/incidents/{incident}/explode", data=csrf).status_code == 400


def test_a_long_timeline_is_paged(visiting: Browser, store: Store) -> None:
    incident = declared()
    with store.begin() as work:
        for number in range(250):
            facts = {"code": "GUIDELINE_MISSING", "reason": f"reason {number}"}
            timeline.append(work, incident, Event.reason_waived, actor="ada-l", now=NOW, facts=facts)
    welcome(visiting, store, "ada-l")
    with store.read() as work:
        last = find(work, incident).entries
    page = visiting.get(f"/incidents/{incident}").text
    assert f'id="e{last}"' in page
    assert f'id="e{last - 100}"' not in page
    older = visiting.get(f"/incidents/{incident}?before={last - 99}").text
    assert f'id="e{last - 100}"' in older
    first = visiting.get(f"/incidents/{incident}?before=3").text
    assert 'id="e1"' in first
    assert "Older entries" not in first


@pytest.mark.parametrize(
    ("asked_for", "cells"),
    [(requested, ["requested", "not recorded", "not recorded"]), (worked, ["working", "4", "3"])],
)
def test_a_sweep_is_shown_with_what_it_saw_and_found(
    visiting: Browser, store: Store, tmp_path: Path, asked_for: Callable[[Path], str], cells: list[str]
) -> None:
    sweep = asked_for(tmp_path)
    page = welcome(visiting, store, "ada-l").get("/incidents/INC-1").text
    row = page[page.index(f">{sweep}</a></td>") :].partition("</tr>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row)[:3] == cells


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=partner", [Event.ask_sent]),
        ("kind=review", []),
        ("words=FOOTAGE", [Event.crisis_declared]),
        ("words=Größe", [Event.access_restricted]),
        ("words=%25", []),
        ("starred=yes", [Event.crisis_declared]),
        ("who=noor", [Event.access_restricted]),
        ("who=noor&kind=partner", []),
    ],
)
def test_the_timeline_shows_what_somebody_chooses(
    visiting: Browser, store: Store, query: str, shown: list[Event]
) -> None:
    incident = declared()
    asked(incident)
    run("restrict", incident, "--lift", "--reason", "Der Größe wegen", "--as", "noor")
    with store.read() as work:
        entries = timeline.entries(work, incident)
    [said] = [entry.seq for entry in entries if entry.event is Event.crisis_declared]
    run("review", "star", incident, str(said), "--as", "noor")
    welcome(visiting, store, "ada-l")
    page = visiting.get(f"/incidents/{incident}?{query}").text
    seen = {int(seq) for seq in re.findall(r'<li id="e(\d+)"', page)}
    assert sorted(entry.event for entry in entries if entry.seq in seen) == sorted(shown)
    assert f"chosen from {len(entries)} entries" in page
    assert f'href="/incidents/{incident}#timeline">Show all' in page


def test_older_entries_of_those_that_were_chosen_are_a_link_away(visiting: Browser, store: Store) -> None:
    incident = declared()
    with store.begin() as work:
        for number in range(130):
            event = Event.ask_sent if number % 13 else Event.gate_opened
            timeline.append(work, incident, event, actor="watchfloor", now=NOW, facts={"ask": f"nr {number}"})
    welcome(visiting, store, "ada-l")
    page = visiting.get(f"/incidents/{incident}?kind=partner&words=nr").text
    assert page.count('<li id="e') == 100
    [older] = re.findall(r'href="([^"]+)#timeline">Older entries', page)
    rest = visiting.get(older.replace("&amp;", "&")).text
    assert rest.count('<li id="e') == 20
    assert "Older entries" not in rest


def test_nonsense_in_the_choice_is_told_as_such(visiting: Browser, store: Store) -> None:
    incident = declared()
    welcome(visiting, store, "ada-l")
    assert "An entry is about one of incident, guideline" in visiting.get(f"/incidents/{incident}?kind=x").text
    assert visiting.get(f"/incidents/{incident}?kind=&who=&words=&starred=").text.count('id="entries"') == 1


def test_a_late_brief_is_said_in_words_and_sent_on_the_page(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    incident = declared()
    assert "No brief was sent yet" in visiting.get(f"/incidents/{incident}").text
    with store.begin() as work:
        long_ago = datetime.now(UTC) - timedelta(hours=3)
        work.execute(sa.update(brief_clocks).values(since=long_ago))
    page, board = visiting.get(f"/incidents/{incident}").text, visiting.get("/").text
    assert '<strong class="late">Late by 2 h 0 min: the next was due ' in page
    assert '<span class="late">late since ' in board
    run("ask", incident, "--team", "legal", "--text", "Which orders are to be expected?")
    sent = visiting.submit(f"/incidents/{incident}", f"/incidents/{incident}/brief", brief="Two teams read")
    assert "The last brief, number 1, was sent" in sent.text
    assert "Late by" not in sent.text + visiting.get("/").text
    assert told("brief", incident, "--text", "All is read")["channels"] == ["legal"]
    refused = visiting.submit(f"/incidents/{incident}", f"/incidents/{incident}/brief", brief="")
    assert refused.status_code == 422


def test_flow_runs_are_links_where_the_site_says_where_they_lead(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    incident, run_id = declared(), "0193e6a0-0000-7000-8000-000000000001"
    with store.begin() as work:
        attempts.take_lead(
            work,
            f"crisis:{incident}",
            flow="crisis",
            incident=incident,
            flow_run_id=run_id,
            machine_now=datetime.now(UTC),
            dead_after=timedelta(minutes=1),
        )
    welcome(visiting, store, "ada-l")
    page = visiting.get(f"/incidents/{incident}").text
    assert (f"crisis:{incident}" in page, "They are no links" in page, run_id in page) == (True, True, False)
    there = settings.model_copy(update={"prefect_ui_url": HttpUrl("https://prefect.example/")})
    with browser(there) as opened:
        opened.sign_in("ada-l")
        page = opened.get(f"/incidents/{incident}").text
    assert f'<a href="https://prefect.example/runs/flow-run/{run_id}" rel="noreferrer">' in page
    assert "They are no links" not in page
