"""Action items leave as a spreadsheet or for a calendar, and come back from a spreadsheet, all rows or none."""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from incidents.errors import BadInput
from incidents.reviews.action_files import COLUMNS, read_actions, write_actions, write_calendar
from incidents.reviews.actions import ActionItem, ActionState
from incidents.store.action_items import actions_of, file_action
from incidents.store.action_sheets import Taken, take_actions
from incidents.store.engine import Store
from tests.incidents.review_rows import ADA, BO, T0, add_incident, after
from tests.incidents.test_words import HOSTILE

KEPT = HOSTILE.replace("\x00", "")
"""What PostgreSQL keeps of it."""

NEW: dict[str, Any] = {
    "title": "Write the term list with the team that reads the language",
    "kind": "prevent",
    "owner": "cleo",
    "success": "The next drill's term list has a second reader.",
    "due_at": T0 + timedelta(days=15),
}


@pytest.fixture
def store(store: Store) -> Store:
    with store.begin() as work:
        add_incident(work)
        add_incident(work, 13)
    return store


def filed(store: Store, **changes: Any) -> ActionItem:
    with store.begin() as work:
        return file_action(work, "INC-12", **{**NEW, **changes}, by=ADA, now=T0)


def edit(path: Path, change: Callable[[list[dict[str, str]]], None]) -> Path:
    """The file as somebody changed it in a spreadsheet."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken(store: Store, path: Path) -> Taken:
    with store.begin() as work:
        return take_actions(work, read_actions(path), by=BO, now=after(5))


def everything(store: Store) -> list[ActionItem]:
    with store.read() as work:
        return actions_of(work)


def test_a_file_that_comes_back_unchanged_changes_nothing(store: Store, tmp_path: Path) -> None:
    item, path = filed(store, factor=None), tmp_path / "actions.csv"
    write_actions(path, everything(store))
    assert taken(store, path) == Taken(same=1)
    assert everything(store) == [item]


def test_states_move_on_and_new_rows_are_filed_once(store: Store, tmp_path: Path) -> None:
    filed(store)
    path = tmp_path / "actions.csv"
    write_actions(path, everything(store))

    def change(rows: list[dict[str, str]]) -> None:
        rows[0] |= {"state": "in_progress", "note": "begun"}
        rows.append(rows[0] | {"id": "", "incident": "INC-13", "title": "Match mirrors", "state": ""})

    edit(path, change)
    assert taken(store, path) == Taken(filed=1, moved=1)
    assert [(each.id, each.state, each.note) for each in everything(store)] == [
        ("INC-12-A1", ActionState.in_progress, "begun"),
        ("INC-13-A1", ActionState.open, None),
    ]
    assert taken(store, path) == Taken(same=2)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"state": "verified"}, "STATE_NOT_NEXT"),
        ({"state": "gone"}, "state is one of open, in_progress"),
        ({"kind": "magic"}, "kind is one of prevent"),
        ({"area": "magic"}, "area is one of policy"),
        ({"area": "product"}, "another area"),
        ({"state": "superseded", "note": "n"}, "SUCCESSOR_MISSING"),
        ({"due_at": "soon"}, "due_at 'soon' is no time"),
        ({"factor": "two"}, "factor 'two' is no number"),
        ({"owner": "somebody else"}, "another owner"),
        ({"title": "Other", "due_at": "2031-01-01"}, "another title and another due_at"),
        ({"id": "INC-12-A9"}, "no action item INC-12-A9"),
        ({"id": "", "title": "", "state": ""}, "title is empty"),
        ({"id": "", "title": "T", "state": "in_progress"}, "A new item is open"),
        ({"id": "", "title": "T", "state": "", "incident": "INC-99"}, "INC-99"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_nothing_is_changed(
    store: Store, tmp_path: Path, cells: dict[str, str], why: str
) -> None:
    filed(store)
    filed(store, title="Another one, which is fine")
    path, before = tmp_path / "actions.csv", everything(store)
    write_actions(path, before)

    def change(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["state"] = "in_progress"
        rows[1] |= cells

    edit(path, change)
    with pytest.raises(BadInput, match="row 3: ") as told:
        taken(store, path)
    assert why in str(told.value)
    assert everything(store) == before


def test_an_item_that_another_supersedes_says_so_in_the_file(store: Store, tmp_path: Path) -> None:
    filed(store, area="policy")
    filed(store, title="One for both")
    path = tmp_path / "actions.csv"
    write_actions(path, everything(store))
    edit(path, lambda rows: rows[0].update(state="superseded", superseded_by="INC-12-A2", note="both"))
    assert taken(store, path) == Taken(moved=1, same=1)
    assert everything(store)[0].superseded_by == "INC-12-A2"
    write_actions(path, everything(store))
    assert taken(store, path) == Taken(same=2)


def test_a_spreadsheet_runs_nothing(store: Store, tmp_path: Path) -> None:
    filed(store, title="=HYPERLINK(1)", success=KEPT)
    path = tmp_path / "actions.csv"
    write_actions(path, everything(store))
    with path.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["title"] == "'=HYPERLINK(1)"
    [read] = read_actions(path)
    assert (read.title, read.success) == ("=HYPERLINK(1)", KEPT.strip())


def test_due_dates_are_days_in_a_calendar(store: Store, tmp_path: Path) -> None:
    item, path = filed(store, area="tooling", success=f"seen\r\nATTACH:x {KEPT}"), tmp_path / "due.ics"
    write_calendar(path, everything(store))
    raw = path.read_bytes()
    [event] = Calendar.from_ical(raw).walk("VEVENT")
    assert event["uid"] == "INC-12-A1@watchfloor"
    assert event.decoded("dtstart") == item.due_at.date()
    assert b"CATEGORIES:prevent,tooling" in raw
    assert event["summary"] == f"INC-12-A1 is due: {item.title}"
    assert not set("\x1b\u202e") & set(str(event["description"]))
    # What was written is text and no property of its own.
    assert "attach" not in event
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    write_calendar(path, everything(store))
    assert path.read_bytes() == raw


def test_no_items_are_a_calendar_and_a_table_all_the_same(tmp_path: Path) -> None:
    write_calendar(tmp_path / "due.ics", [])
    write_actions(tmp_path / "actions.csv", [])
    assert Calendar.from_ical((tmp_path / "due.ics").read_bytes()).walk("VEVENT") == []
    assert read_actions(tmp_path / "actions.csv") == []
