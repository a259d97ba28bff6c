"""The JSON API of the review queue: by token or by session, whatever is sent twice, and who is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.api_door import LARGEST_BODY
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.schema import batches, decisions
from tests.console.browsing import Browser, bearer, form_on, welcome
from tests.console.swept import SECRET, worked

BATCHES = "/api/v1/batches"
BATCH = f"{BATCHES}/INC-1-S1-B1"
VIOLATES = {"item": "1", "verdict": "violates", "policy": "violence.incitement", "clause": "call-to-act"}
HARMLESS = {"verdict": "does_not_violate"}


@pytest.fixture(autouse=True)
def sweep(settings: Settings, tmp_path: Path) -> str:
    return worked(tmp_path)


@pytest.fixture
def dev(visiting: Browser) -> Browser:
    """A tool of Dev's, with the token."""
    return as_person(visiting, "dev-e")


def as_person(visiting: Browser, person: str) -> Browser:
    visiting.headers.update(bearer(visiting.world.store, visiting.world.catalogue.person(person)))
    return visiting


def decide(client: Browser, *said: dict[str, Any], version: int | None = None) -> Any:
    return client.post(f"{BATCH}/decisions", json={"guideline_version": version, "decisions": list(said)})


def rows(store: Store) -> int:
    with store.read() as work:
        return int(work.execute(sa.select(sa.func.count()).select_from(decisions)).scalar_one())


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    return answer.status_code, (told.get("reasons") or [told])[0]["code"]


def test_a_guideline_has_no_version_below_one(dev: Browser) -> None:
    dev.post(f"{BATCHES}/claim")
    assert code(decide(dev, VIOLATES, version=-1)) == (400, "BAD_INPUT")


def test_a_tool_claims_reads_decides_skips_and_finishes(dev: Browser, store: Store) -> None:
    claimed = dev.post(f"{BATCHES}/claim").json()["batch"]
    assert (claimed["id"], claimed["size"], claimed["leased_to"]) == ("INC-1-S1-B1", 3, "dev-e")
    assert dev.post(f"{BATCHES}/claim", json={"sweep": "INC-1-S1"}).json()["batch"]["id"] == "INC-1-S1-B1"
    read = dev.get(BATCH).json()
    assert sorted(post["item"]["item"] for post in read["posts"]) == ["1", "2", "4"]
    assert SECRET in str(read)
    assert decide(dev, VIOLATES).json() == {"new": 1, "superseded": 0, "unchanged": 0, "undecided": 2}
    assert decide(dev, VIOLATES).json() == {"new": 0, "superseded": 0, "unchanged": 1, "undecided": 2}
    assert decide(dev, {"item": "1"} | HARMLESS).json()["superseded"] == 1
    assert rows(store) == 2
    for _ in range(2):
        skipped = dev.post(f"{BATCH}/skips", json={"item": "2", "reason": "I know her"})
        assert skipped.json() == {"item": "2"}
    assert code(dev.post(f"{BATCH}/finish")) == (422, "ITEMS_UNDECIDED")
    decide(dev, {"item": "4", "verdict": "unsure", "rationale": "It may be a quote."})
    for _ in range(2):
        assert dev.post(f"{BATCH}/finish").json()["state"] == "done"
    assert dev.post(f"{BATCHES}/claim", json={"languages": ["de"]}).json()["batch"] is None
    assert code(dev.get(BATCH)) == (409, "CONFLICT")


def test_a_batch_is_given_back_once_and_taken_again(dev: Browser, store: Store) -> None:
    dev.post(f"{BATCHES}/claim")
    assert dev.post(f"{BATCH}/return", json={"reason": "a break"}).json() == {"batch": "INC-1-S1-B1"}
    assert code(dev.post(f"{BATCH}/return", json={"reason": "a break"})) == (409, "CONFLICT")
    assert code(dev.get(BATCH)) == (422, "LEASE_MISSING")
    assert code(decide(dev, VIOLATES)) == (422, "LEASE_MISSING")
    assert dev.post(f"{BATCH}/claim").json()["leased_to"] == "dev-e"
    assert decide(dev, VIOLATES).status_code == 200


def test_what_was_recorded_before_the_lease_ended_may_be_sent_again(dev: Browser, store: Store) -> None:
    dev.post(f"{BATCHES}/claim")
    decide(dev, VIOLATES)
    with store.begin() as work:
        work.execute(sa.update(batches).values(lease_expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert decide(dev, VIOLATES).json()["unchanged"] == 1
    assert code(decide(dev, {"item": "2"} | HARMLESS)) == (422, "LEASE_EXPIRED")
    assert rows(store) == 1


def test_one_wrong_decision_keeps_all_of_a_request_out(dev: Browser, store: Store) -> None:
    dev.post(f"{BATCHES}/claim")
    refused = decide(dev, VIOLATES, {"item": "2", "verdict": "unsure"}, {"item": "99"} | HARMLESS)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["RATIONALE_MISSING", "ITEM_ELSEWHERE"]
    assert rows(store) == 0


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        (f"{BATCH}/decisions", {"decisions": [VIOLATES]}, (400, "BAD_INPUT")),
        (f"{BATCH}/decisions", {"guideline_version": None, "decisions": []}, (400, "BAD_INPUT")),
        (f"{BATCH}/skips", {"item": "1"}, (400, "BAD_INPUT")),
        (f"{BATCHES}/claim", {"tema": "english"}, (400, "BAD_INPUT")),
        (f"{BATCHES}/claim", {"team": "legal"}, (403, "OTHER_TEAM")),
        (f"{BATCHES}/claim", {"sweep": "INC-9-S9"}, (404, "NOT_FOUND")),
        (f"{BATCHES}/INC-9-S1-B1/finish", None, (404, "NOT_FOUND")),
        (f"{BATCH}/return", {"reason": "x" * LARGEST_BODY}, (413, "TOO_LARGE")),
    ],
)
def test_what_cannot_be_used_is_a_coded_problem(
    dev: Browser, path: str, body: Any, answer: tuple[int, str]
) -> None:
    dev.post(f"{BATCHES}/claim")
    assert code(dev.post(path, json=body)) == answer


def test_a_wrong_value_is_not_said_back(dev: Browser) -> None:
    dev.post(f"{BATCHES}/claim")
    assert SECRET not in decide(dev, VIOLATES | {"action": SECRET}).text


@pytest.mark.parametrize(("person", "wanted"), [("cleo-l", "OTHER_TEAM"), ("bo-r", "ROLE_MISSING")])
def test_other_teams_and_roles_are_refused(dev: Browser, person: str, wanted: str) -> None:
    dev.post(f"{BATCHES}/claim")
    stranger = as_person(dev, person)
    sent = {"guideline_version": None, "decisions": [VIOLATES]}
    answers = [
        stranger.get(BATCH),
        stranger.post(f"{BATCH}/decisions", json=sent),
        stranger.post(f"{BATCH}/skips", json={"item": "1", "reason": "x"}),
        stranger.post(f"{BATCH}/return", json={"reason": "x"}),
        *(stranger.post(f"{BATCH}/{move}") for move in ("claim", "finish")),
        stranger.post(f"{BATCHES}/claim", json={"team": "english"}),
    ]
    assert [code(answer) for answer in answers] == [(403, wanted)] * 7
    assert all(SECRET not in answer.text for answer in answers)


def test_staff_name_the_team_that_they_work_for(visiting: Browser) -> None:
    ada = as_person(visiting, "ada-l")
    assert code(ada.post(f"{BATCHES}/claim")) == (400, "BAD_INPUT")
    assert ada.post(f"{BATCHES}/claim", json={"team": "english"}).json()["batch"]["leased_to"] == "ada-l"


def test_a_session_needs_what_its_pages_carry(visiting: Browser, store: Store) -> None:
    assert code(visiting.get(BATCH)) == (401, "UNAUTHENTICATED")
    welcome(visiting, store, "dev-e")
    csrf = {"X-Watchfloor-CSRF": form_on(visiting.get("/queue").text, "/sign-out")["csrf"]}
    assert code(visiting.post(f"{BATCHES}/claim")) == (403, "FOREIGN_FORM")
    elsewhere = csrf | {"Origin": "https://evil.example"}
    assert code(visiting.post(f"{BATCHES}/claim", headers=elsewhere)) == (403, "FOREIGN_FORM")
    claimed = visiting.post(f"{BATCHES}/claim", headers=csrf)
    assert claimed.json()["batch"]["leased_to"] == "dev-e"
    assert SECRET in visiting.get(BATCH).text
    assert code(visiting.get(BATCH, headers={"Authorization": "Bearer wrong"})) == (401, "TOKEN_UNKNOWN")
