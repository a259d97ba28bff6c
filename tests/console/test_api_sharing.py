"""A retrospective through the API: comments on it, files of it, what others are given of it, and trends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.settings import Settings
from tests.console.browsing import STAFFED, Browser, browser, statements_of
from tests.console.command_line import run
from tests.console.reviewed import drafted, under_review
from tests.console.test_api import problem, token_of

API = "/api/v1"
WHY = {"reason": "The press asked"}


@pytest.fixture
def people() -> str:
    return f"{STAFFED}  - {{id: cora-c, roles: [partner_lead], team: communications}}\n"


@pytest.fixture
def reading(home: Path) -> Iterator[Browser]:
    with browser(Settings()) as client:
        client.headers.update(token_of(client, "bo-r"))
        yield client


def test_a_thread_is_begun_answered_and_resolved(reading: Browser) -> None:
    here = f"{API}/retrospectives/{drafted()}/comments"
    said = {"version": 1, "place": "impact", "text": "Whose clock is this?"}
    key = {"Idempotency-Key": "k"}
    assert reading.post(here, json=said, headers=key).json() == {"number": 1}
    assert reading.post(here, json=said, headers=key).json() == {"number": 1}
    assert reading.post(here, json={"version": 1, "text": "It reads well"}).json() == {"number": 2}
    problem(reading.post(here, json=said | {"place": "Nowhere"}), 400, "BAD_INPUT")
    noor = token_of(reading, "noor")
    answered = reading.post(f"{here}/1/answers", json={"text": "The platform's"}, headers=noor)
    assert (answered.status_code, answered.json()) == (201, {"number": 3})
    problem(reading.post(f"{here}/3/answers", json={"text": "No thread"}), 404, "NOT_FOUND")
    resolved = reading.post(f"{here}/1/resolve", json={"reason": "Said under Impact"}).json()
    assert (resolved["first"]["resolved_by"], len(resolved["answers"])) == ("bo-r", 1)
    problem(reading.post(f"{here}/1/resolve", json={"reason": "Again"}), 409, "CONFLICT")
    first = reading.get(here, params={"limit": 1}).json()
    rest = reading.get(here, params={"after": first["next"]}).json()
    places = [each["first"]["place"] for each in first["items"] + rest["items"]]
    assert places == ["Impact", ""]


def test_comments_stay_in_the_house_and_in_the_circle(reading: Browser) -> None:
    incident = drafted()
    here = f"{API}/retrospectives/{incident}/comments"
    said = {"version": 1, "text": "Whose clock is this?"}
    problem(reading.get(here, headers=token_of(reading, "dev-e")), 403, "NOT_AUTHORISED")
    run("restrict", incident, "--reason", "Names of victims")
    for answer in (reading.get(here), reading.post(here, json=said)):
        refused = problem(answer, 403, "NOT_AUTHORISED")
        assert refused["reasons"][0]["code"] == "INCIDENT_RESTRICTED"


def test_no_thread_costs_a_statement(reading: Browser) -> None:
    here = f"{API}/retrospectives/{drafted()}/comments"
    reading.post(here, json={"version": 1, "text": "One"})
    few = statements_of(reading, here)
    for text in ("Two", "Three", "Four"):
        reading.post(here, json={"version": 1, "text": text})
    assert statements_of(reading, here) == few


def test_a_version_is_had_as_files_and_held_against_its_record(reading: Browser) -> None:
    here = f"{API}/retrospectives/{drafted()}"
    markdown = reading.get(f"{here}/file.md")
    assert markdown.text == reading.get(f"{here}/versions/1").json()["markdown"]
    assert 'filename="INC-1-retrospective-v1.md"' in markdown.headers["content-disposition"]
    page = reading.get(f"{here}/file.html", params={"version": 1})
    assert page.headers["content-type"].startswith("text/html")
    assert "<svg" in page.text
    problem(reading.get(f"{here}/file.md", params={"version": 9}), 404, "NOT_FOUND")
    problem(reading.get(f"{here}/file.docx"), 422, "BAD_PARAMETER")
    assert reading.get(f"{here}/findings").json() == {"version": 1, "of_now": False, "findings": []}
    assert reading.get(f"{here}/findings", params={"now": True}).json()["of_now"] is True


def test_what_others_are_given_is_read_first_and_takes_a_second_person(reading: Browser) -> None:
    incident = drafted()
    here = f"{API}/retrospectives/{incident}/audiences"
    seen = reading.get(f"{here}/public").json()
    assert (seen["version"], [each["code"] for each in seen["missing"]]) == (1, ["APPROVAL_MISSING"] * 2)
    assert "ada-l" not in seen["markdown"]
    problem(reading.get(f"{here}/partner"), 400, "BAD_INPUT")
    unsigned = problem(reading.post(f"{here}/public/share", json=WHY), 422, "NOT_ALLOWED")
    assert unsigned["reasons"][0]["code"] == "REVIEW_UNSIGNED"
    assert reading.put(f"{API}/retrospectives/{incident}/zone", json={"zone": "UTC"}).json() == {"zone": "UTC"}
    problem(reading.put(f"{API}/retrospectives/{incident}/zone", json={"zone": "Mars"}), 400, "BAD_INPUT")
    signed = {"version": 1, "reason": "Read in full"}
    assert reading.post(f"{API}/retrospectives/{incident}/sign", json=signed).status_code == 200
    own = reading.post(f"{here}/internal/share", json=WHY)
    assert (own.status_code, own.json()["audience"]) == (200, "internal")
    missing = problem(reading.post(f"{here}/public/share", json=WHY), 422, "NOT_ALLOWED")
    assert {each["code"] for each in missing["reasons"]} == {"APPROVAL_MISSING"}
    for lead in ("cleo-l", "cora-c"):
        word = {"audience": "public", "version": 1}
        path, theirs = f"{API}/retrospectives/{incident}/approvals", token_of(reading, lead)
        given = reading.post(path, json=word, headers=theirs)
        assert lead in [each["person"] for each in given.json()["given"]]
    assert reading.get(f"{here}/public").json()["missing"] == []
    waits = reading.post(f"{here}/public/share", json=WHY)
    assert waits.status_code == 202
    confirm = f"{waits.headers['location']}/confirm"
    done = reading.post(confirm, json={"reason": "Read, too"}, headers=token_of(reading, "noor")).json()
    assert done["shared"]["markdown"] == seen["markdown"]
    assert done["shared"]["html"].startswith("<!")
    problem(
        reading.post(f"{here}/public/share", json=WHY, headers=token_of(reading, "dev-e")),
        403,
        "NOT_AUTHORISED",
    )


def test_trends_come_with_their_n_and_with_every_incident_behind_them(reading: Browser) -> None:
    for _ in range(3):
        under_review()
    first = reading.get(f"{API}/trends").json()
    assert (first["looked"], first["missing"]) == (3, 3)  # measured behind that answer
    told = reading.get(f"{API}/trends", params={"since": "2020-01-01"}).json()
    [ttr] = [each for each in told["durations"] if each["name"] == "TTR"]
    assert (told["missing"], ttr["n"], ttr["p90"]) == (0, 3, None)
    page = reading.get(f"{API}/trends/TTR", params={"limit": 2}).json()
    rest = reading.get(f"{API}/trends/TTR", params={"after": page["next"]}).json()
    rows = page["items"] + rest["items"]
    assert {row["incident"] for row in rows} == {"INC-1", "INC-2", "INC-3"}
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)
    assert reading.get(f"{API}/trends", params={"drills": True}).json()["looked"] == 0
    problem(reading.get(f"{API}/trends/Luck"), 404, "NOT_FOUND")
    problem(reading.get(f"{API}/trends", params={"since": "yesterday"}), 422, "BAD_PARAMETER")
    run("restrict", "INC-1", "--reason", "Names of victims")
    assert reading.get(f"{API}/trends").json()["looked"] == 2
