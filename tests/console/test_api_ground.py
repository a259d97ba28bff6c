"""What every route of the API has in common: problems, cursors, keys, tags, and how it is described."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from console.api.ground import ApiRoute
from console.app import ROOMS
from incidents.people import Act
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.schema import signals
from tests.console.browsing import Browser
from tests.console.command_line import opened
from tests.console.test_api import SIGNAL, client, home, problem, token_of

__all__ = ["client", "home"]  # fixtures

SIGNALS = "/api/v1/signals"
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture
def store(client: Browser) -> Iterator[Store]:
    store = Store.open(Settings().store_url)
    yield store
    store.close()


def known(store: Store) -> int:
    with store.read() as work:
        return int(work.execute(sa.select(sa.func.count()).select_from(signals)).scalar_one())


def test_every_error_is_a_problem_with_a_code_and_the_incident(client: Browser) -> None:
    lost = problem(client.get("/api/v1/incidents/INC-9"), 404, "NOT_FOUND")
    assert lost == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": lost["detail"],
        "code": "NOT_FOUND",
        "incident": "INC-9",
        "reasons": [],
    }
    wrong = client.request("DELETE", "/api/v1/incidents")
    problem(wrong, 405, "HTTP_405")
    assert wrong.headers["allow"] == "GET, POST"
    problem(client.post(SIGNALS, content="a: b", headers={"Content-Type": "text/yaml"}), 415, "MEDIA_TYPE")
    problem(client.post(SIGNALS, json=SIGNAL | {"title": "a\0b"}), 400, "BAD_INPUT")
    problem(client.get("/api/v1/incidents", params={"limit": 501}), 422, "BAD_PARAMETER")


@pytest.mark.parametrize("after", ["INC-1", "MTI=", "ey", "LTE", "bnVsbA", "é"])
def test_a_cursor_that_is_none_of_ours_is_refused(client: Browser, after: str) -> None:
    answer = client.get("/api/v1/incidents", params={"after": after})
    if after == "MTI=":  # padding changes nothing
        assert answer.status_code == 200
    else:
        problem(answer, 400, "BAD_INPUT")


def test_a_list_stays_whole_while_rows_are_added(client: Browser) -> None:
    ids = [opened(f"Candidate {n}") for n in range(3)]
    first = client.get("/api/v1/incidents", params={"limit": 2}).json()
    opened("Candidate that came between")
    rest = client.get("/api/v1/incidents", params={"limit": 2, "after": first["next"]}).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


def test_the_same_request_with_its_key_is_answered_as_before(client: Browser, store: Store) -> None:
    first = client.post(SIGNALS, json=SIGNAL, headers=KEY)
    again = client.post(SIGNALS, json=SIGNAL, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert first.json()["standing"] == again.json()["standing"] == "new"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post(SIGNALS, json=SIGNAL | {"title": "Another one"}, headers=KEY)
    assert problem(other, 422, "NOT_ALLOWED")["reasons"][0]["code"] == "KEY_REUSED"
    assert known(store) == 1
    # A key belongs to whoever sent it.
    noor = client.post(SIGNALS, json=SIGNAL, headers=KEY | token_of(client, "noor"))
    assert noor.json()["standing"] == "duplicate"


def test_a_key_sends_nothing_again_to_a_token_that_may_less(client: Browser) -> None:
    client.post(SIGNALS, json=SIGNAL, headers=KEY)
    small = token_of(client, "ada-l", Act.see_incidents)
    refused = problem(client.post(SIGNALS, json=SIGNAL, headers=KEY | small), 422, "NOT_ALLOWED")
    assert refused["reasons"][0]["code"] == "KEY_REUSED"
    same = token_of(client, "ada-l")
    assert client.post(SIGNALS, json=SIGNAL, headers=KEY | same).headers["idempotency-replayed"] == "true"


def test_a_refused_request_gives_its_key_back(client: Browser) -> None:
    problem(client.post(SIGNALS, json={"source": "x"}, headers=KEY), 400, "BAD_INPUT")
    assert client.post(SIGNALS, json=SIGNAL, headers=KEY).status_code == 201


def test_a_request_that_broke_keeps_its_key(client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inside")

    with monkeypatch.context() as patched:
        patched.setattr("console.api.signals.take_signal", broken)
        problem(client.post(SIGNALS, json=SIGNAL, headers=KEY), 500, "UNEXPECTED")
    problem(client.post(SIGNALS, json=SIGNAL, headers=KEY), 409, "CONFLICT")


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_up_to_two_hundred_characters(client: Browser, key: str) -> None:
    answer = client.post(SIGNALS, json=SIGNAL, headers={"Idempotency-Key": key})
    problem(answer, 422, "BAD_PARAMETER")


def test_every_route_is_described_with_examples_that_fit(client: Browser) -> None:
    told = client.get("/api/v1/openapi.json").json()
    routes = [route for room in ROOMS for route in room.router.routes if isinstance(route, ApiRoute)]
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    assert sorted(operation["operationId"] for operation in operations) == sorted(r.name for r in routes)
    for operation in operations:
        for schema, example in examples(operation):
            whole = {**schema, "components": told["components"]}
            jsonschema_rs.validator_for(whole, validate_formats=True).validate(example)
        assert operation["description"]


def examples(operation: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every schema of an operation, with its example, which there must be."""
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for part in (*bodies, *operation["responses"].values()):
        for content in part.get("content", {}).values():
            example = content["example"] if "example" in content else content["schema"]["examples"][0]
            yield content["schema"], example


def test_every_change_may_carry_a_key() -> None:
    routes = [route for room in ROOMS for route in room.router.routes if isinstance(route, ApiRoute)]
    changing = [route for route in routes if not {"GET"}.issuperset(route.methods or ())]
    assert changing
    for route in changing:
        named = {each.alias for dependant in route.dependant.dependencies for each in dependant.header_params}
        assert named & {"idempotency-key", "webhook-id"}, route.path
    assert all(
        isinstance(route, ApiRoute)
        for room in ROOMS
        for route in room.router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/api/")
    )
