"""What partner teams are asked to do, and whether they said that they heard it."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import Conflict, NotFound
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.message import Message
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.drills import keeps_machine_time
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import asks, incidents
from incidents.timeline import Event

KEY_SLOT = "{ask}"
"""Where a rendered ask leaves room for its key, which only the store knows."""


class Ask(BaseModel):
    """Something that one partner team was asked to do."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    key: str
    incident_id: str
    team: str
    number: int
    what: str
    guideline_version: int | None
    asked_at: datetime
    asked_by: str
    due_at: datetime
    escalations: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody of the team said that they heard it."""
        return self.acknowledged_at is not None


class NewAsk(BaseModel):
    """An ask with its words, ready to be recorded and sent.

    `about` says what occasioned it (`mobilise`, a sweep's id, a time): a team is asked once about it,
    however often a flow runs again.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    team: str
    about: str
    what: str
    guideline_version: int | None
    due_at: datetime
    channels: tuple[str, ...]
    subject: str
    text: str


def ask_partner(work: Work, new: NewAsk, *, by: Person, now: datetime) -> str | None:
    """Record an ask and promise its message to the team's channels; None where it was asked before.

    Returns the key of the ask, which the message carries.
    """
    find_for(work, new.incident, by, Act.ask_partner)
    number = work.next_number(f"ask:{new.incident}:{new.team}")
    key = f"ask:{new.incident}:{new.team}:{number}"
    row = new.model_dump(exclude={"incident", "channels", "subject", "text"})
    row |= {"key": key, "number": number, "incident_id": new.incident, "asked_at": now, "asked_by": by.id}
    if not work.insert_once(asks, row):
        return None
    facts = {"ask": key, "team": new.team, "due_at": new.due_at.isoformat()}
    timeline.append(work, new.incident, Event.ask_sent, actor=by.id, now=now, facts=facts)
    message = Message(
        key=key,
        event=Event.ask_sent.value,
        subject=new.subject,
        text=new.text.replace(KEY_SLOT, key),
        facts={"incident": new.incident, **facts},
        at=now,
    )
    for channel in new.channels:
        outbox.post_message(work, new.incident, channel, message)
    return key


def acknowledge(work: Work, key: str, *, by: Person, note: str = "", now: datetime) -> Ask:
    """Somebody of the team says that they heard it. Conflict where somebody did before, with who and when."""
    ask = find_ask(work, key)
    find_for(work, ask.incident_id, by, Act.acknowledge, team=ask.team)
    statement = (
        sa.update(asks)
        .where(asks.c.key == key, asks.c.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=by.id, note=note or None)
    )
    if work.execute(statement).rowcount != 1:
        told = find_ask(work, key)
        raise Conflict(
            f"{key} was acknowledged by {told.acknowledged_by} at {told.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    facts = {"ask": key, "team": ask.team, "person": by.id, "note": note}
    timeline.append(work, ask.incident_id, Event.ask_acknowledged, actor=by.id, now=now, facts=facts)
    return find_ask(work, key)


def find_ask(work: Work, key: str) -> Ask:
    """The ask of that key. NotFound where there is none."""
    row = work.execute(sa.select(asks).where(asks.c.key == key)).one_or_none()
    if row is None:
        raise NotFound(f"There is no ask {key}. `watchfloor incidents show` lists an incident's asks.")
    return Ask.model_validate(row)


def asks_of(work: Work, incident: str) -> list[Ask]:
    """The asks of an incident, in the order in which they were made."""
    statement = sa.select(asks).where(asks.c.incident_id == incident).order_by(asks.c.asked_at, asks.c.key)
    return [Ask.model_validate(row) for row in work.execute(statement)]


def unanswered_asks(work: Work) -> list[Ask]:
    """Asks that nobody acknowledged, the ones due first in front."""
    statement = sa.select(asks).where(asks.c.acknowledged_at.is_(None)).order_by(asks.c.due_at)
    return [Ask.model_validate(row) for row in work.execute(statement)]


def late_asks(work: Work, phases: Collection[Phase], *, now: datetime) -> list[Ask]:
    """Asks of incidents in these phases that are due and that nobody acknowledged, the ones due first in front.

    `now` is the machine's: by a clock that stands between moves nobody is late.
    """
    statement = (
        sa.select(asks)
        .join(incidents, incidents.c.id == asks.c.incident_id)
        .where(asks.c.acknowledged_at.is_(None), asks.c.due_at <= now)
        .where(incidents.c.phase.in_([phase.value for phase in phases]), keeps_machine_time())
        .order_by(asks.c.due_at)
    )
    return [Ask.model_validate(row) for row in work.execute(statement)]


def escalate_ask(work: Work, ask: Ask, *, next_due: datetime, now: datetime) -> bool:
    """Count an escalation and move the clock on; False where it was acknowledged or escalated meanwhile."""
    statement = (
        sa.update(asks)
        .where(asks.c.key == ask.key, asks.c.acknowledged_at.is_(None), asks.c.escalations == ask.escalations)
        .values(escalations=asks.c.escalations + 1, due_at=next_due)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"ask": ask.key, "team": ask.team, "times": ask.escalations + 1}
    timeline.append(work, ask.incident_id, Event.ask_escalated, actor=SYSTEM.id, now=now, facts=facts)
    return True
