"""Who is on call, in the pages, the API, the commands and what the doctor finds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.doctor import examine
from console.finding import State
from incidents.settings import Settings
from incidents.store.engine import Store
from tests.console.browsing import Browser, bearer, browser, statements_of, welcome
from tests.console.command_line import run, told, write

ROSTER = """\
version: 1
rotations:
  - id: commander
    title: Incident commander
    duty: commander
    people: [noor, ada-l]
    zone: UTC
    starts: 2026-01-05
  - id: legal
    title: Legal <b>desk</b>
    duty: legal
    people: [cleo-l]
    zone: Europe/Vienna
    starts: 2026-01-05
    hours: {days: [mon], begin: "09:00", end: "10:00"}
    gaps_meant: true
"""


@pytest.fixture
def roster(home: Path) -> Path:
    return write(home / "catalogue" / "oncall.yaml", ROSTER)


def soon(hours: int) -> str:
    return f"{datetime.now(UTC).replace(minute=0) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def taking(**changed: str) -> dict[str, str]:
    told = {"rotation": "commander", "starts": soon(-1), "ends": soon(3), "reason": "Noor is ill"}
    return told | changed


def test_without_a_roster_the_board_says_so_and_asks_the_store_nothing(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    before = statements_of(visiting, "/")
    assert "No roster is written" in visiting.get("/").text
    assert "oncall.yaml" in visiting.get("/on-call").text
    write(visiting.world.settings.catalogue_folder / "oncall.yaml", ROSTER)
    with browser(visiting.world.settings) as opened:
        opened.sign_in("ada-l")
        assert statements_of(opened, "/") == before + 1


def test_a_shift_is_taken_on_the_page_and_the_board_knows(
    roster: Path, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    page = visiting.get("/on-call").text
    assert "Legal &lt;b&gt;desk&lt;/b&gt;" in page
    assert "/on-call?rotation=commander&amp;starts=" in page
    assert visiting.submit("/on-call", "/on-call/take", **taking()).status_code == 200
    board = visiting.get("/").text
    assert "<strong>ada-l</strong>" in board
    assert "taken: Noor is ill" in visiting.get("/on-call").text
    typed = visiting.submit("/on-call", "/on-call/take", **taking(ends=soon(-3), reason="Typed once"))
    assert (typed.status_code, "Typed once" in typed.text) == (422, True)
    garbled = visiting.submit("/on-call", "/on-call/take", **taking(starts="noon"))
    assert (garbled.status_code, "is no time" in garbled.text) == (422, True)
    given = visiting.submit("/on-call", "/on-call/take", **taking(person="bo-r"))
    assert (given.status_code, "DUTY_MISSING" in given.text) == (422, True)


def test_the_roster_costs_the_same_however_many_shifts_are_taken(
    roster: Path, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    few = [statements_of(visiting, path) for path in ("/", "/on-call")]
    for hours in range(5, 40, 5):
        visiting.submit("/on-call", "/on-call/take", **taking(starts=soon(hours), ends=soon(hours + 2)))
    assert [statements_of(visiting, path) for path in ("/", "/on-call")] == few


def test_a_partner_s_people_see_and_take_shifts_of_their_own_team_alone(
    roster: Path, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "cleo-l")
    page = visiting.get("/on-call").text
    assert "Incident commander" not in page + visiting.get("/").text
    assert visiting.submit("/on-call", "/on-call/take", **taking(rotation="legal")).status_code == 200
    assert "<strong>cleo-l</strong>" in visiting.get("/").text
    others = visiting.submit("/on-call", "/on-call/take", **taking())
    assert (others.status_code, "noor" in others.text) == (404, False)


def test_a_crisis_is_declared_with_somebody_on_call_as_its_lead(
    roster: Path, visiting: Browser, store: Store
) -> None:
    run("oncall", "take", "commander", "--hours", "8", "--for", "noor", "--reason", "Agreed")
    welcome(visiting, store, "ada-l")
    page = visiting.get("/declare").text
    assert '<option value="noor"' in page
    fields = {"title": "Calls to storm a clinic", "harm": "4", "reason": "It spreads", "declare": "yes"}
    opened = visiting.submit("/declare", "/declare", **fields, lead="noor")
    assert "<dt>Commander</dt><dd>noor, since" in opened.text
    assert "<dt>On call</dt><dd>noor, Incident commander, until" in opened.text
    assert "Noor A. (on call)" in opened.text
    again = visiting.submit("/declare", "/declare", **fields | {"title": "Another"}, lead="nobody-here")
    assert again.status_code == 404


def test_the_commands_show_and_take(roster: Path) -> None:
    taken = told("oncall", "take", "commander", "--hours", "2", "--reason", "Noor is ill")
    assert (taken["person"], taken["said_by"]) == ("ada-l", "ada-l")
    now = {each["rotation"]: each for each in told("oncall", "show")}
    assert now["commander"]["person"] == "ada-l"
    coming = told("oncall", "show", "--days", "30")
    assert {each["rotation"] for each in coming} == {"commander", "legal"}
    assert [each["rotation"] for each in told("oncall", "show", "--as", "cleo-l")] == ["legal"]
    run("oncall", "take", "commander", "--hours", "2", "--reason", "Mine", "--as", "cleo-l", code=1)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    line = run("oncall", "take", "commander", "--hours", "2", "--from", later, "--reason", "Agreed").stdout
    assert line.startswith("ada-l is on call for Incident commander from ")


def test_the_api_tells_who_is_on_call_and_takes_a_shift_once(
    roster: Path, visiting: Browser, store: Store
) -> None:
    head = bearer(store, visiting.world.catalogue.person("ada-l"))
    body: dict[str, Any] = {"starts_at": f"{soon(0)}Z", "ends_at": f"{soon(4)}Z", "reason": "Noor is ill"}
    key = {"Idempotency-Key": "once"}
    path = "/api/v1/on-call/commander/take"
    first, second = (visiting.post(path, json=body, headers=head | key) for _ in range(2))
    assert (first.status_code, second.json()) == (201, first.json())
    page = visiting.get("/api/v1/on-call", params={"limit": 1}, headers=head).json()
    [commander] = page["items"]
    assert (commander["rotation"], commander["now"]["person"]) == ("commander", "ada-l")
    rest = visiting.get("/api/v1/on-call", params={"after": page["next"]}, headers=head).json()
    assert [(each["rotation"], each["gaps"]) for each in rest["items"]] == [("legal", [])]
    unknown = visiting.post("/api/v1/on-call/nothing/take", json=body, headers=head)
    assert unknown.status_code == 404


def test_the_doctor_warns_of_gaps_and_of_people_who_left(home: Path) -> None:
    def findings() -> list[tuple[State, str]]:
        return [(each.state, each.what) for each in examine(Settings()) if each.name == "roster"]

    assert findings() == []
    write(home / "catalogue" / "oncall.yaml", ROSTER)
    assert [state for state, _ in findings()] == [State.ok]
    write(home / "catalogue" / "oncall.yaml", ROSTER.replace("gaps_meant: true", "gaps_meant: false"))
    [(state, what)] = findings()
    assert (state, what.startswith("Nobody is on call as legal for 1")) == (State.warn, True)
    write(home / "catalogue" / "oncall.yaml", ROSTER.replace("[noor, ada-l]", "[noor, gone-g]"))
    left, gap = findings()
    assert left == (State.warn, "gone-g has shifts in commander, and nobody of that id is known as commander.")
    assert gap[1].startswith("Nobody is on call as commander for ")
