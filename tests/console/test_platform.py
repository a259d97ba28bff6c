"""The reference platform keeps its protocol: who may ask, how often, and what was done to which post."""

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import uvicorn
from fastapi import FastAPI

from console.platform import Bucket, make_platform
from incidents.sweeps.posts import read_posts
from tests.console.command_line import at_home, run

with warnings.catch_warnings():
    # It asks for a package that is not out in a stable release; httpx serves it as well.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from fastapi.testclient import TestClient

TEXT = "id,text,posted_at\np1,an alarm,2026-11-22T18:00:00Z\np2,quiet,2026-11-22T19:00:00Z\np3,An Alarm,\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three posts."""
    path = tmp_path / "posts.csv"
    path.write_text(TEXT)
    return path


@pytest.fixture
def client(file: Path) -> TestClient:
    return TestClient(
        make_platform(read_posts(file), token="secret"), headers={"Authorization": "Bearer secret"}
    )


def ids(answer: Any) -> list[str]:
    return [post["id"] for post in answer.json()["posts"]]


def test_posts_come_in_pages_by_time(client: TestClient) -> None:
    first = client.get("/v1/posts", params={"limit": 2})
    assert ids(first) == ["p1", "p2"]
    assert first.json()["posts"][0]["posted_at"] == "2026-11-22T18:00:00.000000Z"
    last = client.get("/v1/posts", params={"limit": 2, "cursor": first.json()["next"]})
    assert (ids(last), last.json()["next"]) == (["p3"], None)


def test_a_search_is_by_words_and_by_time(client: TestClient) -> None:
    assert ids(client.get("/v1/search", params={"q": "alarm"})) == ["p1", "p3"]
    assert ids(client.get("/v1/search", params={"since": "2026-11-22T18:30:00Z"})) == ["p2", "p3"]
    assert ids(client.get("/v1/search", params={"until": "2026-11-22T18:30:00Z"})) == ["p1", "p3"]


def test_a_cursor_leads_on_in_its_own_list_alone(client: TestClient) -> None:
    cursor = client.get("/v1/posts", params={"limit": 1}).json()["next"]
    assert client.get("/v1/search", params={"q": "alarm", "cursor": cursor}).status_code == 410
    assert client.get("/v1/posts", params={"cursor": "nonsense"}).status_code == 400


def test_nobody_is_answered_without_the_token(client: TestClient) -> None:
    for path in ("/v1/posts", "/v1/search", "/v1/actions"):
        assert client.get(path, headers={"Authorization": "Bearer other"}).status_code == 401
    assert client.post("/admin/faults", headers={"Authorization": ""}, json={}).status_code == 401


def test_an_action_says_when_it_took_effect_and_how_many_had_seen_the_post(file: Path) -> None:
    times = iter([datetime(2026, 11, 22, 20, tzinfo=UTC), datetime(2026, 11, 22, 21, tzinfo=UTC)])
    posts = read_posts(file).with_columns(reach=pl.lit(15))
    client = TestClient(make_platform(posts, now=lambda: next(times)))
    order, key = {"post": "p1", "action": "remove"}, {"Idempotency-Key": "action:INC-1-S1:p1"}
    first, again = (client.post("/v1/actions", json=order, headers=key).json() for _ in range(2))
    assert (first["at"], first["reach"]) == ("2026-11-22T20:00:00Z", 17)
    assert again == first


def test_an_action_is_carried_out_once_a_key(client: TestClient) -> None:
    order = {"post": "p1", "action": "remove", "reason": "it incites"}
    key = {"Idempotency-Key": "action:INC-1-S1:p1"}
    first, again = (client.post("/v1/actions", json=order, headers=key).json() for _ in range(2))
    assert first == again
    assert first.items() >= {**order, "number": 1, "key": key["Idempotency-Key"]}.items()
    assert client.post("/v1/actions", json=order | {"action": "restore"}, headers=key).status_code == 409
    other = {"Idempotency-Key": "reversal:INC-1-S1:p1"}
    assert client.post("/v1/actions", json=order | {"action": "restore"}, headers=other).status_code == 200
    assert [each["action"] for each in client.get("/v1/actions").json()["actions"]] == ["remove", "restore"]


@pytest.mark.parametrize(
    ("order", "headers", "status"),
    [
        ({"post": "p9", "action": "remove"}, {"Idempotency-Key": "k"}, 404),
        ({"post": "p1", "action": "burn"}, {"Idempotency-Key": "k"}, 422),
        ({"post": "p1", "action": "remove"}, {}, 422),
    ],
)
def test_an_action_that_cannot_be_is_refused(
    client: TestClient, order: dict[str, str], headers: dict[str, str], status: int
) -> None:
    assert client.post("/v1/actions", json=order, headers=headers).status_code == status
    assert client.get("/v1/actions").json() == {"actions": []}


def test_a_fault_happens_as_often_as_was_asked_for(client: TestClient) -> None:
    client.post("/admin/faults", json={"page": 1, "kind": "status", "times": 2, "retry_after": "3"})
    answers = [client.get("/v1/posts") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "3"
    client.post("/admin/faults", json={"page": 1, "kind": "garble"})
    assert client.delete("/admin/faults").json() == {"cleared": 1}
    assert client.get("/v1/posts").json()["next"] is None


def test_who_asks_too_often_is_told_when_to_come_back(file: Path) -> None:
    client = TestClient(make_platform(read_posts(file), rate=0.5))
    first, second = client.get("/v1/posts"), client.get("/v1/posts")
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["retry-after"] == "2"


def test_a_bucket_fills_by_its_rate_and_no_fuller() -> None:
    now = [100.0]
    bucket = Bucket(2.0, clock=lambda: now[0])
    assert [bucket.wait() for _ in range(3)] == [0, 0, 0.5]
    now[0] += 0.5
    assert [bucket.wait() for _ in range(2)] == [0, 0.5]
    now[0] += 3600
    assert [bucket.wait() for _ in range(3)] == [0, 0, 0.5]


def test_serve_listens_on_this_machine_with_the_token_of_a_secret(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: dict[str, Any] = {}

    def listen(app: FastAPI, **told: object) -> None:
        served.update(told, token=app.state.platform.token)

    at_home(tmp_path, monkeypatch)
    monkeypatch.setattr(uvicorn, "run", listen)
    words = ("platform", "serve", "--posts", str(file), "--port", "4299", "--secret", "platform")
    assert "WATCHFLOOR_SECRETS__PLATFORM" in run(*words, code=2).stderr
    monkeypatch.setenv("WATCHFLOOR_SECRETS__PLATFORM", "secret")
    assert "http://127.0.0.1:4299" in run(*words).stdout
    assert served == {"host": "127.0.0.1", "port": 4299, "log_level": "warning", "token": "secret"}
