"""Running it: what was not delivered, and what the doctor finds."""

from datetime import datetime
from typing import Final

from fastapi import BackgroundTasks
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.ground import ONCE, Numbered, room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.doctor import examine
from console.finding import Finding, State
from incidents.people import Act, authorise
from incidents.store import outbox
from incidents.store.outbox import Kind, Parcel

router = room("operations")


class ParcelTold(BaseModel):
    """Something that was promised to the world outside; what it says is not shown here."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    key: str
    incident_id: str | None
    kind: Kind
    channel: str | None
    state: str = Field(description="pending, failed or delivered.")
    attempts: int
    last_error: str | None
    created_at: datetime


class FindingTold(BaseModel):
    """One thing that was examined, and how it is."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: State
    what: str
    what_to_do: str


_PARCEL: Final = {
    "id": 88,
    "key": "ask:INC-12:legal:1",
    "incident_id": "INC-12",
    "kind": "message",
    "channel": "legal",
    "state": "failed",
    "attempts": 8,
    "last_error": "The channel answered 410",
    "created_at": "2026-11-23T07:45:00Z",
}
_FINDING: Final = {
    "name": "deliveries",
    "state": "warn",
    "what": "1 delivery has failed.",
    "what_to_do": "Look at it, mend the channel, and send it again.",
}


@router.get("/deliveries", responses=shows({"items": [_PARCEL], "next": None}))
def list_deliveries(calls: Calls, after: After = None, limit: Limit = 100) -> Page[ParcelTold]:
    """What is promised and not delivered, the oldest first."""
    authorise(calls.person(), Act.administer)
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        found = [each for each in outbox.undelivered(work) if each.id > since]
    return page(sorted(found, key=_number), limit, _parcel_told, _number)


@router.post(
    "/deliveries/{delivery}/rerun", dependencies=[ONCE], responses=shows(_PARCEL | {"state": "pending"})
)
def rerun_delivery(calls: Calls, delivery: Numbered, after: BackgroundTasks) -> ParcelTold:
    """Try a failed delivery again. The message keeps its key, so that nobody acts on it twice."""
    me = calls.person()
    authorise(me, Act.administer)
    with calls.store.begin() as work:
        incident = outbox.find(work, delivery).incident_id
        now = calls.now_in(work, incident) if incident else calls.machine_now
        outbox.rerun(work, delivery, by=me, now=now)
        found = outbox.find(work, delivery)
    after.add_task(calls.hand_over, incident)
    return _parcel_told(found)


@router.get("/health", responses=shows({"items": [_FINDING], "next": None}))
def show_health(calls: Calls) -> Page[FindingTold]:
    """What `watchfloor doctor` finds, all of it on one page."""
    authorise(calls.person(), Act.administer)
    return Page(items=[_finding_told(each) for each in examine(calls.settings)], next=None)


def _parcel_told(parcel: Parcel) -> ParcelTold:
    return ParcelTold.model_validate(parcel)


def _finding_told(finding: Finding) -> FindingTold:
    return FindingTold.model_validate(finding)


def _number(parcel: Parcel) -> int:
    return parcel.id
