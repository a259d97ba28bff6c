"""The JSON API through its own door: who gets in, what is answered, how it refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.reach import answers
from incidents.incident.incident import SYSTEM
from incidents.people import Act
from incidents.settings import Settings
from incidents.store import timeline
from incidents.store.action_items import file_action
from incidents.store.asks import NewAsk, ask_partner
from incidents.store.engine import Store
from incidents.store.incidents import find
from incidents.store.lifecycle import declare, restrict
from incidents.timeline import Event
from tests.console.browsing import Browser, bearer, browser
from tests.console.command_line import NOW, at_home, opened

JSON = {"Content-Type": "application/json"}
SIGNAL = {"source": "user-reports", "title": "Copies of a video", "event_at": "2026-01-15T08:00:00Z"}


def token_of(client: Browser, person: str, *scope: Act) -> dict[str, str]:
    return bearer(client.world.store, client.world.catalogue.person(person), *scope)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


@pytest.fixture
def client(home: Path) -> Iterator[Browser]:
    settings = Settings()
    assert not answers(f"{settings.prefect_url}/health")
    with browser(settings) as client:
        client.headers.update(token_of(client, "ada-l"))
        yield client


@pytest.fixture
def store(home: Path, client: Browser) -> Iterator[Store]:
    store = Store.open(Settings().store_url)
    yield store
    store.close()


def asked(store: Store, incident: str) -> str:
    new = NewAsk(
        incident=incident,
        team="legal",
        about="mobilise",
        what="Tell the regulator",
        guideline_version=None,
        due_at=NOW,
        channels=("legal",),
        subject="An ask",
        text="{ask}",
    )
    with store.begin() as work:
        key = ask_partner(work, new, by=SYSTEM, now=NOW)
    assert key is not None
    return key


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["title"]
    assert told["detail"]
    return told


def test_health_needs_no_token_and_tells_nothing(client: Browser) -> None:
    answer = client.get("/health", headers={"Authorization": ""})
    assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer \u00e9"])
def test_without_the_token_nobody_gets_in(client: Browser, given: str) -> None:
    answer = client.get("/api/v1/incidents", headers={"Authorization": given.encode()})
    problem(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_signal_is_taken_and_taken_again_as_a_duplicate(client: Browser) -> None:
    first = client.post("/api/v1/signals", json=SIGNAL)
    assert first.status_code == 201
    assert first.json() == {"id": 1, "standing": "new", "incident": None}
    assert client.post("/api/v1/signals", json=SIGNAL).json()["standing"] == "duplicate"
    changed = SIGNAL | {"fingerprint": None, "reach": 7}
    assert client.post("/api/v1/signals", json=changed).json()["standing"] == "update"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"source": "x"}', b"\xff\xfe", b'{"source": "a\\u0000b"}', b'{"nope": 1}']
)
def test_a_body_that_is_no_signal_is_refused_and_not_kept(client: Browser, body: bytes) -> None:
    problem(client.post("/api/v1/signals", content=body, headers=JSON), 400, "BAD_INPUT")
    assert client.post("/api/v1/signals", json=SIGNAL).json()["id"] == 1


def test_a_body_is_read_no_further_than_two_megabytes(client: Browser) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    problem(client.post("/api/v1/signals", content=endless(), headers=JSON), 413, "TOO_LARGE")


def test_incidents_are_listed_a_page_at_a_time(client: Browser) -> None:
    ids = [opened(f"Candidate {n}") for n in range(3)]
    first = client.get("/api/v1/incidents", params={"limit": 2}).json()
    assert [each["id"] for each in first["items"]] == ids[:0:-1]
    rest = client.get("/api/v1/incidents", params={"limit": 2, "after": first["next"]}).json()
    assert [each["id"] for each in rest["items"]] == ids[:1]
    assert rest["next"] is None
    assert client.get("/api/v1/incidents", params={"phase": "closed"}).json()["items"] == []


def test_an_incident_is_shown_with_its_asks(client: Browser, store: Store) -> None:
    incident = opened()
    key = asked(store, incident)
    shown = client.get(f"/api/v1/incidents/{incident}").json()
    assert (shown["id"], shown["phase"], shown["is_open"]) == (incident, "assessing", True)
    assert [(ask["key"], ask["is_acknowledged"]) for ask in shown["asks"]] == [(key, False)]


def test_a_timeline_is_read_from_where_it_was_left(client: Browser) -> None:
    incident = opened()
    whole = client.get(f"/api/v1/incidents/{incident}/timeline").json()["items"]
    assert [entry["ref"] for entry in whole] == [f"{incident}#{n}" for n in range(1, len(whole) + 1)]
    assert all(entry["sentence"] and "\\" not in entry["sentence"] for entry in whole)
    first = client.get(f"/api/v1/incidents/{incident}/timeline", params={"limit": 1}).json()
    then = client.get(f"/api/v1/incidents/{incident}/timeline", params={"after": first["next"]}).json()
    assert first["items"] + then["items"] == whole
    assert then["next"] is None


def test_what_is_not_there_is_not_found(client: Browser) -> None:
    problem(client.get("/api/v1/incidents/INC-99"), 404, "NOT_FOUND")
    problem(client.get("/api/v1/incidents/INC-99/timeline"), 404, "NOT_FOUND")
    problem(client.post("/api/v1/asks/ask:INC-99:legal:1/acknowledge"), 404, "NOT_FOUND")
    assert "openapi.json" in problem(client.get("/api/v1/nothing"), 404, "HTTP_404")["detail"]
    page = client.get("/nothing")
    assert page.status_code == 404
    assert "openapi.json" not in page.text
    assert "The board leads to what goes on" in page.text
    problem(client.get("/api/v1/incidents", params={"limit": "many"}), 422, "BAD_PARAMETER")


def test_partners_and_strangers_see_no_incident(client: Browser, store: Store) -> None:
    incident = opened()
    with store.begin() as work:
        declare(work, incident, by=SYSTEM, reason="It spreads", now=NOW)
        restrict(work, incident, restricted=True, by=SYSTEM, reason="A colleague is named", now=NOW)
    for person, code in {"dev-e": "ROLE_MISSING", "noor": "INCIDENT_RESTRICTED"}.items():
        for path in ("", "/timeline"):
            answer = client.get(f"/api/v1/incidents/{incident}{path}", headers=token_of(client, person))
            assert problem(answer, 403, "NOT_AUTHORISED")["reasons"][0]["code"] == code
    seen = client.get("/api/v1/incidents", headers=token_of(client, "noor"))
    assert seen.json()["items"] == []


def search(client: Browser, words: str, person: str = "ada-l", **asked: object) -> Any:
    params: dict[str, Any] = {"words": words, **asked}
    return client.get("/api/v1/search", params=params, headers=token_of(client, person))


def test_what_is_written_is_found_a_page_at_a_time(client: Browser, store: Store) -> None:
    for number in range(3):
        filed(store, opened(f"Mirrors of a video {number}"))
    whole = search(client, "mirrors").json()
    assert [(hit["incident"], hit["kind"], hit["where"]) for hit in whole["items"]] == [
        (f"INC-{n}", kind, where)
        for n in (3, 2, 1)
        for kind, where in (("incident", "title"), ("action", f"INC-{n}-A1"))
    ]
    assert whole["next"] is None
    pages, since = [], None
    while True:
        asked: dict[str, str] = {} if since is None else {"after": since}
        page = search(client, "mirrors", limit=1, **asked).json()
        pages += page["items"]
        since = page["next"]
        if since is None:
            break
    assert pages == whole["items"]
    assert [hit["kind"] for hit in search(client, "mirrors", kind="action").json()["items"]] == ["action"] * 3
    assert search(client, "mirrors", incident="inc-2").json()["items"] == whole["items"][2:4]
    day = whole["items"][0]["at"][:10]
    assert len(search(client, "mirrors", kind="incident", since=day, until=day).json()["items"]) == 3
    assert search(client, "mirrors", since="2999-01-01").json()["items"] == []
    assert search(client, "mirrors", until="1999-01-01").json()["items"] == []
    opened("Mirrors in an exercise", drill="DRILL-1")
    assert len(search(client, "mirrors").json()["items"]) == 6
    assert len(search(client, "mirrors", drills=True).json()["items"]) == 7


def test_a_search_hides_what_the_caller_may_not_read(client: Browser, store: Store) -> None:
    restricted, open_to_all = opened("Mirrors of victims"), opened("Mirrors of a video")
    for incident in (restricted, open_to_all):
        filed(store, incident)
    with store.begin() as work:
        restrict(work, restricted, restricted=True, by=SYSTEM, reason="Victims are named", now=NOW)

    def seen(person: str) -> list[tuple[str, str]]:
        answer = search(client, "mirrors", person, limit=2).json()
        # What is hidden is not counted: nothing comes after what there is to see.
        assert answer["next"] is None
        return [(hit["incident"], hit["kind"]) for hit in answer["items"]]

    assert seen("noor") == seen("bo-r") == [(open_to_all, "incident"), (open_to_all, "action")]
    assert seen("cleo-l") == [(open_to_all, "action")]
    assert seen("dev-e") == seen("fay-e") == []
    assert search(client, "victims", "noor").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"words": "!?"}, 400, "BAD_INPUT"),
        ({"words": "x" * 501}, 400, "BAD_INPUT"),
        ({"words": "mirrors", "after": "INC-1"}, 400, "BAD_INPUT"),
        ({"words": "mirrors", "after": "1 OR 1"}, 400, "BAD_INPUT"),
        ({"words": "mirrors", "limit": 501}, 422, "BAD_PARAMETER"),
        ({"words": "mirrors", "incident": "the last one"}, 400, "BAD_INPUT"),
        ({"words": "mirrors", "since": "yesterday"}, 422, "BAD_PARAMETER"),
        ({"words": "mirrors", "kind": "post"}, 422, "BAD_PARAMETER"),
        ({}, 422, "BAD_PARAMETER"),
    ],
)
def test_a_wrong_search_is_refused_in_words(
    client: Browser, asked: dict[str, Any], status: int, code: str
) -> None:
    problem(client.get("/api/v1/search", params=asked), status, code)


def test_a_team_acknowledges_its_ask_once(client: Browser, store: Store) -> None:
    key = asked(store, opened())
    other = client.post(f"/api/v1/asks/{key}/acknowledge", headers=token_of(client, "dev-e"))
    assert problem(other, 403, "NOT_AUTHORISED")["reasons"][0]["code"] == "OTHER_TEAM"
    own = token_of(client, "cleo-l")
    bad = client.post(f"/api/v1/asks/{key}/acknowledge", json={"notes": 1}, headers=own)
    problem(bad, 400, "BAD_INPUT")
    heard = client.post(f"/api/v1/asks/{key}/acknowledge", json={"note": "On it"}, headers=own).json()
    assert (heard["acknowledged_by"], heard["note"]) == ("cleo-l", "On it")
    again = problem(client.post(f"/api/v1/asks/{key}/acknowledge", headers=own), 409, "CONFLICT")
    assert "cleo-l" in again["detail"]


def filed(store: Store, incident: str) -> str:
    """An action item that Cleo owns."""
    with store.begin() as work:
        return file_action(
            work,
            incident,
            title="Match mirrors",
            kind="detect",
            owner="cleo-l",
            success="The next drill finds them",
            due_at=datetime.now(UTC) + timedelta(days=9),
            by=SYSTEM,
            now=NOW,
        ).id


def test_a_tracker_reports_on_an_item_and_the_same_again_changes_nothing(client: Browser, store: Store) -> None:
    incident = opened()
    item = filed(store, incident)

    def report(person: str = "ada-l", **said: object) -> Any:
        return client.post(f"/api/v1/actions/{item}/report", json=said, headers=token_of(client, person))

    # The tracker knows open and done alone; the record has what lies between.
    done = report(state="done_claimed", address="https://tracker.example/T-7", note="merged").json()
    assert (done["state"], done["address"], done["note"]) == (
        "done_claimed",
        "https://tracker.example/T-7",
        "merged",
    )
    assert report(state="done_claimed", address="https://tracker.example/T-7").json() == done
    with store.read() as work:
        told = [(e.event, e.facts.get("state")) for e in timeline.entries(work, incident)][-3:]
    assert told == [
        (Event.action_linked, None),
        (Event.action_changed, "in_progress"),
        (Event.action_changed, "done_claimed"),
    ]
    # That it works somebody here has to see; an address is one that leads somewhere.
    problem(report(state="verified"), 400, "BAD_INPUT")
    problem(report(address="javascript:alert(1)"), 400, "BAD_INPUT")
    problem(report(address="https://tracker.example/a b"), 400, "BAD_INPUT")
    problem(report(person="dev-e", state="in_progress"), 403, "NOT_AUTHORISED")
    problem(client.post("/api/v1/actions/INC-1-A9/report", json={}), 404, "NOT_FOUND")
    assert report(state="in_progress", note="It does not hold").json()["state"] == "in_progress"


def test_what_breaks_is_a_problem_without_its_inside(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("console.api.incidents.visible_incidents", broken)
    told = problem(client.get("/api/v1/incidents"), 500, "UNEXPECTED")
    assert "the inside" not in told["detail"]


def test_every_path_is_described_and_the_record_stays_whole(client: Browser, store: Store) -> None:
    incident = opened()
    described = client.get("/api/v1/openapi.json").json()["paths"]
    assert "requestBody" in described["/api/v1/signals"]["post"]
    with store.read() as work:
        assert find(work, incident).phase == "assessing"
