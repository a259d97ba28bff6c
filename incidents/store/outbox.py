"""Effects on the world outside, written in the transaction that causes them and delivered after it.

A row is the promise; `tasks.outbox` keeps it. The key makes the effect happen once, however often a flow
runs again; a failure stays on the row, is shown, and can be run again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import Conflict, NotFound
from incidents.incident.incident import SYSTEM
from incidents.message import Message
from incidents.people import Act, Person, authorise
from incidents.store import timeline
from incidents.store.drills import being_rehearsed
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import outbox
from incidents.timeline import Event

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
LAST_ATTEMPT = 12
"""Retryable failures in a row after which a row waits for a person; about an hour of trying."""


ACTING_AT_ONCE = 3
"""Deliveries of actions that are made in one go: of a hundred each, at five a second, a minute's work."""


class Kind(StrEnum):
    """What a row does when it is delivered."""

    message = "message"
    event = "event"
    resume = "resume"
    actions = "actions"


class Parcel(BaseModel):
    """One row of the outbox."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    key: str
    incident_id: str | None
    kind: Kind
    channel: str | None
    payload: dict[str, Any]
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None
    reference: str | None

    @property
    def name(self) -> str:
        """What to call it where people read of it."""
        return f"Delivery {self.id} of {self.incident_id}" if self.incident_id else f"Delivery {self.id}"


def post_message(work: Work, incident: str | None, channel: str, message: Message) -> bool:
    """Promise a message to a channel. The same message key and channel is promised once.

    A message that is about no incident stands in no timeline.
    """
    payload = message.model_dump(mode="json")
    return _post(work, f"{message.key}>{channel}", incident, Kind.message, payload, message.at, channel)


def post_event(work: Work, incident: str, event: Event, *, key: str, now: datetime, **facts: str) -> bool:
    """Promise an event to Prefect, where deployments wait for it."""
    payload = {"event": event.value, "incident": incident, **facts}
    return _post(work, f"event:{key}", incident, Kind.event, payload, now)


def post_resume(work: Work, incident: str, gate: int, flow_run_id: str, *, now: datetime) -> bool:
    """Promise to wake the flow run that waits at a gate."""
    payload = {"gate": gate, "flow_run_id": flow_run_id}
    return _post(work, f"resume:gate:{gate}", incident, Kind.resume, payload, now)


def post_actions(work: Work, incident: str, sweep: str, window: int, *, now: datetime) -> str:
    """Promise to carry some actions of a sweep out where a window's posts came from; return the key."""
    key = f"actions:{sweep}:{_count(work, incident, Kind.actions) + 1}"
    _post(work, key, incident, Kind.actions, {"sweep": sweep, "window": window}, now)
    return key


def _count(work: Work, incident: str, kind: Kind) -> int:
    of_kind = sa.and_(outbox.c.incident_id == incident, outbox.c.kind == kind.value)
    return int(work.execute(sa.select(sa.func.count()).select_from(outbox).where(of_kind)).scalar_one())


def _post(
    work: Work,
    key: str,
    incident: str | None,
    kind: Kind,
    payload: dict[str, Any],
    now: datetime,
    channel: str | None = None,
) -> bool:
    row = {
        "key": key,
        "incident_id": incident,
        "kind": kind.value,
        "channel": channel,
        "payload": payload,
        "state": "pending",
        "created_at": now,
        # Due at once by any clock: in a drill, `now` is told faster than the machine's clock runs.
        "next_attempt_at": datetime.fromtimestamp(0, tz=now.tzinfo),
    }
    return work.insert_once(outbox, row)


def due(work: Work, *, machine_now: datetime, incident: str | None = None) -> list[int]:
    """Ids of the rows to be delivered now, oldest first; actions behind all others, and only some at once.

    Thousands of posts take an hour to be acted upon. No message may wait for that.

    Of all incidents, the first attempt in a running rehearsal is left to its own flows: they deliver one
    after the other and then go on, so that two drills with one seed have their entries in one order.
    """
    statement = sa.select(outbox.c.id, outbox.c.kind).where(
        outbox.c.state == "pending", outbox.c.next_attempt_at <= machine_now
    )
    if incident is not None:
        statement = statement.where(outbox.c.incident_id == incident)
    else:
        of_nobody_else = sa.or_(
            outbox.c.attempts > 0,
            outbox.c.incident_id.is_(None),
            outbox.c.incident_id.not_in(being_rehearsed()),
        )
        statement = statement.where(of_nobody_else)
    rows = work.execute(statement.order_by(outbox.c.id)).all()
    acting = [row.id for row in rows if row.kind == Kind.actions.value]
    return [row.id for row in rows if row.kind != Kind.actions.value] + acting[:ACTING_AT_ONCE]


def take(work: Work, parcel: int, *, machine_now: datetime, for_seconds: float = 60) -> Parcel | None:
    """Take a due row for delivery; None where it is delivered, not due, or in other hands.

    The next attempt is put off first: another process leaves it alone, and if this one dies the row is
    due again by itself.
    """
    until = machine_now + timedelta(seconds=for_seconds)
    statement = (
        sa.update(outbox)
        .where(outbox.c.id == parcel, outbox.c.state == "pending", outbox.c.next_attempt_at <= machine_now)
        .values(next_attempt_at=until, attempts=outbox.c.attempts + 1)
        .returning(*outbox.c)
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else Parcel.model_validate(row)


def mark_delivered(work: Work, parcel: Parcel, *, reference: str, now: datetime) -> bool:
    """Record a delivery, and for a message tell the timeline; False where that was done before."""
    statement = (
        sa.update(outbox)
        .where(outbox.c.id == parcel.id, outbox.c.state == "pending")
        .values(state="delivered", delivered_at=now, reference=reference, last_error=None)
    )
    if work.execute(statement).rowcount != 1:
        return False
    if parcel.kind is Kind.message:
        facts = {"key": parcel.payload["key"], "channel": parcel.channel}
        _tell(work, parcel, Event.message_delivered, now, facts)
    return True


def mark_failed(
    work: Work,
    parcel: Parcel,
    *,
    error: str,
    permanent: bool,
    machine_now: datetime,
    now: datetime,
    not_before: timedelta = timedelta(0),
) -> None:
    """Record a failed attempt. A permanent one, or one too many, waits for a person from here on.

    `not_before` is how long the receiver asked us to wait, where that is longer than we would anyway.
    """
    gives_up = permanent or parcel.attempts >= LAST_ATTEMPT
    values = {
        "state": "failed" if gives_up else "pending",
        "last_error": error,
        "next_attempt_at": machine_now + max(wait_after(parcel.attempts), not_before),
    }
    changed = work.execute(
        sa.update(outbox).where(outbox.c.id == parcel.id, outbox.c.state == "pending").values(**values)
    ).rowcount
    if changed == 1 and gives_up:
        facts = {"key": parcel.key, "channel": parcel.channel, "error": error}
        _tell(work, parcel, Event.message_failed, now, facts)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts: doubling from 5 s to 15 min."""
    doubled: timedelta = FIRST_WAIT * (1 << min(attempts - 1, 20))
    return min(doubled, LONGEST_WAIT)


def rerun(work: Work, parcel: int, *, by: Person, now: datetime) -> None:
    """Make a failed row due again. Conflict where it is not failed, with what it is."""
    found = find(work, parcel)
    refuse_others(work, found, by)
    statement = (
        sa.update(outbox)
        .where(outbox.c.id == parcel, outbox.c.state == "failed")
        .values(state="pending", attempts=0, next_attempt_at=datetime.fromtimestamp(0, tz=now.tzinfo))
    )
    if work.execute(statement).rowcount != 1:
        raise Conflict(f"Delivery {parcel} ({found.key}) is {found.state}, so there is nothing to run again.")
    if found.incident_id is not None:
        facts = {"key": found.key}
        timeline.append(work, found.incident_id, Event.message_rerun, actor=by.id, now=now, facts=facts)


def refuse_others(work: Work, parcel: Parcel, by: Person) -> None:
    """NotAuthorised for those who may not ask partners, of this incident where it is about one."""
    if parcel.incident_id is None:
        authorise(by, Act.ask_partner)
    else:
        find_for(work, parcel.incident_id, by, Act.ask_partner)


def find(work: Work, parcel: int) -> Parcel:
    """The row of that id. NotFound where there is none."""
    row = work.execute(sa.select(outbox).where(outbox.c.id == parcel)).one_or_none()
    if row is None:
        raise NotFound(f"There is no delivery {parcel}. `watchfloor doctor` lists the failed ones.")
    return Parcel.model_validate(row)


def undelivered(work: Work, *, states: Sequence[str] = ("pending", "failed")) -> list[Parcel]:
    """What is promised and not delivered, oldest first."""
    statement = sa.select(outbox).where(outbox.c.state.in_(states)).order_by(outbox.c.id)
    return [Parcel.model_validate(row) for row in work.execute(statement)]


def _tell(work: Work, parcel: Parcel, event: Event, now: datetime, facts: dict[str, Any]) -> None:
    if parcel.incident_id is not None:
        timeline.append(work, parcel.incident_id, event, actor=SYSTEM.id, now=now, facts=facts)
