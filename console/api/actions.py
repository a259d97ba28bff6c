"""Action items: what follows from a review, and what became of it."""

from typing import Annotated, Final

from fastapi import BackgroundTasks
from fastapi import Body as InBody

from console.api.asking import Calls
from console.api.ground import ONCE, room, shows
from incidents.reviews.actions import FollowedItem, Report
from incidents.store.action_items import find_action
from incidents.store.tracker import report

router = room("actions")

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
_REPORT = {"state": "done_claimed", "address": "https://tracker.example/T-7", "note": "merged"}


@router.post("/actions/{item}/report", dependencies=[ONCE], responses=shows(ITEM))
def report_on_action(
    calls: Calls, item: str, said: Annotated[Report, InBody(examples=[_REPORT])], after: BackgroundTasks
) -> FollowedItem:
    """Say what a tracker knows of an action item. The same report again changes nothing."""
    with calls.store.begin() as work:
        incident = find_action(work, item).incident_id
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        known = report(work, item, said, by=by, now=now)
    after.add_task(calls.hand_over, incident)
    return known
