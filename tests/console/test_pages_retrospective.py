"""Retrospectives in a browser: find one, read it, judge and write, sign it, take it along."""

import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from incidents.reviews.pdf import missing
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.reviews import find_review, read_draft
from incidents.store.schema import kept_records, retrospectives, reviews
from incidents.store.sections import newest_sections
from incidents.store.timeline import entries
from incidents.timeline import Event
from tests.console.browsing import Browser, browser, form_on, statements_of, welcome
from tests.console.command_line import run
from tests.console.reviewed import drafted, suppose, under_review

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202eevil | `x` [a](javascript:alert(1))"


def test_a_reviewer_reads_judges_writes_and_signs(visiting: Browser, store: Store) -> None:
    incident = drafted()
    suppose(incident, "Nobody was on call that night")
    welcome(visiting, store, "bo-r")
    assert f'href="/retrospectives/{incident}"' in visiting.get("/").text
    assert incident in visiting.get("/retrospectives").text
    here = f"/retrospectives/{incident}"
    visiting.submit(
        f"{here}/words", f"{here}/words/judge", number="1", state="accepted", reason="The log shows it"
    )
    visiting.submit(f"{here}/words", f"{here}/words/write", section="surprised", was="0", text="Nobody knew it")
    page = visiting.get(f"{here}/words").text
    assert "Accepted by bo-r: The log shows it" in page
    assert "Nobody knew it</textarea>" in page
    assert "Write a version" in visiting.get(here).text
    newer = visiting.submit(here, f"{here}/draft")
    assert "version 2, the newest" in newer.text
    assert "Nobody knew it" in newer.text
    assert "Every number has its evidence" in newer.text
    signed = visiting.submit(here, f"{here}/sign", reason="It says what happened")
    assert "Version 2 is signed by bo-r" in signed.text
    assert f"{here}/sign" not in signed.text
    with store.read() as work:
        assert find_review(work, incident).signed_version == 2
    published = visiting.submit(here, f"{here}/publish")
    assert "Published" in published.text
    assert "nothing changes in it any more" in visiting.get(f"{here}/words").text


def test_every_reference_leads_to_an_entry(visiting: Browser, store: Store) -> None:
    incident = drafted()
    suppose(incident, "Nobody was on call that night")
    welcome(visiting, store, "bo-r")
    page = visiting.get(f"/retrospectives/{incident}").text
    anchors = set(re.findall(r' id="([^"]+)"', page))
    local = set(re.findall(r'href="#([^"]+)"', page))
    assert {"main", "moves", "impact"} <= local
    assert any(re.fullmatch(r"e\d+", each) for each in local)
    assert local <= anchors
    [evidence] = re.findall(
        r'href="(/incidents/[^"]+\?before=[^"]+)"', visiting.get(f"/retrospectives/{incident}/words").text
    )
    path, _, anchor = evidence.partition("#")
    assert f'id="{anchor}"' in visiting.get(path).text


def test_a_page_brings_no_style_or_script_of_its_own(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    for path in ("", "/words", "/for/public"):
        page = visiting.get(f"/retrospectives/{incident}{path}").text
        assert not re.search(r'<style|<script(?! src="/static/)|\sstyle=|\son[a-z]+=', page)


def test_charts_are_pictures_of_their_own(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    page = visiting.get(f"/retrospectives/{incident}").text
    [source] = re.findall(r'<img src="([^"]+)" alt="The crisis on one time axis\.', page)
    drawn = visiting.get(source)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    assert "<script" not in drawn.text
    assert visiting.get(f"/retrospectives/{incident}/charts/nothing.svg").status_code == 404


def test_what_refuses_a_signature_is_said_beside_the_button(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    before = form_on(visiting.get(here).text, f"{here}/sign")
    visiting.submit(f"{here}/words", f"{here}/words/write", section="lucky", was="0", text="It was Monday")
    visiting.submit(here, f"{here}/draft")
    refused = visiting.post(f"{here}/sign", data=before | {"reason": "Read it on the train"})
    assert refused.status_code == 422
    form = refused.text[refused.text.index('id="do-sign"') :]
    assert form.index("VERSION_STALE") < form.index("</form>")
    assert "Read it on the train</textarea>" in form
    with store.read() as work:
        assert find_review(work, incident).signed_at is None


def test_who_led_or_has_no_such_role_does_not_sign(settings: Settings, visiting: Browser, store: Store) -> None:
    incident = drafted()
    here = f"/retrospectives/{incident}"
    welcome(visiting, store, "ada-l")
    assert f'action="{here}/sign"' not in visiting.get(here).text
    assert visiting.post(f"{here}/sign", data=visiting.csrf | {"version": "1"}).status_code == 403
    with browser(settings) as partner:
        welcome(partner, store, "dev-e")
        assert "/retrospectives" not in partner.get("/").text
        for path in ("/retrospectives", here, f"{here}/words", f"{here}/changes", f"{here}/file.md"):
            assert partner.get(path).status_code == 403, path
        for path in (f"{here}/draft", f"{here}/words/judge", f"{here}/for/public/approve"):
            fields = partner.csrf | {"number": "1", "state": "accepted", "reason": "x", "version": "1"}
            assert partner.post(path, data=fields).status_code == 403, path


def test_a_restricted_incident_is_not_there_for_others(visiting: Browser, store: Store) -> None:
    incident = drafted()
    run("restrict", incident, "--reason", "Names of victims", "--as", "ada-l")
    welcome(visiting, store, "bo-r")
    assert incident not in visiting.get("/retrospectives").text
    assert incident not in visiting.get("/search?words=clinic").text
    for path in ("", "/words", "/changes", "/file.md", "/charts/crisis.svg", "/for/public"):
        answer = visiting.get(f"/retrospectives/{incident}{path}")
        assert answer.status_code == 403, path
        assert "INCIDENT_RESTRICTED" in answer.text


def test_steps_are_done_skipped_and_refused(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "noor")
    here = f"/retrospectives/{incident}"
    empty = visiting.post(f"{here}/skip", data=visiting.csrf | {"step": "interviews"})
    assert empty.status_code == 422
    assert "REASON_MISSING" in empty.text
    skipped = visiting.post(
        f"{here}/skip", data=visiting.csrf | {"step": "interviews", "note": "One person led"}
    )
    assert "One person led" in skipped.text
    done = visiting.post(f"{here}/done", data=visiting.csrf | {"step": "reading", "note": "At noon"})
    assert "At noon" in done.text
    told = visiting.post(f"{here}/done", data=visiting.csrf | {"step": "signature"})
    assert "STEP_NOT_TOLD" in told.text
    assert visiting.post(f"{here}/done", data=visiting.csrf | {"step": "nonsense"}).status_code == 422
    owned = visiting.post(f"{here}/owner", data=visiting.csrf | {"person": "noor", "note": "On leave"})
    assert "Owned by noor" in owned.text
    assert visiting.post(f"{here}/explode", data=visiting.csrf).status_code == 400


def test_factors_are_judged_put_otherwise_and_added(visiting: Browser, store: Store) -> None:
    incident = drafted()
    suppose(incident, "Nobody was on call that night")
    welcome(visiting, store, "bo-r")
    work_page = f"/retrospectives/{incident}/words"
    without = visiting.submit(work_page, f"{work_page}/judge", number="1", state="rejected", reason=" ")
    assert without.status_code == 422
    card = without.text[without.text.index('id="f1"') :]
    assert card.index("REASON_MISSING") < card.index("Put it otherwise")
    other = {"number": "1", "category": "tooling", "part": "trigger", "sentence": "The rota had a gap"}
    changed = visiting.submit(work_page, f"{work_page}/change", **other, reason="We looked")
    assert "The rota had a gap" in changed.text
    assert "Proposed as: Nobody was on call that night" in changed.text
    mitigator = {"category": "process", "part": "mitigator", "for": f"{incident}#2"}
    refused = visiting.submit(work_page, f"{work_page}/add", **mitigator, sentence="It took 4711 hours")
    assert refused.status_code == 422
    assert "WORDS_UNFOUNDED" in refused.text
    assert "It took 4711 hours</textarea>" in refused.text
    added = visiting.submit(work_page, f"{work_page}/add", **mitigator, sentence="A filter caught half")
    assert "A filter caught half" in added.text
    again = visiting.submit(work_page, f"{work_page}/judge", number="2", state="accepted", reason="So it is")
    assert "Accepted by bo-r: So it is" in again.text
    assert (
        visiting.submit(work_page, f"{work_page}/judge", number="9", state="accepted", reason="x").status_code
        == 404
    )


def test_two_who_write_the_same_section_do_not_overwrite_each_other(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    work_page = f"/retrospectives/{incident}/words"
    mine = visiting.csrf | {"section": "lesson", "was": "0"}
    visiting.post(f"{work_page}/write", data=mine | {"text": "Rehearse the night"})
    late = visiting.post(f"{work_page}/write", data=mine | {"text": "Rehearse the morning"})
    assert late.status_code == 422
    assert "Rehearse the morning</textarea>" in late.text
    with store.read() as work:
        assert [each.text for each in newest_sections(work, incident)] == ["Rehearse the night"]
    unfounded = visiting.post(
        f"{work_page}/write", data=mine | {"was": "1", "text": f"77 calls ({incident}#1)"}
    )
    assert "WORDS_UNFOUNDED" in unfounded.text


def test_a_zone_is_chosen(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    work_page = f"/retrospectives/{incident}/words"
    assert "no zone" in visiting.submit(work_page, f"{work_page}/zone", zone="Mars/Base").text
    assert 'value="Europe/Berlin"' in visiting.submit(work_page, f"{work_page}/zone", zone="Europe/Berlin").text


def test_two_versions_are_compared(visiting: Browser, store: Store) -> None:
    incident = drafted()
    here = f"/retrospectives/{incident}"
    welcome(visiting, store, "bo-r")
    assert visiting.get(f"{here}/changes").status_code == 404
    visiting.submit(f"{here}/words", f"{here}/words/write", section="lucky", was="0", text="It was a Monday")
    visiting.submit(here, f"{here}/draft")
    page = visiting.get(f"{here}/changes?from=1&to=2").text
    assert re.search(r'<div class="add">\+.*It was a Monday', page)
    assert "The two say the same" in visiting.get(f"{here}/changes?from=2&to=2").text
    assert "version 1</span>" in visiting.get(f"{here}?version=1").text
    assert visiting.get(f"{here}?version=9").status_code == 404


def test_a_version_is_taken_along_as_a_file(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    markdown = visiting.get(f"{here}/file.md")
    with store.read() as work:
        assert markdown.text == read_draft(work, incident).markdown
    assert markdown.headers["content-disposition"] == f'attachment; filename="{incident}-retrospective-v1.md"'
    assert "<figure" in visiting.get(f"{here}/file.html?version=1").text
    assert visiting.get(f"{here}/file.exe").status_code == 404


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_version_is_printed(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    assert visiting.get(f"/retrospectives/{incident}/file.pdf").content.startswith(b"%PDF")


def test_where_nothing_prints_it_is_said(
    visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    monkeypatch.setattr("incidents.reviews.pdf.missing", lambda: "WeasyPrint is not installed. Get it")
    answer = visiting.get(f"/retrospectives/{incident}/file.pdf")
    assert answer.status_code == 400
    assert "WeasyPrint is not installed. Get it" in answer.text


def test_an_approver_reads_what_they_approve_and_no_more(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "cleo-l")  # Legal, whom the protocol asks for partners and the public
    here = f"/retrospectives/{incident}"
    assert visiting.get(here).status_code == 403
    public = f"{here}/for/public"
    page = visiting.get(public).text
    assert "legal has not approved version 1" in page
    approved = visiting.submit(public, f"{public}/approve", note="Nothing against it")
    assert "legal approved version 1" in approved.text
    assert "Nothing against it" in approved.text
    again = visiting.submit(public, f"{public}/approve")
    assert again.status_code == 422
    assert "approved for public by cleo-l" in again.text
    assert visiting.get(f"{here}/for/internal").status_code == 403
    assert visiting.get(f"{here}/for/nobody").status_code == 422


def test_a_partner_s_document_is_made_for_one_team(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}/for/partner"
    assert "No partner team had a part" in visiting.get(here).text
    assert "had no part in" in visiting.get(f"{here}?team=french").text


def test_before_the_first_version_the_page_says_so(visiting: Browser, store: Store) -> None:
    incident = under_review()
    welcome(visiting, store, "ada-l")
    here = f"/retrospectives/{incident}"
    assert "No version is written yet" in visiting.get(here).text
    assert "none yet" in visiting.get("/retrospectives").text
    assert (
        "version 1, the newest"
        in visiting.submit(f"/retrospectives/{incident}", f"/retrospectives/{incident}/draft").text
    )


def test_the_library_is_filtered_and_paged(
    visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = drafted(), drafted()
    welcome(visiting, store, "bo-r")
    with store.begin() as work:
        late = sa.update(reviews).where(reviews.c.incident_id == first)
        work.execute(late.values(due_at=datetime.now(UTC) - timedelta(days=1)))
    assert 'class="late">late' in visiting.get("/retrospectives").text

    def shown(query: str) -> set[str]:
        return set(
            re.findall(r'href="/retrospectives/(INC-\d+)"', visiting.get(f"/retrospectives?{query}").text)
        )

    assert shown("") == {first, second}
    assert shown("late=yes") == {first}
    assert shown("drills=yes") == set()
    assert shown("state=signing&severity=sev1&policy=violence.incitement") == {first, second}
    assert shown("severity=sev4") == set()
    assert shown("policy=other") == set()
    assert shown("state=published") == set()
    assert visiting.get("/retrospectives?state=lost").status_code == 400
    monkeypatch.setattr("console.pages.retrospectives.SHOWN", 1)
    page = visiting.get("/retrospectives?late=").text
    [following] = re.findall(r'<a href="(/retrospectives\?[^"]*before=[^"]*)"', page)
    assert shown(following.partition("?")[2]) == {first}


def test_what_was_learned_is_searched(visiting: Browser, store: Store) -> None:
    incident = drafted()
    item = (
        "--title",
        "Match mirrored copies",
        "--kind",
        "detect",
        "--owner",
        "legal",
        "--success",
        "None is back",
    )
    run("actions", "file", incident, *item, "--as", "ada-l")
    welcome(visiting, store, "bo-r")
    page = visiting.get("/search?words=clinic").text
    assert f'href="/retrospectives/{incident}?version=1"' in page
    assert f'href="/incidents/{incident}"' in page
    assert f"/actions/{incident}-A1" in visiting.get('/search?words="mirrored copies"').text
    of_one_kind = visiting.get("/search?words=clinic&kind=incident").text
    assert f'href="/incidents/{incident}"' in of_one_kind
    assert f"/retrospectives/{incident}?version" not in of_one_kind
    elsewhere = visiting.get("/search?words=clinic&incident=INC-9&until=2999-01-01").text
    assert "Nothing that you may read holds all of these words where you looked." in elsewhere
    assert 'value="INC-9"' in elsewhere
    assert f'href="/incidents/{incident}"' in visiting.get(f"/search?words=clinic&incident={incident}").text
    assert visiting.get("/search?words=clinic&since=today").status_code == 400
    assert visiting.get("/search?words=clinic&kind=rumour").status_code == 400
    assert "Nothing that you may read" in visiting.get("/search?words=zebra").text
    assert visiting.get("/search?words=!!").status_code == 400
    assert visiting.get(f"/search?words={'x' * 501}").status_code == 400
    assert visiting.get("/search").status_code == 200


def test_hostile_text_stays_text(visiting: Browser, store: Store) -> None:
    incident = drafted("--title", HOSTILE)
    suppose(incident, HOSTILE)
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    visiting.submit(f"{here}/words", f"{here}/words/write", section="lesson", was="0", text=HOSTILE)
    visiting.submit(f"{here}/words", f"{here}/words/judge", number="1", state="accepted", reason=HOSTILE)
    visiting.post(f"{here}/done", data=visiting.csrf | {"step": "interviews", "note": HOSTILE})
    visiting.submit(here, f"{here}/draft")
    paths = (
        here,
        f"{here}/words",
        f"{here}/changes",
        f"{here}/for/public",
        "/retrospectives",
        "/search?words=evil",
    )
    for path in paths:
        page = visiting.get(path).text
        assert "<script>" not in page, path
        assert 'href="javascript' not in page, path
        assert "\u202e" not in page, path
        assert "49" not in re.findall(r"alert\(1\).{0,40}", page), path
    assert "{{ 7*7 }}" in visiting.get(f"{here}/words").text


def test_a_page_asks_the_database_as_often_for_many_as_for_one(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    pages = ("/retrospectives", here, f"{here}/words", "/search?words=clinic")
    visiting.get("/search?words=clinic")
    few = {path: statements_of(visiting, path) for path in pages}
    for number in range(4):
        suppose(incident, f"Nobody was on call, night {'i' * number}", rule=f"test:{number}")
        under_review()
    run("review", "draft", incident)
    visiting.get("/search?words=clinic")
    assert {path: statements_of(visiting, path) for path in pages} == few
    assert few["/retrospectives"] <= 3
    assert few[here] <= 25


def test_a_version_is_held_against_its_own_record_and_where_asked_against_that_of_now(
    visiting: Browser, store: Store
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    page = visiting.get(here).text
    assert "derived again from the record that this version was made of" in page
    assert "The record has moved on" not in page
    assert "derived again from the record as it is now" in visiting.get(f"{here}?against=now").text
    run("ask", incident, "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    moved = visiting.get(here).text
    assert "The record has moved on: 1 entry came since" in moved
    assert "derived again from the record that this version was made of" in moved
    held = visiting.get(f"{here}?version=1&against=now").text
    assert "The record as it is now does not bear out" in held
    assert "SECTION_MISSING" in held
    assert statements_of(visiting, here) < statements_of(visiting, f"{here}?against=now")


def test_what_somebody_changed_in_the_store_is_found_although_the_version_was_proven_before(
    visiting: Browser, store: Store
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    assert "Every number has its evidence" in visiting.get(here).text
    with store.begin() as work:
        told = f"{read_draft(work, incident).markdown}\n4,711 posts were removed (`{incident}#1`).\n"
        work.execute(sa.update(retrospectives).values(markdown=told))
    assert "The record does not bear out" in visiting.get(here).text
    with store.begin() as work:
        work.execute(sa.update(kept_records).values(record=zlib.compress(b"{}")))
    assert "RECORD_CHANGED" in visiting.get(here).text


def test_a_version_from_before_records_were_kept_is_held_against_that_of_now(
    visiting: Browser, store: Store
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    with store.begin() as work:
        work.execute(sa.delete(kept_records))
    page = visiting.get(f"/retrospectives/{incident}").text
    assert "derived again from the record as it is now" in page
    assert "/charts/crisis.svg" in page


def test_a_move_is_told_to_the_timeline_as_at_the_command_line(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    visiting.submit(here, f"{here}/sign", reason="It says what happened")
    with store.read() as work:
        [signed] = [each for each in entries(work, incident) if each.event is Event.retrospective_signed]
    assert (signed.actor, signed.facts["reason"]) == ("bo-r", "It says what happened")
