"""One crisis, from the first signal to its signed retrospective, told through the doors that people use.

Calls to storm a clinic go round in two languages. Ada is on watch, Noor commands, Petra writes the policy,
Cleo, Max and Tess speak for the teams that are told, Sara and Emil read the posts, Bo reviews what was
done. Dev works for a team that has nothing to do with it. Everything runs: Prefect's server, the worker,
the task worker and the API; people type commands, and one of them answers on Prefect's own page.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.timeline import Event
from tests.props import KEEP, SECRET, TERM, VIOLATES, a_signal, fill_in, write_posts
from tests.stack import HEARS, Site, decide_all, running_site, until

GUIDELINE = "# What to remove\n\nCalls to storm the clinic. Keep reports about them.\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def crisis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A whole Watchfloor, once with its record on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("site")
        return
    with (
        request.getfixturevalue("postgres").database() as url,
        running_site(tmp_path / "home", url) as site,
    ):
        yield site


def codes(refused: str) -> set[str]:
    """The coded reasons of a refusal."""
    return {line.split(":")[0].strip() for line in refused.splitlines() if line.startswith("  ")}


def test_a_crisis_from_its_first_signal_to_its_signed_retrospective(crisis: Site, tmp_path: Path) -> None:
    site = crisis

    # A signal comes in from somebody who knows. Handed in twice, it is the same signal.
    signal = a_signal("clinic")
    assert [each["standing"] for each in site.told("signal", "-", stdin=signal)] == ["new"]
    assert [each["standing"] for each in site.told("signal", "-", stdin=signal)] == ["duplicate"]

    # Detection looks: one rule takes one trusted source for enough, and opens a candidate.
    site.run_to_its_end("detect")
    incident = str(site.told("incidents")[0]["id"])

    # Its flow has looked at it and waits for a person: on Prefect's page there is a question with a form.
    assert "is this a crisis?" in site.form(incident, "declare")

    # Dev is of a team that nobody asked, and sees nothing of it.
    assert "ROLE_MISSING" in site.run("incidents", "show", incident, "--as", "dev-e", code=1)

    # Ada looks at the entry criteria, and says how bad it is.
    site.run(
        "assess", incident, "--answer", "tension=yes", "--answer", "link=yes", "--harm", "4", "--reach", "2"
    )

    # Somebody whom nobody knows answers on the page. It is recorded, refused, and asked again, with why.
    site.fill_in_form(incident, "declare", person="mallory", decision="declare", reason="Because.")
    until(lambda: site.count(incident, Event.gate_refused) == 1, site.logs)
    assert "**The last answer was refused:** mallory is not known." in site.form(incident, "declare")
    assert site.phase(incident) == "assessing"

    # Noor, a commander, answers on the same page; whoever declares leads. Ada, who is late, is told so.
    site.fill_in_form(incident, "declare", person="noor", decision="declare", reason="It spreads to two towns.")
    site.until_phase(incident, "responding")
    late = site.run("declare", incident, "--reason", "It spreads.", code=1)
    assert "noor moved first" in late

    # The flow mobilised: roles, a first guideline from the policy, and three teams were told, each once.
    site.waiting_run(incident, "stand_down")
    roles = {role["role"]: role["person"] for role in site.told("incidents", "show", incident)["roles"]}
    assert roles == {"commander": "noor", "analyst": "ada-l", "policy": "petra"}
    told = ("legal", "communications", "law-enforcement-response")
    asks = {team: f"ask:{incident}:{team}:1" for team in told}
    until(lambda: all(site.letters(team, asks[team]) for team in told), site.logs)

    # Petra knows more by now, and publishes what reviewers are to go by from here on, in two languages.
    text = tmp_path / "guideline.md"
    text.write_text(GUIDELINE, encoding="utf-8")
    two = ("--file", str(text), "--language", "en", "--file", str(text), "--language", "de")
    published = site.told("guideline", "publish", incident, *two, "--as", "petra")
    assert published["version"] == 2

    # Ada has what is already there looked for. Its posts are frozen and shared out by language.
    scope = ("--term", TERM, "--posts", str(write_posts(tmp_path / "posts.csv")))
    sweep = str(site.told("sweep", "start", incident, *scope)["sweep"])
    site.waiting_run(incident, "sweep_work")
    status = site.told("sweep", "status", sweep)
    assert {part["team"]: part["items"] for part in status["parts"]} == {"english": 8, "western-europe": 4}
    assert (status["posts_seen"], status["posts_matched"]) == (14, 12)

    # Noor would like it to be over. Everything that stands in the way is named, with its code.
    refused = site.run("stand-down", incident, "--reason", "Quiet.", "--as", "noor", code=1)
    assert codes(refused) == {"SWEEP_UNFINISHED", "ASK_UNACKNOWLEDGED"}

    # The teams say that they heard. Nobody can say it for another team, and nobody twice.
    asks |= {team: f"ask:{incident}:{team}:1" for team in ("english", "western-europe")}
    assert "OTHER_TEAM" in site.run("acknowledge", asks["legal"], "--as", "dev-e", code=1)
    for team, ask in asks.items():
        site.run("acknowledge", ask, "--as", HEARS[team])
    assert "was acknowledged by cleo-l" in site.run("acknowledge", asks["legal"], "--as", "cleo-l", code=1)

    # Sara takes the English batch out to a spreadsheet. Emil tries to take it too, and is told who has it.
    batch = str(site.told("sweep", "claim", "english", "--sweep", sweep, "--as", "sara")["batch"])
    sheet = tmp_path / "english.csv"
    site.run("sweep", "export", batch, "--out", str(sheet), "--as", "sara")
    assert SECRET in sheet.read_text(encoding="utf-8-sig")
    assert "OTHER_TEAM" in site.run("sweep", "claim", "english", "--as", "emil", code=1)

    # One cell is wrong, so that nothing of the sheet is kept; mended, all of it is.
    fill_in(sheet, **{**VIOLATES, "clause": "no-such-clause"})
    refused = site.run("sweep", "import", str(sheet), "--batch", batch, "--as", "sara", code=1)
    assert "row 2" in refused
    assert SECRET not in refused
    fill_in(sheet, **VIOLATES)
    assert "the batch is done" in site.run("sweep", "import", str(sheet), "--batch", batch, "--as", "sara")

    # Emil decides the German one, and Lena looks again at what is drawn of it. That was all: the sweep wakes up
    # and ends in a plan.
    batch = str(site.told("sweep", "claim", "western-europe", "--sweep", sweep, "--as", "emil")["batch"])
    sheet = tmp_path / "german.csv"
    site.run("sweep", "export", batch, "--out", str(sheet), "--as", "emil")
    fill_in(sheet, **KEEP)
    site.run("sweep", "import", str(sheet), "--batch", batch, "--as", "emil")
    decide_all(site, sweep, "western-europe", "lena", tmp_path, **KEEP)
    site.until_phase(incident, "monitoring")
    assert site.told("sweep", "plan", sweep, "--out", str(tmp_path / "plan.csv"))["actions"] == 8
    assert SECRET not in (tmp_path / "plan.csv").read_text(encoding="utf-8")

    # Now nothing stands in the way. Bo may not end it; Noor does, and the review starts by itself.
    assert "ROLE_MISSING" in site.run("stand-down", incident, "--reason", "Quiet.", "--as", "bo-r", code=1)
    site.run("stand-down", incident, "--reason", "Nothing new for six hours.", "--as", "noor")
    site.waiting_run(incident, "sign_off")

    # Bo reads what the record suggests, accepts one factor, and has what must change filed.
    factors = site.told("review", "factor", incident)
    lag = next(each for each in factors if each["category"] == "detection")
    judged = ("--state", "accepted", "--reason", "Nobody watches that forum.")
    site.run("review", "factor", incident, str(lag["number"]), *judged, "--as", "bo-r")

    # Ada writes a new version with it. Whoever commanded does not sign, nor is an old version signed.
    version = int(site.told("review", "draft", incident)["version"])
    stale = site.run("review", "sign", incident, "--version", str(version - 1), "--as", "bo-r", code=1)
    assert "VERSION_STALE" in stale
    assert "ROLE_MISSING" in site.run("review", "sign", incident, "--version", str(version), code=1)
    signed = ("--version", str(version), "--reason", "It says what happened.", "--as", "bo-r")
    site.run("review", "sign", incident, *signed)

    # The flow publishes it, files the action item, and closes the incident.
    site.until_phase(incident, "closed")
    retrospective = site.told("review", "show", incident)
    assert retrospective["version"] == version
    assert f"{incident}#" in retrospective["markdown"]
    assert SECRET not in retrospective["markdown"]

    # The incident is over, its action item is not: Noor does it, and somebody else checks that it is so.
    (item,) = site.told("actions", "list", incident)
    assert (item["owner"], item["state"]) == ("noor", "open")
    for state in ("in_progress", "done_claimed"):
        site.run(
            "actions", "change", item["id"], "--state", state, "--note", "The forum is watched.", "--as", "noor"
        )
    own = site.run("actions", "change", item["id"], "--state", "verified", "--as", "noor", code=1)
    assert "OWN_CLAIM" in own or codes(own)
    site.run("actions", "change", item["id"], "--state", "verified", "--note", "Seen.", "--as", "bo-r")

    # Nothing was done twice, nothing promised is left over, and nobody changed the record.
    once = (
        Event.candidate_opened,
        Event.crisis_declared,
        Event.response_started,
        Event.universe_frozen,
        Event.sweep_finished,
        Event.plan_made,
        Event.monitoring_started,
        Event.crisis_stood_down,
        Event.review_started,
        Event.retrospective_signed,
        Event.retrospective_published,
        Event.action_filed,
        Event.record_closed,
    )
    assert {event.value: site.count(incident, event) for event in once} == {event.value: 1 for event in once}
    site.look_after()
    assert site.told("outbox", "list") == []
    assert site.told("verify") == {"fits": True, "breaks": []}
