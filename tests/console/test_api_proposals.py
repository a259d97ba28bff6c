"""What takes a second person, through the API: proposed by 202, answered by another person's own word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.people import Act
from incidents.settings import Settings
from tests.console.browsing import Browser, bearer, browser
from tests.console.command_line import responding, run
from tests.console.swept import worked
from tests.console.test_api import problem, token_of

API = "/api/v1"
CLOSE = f"{API}/sweeps/INC-1-S1/close"
PROPOSAL = f"{API}/proposals/INC-1-P1"
WHY = {"reason": "All of it is gone"}
TOO = {"reason": "I looked, too"}


@pytest.fixture
def asking(home: Path, tmp_path: Path) -> Iterator[Browser]:
    worked(tmp_path, sampled=True)
    responding("INC-1")
    with browser(Settings()) as client:
        client.headers.update(token_of(client, "ada-l"))
        yield client


def codes(answer: Any) -> list[str]:
    return [reason["code"] for reason in problem(answer, 422, "NOT_ALLOWED")["reasons"]]


def lent(client: Browser, person: str, *scope: Act) -> dict[str, str]:
    """A token that an administrator made for the person."""
    world = client.world
    known = world.catalogue.person
    return bearer(world.store, known(person), *scope, by=known("root-a"))


def test_a_step_that_takes_two_is_proposed_and_taken_once_another_confirms_it(asking: Browser) -> None:
    key = {"Idempotency-Key": "the first"}
    waits = asking.post(CLOSE, json=WHY, headers=key)
    assert (waits.status_code, waits.headers["location"]) == (202, PROPOSAL)
    assert waits.json()["state"] == "open"
    # Sent again with its key it is not proposed twice; without one, it is said that it waits.
    again = asking.post(CLOSE, json=WHY, headers=key)
    assert (again.status_code, again.json()) == (202, waits.json())
    assert again.headers["location"] == PROPOSAL
    problem(asking.post(CLOSE, json=WHY), 409, "CONFLICT")
    assert asking.get(PROPOSAL).json() == waits.json()
    assert [each["id"] for each in asking.get(f"{API}/proposals").json()["items"]] == ["INC-1-P1"]
    assert codes(asking.post(f"{PROPOSAL}/confirm", json=TOO)) == ["SECOND_PERSON_SAME"]
    noor = token_of(asking, "noor")
    assert codes(asking.post(f"{PROPOSAL}/confirm", json={"reason": " "}, headers=noor)) == ["REASON_MISSING"]
    done = asking.post(f"{PROPOSAL}/confirm", json=TOO, headers=noor).json()
    assert (done["proposal"]["answered_by"], done["shared"]) == ("noor", None)
    closed = asking.get(f"{API}/sweeps/INC-1-S1").json()
    assert (closed["closed_by"], closed["closed_because"]) == ("ada-l", WHY["reason"])
    problem(asking.post(f"{PROPOSAL}/refuse", json=TOO, headers=noor), 409, "CONFLICT")


def test_a_waiver_that_takes_two_is_refused_by_another_and_nothing_is_done(asking: Browser) -> None:
    said = {"code": "SWEEP_UNFINISHED", "reason": "It is over"}
    assert asking.post(f"{API}/incidents/INC-1/waive", json=said).status_code == 202
    noor = token_of(asking, "noor")
    assert asking.post(f"{PROPOSAL}/refuse", json=TOO, headers=noor).json()["state"] == "refused"
    assert asking.get(f"{API}/incidents/INC-1/gate").json()["waived"] == []
    alone = asking.post(f"{API}/incidents/INC-1/waive", json=said | {"code": "GUIDELINE_MISSING"})
    assert (alone.status_code, alone.json()["waived"]) == (200, ["GUIDELINE_MISSING"])


def test_a_token_that_somebody_else_made_says_neither_of_the_two_words(asking: Browser) -> None:
    machine = lent(asking, "ada-l", Act.command, Act.see_incidents)
    assert codes(asking.post(CLOSE, json=WHY, headers=machine)) == ["TOKEN_LENT"]
    assert asking.get(f"{API}/proposals").json()["items"] == []
    assert asking.post(CLOSE, json=WHY).status_code == 202
    theirs = lent(asking, "noor", Act.command, Act.see_incidents)
    for answer in ("confirm", "refuse"):
        assert codes(asking.post(f"{PROPOSAL}/{answer}", json=TOO, headers=theirs)) == ["TOKEN_LENT"]
    assert asking.get(PROPOSAL, headers=theirs).json()["state"] == "open"
    # What takes one person alone, such a token does.
    said = {"restricted": False, "reason": "Nobody is named"}
    assert asking.post(f"{API}/incidents/INC-1/restrict", json=said, headers=machine).status_code == 200


def test_a_proposal_is_told_to_whoever_may_see_its_incident(asking: Browser) -> None:
    asking.post(CLOSE, json=WHY)
    dev, noor = token_of(asking, "dev-e"), token_of(asking, "noor")
    for path in (f"{API}/proposals", PROPOSAL):
        refused = problem(asking.get(path, headers=dev), 403, "NOT_AUTHORISED")
        assert refused["reasons"][0]["code"] == "ROLE_MISSING"
    small = token_of(asking, "noor", Act.see_incidents)
    refused = problem(asking.post(f"{PROPOSAL}/confirm", json=TOO, headers=small), 403, "NOT_AUTHORISED")
    assert refused["reasons"][0]["code"] == "SCOPE_MISSING"
    run("restrict", "INC-1", "--reason", "Names of victims")
    assert asking.get(f"{API}/proposals", headers=noor).json()["items"] == []
    refused = problem(asking.get(PROPOSAL, headers=noor), 403, "NOT_AUTHORISED")
    assert refused["reasons"][0]["code"] == "INCIDENT_RESTRICTED"
