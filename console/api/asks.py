"""Asks: what partner teams were asked to do, and whether they heard it."""

from datetime import datetime
from typing import Annotated

from fastapi import BackgroundTasks
from fastapi import Body as InBody
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.examples import ASK
from console.api.ground import ONCE, room, shows
from incidents.store.asks import acknowledge, find_ask

router = room("asks")


class AskTold(BaseModel):
    """Something that one partner team was asked to do."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    incident_id: str
    team: str
    number: int
    what: str
    guideline_version: int | None = Field(description="In force when it was asked.")
    asked_at: datetime
    asked_by: str
    due_at: datetime
    escalations: int = Field(description="How often others were told that nobody acknowledged it.")
    is_acknowledged: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


class Note(BaseModel):
    """What somebody says when they acknowledge an ask."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=2000, description="A line for the record, without content of posts.")


@router.post("/asks/{key}/acknowledge", dependencies=[ONCE], responses=shows(ASK))
def acknowledge_ask(
    calls: Calls,
    key: str,
    after: BackgroundTasks,
    said: Annotated[Note | None, InBody(examples=[{"note": "On it"}])] = None,
) -> AskTold:
    """Say that the team heard the ask. 409 where somebody did before, with who and when."""
    note = said.note if said else ""
    with calls.store.begin() as work:
        incident = find_ask(work, key).incident_id
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        heard = acknowledge(work, key, by=by, note=note, now=now)
    after.add_task(calls.hand_over, incident)
    return AskTold.model_validate(heard)
