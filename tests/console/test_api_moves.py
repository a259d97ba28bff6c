"""What the pages do, done through the API: moves of an incident, guidelines, action items, who there is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.message import Message
from incidents.settings import Settings
from incidents.store import outbox
from incidents.store.engine import Store
from tests.console.browsing import Browser
from tests.console.command_line import NOW, PEOPLE, at_home, opened
from tests.console.test_api import client, problem, token_of

__all__ = ["client"]  # a fixture

API = "/api/v1"
WHY = {"reason": "Two clinics were named"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch, PEOPLE + "  - {id: root-a, roles: [administrator]}\n")


@pytest.fixture
def store(client: Browser) -> Iterator[Store]:
    store = Store.open(Settings().store_url)
    yield store
    store.close()


def tagged(client: Browser, path: str) -> dict[str, str]:
    """What makes a change one of what is there now."""
    return {"If-Match": client.get(f"{API}/{path}").headers["etag"]}


def move(client: Browser, incident: str, name: str, **said: Any) -> Any:
    path = f"incidents/{incident}"
    return client.post(f"{API}/{path}/{name}", json=said or WHY, headers=tagged(client, f"{path}/gate"))


def test_a_crisis_is_declared_from_nothing_and_stood_down(client: Browser) -> None:
    declared = client.post(f"{API}/incidents", json={"title": "Calls to storm a clinic", **WHY})
    assert (declared.status_code, declared.json()["phase"]) == (201, "declared")
    incident = declared.json()["id"]
    assert declared.headers["location"] == f"{API}/incidents/{incident}"
    assert client.get(declared.headers["location"]).json()["title"] == "Calls to storm a clinic"
    problem(client.post(f"{API}/incidents", json={"title": "Calls to storm a clinic", **WHY}), 409, "CONFLICT")
    refused = problem(move(client, incident, "stand-down"), 422, "NOT_ALLOWED")
    assert [each["code"] for each in refused["reasons"]] == ["GUIDELINE_MISSING"]
    assert refused["incident"] == incident
    waived = client.post(f"{API}/incidents/{incident}/waive", json={"code": "GUIDELINE_MISSING", **WHY}).json()
    assert (waived["waived"], waived["loose"]) == (["GUIDELINE_MISSING"], [])
    handed = {"role": "commander", "to": "bo-r", "note": "End of my shift"}
    assert client.post(f"{API}/incidents/{incident}/hand-over", json=handed).json() == handed
    asked = client.post(
        f"{API}/incidents/{incident}/asks", json={"team": "legal", "what": "Tell the regulator"}
    )
    assert (asked.status_code, asked.json()["team"]) == (201, "legal")


def test_a_move_is_one_of_what_was_read(client: Browser) -> None:
    incident = opened()
    path = f"{API}/incidents/{incident}"
    problem(client.post(f"{path}/declare", json=WHY), 428, "TAG_MISSING")
    before = tagged(client, f"incidents/{incident}/gate")
    assert client.post(f"{path}/declare", json=WHY, headers=before).json()["phase"] == "declared"
    problem(client.post(f"{path}/dismiss", json=WHY, headers=before), 412, "TAG_OUTDATED")
    # Whoever takes whatever there is learns from the store that somebody was first.
    assert client.post(f"{path}/dismiss", json=WHY, headers={"If-Match": "*"}).status_code in {409, 422}


def test_a_candidate_is_dismissed_and_reopened_and_restricted(client: Browser) -> None:
    incident = opened()
    assert move(client, incident, "dismiss").json()["phase"] == "dismissed"
    assert move(client, incident, "reopen").json()["round"] == 2
    restricted = client.post(f"{API}/incidents/{incident}/restrict", json={"restricted": True, **WHY})
    assert restricted.json()["restricted"] is True
    # Whoever holds no role on it is left out, even who restricted it.
    refused = problem(client.get(f"{API}/incidents/{incident}/gate"), 403, "NOT_AUTHORISED")
    assert refused["reasons"][0]["code"] == "INCIDENT_RESTRICTED"


def test_an_entry_is_starred_and_unstarred(client: Browser) -> None:
    incident = opened()
    entry = f"{API}/incidents/{incident}/stars/1"
    assert client.put(entry).json() == client.put(entry).json() == {"entry": 1, "starred": True}
    assert client.delete(entry).json() == {"entry": 1, "starred": False}
    problem(client.put(f"{API}/incidents/{incident}/stars/99"), 404, "NOT_FOUND")


def test_a_guideline_is_published_compared_and_not_overwritten(client: Browser) -> None:
    incident = opened()
    path = f"incidents/{incident}/guidelines"
    problem(client.get(f"{API}/{path}/in-force"), 404, "NOT_FOUND")
    problem(client.post(f"{API}/{path}", json={"bodies": {"en": "Remove it."}}), 428, "TAG_MISSING")
    none = tagged(client, path)
    first = client.post(
        f"{API}/{path}", json={"title": "Mirrors", "bodies": {"en": "Remove it."}}, headers=none
    )
    assert (first.status_code, first.headers["location"]) == (201, f"{API}/{path}/1")
    other = {"title": "Mirrors", "bodies": {"en": "Label it.", "de": "Kennzeichnen."}}
    problem(client.post(f"{API}/{path}", json=other, headers=none), 412, "TAG_OUTDATED")
    assert client.post(f"{API}/{path}", json=other, headers=tagged(client, path)).json()["version"] == 2
    listed = client.get(f"{API}/{path}", params={"limit": 1}).json()
    assert [each["version"] for each in listed["items"]] == [1]
    rest = client.get(f"{API}/{path}", params={"after": listed["next"]}).json()
    assert [each["languages"] for each in rest["items"]] == [["de", "en"]]
    compared = client.get(f"{API}/{path}/changes").json()
    assert compared["only_in_one"] == ["de"]
    assert [each["kind"] for each in compared["changes"]["en"]] == ["removed", "added"]
    assert client.get(f"{API}/{path}/1").json()["bodies"] == {"en": "Remove it."}
    cleo = token_of(client, "cleo-l")  # of a partner team, which enforces it
    assert client.get(f"{API}/{path}/in-force", headers=cleo).json()["version"] == 2
    problem(client.get(f"{API}/{path}/1", headers=cleo), 403, "NOT_AUTHORISED")


def test_an_action_item_is_filed_listed_and_changed(client: Browser) -> None:
    incident = opened()
    new = {"title": "Match mirrors", "kind": "detect", "owner": "ada-l", "success": "A drill finds them"}
    for title in ("Match mirrors", "Keep a rota", "Ask sooner"):
        filed = client.post(f"{API}/incidents/{incident}/actions", json=new | {"title": title})
        assert filed.status_code == 201
    item = f"actions/{filed.json()['id']}"
    pages, after = [], None
    while True:
        found = client.get(f"{API}/actions", params={"limit": 2, **({"after": after} if after else {})}).json()
        pages.append([each["id"] for each in found["items"]])
        if (after := found["next"]) is None:
            break
    assert pages == [[f"{incident}-A1", f"{incident}-A2"], [f"{incident}-A3"]]
    problem(client.post(f"{API}/{item}/change", json={"state": "in_progress"}), 428, "TAG_MISSING")
    before = tagged(client, item)
    begun = client.post(f"{API}/{item}/change", json={"state": "in_progress"}, headers=before)
    assert begun.json()["state"] == "in_progress"
    assert begun.headers["etag"] == tagged(client, item)["If-Match"]
    problem(
        client.post(f"{API}/{item}/change", json={"state": "done_claimed"}, headers=before), 412, "TAG_OUTDATED"
    )


def test_who_there_is_and_who_one_is(client: Browser) -> None:
    me = client.get(f"{API}/me").json()
    assert (me["id"], "lead an incident" in me["may"]) == ("ada-l", True)
    first = client.get(f"{API}/people", params={"limit": 1}).json()
    rest = client.get(f"{API}/people", params={"after": first["next"]}).json()
    ids = [each["id"] for each in first["items"] + rest["items"]]
    assert ids == sorted(set(ids))
    assert "ada-l" in ids
    assert "legal" in [each["id"] for each in client.get(f"{API}/teams").json()["items"]]
    roles = {each["role"]: each["may"] for each in client.get(f"{API}/roles").json()["items"]}
    assert "sign a retrospective" in roles["reviewer"]
    assert "sign a retrospective" not in roles["administrator"]


def test_failed_deliveries_are_listed_without_their_words_and_sent_again(client: Browser, store: Store) -> None:
    incident = opened()
    said = Message(key="m1", event="partner.ask.sent", subject="An ask", text="SECRET WORDS", at=NOW)
    with store.begin() as work:
        outbox.post_message(work, incident, "legal", said)
        number = outbox.undelivered(work)[-1].id
        parcel = outbox.take(work, number, machine_now=NOW)
        assert parcel is not None
        outbox.mark_failed(work, parcel, error="410", permanent=True, machine_now=NOW, now=NOW)
    administrator = token_of(client, "root-a")
    listed = client.get(f"{API}/deliveries", headers=administrator)
    assert "SECRET WORDS" not in listed.text
    assert (number, "failed") in [(each["id"], each["state"]) for each in listed.json()["items"]]
    again = client.post(f"{API}/deliveries/{number}/rerun", headers=administrator)
    assert again.json()["state"] == "pending"
    assert {each["name"] for each in client.get(f"{API}/health", headers=administrator).json()["items"]}
