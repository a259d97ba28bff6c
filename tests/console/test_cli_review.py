"""The review at the command line, from the draft to the last action item."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from incidents.incident.incident import SYSTEM
from incidents.people import lone_operator
from incidents.reviews.audiences import Audience
from incidents.reviews.pdf import missing
from incidents.reviews.steps import Step
from incidents.store import approvals, lifecycle, reviews, timeline
from incidents.store.action_items import file_action
from incidents.store.review_steps import plan_steps
from incidents.timeline import Event
from tests.console.command_line import NOW, WHY, at_home, declared, open_store, responding, run, told, write
from tests.tasks.servers import answers, http_partner


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def stood_down() -> None:
    """A crisis that is over and whose review has begun."""
    declared()
    responding("INC-1")
    stand_down()


def stand_down() -> None:
    """End the crisis, and begin its review as the review flow does."""
    run("waive", "INC-1", "GUIDELINE_MISSING", *WHY)
    run("stand-down", "INC-1", *WHY)
    now = datetime.now(UTC)
    due_at = now + timedelta(days=14)
    with closing(open_store()) as store, store.begin() as work:
        lifecycle.start_review(work, "INC-1", due_at=due_at, now=now)
        reviews.start_review(work, "INC-1", owner="ada-l", due_at=due_at, now=now)
        plan_steps(work, "INC-1", {step: due_at for step in Step if step is not Step.approvals})


def test_a_retrospective_is_drafted_signed_published_and_the_incident_closed(tmp_path: Path) -> None:
    stood_down()
    assert told("review", "draft", "INC-1")["version"] == 1
    assert told("review", "draft", "INC-1")["version"] == 1
    assert run("review", "show", "INC-1").stdout == told("review", "show", "INC-1")["markdown"]
    assert "REVIEW_UNSIGNED" in run("review", "publish", "INC-1", code=1).stderr
    assert "ROLE_MISSING" in run("review", "sign", "INC-1", "--version", "1", code=1).stderr
    assert told("review", "sign", "INC-1", "--version", "1", "--as", "bo-r")["signed_by"] == "bo-r"
    again = run("review", "sign", "INC-1", "--version", "1", "--as", "bo-r", code=1).stderr
    assert "by bo-r" in again
    assert run("review", "publish", "INC-1").stdout == "The retrospective of INC-1 is published.\n"
    assert "published before" in run("review", "publish", "INC-1").stdout
    assert "is closed" in run("close", "INC-1").stdout
    run("incidents", "export", "INC-1", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "retrospective.md").read_text().startswith("# ")
    html = (tmp_path / "out" / "retrospective.html").read_text()
    assert "<h1" in html
    assert '<figure role="img" aria-label="The crisis on one time axis.' in html


def test_the_steps_of_a_review_are_shown_done_and_skipped() -> None:
    stood_down()
    shown = run("review", "status", "INC-1").stdout
    assert [line.split()[0] for line in shown.splitlines()[1:]] == [
        each.value for each in Step if each is not Step.approvals
    ]
    run("review", "draft", "INC-1")
    rows = told("review", "status", "INC-1")
    assert {row["step"]: row["whose"] for row in rows if row["step"] in ("interviews", "signature")} == {
        "interviews": "ada-l",
        "signature": "bo-r",
    }
    states = {row["step"]: row["state"] for row in rows}
    assert (states["evidence"], states["draft"], states["reading"]) == ("done", "done", "open")
    assert "STEP_NOT_TOLD" in run("review", "skip", "INC-1", "signature", *WHY, code=1).stderr
    assert "REASON_MISSING" in run("review", "skip", "INC-1", "interviews", code=1).stderr
    assert "is skipped." in run("review", "skip", "INC-1", "interviews", *WHY).stdout
    again = run("review", "done", "INC-1", "interviews", code=1).stderr
    assert "is skipped: by ada-l" in again
    # Ada owns the review, so that somebody else reads it; who owns it can change.
    assert "REVIEW_OWN_DRAFT" in run("review", "done", "INC-1", "reading", code=1).stderr
    assert run("review", "owner", "INC-1", "noor").stdout.startswith(
        "noor owns the review of INC-1, which is due"
    )
    assert "may not draft" in run("review", "owner", "INC-1", "cleo-l", code=1).stderr
    assert "There is no person nobody" in run("review", "owner", "INC-1", "nobody", code=1).stderr
    run("review", "done", "INC-1", "reading", "--note", "at noon")
    reading = next(row for row in told("review", "status", "INC-1") if row["step"] == "reading")
    assert (reading["state"], reading["person"], reading["reason"]) == ("done", "ada-l", "at noon")
    assert "ROLE_MISSING" in run("review", "status", "INC-1", "--as", "cleo-l", code=1).stderr


def test_a_version_is_approved_for_an_audience_by_those_whom_the_protocol_names() -> None:
    stood_down()
    assert told("review", "draft", "INC-1")["version"] == 1
    # Cleo sees no incidents; what she has to approve she may read, as its audience would.
    public = ("review", "show", "INC-1", "--audience", "public")
    assert "ROLE_MISSING" in run("incidents", "show", "INC-1", "--as", "cleo-l", code=1).stderr
    assert run(*public, "--as", "cleo-l").stdout.startswith("# Retrospective INC-1")
    assert "ROLE_MISSING" in run("review", "show", "INC-1", "--as", "cleo-l", code=1).stderr
    assert "ROLE_MISSING" in run(*public, "--as", "fay-e", code=1).stderr
    approve = ("review", "approve", "INC-1", "--version", "1", "--audience")
    assert "APPROVER_OTHER" in run(*approve, "public", code=1).stderr
    assert "APPROVAL_NOT_ASKED" in run(*approve, "internal", "--as", "cleo-l", code=1).stderr
    shown = run(*approve, "public", "--as", "cleo-l").stdout
    assert "communications has not approved version 1" in shown
    assert "Nobody else has to." in run(*approve, "partner", "--as", "cleo-l").stdout
    assert "approved for partner by cleo-l" in run(*approve, "partner", "--as", "cleo-l", code=1).stderr


def test_the_pictures_of_an_export_lie_beside_it_and_pass_the_check(tmp_path: Path) -> None:
    stood_down()
    run("review", "draft", "INC-1")
    out = tmp_path / "out"
    write(out / "retrospective-charts" / "reading.svg", "of another incident")
    run("incidents", "export", "INC-1", "--out", str(out))
    markdown = (out / "retrospective.md").read_text()
    [picture] = re.findall(r"^!\[The crisis on one time axis\. .*\]\((.*)\)$", markdown, re.MULTILINE)
    assert picture == "retrospective-charts/crisis.svg"
    assert (out / picture).read_text().startswith("<svg")
    names = {path.name for path in (out / "retrospective-charts").iterdir()}
    assert names == {"crisis.svg", "crisis.vl.json"}
    specification = json.loads((out / "retrospective-charts" / "crisis.vl.json").read_text())
    assert specification["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    run("review", "check", str(out / "retrospective.md"))
    first = (out / picture).read_bytes()
    run("incidents", "export", "INC-1", "--out", str(out))
    assert (out / picture).read_bytes() == first
    assert "<img" not in (out / "retrospective.html").read_text()


def test_a_retrospective_is_checked_against_the_record(tmp_path: Path) -> None:
    stood_down()
    run("review", "draft", "INC-1")
    file = tmp_path / "INC-1.md"
    file.write_text(run("review", "show", "INC-1").stdout)
    assert run("review", "check", str(file)).stdout == "The record of INC-1 bears out all that INC-1.md says.\n"
    written = "| Signals received | 0 |"
    assert written in file.read_text()
    file.write_text(file.read_text().replace(written, "| Signals received | 12 |"))
    [found] = told("review", "check", str(file), code=1)
    assert (found["fault"], found["line"]) == ("NUMBER_DIFFERS", 1 + lines_before(file, "| Signals received |"))
    assert "Signals received | 0 |" in found["why"]
    shown = run("review", "check", str(file), code=1).stdout
    assert "NUMBER_DIFFERS" in shown
    file.write_text("# Minutes\n")
    assert "no retrospective" in run("review", "check", str(file), code=1).stderr


def test_a_retrospective_is_shared_with_an_audience(tmp_path: Path) -> None:
    stood_down()
    run("review", "draft", "INC-1")
    out = tmp_path / "for-the-press"
    share = ("review", "share", "INC-1", "--out", str(out), "--audience")
    assert "REVIEW_UNSIGNED" in run(*share, "public", code=1).stderr
    assert not out.exists()
    run("review", "sign", "INC-1", "--version", "1", "--as", "bo-r")
    assert "APPROVAL_MISSING" in run(*share, "public", code=1).stderr
    asked = ("legal", "communications")
    with closing(open_store()) as store, store.begin() as work:
        by, now = lone_operator("maria"), datetime.now(UTC)
        approvals.approve(work, "INC-1", Audience.public, 1, approvers=asked, by=by, now=now)
    assert "REASON_MISSING" in run(*share, "public", code=1).stderr
    why = ("--reason", "The press asks")
    proposal = told(*share, "public", *why)["proposal"]
    assert not out.exists()
    confirm = ("proposals", "confirm", proposal, "--reason", "I read it, too", "--as", "noor")
    assert "say with --out" in run(*confirm, code=1).stderr
    shared = told(*confirm, "--out", str(out))
    assert [Path(file).name for file in shared["files"]] == [
        f"INC-1-public.{end}" for end in ("md", "html", "json")
    ]
    shown = run("review", "show", "INC-1", "--audience", "public").stdout
    assert (out / "INC-1-public.md").read_text() == shown
    assert told("review", "show", "INC-1", "--audience", "public")["markdown"] == shown
    assert "bears out" in run("review", "check", str(out / "INC-1-public.md")).stdout
    index = json.loads((out / "INC-1-public.json").read_text())
    assert index["files"]["INC-1-public.md"] == sha256(shown.encode()).hexdigest()
    assert (index["audience"], index["version"], index["record_hash"]) == ("public", 1, shared["input_hash"])
    counsel = run(*share, "privileged").stdout
    assert counsel.startswith("Version 1 of INC-1, as made for privileged, is in ")
    assert "had no part in INC-1" in run(*share, "partner", "--team", "french", code=1).stderr
    # What happens later is not in what was signed, and does not make it untrue.
    run("review", "publish", "INC-1")
    assert run("review", "show", "INC-1", "--audience", "public", "--version", "1").stdout == shown
    assert "bears out" in run("review", "check", str(out / "INC-1-public.md")).stdout
    blocked = write(tmp_path / "file", "")
    again = told(*share, "public", *why)["proposal"]
    confirm = ("proposals", "confirm", again, "--reason", "Once more", "--as", "noor")
    refused = run(*confirm, "--out", str(blocked), code=1).stderr
    assert "Nothing of INC-1 was shared" in refused
    with closing(open_store()) as store, store.read() as work:
        shares = [each for each in timeline.entries(work, "INC-1") if each.event is Event.retrospective_shared]
    assert [each.facts["audience"] for each in shares] == ["public", "privileged"]


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_retrospective_is_printed_where_somebody_asks_for_it(tmp_path: Path) -> None:
    stood_down()
    run("review", "draft", "INC-1")
    out = tmp_path / "out"
    run("incidents", "export", "INC-1", "--out", str(out), "--pdf")
    assert (out / "retrospective.pdf").read_bytes().startswith(b"%PDF-")
    run("incidents", "export", "INC-1", "--out", str(out))
    assert not (out / "retrospective.pdf").exists()
    run("review", "sign", "INC-1", "--version", "1", "--as", "bo-r")
    share = ("review", "share", "INC-1", "--audience", "privileged", "--out", str(out), "--pdf")
    files = [Path(file).name for file in told(*share)["files"]]
    assert files == [f"INC-1-privileged.{end}" for end in ("md", "html", "pdf", "json")]


def test_without_weasyprint_nothing_is_written_and_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood_down()
    run("review", "draft", "INC-1")
    monkeypatch.setattr("incidents.reviews.pdf.missing", lambda: "WeasyPrint is not installed. Get it")
    refused = run("incidents", "export", "INC-1", "--out", str(tmp_path / "out"), "--pdf", code=1).stderr
    assert "WeasyPrint is not installed. Get it" in refused
    assert not (tmp_path / "out").exists()


def test_a_model_is_asked_where_one_is_configured_and_nothing_of_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stood_down()
    suggest = ("review", "suggest", "INC-1")
    assert "No language model is configured" in run(*suggest, code=1).stderr
    monkeypatch.setenv("WATCHFLOOR_MODEL_NAME", "a-model")
    sentences = [
        {"text": "A crisis was declared.", "refs": ["INC-1#1"]},
        {"text": "Ada-l declared it.", "refs": ["INC-1#1"]},
    ]
    content = json.dumps({"sentences": sentences})
    body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
    with http_partner(answers(200, body=body)) as model:
        monkeypatch.setenv("WATCHFLOOR_MODEL_URL", model.url)
        shown = run(*suggest).stdout
        asked = told(*suggest, "--section", "surprised")
        assert "Ada" not in model.requests[0].body.decode()
        assert "ROLE_MISSING" in run(*suggest, "--as", "dev-e", code=1).stderr
        assert len(model.requests) == 2
    assert shown.startswith("A draft by the machine a-model, for the section lesson. Nobody said it")
    assert "- A crisis was declared. (INC-1#1)" in shown
    assert "It names ada-l." in shown
    assert [not each["why"] for each in asked["sentences"]] == [True, False]
    assert {each["version"] for each in told("review", "sections", "INC-1")} == {0}


def test_words_that_blame_are_named_and_left(tmp_path: Path) -> None:
    file = tmp_path / "draft.md"
    file.write_text("Fine.\nThe root cause was that Ada-l missed it.\n")
    found = told("review", "lint", str(file))
    assert [(each["line"], each["kind"]) for each in found] == [(2, "single cause"), (2, "person")]
    assert "List the contributing factors" in run("review", "lint", str(file)).stdout
    assert file.read_text().startswith("Fine.\nThe root cause")
    file.write_text("Fine.\n")
    assert "blames nobody" in run("review", "lint", str(file)).stdout


def test_people_write_in_it_and_nothing_is_overwritten(tmp_path: Path) -> None:
    stood_down()
    write_it = ("review", "write", "INC-1", "surprised")
    assert told(*write_it, "--text", "Nobody knew the term (INC-1#1).")["version"] == 1
    assert "was written by ada-l at" in run(*write_it, "--text", "Mine.", "--as", "bo-r", code=1).stderr
    file = write(tmp_path / "why.md", "It was new to us.\n\n- All of it\n")
    assert "is kept" in run(*write_it, "--file", str(file), "--was", "1", "--as", "bo-r").stdout
    assert "WORDS_UNFOUNDED" in run(*write_it, "--text", "INC-1#99", "--was", "2", code=1).stderr
    run(*write_it, code=2)
    run("review", "write", "INC-1", "blame", "--text", "x", code=2)
    run("review", "draft", "INC-1")
    assert "> - All of it" in run("review", "show", "INC-1").stdout
    listed = told("review", "sections", "INC-1")
    assert [(each["section"], each["version"]) for each in listed if each["version"]] == [("surprised", 2)]
    assert {each["asked"] for each in listed} >= {"Where were we lucky?"}
    assert [each["version"] for each in told("review", "sections", "INC-1", "--all")][:2] == [1, 2]
    assert "Where were we lucky?" in run("review", "sections", "INC-1").stdout
    assert "ROLE_MISSING" in run("review", "sections", "INC-1", "--as", "cleo-l", code=1).stderr


def test_what_changed_between_two_versions_is_shown() -> None:
    stood_down()
    assert "Lines changed" not in run("review", "draft", "INC-1").stdout
    assert "has none before it" in run("review", "diff", "INC-1", code=1).stderr
    run("review", "write", "INC-1", "lucky", "--text", "A newsroom called us.")
    drafted = run("review", "draft", "INC-1").stdout
    assert "In people's words +7 -1" in drafted
    assert "Full log +1 -0" in drafted
    lines = run("review", "diff", "INC-1").stdout.splitlines()
    assert lines[:2] == ["--- INC-1, version 1", "+++ INC-1, version 2"]
    assert "+> A newsroom called us." in lines
    back = told("review", "diff", "INC-1", "--from", "2", "--to", "1")
    assert (back["from"], back["to"]) == (2, 1)
    assert {"section": "Full log", "added": 0, "removed": 1} in back["changes"]
    assert "has no version 7" in run("review", "diff", "INC-1", "--to", "7", code=1).stderr


def test_versions_say_who_signed_them_and_when_they_were_published_also_before_a_reopening() -> None:
    stood_down()
    assert "has no retrospective" in run("review", "versions", "INC-1").stdout
    run("review", "draft", "INC-1")
    run("review", "sign", "INC-1", "--version", "1", "--as", "bo-r")
    run("review", "publish", "INC-1")
    run("close", "INC-1")
    run("reopen", "INC-1", *WHY)
    stand_down()
    run("review", "draft", "INC-1")
    found = told("review", "versions", "INC-1")
    assert [(each["version"], each["signed_by"]) for each in found] == [(1, ["bo-r"]), (2, [])]
    assert [len(each["published_at"]) for each in found] == [1, 0]
    shown = run("review", "versions", "INC-1").stdout.splitlines()
    assert shown[1].split("\t")[2:4] == ["watchfloor", "bo-r"]


def test_an_entry_is_starred_and_a_zone_chosen() -> None:
    stood_down()
    log = told("incidents", "show", "INC-1")["timeline"]
    assert log
    assert told("review", "star", "INC-1", "2")["new"]
    assert not told("review", "star", "INC-1", "2", "--as", "bo-r")["new"]
    assert "tells no entry 99" in run("review", "star", "INC-1", "99", code=1).stderr
    assert "ROLE_MISSING" in run("review", "star", "INC-1", "2", "--as", "cleo-l", code=1).stderr
    assert "in America/New_York" in run("review", "zone", "INC-1", "America/New_York").stdout
    assert "'Berlin' is no zone" in run("review", "zone", "INC-1", "Berlin", code=1).stderr
    run("review", "draft", "INC-1")
    shown = run("review", "show", "INC-1").stdout
    assert "★" in shown
    assert "| Time | America/New\\_York | What happened | Evidence |" in shown
    assert told("review", "unstar", "INC-1", "2")["new"]
    assert "has no star" in run("review", "unstar", "INC-1", "2").stdout
    assert told("review", "zone", "INC-1", "UTC")["zone"] == "UTC"
    run("review", "draft", "INC-1")
    assert "★" not in run("review", "show", "INC-1").stdout
    run("review", "sign", "INC-1", "--version", "2", "--as", "bo-r")
    for late in (("star", "INC-1", "2"), ("unstar", "INC-1", "2"), ("zone", "INC-1", "UTC")):
        assert "REVIEW_SIGNED" in run("review", *late, code=1).stderr


def lines_before(file: Path, mark: str) -> int:
    return file.read_text().partition(mark)[0].count("\n")


def test_a_review_that_was_not_started_says_when_it_is() -> None:
    declared()
    assert "it starts when the crisis is stood down" in run("review", "draft", "INC-1", code=1).stderr
    assert "has no retrospective" in run("review", "show", "INC-1", code=1).stderr


def test_factors_are_listed_and_judged() -> None:
    stood_down()
    run("review", "draft", "INC-1")
    proposed = told("review", "factor", "INC-1")
    assert run("review", "factor", "INC-1", "1", code=2).stdout == ""
    judge = ("review", "factor", "INC-1", "1", "--state", "accepted")
    if not proposed:
        assert "has no factor 1" in run(*judge, *WHY, code=1).stderr
        return
    assert "REASON_MISSING" in run(*judge, code=1).stderr
    assert told(*judge, *WHY)["state"] == "accepted"
    assert "Factor 1 of INC-1 is accepted by ada-l" in run(*judge, *WHY, code=1).stderr


def test_action_items_are_filed_moved_and_listed() -> None:
    declared()
    item = (
        "--title",
        "Match mirrored copies",
        "--kind",
        "detect",
        "--owner",
        "noor",
        "--success",
        "A drill finds them",
    )
    file = ("actions", "file", "INC-1", *item)
    assert "has passed" in run(*file, "--due", "2020-01-01", code=1).stderr
    run(*file, "--due", "tomorrow", code=2)
    by_severity = told("actions", "file", "INC-1", "--title", "By severity", *item[2:], "--area", "tooling")
    assert by_severity["area"] == "tooling"
    assert datetime.fromisoformat(by_severity["due_at"]) > datetime.now(UTC) + timedelta(days=14)
    superseded = ("actions", "change", "INC-1-A1", "--state", "superseded", "--note", "one tool")
    assert "SUCCESSOR_MISSING" in run(*superseded, code=1).stderr
    assert told(*file, "--due", "2199-03-01")["id"] == "INC-1-A2"
    assert told(*superseded, "--by", "INC-1-A2")["superseded_by"] == "INC-1-A2"
    assert [each["title"] for each in told("actions", "list")] == ["Match mirrored copies"]
    change = ("actions", "change", "INC-1-A2", "--state")
    assert "STATE_NOT_NEXT" in run(*change, "verified", code=1).stderr
    run(*change, "in_progress", "--as", "noor")
    run(*change, "done_claimed", "--as", "noor")
    assert "VERIFIER_IS_OWNER" in run(*change, "verified", "--as", "noor", code=1).stderr
    assert run(*change, "verified").stdout == "INC-1-A2 is verified.\n"
    assert run("actions", "list").stdout == "No action item is open.\n"
    assert len(told("actions", "list", "INC-1", "--all")) == 2
    assert "There is no action item" in run("actions", "change", "INC-1-A9", "--state", "open", code=1).stderr


def test_an_open_incident_shows_what_is_overdue_from_the_last_one_of_its_policy() -> None:
    declared()
    with closing(open_store()) as store, store.begin() as work:
        due_at = NOW + timedelta(days=1)
        new: dict[str, Any] = {
            "title": "Match mirrors",
            "kind": "detect",
            "owner": "noor",
            "success": "A drill",
        }
        file_action(work, "INC-1", **new, due_at=due_at, by=SYSTEM, now=NOW)
    assert told("incidents", "show", "INC-1")["overdue"] == []
    second = declared("--title", "Calls to burn a bridge")
    assert [item["id"] for item in told("incidents", "show", second)["overdue"]] == ["INC-1-A1"]
    shown = run("incidents", "show", second).stdout
    assert "Overdue from earlier incidents" in shown


def test_a_guideline_is_published_and_read(tmp_path: Path) -> None:
    declared()
    english = write(tmp_path / "en.md", "Remove copies.\n\x1b[31mKeep reporting.\n")
    german = write(tmp_path / "de.md", "Kopien entfernen.\n")
    publish = ("guideline", "publish", "INC-1", "--file", str(english), "--language", "en")
    assert "has no guideline in force" in run("guideline", "show", "INC-1", code=1).stderr
    run(*publish, "--file", str(german), code=2)
    assert told(*publish, "--file", str(german), "--language", "de", "--title", "Copies")["version"] == 1
    shown = run("guideline", "show", "INC-1", "--language", "de", "--as", "dev-e").stdout
    assert "Kopien entfernen." in shown
    assert "\x1b" not in run("guideline", "show", "INC-1").stdout
    assert told(*publish)["version"] == 2
    assert told("guideline", "show", "INC-1")["title"] == "Incitement to violence"
    (tmp_path / "bad.md").write_bytes(b"\xff")
    for name, complaint in (("none.md", "cannot be read"), ("bad.md", "not UTF-8")):
        refused = run("guideline", "publish", "INC-1", "--file", str(tmp_path / name), code=1)
        assert complaint in refused.stderr


def test_an_ask_has_a_size_and_a_team() -> None:
    declared()
    assert "1 to 2,000 characters" in run("ask", "INC-1", "--team", "legal", "--text", " ", code=1).stderr
    assert "There is no team nobody" in run("ask", "INC-1", "--team", "nobody", "--text", "x", code=1).stderr
    assert told("ask", "INC-1", "--team", "legal", "--text", "x")["ask"] == "ask:INC-1:legal:1"
    assert "There is no ask" in run("acknowledge", "ask:INC-1:legal:2", code=1).stderr


def test_only_a_failed_delivery_is_run_again() -> None:
    declared()
    run("ask", "INC-1", "--team", "legal", "--text", "x")
    waiting = [row["id"] for row in told("outbox", "list") if row["kind"] == "message"]
    assert "is pending" in run("outbox", "rerun", str(waiting[0]), code=1).stderr
    assert "There is no delivery 99" in run("outbox", "rerun", "99", code=1).stderr


def test_action_items_leave_and_come_back_as_a_spreadsheet(tmp_path: Path) -> None:
    stood_down()
    due = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    new = (
        "--title",
        "Match mirrors",
        "--kind",
        "detect",
        "--owner",
        "bo-r",
        "--success",
        "The drill",
        "--due",
        due,
    )
    run("actions", "file", "INC-1", *new)
    sheet, days = tmp_path / "actions.csv", tmp_path / "due.ics"
    assert told("actions", "export", "INC-1", "--out", str(sheet))["items"] == 1
    assert told("actions", "export", "--out", str(days))["items"] == 1
    assert b"SUMMARY:INC-1-A1 is due: Match mirrors" in days.read_bytes()
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace('"open"', '"in_progress"'))
    assert told("actions", "import", str(sheet)) == {"filed": 0, "moved": 1, "same": 0}
    assert run("actions", "import", str(sheet)).stdout == "actions.csv: 0 filed, 0 moved, 1 same.\n"
    assert "neither .csv nor .ics" in run("actions", "export", "--out", "x.pdf", code=2).stderr


def test_metrics_over_incidents_say_how_many_they_rest_on() -> None:
    assert told("review", "metrics")["durations"][0]["of"] == 0
    stood_down()
    found = told("review", "metrics")
    durations = {each["name"]: each for each in found["durations"]}
    assert (durations["TTR"]["n"], durations["TTR"]["of"], durations["TTR"]["p90"]) == (1, 1, None)
    assert list(durations["TTR"]["values"]) == ["INC-1"]
    shown = run("review", "metrics").stdout
    assert "too few (n < 10)" in shown
    assert "not measurable" in shown
