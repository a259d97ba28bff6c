"""Sweeps and reviews through the API: how far they are, what leads them on, and what stays out of an answer."""

from pathlib import Path

import pytest

from tests.console.browsing import STAFFED, Browser
from tests.console.command_line import at_home
from tests.console.reviewed import drafted, suppose
from tests.console.swept import SECRET, worked
from tests.console.test_api import client, problem, token_of

__all__ = ["client"]  # a fixture

API = "/api/v1"
SWEEP = f"{API}/sweeps/INC-1-S1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch, STAFFED)


@pytest.fixture
def swept(tmp_path: Path, client: Browser) -> Browser:
    worked(tmp_path)
    return client


def as_person(client: Browser, person: str) -> Browser:
    client.headers.update(token_of(client, person))
    return client


def test_a_sweep_is_told_in_numbers_and_without_a_word_of_a_post(swept: Browser) -> None:
    listed = swept.get(f"{API}/incidents/INC-1/sweeps").json()["items"]
    assert [each["id"] for each in listed] == ["INC-1-S1"]
    paths = ("", "/progress", "/batches", "/clusters")
    told = {path: swept.get(f"{SWEEP}{path}") for path in paths}
    assert [answer.status_code for answer in told.values()] == [200] * 4
    assert not any(SECRET in answer.text for answer in told.values())
    assert told["/progress"].json()["sentences"]
    assert {part["team"] for part in told["/progress"].json()["parts"]} == {"english"}
    own = as_person(swept, "dev-e").get(f"{SWEEP}/progress").json()
    assert ({part["team"] for part in own["parts"]}, own["known"]) == ({"english"}, None)
    claimed = swept.post(f"{API}/batches/claim", json={"sweep": "INC-1-S1"}).json()["batch"]
    assert swept.get(f"{SWEEP}/batches").json()["items"] == [claimed]
    of_another_team = as_person(swept, "cleo-l").get(f"{SWEEP}/batches").json()
    assert of_another_team["items"] == []


def test_a_sweep_is_led_on(swept: Browser) -> None:
    why = {"reason": "The press has it"}
    assert swept.post(f"{SWEEP}/urge", json={"items": ["1"], **why}).json() == {"items": 1}
    problem(swept.post(f"{SWEEP}/undo", json={"item": "1", **why}), 422, "NOT_ALLOWED")
    problem(swept.get(f"{SWEEP}/certificate"), 404, "NOT_FOUND")
    problem(swept.get(f"{SWEEP}/plan"), 404, "NOT_FOUND")
    refused = problem(as_person(swept, "dev-e").post(f"{SWEEP}/close", json=why), 403, "NOT_AUTHORISED")
    assert refused["reasons"][0]["code"] == "ROLE_MISSING"


def test_a_sweep_is_started_on_a_source_that_the_operator_named(swept: Browser, home: Path) -> None:
    new = {"scope": {"terms": ["mirror"]}, "source": "posts"}
    path = f"{API}/incidents/INC-1/sweeps"
    problem(swept.post(path, json=new), 400, "BAD_INPUT")
    posts = home.parent / "posts.csv"
    assert posts.is_file()
    (home / "sources.yaml").write_text(f"posts: {{kind: file, path: {posts}}}\n", encoding="utf-8")
    started = swept.post(path, json=new)
    assert (started.status_code, started.headers["location"]) == (201, f"{API}/sweeps/INC-1-S2")
    assert str(posts) not in started.text
    problem(swept.post(path, json=new | {"source": str(posts)}), 400, "BAD_INPUT")


def test_a_review_is_taken_to_its_end(client: Browser) -> None:
    incident = drafted()
    suppose(incident, "The rota had a gap")
    path = f"{API}/retrospectives/{incident}"
    assert [each["incident"] for each in client.get(f"{API}/retrospectives").json()["items"]] == [incident]
    standing = client.get(path).json()
    assert [each["version"] for each in standing["versions"]] == [1]
    assert client.get(f"{path}/versions/1").json()["markdown"].startswith("# ")
    factor = client.get(f"{path}/factors").json()["items"][-1]
    judged = client.post(
        f"{path}/factors/{factor['number']}/judge", json={"accepted": True, "reason": "The rota shows it"}
    )
    assert judged.json()["state"] == "accepted"
    assert client.post(f"{path}/draft").json() == {"version": 2}
    compared = client.get(f"{path}/changes").json()
    assert (compared["older"], compared["newer"]) == (1, 2)
    assert compared["changes"]
    problem(client.post(f"{path}/publish"), 422, "NOT_ALLOWED")
    signed = as_person(client, "bo-r").post(f"{path}/sign", json={"version": 2, "reason": "Read in full"})
    assert signed.json()["review"]["signed_by"] == "bo-r"
    published = as_person(client, "ada-l").post(f"{path}/publish").json()
    assert published["review"]["state"] == "published"


def test_a_section_is_not_written_over_what_nobody_read(client: Browser) -> None:
    incident = drafted()
    section = f"{API}/retrospectives/{incident}/sections/lucky"
    before = {"If-Match": client.get(section).headers["etag"]}
    problem(client.put(section, json={"text": "It was a Monday"}), 428, "TAG_MISSING")
    written = client.put(section, json={"text": "It was a Monday"}, headers=before)
    assert written.json()["written"]["author"] == "ada-l"
    problem(client.put(section, json={"text": "It was a Sunday"}, headers=before), 412, "TAG_OUTDATED")
    again = {"If-Match": written.headers["etag"]}
    assert client.put(section, json={"text": "Bo knew them"}, headers=again).json()["written"]["version"] == 2
    listed = client.get(f"{API}/retrospectives/{incident}/sections").json()["items"]
    assert [each["name"] for each in listed if each["written"]] == ["lucky"]
