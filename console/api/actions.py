"""Action items: what follows from a review, and what became of it."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import BackgroundTasks, Query, Response
from fastapi import Body as InBody
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from console.api.asking import Calls
from console.api.ground import ONCE, IfMatch, refuse_outdated, room, shows, tag_of
from console.api.pages import After, Limit, Page, page, read_cursor
from incidents.reviews.actions import (
    UNFINISHED,
    ActionArea,
    ActionItem,
    ActionKind,
    ActionState,
    FollowedItem,
    Report,
)
from incidents.store.action_items import change_action, file_action, find_action
from incidents.store.action_list import Place, WantedItems, list_actions, read_action
from incidents.store.incidents import find
from incidents.store.tracker import report

router = room("actions")

PLACE: Final = TypeAdapter(Place)


class FiledAction(BaseModel):
    """An action item that somebody files."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=300, description="A verb and an outcome.")
    kind: ActionKind
    area: ActionArea | None = None
    owner: str = Field(min_length=1, max_length=100, description="One person, or a partner team.")
    success: str = Field(min_length=1, max_length=2_000, description="How it will be seen that it worked.")
    factor: int | None = Field(None, ge=1, lt=2**31, description="Number of the factor behind it.")
    due_at: AwareDatetime | None = Field(None, description="Without it: as the severity says.")


class ActionChange(BaseModel):
    """What becomes of an action item."""

    model_config = ConfigDict(extra="forbid")

    state: ActionState
    note: str = Field("", max_length=2_000, description="A line for the record, without content of posts.")
    successor: str | None = Field(None, max_length=100, description="The item that takes its place.")


ITEM: Final = {
    "id": "INC-12-A1",
    "incident_id": "INC-12",
    "number": 1,
    "title": "Match mirrors of a picture by its hash",
    "kind": "detect",
    "area": "tooling",
    "owner": "cleo-l",
    "success": "The next drill finds all of them",
    "factor": 2,
    "state": "in_progress",
    "superseded_by": None,
    "note": "begun",
    "filed_at": "2026-11-25T10:00:00Z",
    "due_at": "2026-12-23T10:00:00Z",
    "chased_at": None,
    "escalations": 0,
    "changes": 2,
    "changes_told": 2,
    "address": "https://tracker.example/T-7",
}
_FILED: Final = {
    "title": "Match mirrors of a picture by its hash",
    "kind": "detect",
    "area": "tooling",
    "owner": "cleo-l",
    "success": "The next drill finds all of them",
}
_CHANGE: Final = {"state": "done_claimed", "note": "Merged, and tried in a drill"}
_REPORT: Final = {"state": "done_claimed", "address": "https://tracker.example/T-7", "note": "merged"}


@router.get("/actions", responses=shows({"items": [ITEM], "next": None}))
def list_action_items(
    calls: Calls,
    mine: Annotated[bool, Query(description="The caller's own, and their team's, alone.")] = False,
    state: Annotated[list[ActionState] | None, Query(description="Without it: unfinished ones.")] = None,
    owner: Annotated[str | None, Query(max_length=100)] = None,
    incident: Annotated[str | None, Query(max_length=100)] = None,
    late: Annotated[bool, Query(description="Overdue ones alone.")] = False,
    after: After = None,
    limit: Limit = 100,
) -> Page[FollowedItem]:
    """The items that the caller may see, the first to be due first."""
    wanted = WantedItems(
        mine=mine,
        states=tuple(state) if state else UNFINISHED,
        owner=owner,
        incident=incident,
        due_by=calls.machine_now if late else None,
    )
    behind = read_cursor(after, PLACE)
    with calls.store.read() as work:
        found = list_actions(work, calls.person(drill=True), wanted, behind=behind, most=limit + 1)
    return page(found, limit, _itself, _place)


@router.post(
    "/incidents/{incident}/actions",
    status_code=201,
    dependencies=[ONCE],
    responses=shows({name: ITEM[name] for name in ActionItem.model_fields}, status=201),
)
def file_action_item(
    calls: Calls,
    incident: str,
    new: Annotated[FiledAction, InBody(examples=[_FILED])],
    response: Response,
    after: BackgroundTasks,
) -> ActionItem:
    """File an item. The same title in the same incident is the same item, returned as it is."""
    with calls.moving(incident, after) as (work, by, now):
        clocks = calls.catalogue.severity(find(work, incident).severity).clocks
        filed = file_action(
            work,
            incident,
            **new.model_dump(exclude={"due_at"}),
            due_at=new.due_at or now + timedelta(days=clocks.action_due_days),
            by=by,
            now=now,
        )
    response.headers["Location"] = f"/api/v1/actions/{filed.id}"
    return filed


@router.get("/actions/{item}", responses=shows(ITEM, tagged=True))
def show_action_item(calls: Calls, item: str, response: Response) -> FollowedItem:
    """One item."""
    with calls.store.read() as work:
        found = read_action(work, item, calls.person(drill=True))
    response.headers["ETag"] = tag_of(found)
    return found


@router.post("/actions/{item}/change", dependencies=[ONCE], responses=shows(ITEM, tagged=True))
def change_action_item(
    calls: Calls,
    item: str,
    said: Annotated[ActionChange, InBody(examples=[_CHANGE])],
    response: Response,
    after: BackgroundTasks,
    if_match: IfMatch = None,
) -> FollowedItem:
    """Move an item on. 422 with coded reasons where it may not go there from where it is."""
    with calls.store.read() as work:
        incident = read_action(work, item, calls.person(drill=True)).incident_id
    with calls.moving(incident, after) as (work, by, now):
        refuse_outdated(if_match, read_action(work, item, by), f"/api/v1/actions/{item}")
        change_action(work, item, state=said.state, note=said.note, successor=said.successor, by=by, now=now)
        changed = read_action(work, item, by)
    response.headers["ETag"] = tag_of(changed)
    return changed


@router.post("/actions/{item}/report", dependencies=[ONCE], responses=shows(ITEM))
def report_on_action(
    calls: Calls, item: str, said: Annotated[Report, InBody(examples=[_REPORT])], after: BackgroundTasks
) -> FollowedItem:
    """Say what a tracker knows of an action item. The same report again changes nothing."""
    with calls.store.read() as work:
        incident = find_action(work, item).incident_id
    with calls.moving(incident, after) as (work, by, now):
        return report(work, item, said, by=by, now=now)


def _itself(item: FollowedItem) -> FollowedItem:
    return item


def _place(item: FollowedItem) -> Place:
    return Place(due_at=item.due_at, id=item.id)
