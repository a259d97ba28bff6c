"""A plan at the command line: looked at, ordered of the platform, or reported as done elsewhere."""

import csv
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from incidents.store.schema import windows
from tests.console.command_line import at_home, open_store, run, told
from tests.console.swept import VIOLATES, ended, read_by, worked

WHY = ("--reason", "Two of us read it")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


@pytest.fixture
def sweep(tmp_path: Path) -> str:
    """A sweep that ended in a plan of three actions; its posts came from a platform."""
    made = worked(tmp_path)
    read_by("dev-e", tmp_path, VIOLATES)
    ended(made)
    with closing(open_store()) as store, store.begin() as work:
        work.execute(windows.update().values(source={"kind": "http", "url": "https://platform.example"}))
    return made


def test_what_would_be_carried_out_is_looked_at_first(sweep: str) -> None:
    measures = [{"measure": "remove", "policy": "violence.incitement", "posts": 3}]
    assert told("sweep", "act", sweep) == {"sweep": sweep, "to_order": 3, "measures": measures, "states": {}}
    said = run("sweep", "act", sweep).stdout
    assert "3 actions can be ordered of the platform. Say `--actions 3` and a reason" in said
    assert "So far: nothing was ordered yet." in said
    assert "remove\tviolence.incitement\t3" in said
    assert "ROLE_MISSING" in run("sweep", "act", sweep, "--as", "dev-e", code=1).stderr


def test_it_is_ordered_where_the_site_lets_it(sweep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ("sweep", "act", sweep, "--actions", "3", *WHY)
    assert "ACTIONS_SWITCHED_OFF" in run(*order, code=1).stderr
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ACTIONS", "true")
    assert "PLAN_DIFFERS" in run("sweep", "act", sweep, "--actions", "2", *WHY, code=1).stderr
    assert "REASON_MISSING" in run("sweep", "act", sweep, "--actions", "3", code=1).stderr
    said = run(*order).stdout
    assert f"3 actions of {sweep} are ordered of the platform, in 1 delivery." in said
    assert told("sweep", "act", sweep)["states"] == {"ordered": 3}
    assert "So far: 3 ordered." in run("sweep", "act", sweep).stdout
    assert f"actions:{sweep}:1" in run("outbox", "list").stdout


def test_what_was_done_elsewhere_is_reported_in_the_file_of_the_plan(sweep: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    run("sweep", "plan", sweep, "--out", str(plan))
    fill_in(plan, {"1": {"acted_at": "2026-01-15T12:00:00Z", "reach_at_action": "44"}})
    assert told("sweep", "acted", sweep, str(plan)) == {"sweep": sweep, "reported": 1, "known": 0}
    said = run("sweep", "acted", sweep, str(plan)).stdout
    assert f"0 actions of {sweep} are reported; 1 were known." in said
    assert told("sweep", "act", sweep)["states"] == {"done": 1}
    # What is exported from now on says so.
    run("sweep", "plan", sweep, "--out", str(plan))
    assert '"2026-01-15T12:00:00+00:00","44"' in plan.read_text(encoding="utf-8-sig")
    fill_in(plan, {"2": {"acted_at": "tomorrow"}})
    assert "row 3: acted_at is no time" in run("sweep", "acted", sweep, str(plan), code=1).stderr


def fill_in(plan: Path, of_items: dict[str, dict[str, Any]]) -> None:
    with plan.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with plan.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys(), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({**row, **of_items.get(row["item"].lstrip("'"), {})} for row in rows)
