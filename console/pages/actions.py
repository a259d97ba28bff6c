"""Action items: what is mine, what is late, and moving one on."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from incidents.errors import BadInput, NotFound, WatchfloorError
from incidents.people import Act, Person, is_allowed
from incidents.reviews.action_files import write_actions, write_calendar
from incidents.reviews.actions import NEXT, UNFINISHED, ActionArea, ActionItem, ActionKind, ActionState
from incidents.store.action_items import change_action, file_action
from incidents.store.action_list import Place, WantedItems, history_of, list_actions, read_action
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.words import plain, sentence

router = APIRouter(include_in_schema=False)

SHOWN = 50
"""Items of one page; the next ones are a link away."""

Writer = Callable[[Path, Sequence[ActionItem]], None]

FILES: Final[dict[str, tuple[Writer, str]]] = {
    "csv": (write_actions, "text/csv"),
    "ics": (write_calendar, "text/calendar"),
}
"""Ending of a file → what writes it, and its media type."""


class Chosen(BaseModel):
    """What the list was narrowed to, as it stands in the address."""

    whose: Annotated[str, Query(max_length=10)] = "mine"
    state: Annotated[str, Query(max_length=20)] = ""
    owner: Annotated[str, Query(max_length=100)] = ""
    incident: Annotated[str, Query(max_length=100)] = ""
    late: Annotated[str, Query(max_length=10)] = ""

    def wanted(self, now: datetime) -> WantedItems:
        """As the store takes it."""
        return WantedItems(
            mine=self.whose == "mine" and not self.incident,
            states=_states(self.state),
            owner=self.owner or None,
            incident=self.incident or None,
            due_by=now if self.late else None,
        )


Narrowed = Annotated[Chosen, Depends()]


@router.get("/actions")
def show_actions(
    visits: Visits, chosen: Narrowed, due: datetime | None = None, behind: str = ""
) -> HTMLResponse:
    """The visitor's own items, or all that they may see."""
    place = None if due is None else Place(due_at=due if due.tzinfo else due.replace(tzinfo=UTC), id=behind)
    return _list_page(visits, chosen, place)


@router.get("/actions.{ending}")
def download_actions(visits: Visits, ending: str, chosen: Narrowed) -> Response:
    """The same list as a file: a spreadsheet, or due dates for a calendar."""
    if ending not in FILES:
        raise NotFound(f"Action items are had as {', '.join(FILES)}, not as {ending!r}.")
    writer, media_type = FILES[ending]
    with visits.store.read() as work:
        found = list_actions(work, visits.person(drill=True), chosen.wanted(visits.machine_now))
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"actions.{ending}"
        writer(file, found)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.read_bytes(), media_type=media_type, headers=headers)


@router.post("/actions/file", response_model=None)
def take_action(visits: Visits, form: OwnForm, after: BackgroundTasks) -> Answer:
    """File an item. The same title again is the same item."""
    incident = form.text("incident")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            filed = _file(visits, work, incident, form, by, now)
        return go(f"/actions/{filed.id}")

    return attempt(done, lambda why: _list_page(visits, Chosen(incident=incident), refused=why, typed=form))


@router.get("/actions/{item}")
def show_action(visits: Visits, item: str) -> HTMLResponse:
    """One item, what became of it, and what may follow."""
    return _item_page(visits, item)


@router.post("/actions/{item}/change", response_model=None)
def move_action(visits: Visits, form: OwnForm, item: str, after: BackgroundTasks) -> Answer:
    """Move an item on. What refuses it is said beside the button."""
    with visits.store.read() as work:
        incident = read_action(work, item, visits.person(drill=True)).incident_id

    def done() -> Answer:
        successor, note = form.text("successor") or None, form.text("note")
        try:
            with visits.moving(incident, after) as (work, by, now):
                change_action(
                    work, item, state=form.text("state"), note=note, successor=successor, by=by, now=now
                )
        except NotFound as unknown:  # The successor that was typed; the item itself was just read.
            raise BadInput(str(unknown)) from unknown
        return go(f"/actions/{item}")

    return attempt(done, lambda why: _item_page(visits, item, refused=why, typed=form))


def _list_page(
    visits: Visits,
    chosen: Chosen,
    behind: Place | None = None,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    by = visits.person(drill=True)
    with visits.store.read() as work:
        wanted = chosen.wanted(visits.machine_now)
        found = list_actions(work, by, wanted, behind=behind, most=SHOWN + 1)
    narrowed = {name: value for name, value in chosen.model_dump().items() if value}
    shown = found[:SHOWN]
    last = {"due": shown[-1].due_at.isoformat(), "behind": shown[-1].id} if len(found) > SHOWN else None
    return visits.page(
        "actions",
        status=422 if refused else 200,
        items=shown,
        unfinished=UNFINISHED,
        chosen=chosen,
        narrowed=urlencode(narrowed),
        following=urlencode(narrowed | last) if last else None,
        states=list(ActionState),
        kinds=list(ActionKind),
        areas=list(ActionArea),
        refused=refused,
        typed=typed or Form({}),
    )


def _item_page(
    visits: Visits, item: str, *, refused: WatchfloorError | None = None, typed: Form | None = None
) -> HTMLResponse:
    with visits.store.read() as work:
        by = visits.person(drill=True)
        found = read_action(work, item, by)
        told = history_of(work, found) if is_allowed(by, Act.see_incidents) else []
        now = visits.now_in(work, found.incident_id)
    return visits.page(
        "action",
        status=422 if refused else 200,
        item=found,
        is_late=found.state in UNFINISHED and found.due_at <= now,
        following=sorted(NEXT[found.state]),
        history=[(entry, plain(sentence(entry))) for entry in reversed(told)],
        its_now=now,
        refused=refused,
        typed=typed or Form({}),
    )


def _file(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> ActionItem:
    clocks = visits.catalogue.severity(find(work, incident).severity).clocks
    return file_action(
        work,
        incident,
        title=form.text("title", 300),
        kind=form.text("kind"),
        area=form.text("area") or None,
        owner=form.text("owner", 100),
        success=form.text("success"),
        factor=form.number("factor") if form.text("factor") else None,
        due_at=_day(form.text("due")) or now + timedelta(days=clocks.action_due_days),
        by=by,
        now=now,
    )


def _day(text: str) -> datetime | None:
    """The beginning of a day in UTC; None where none is given."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        raise BadInput(f"{text!r} is no day. Write 2027-03-01. Nothing was kept.") from None


def _states(state: str) -> tuple[ActionState, ...]:
    if state == "all":
        return tuple(ActionState)
    if not state:
        return UNFINISHED
    try:
        return (ActionState(state),)
    except ValueError:
        raise BadInput(f"An action item is one of {', '.join(ActionState)}, not {state}.") from None
