"""Signals: what a source reports."""

from typing import Final

from fastapi import BackgroundTasks
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.ground import ONCE, room, shows
from console.api_door import Body
from incidents.signals.signal import NewSignal, read_signal
from incidents.store.signals import take_signal

router = room("signals")


class Taken(BaseModel):
    """What became of a signal."""

    id: int
    standing: str = Field(description="new, update, or duplicate of one before.")
    incident: str | None = Field(description="Which it joined; null where it is not grouped yet.")


EXAMPLE: Final = {
    "source": "user-reports",
    "kind": "spike",
    "title": "Reports of calls to storm a clinic",
    "fingerprint": "clinic-2026-11",
    "event_at": "2026-11-23T07:10:00Z",
    "reach": 5200,
    "payload": {"region": "DE", "reports": 341},
}
SIGNAL_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": NewSignal.model_json_schema(), "example": EXAMPLE}},
    }
}

TAKEN: Final = {"id": 7, "standing": "new", "incident": None}


@router.post(
    "/signals",
    status_code=201,
    dependencies=[ONCE],
    openapi_extra=SIGNAL_BODY,
    responses=shows(TAKEN, status=201),
)
def hand_in_signal(calls: Calls, body: Body, after: BackgroundTasks) -> Taken:
    """Hand in a signal. `standing` tells whether it is new, an update, or a duplicate of one before."""
    new = read_signal(body, origin="The body")
    with calls.store.begin() as work:
        taken = take_signal(work, new, by=calls.person(), now=calls.machine_now)
    after.add_task(calls.hand_over, taken.incident_id)
    return Taken(id=taken.id, standing=taken.standing, incident=taken.incident_id)
