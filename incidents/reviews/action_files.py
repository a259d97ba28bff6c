"""Action items as files: a spreadsheet that comes back filled in, and due dates for a calendar."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from icalendar import Calendar, Event
from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.files import whole
from incidents.reviews.actions import ActionArea, ActionItem, ActionKind, ActionState
from incidents.sweeps.sheet_files import Row, read_rows, write_csv
from incidents.words import clean

COLUMNS: Final = (
    *("id", "incident", "title", "kind", "area", "owner", "success", "factor", "due_at", "state"),
    *("superseded_by", "note"),
)
"""Of a spreadsheet of action items. A row without an id is a new item; one with an id moves that item on."""


_Choice = TypeVar("_Choice", ActionKind, ActionArea, ActionState)


class FilledAction(BaseModel):
    """One row of a spreadsheet of action items, as somebody left it."""

    model_config = ConfigDict(frozen=True)

    row: int
    id: str | None
    incident: str
    title: str
    kind: ActionKind
    area: ActionArea | None
    owner: str
    success: str
    factor: int | None
    due_at: datetime
    state: ActionState
    superseded_by: str | None
    note: str


def write_actions(path: Path, items: Sequence[ActionItem]) -> None:
    """Write a CSV that a spreadsheet opens without running anything in it; whole or not at all."""
    write_csv(path, COLUMNS, [_cells(item) for item in items])


def read_actions(path: Path) -> list[FilledAction]:
    """The rows of a CSV or XLSX file with `COLUMNS`. BadInput names every row that cannot be read, and why."""
    read, wrong = [], list[str]()
    for row in read_rows(path, COLUMNS):
        try:
            read.append(_filled(row))
        except ValueError as error:
            wrong.append(f"  row {row.number}: {error}")
    if wrong:
        raise BadInput("\n".join([f"{path.name}: nothing was changed, because of", *wrong]))
    return read


def write_calendar(path: Path, items: Sequence[ActionItem]) -> None:
    """Write an iCalendar file (RFC 5545) with a day for each due date; whole or not at all.

    They are events of a whole day, not to-dos: most calendars take in events alone. An item keeps its UID, so
    that a later file moves it instead of doubling it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Watchfloor//Action items//EN")
    calendar.add("version", "2.0")
    for item in items:
        calendar.add_component(_due(item))
    with whole(path) as part:
        part.write_bytes(calendar.to_ical())


def _due(item: ActionItem) -> Event:
    event, day = Event(), item.due_at.astimezone(UTC).date()
    event.add("uid", f"{item.id}@watchfloor")
    event.add("dtstamp", item.filed_at.astimezone(UTC))
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", f"{item.id} is due: {clean(item.title)}")
    event.add("description", f"Owner: {clean(item.owner)}. It is done when: {clean(item.success)}")
    event.add("categories", [each for each in (item.kind.value, item.area) if each])
    event.add("transp", "TRANSPARENT")
    return event


def _cells(item: ActionItem) -> list[str]:
    factor = "" if item.factor is None else str(item.factor)
    due_at = item.due_at.astimezone(UTC).isoformat(timespec="minutes")
    named = (item.id, item.incident_id, item.title, item.kind.value, item.area or "", item.owner, item.success)
    return [*named, factor, due_at, item.state.value, item.superseded_by or "", item.note or ""]


def _filled(row: Row) -> FilledAction:
    """ValueError says what is wrong with the row."""
    cells = {name: row.cells[name].strip() for name in COLUMNS}
    due_at = _time(cells["due_at"])
    if cells["factor"] and not cells["factor"].isdecimal():
        raise ValueError(f"factor {cells['factor']!r} is no number")
    return FilledAction(
        row=row.number,
        id=cells["id"] or None,
        incident=cells["incident"],
        title=cells["title"],
        kind=_one_of(ActionKind, "kind", cells["kind"]),
        area=_one_of(ActionArea, "area", cells["area"]) if cells["area"] else None,
        owner=cells["owner"],
        success=cells["success"],
        factor=int(cells["factor"]) if cells["factor"] else None,
        due_at=due_at,
        state=_one_of(ActionState, "state", cells["state"] or ActionState.open),
        superseded_by=cells["superseded_by"] or None,
        note=cells["note"],
    )


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"due_at {text!r} is no time; write 2026-03-01 or 2026-03-01T18:00+01:00") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _one_of(choices: type[_Choice], name: str, text: str) -> _Choice:
    try:
        return choices(text)
    except ValueError:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {text!r}") from None
