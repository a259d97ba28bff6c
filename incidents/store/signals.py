"""Take signals in, tell new ones from repeated ones, and tie them to incidents."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from incidents.errors import NotFound
from incidents.people import Act, Person, authorise
from incidents.signals.signal import NewSignal, Signal
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.schema import signals
from incidents.timeline import Event


def take_signal(work: Work, new: NewSignal, *, by: Person, now: datetime, drill: str = "") -> Signal:
    """Keep a signal as it came. Its standing tells what it is:

    - `new`: nothing with its fingerprint came in before
    - `update`: its fingerprint is known and it says something else
    - `duplicate`: its fingerprint is known and it says the same
    """
    authorise(by, Act.hand_in_signal)
    first = _first_of(work, new.about(), drill)
    row = _row(new, by=by, now=now, drill=drill)
    row |= {"first_id": None if first is None else first.id, "standing": "new" if first is None else "update"}
    if first is not None:
        # An update tells its incident at once; detection opens incidents, and need not wait for it here.
        row["incident_id"] = first.incident_id
    given = work.insert_for_id(signals, row)
    if given is None:
        row |= {"standing": "duplicate"}
        given = work.insert_for_id(signals, row)
    taken = find_signal(work, int(given or 0))
    if taken.incident_id is not None:
        _tell(work, taken, now)
    return taken


def find_signal(work: Work, signal: int) -> Signal:
    """The signal of that id. NotFound where there is none."""
    row = work.execute(sa.select(signals).where(signals.c.id == signal)).one_or_none()
    if row is None:
        raise NotFound(f"There is no signal {signal}.")
    return _signal(row)


def waiting_signals(work: Work, *, since: datetime, drill: str | None = None) -> list[Signal]:
    """Signals that belong to no incident yet, from `since` on (event time), oldest first.

    `drill` is a drill's id for its own signals; None for the real ones.
    """
    statement = (
        sa.select(signals)
        .where(signals.c.incident_id.is_(None), signals.c.event_at >= since, signals.c.drill == (drill or ""))
        .order_by(signals.c.event_at, signals.c.id)
    )
    return [_signal(row) for row in work.execute(statement)]


def still_waiting(work: Work, found: Sequence[Signal]) -> bool:
    """Whether one of these signals belongs to no incident yet, duplicates aside."""
    ids = [signal.id for signal in found if signal.standing != "duplicate"]
    free = sa.select(signals.c.id).where(signals.c.id.in_(ids), signals.c.incident_id.is_(None))
    return work.execute(free.limit(1)).first() is not None


def attach(work: Work, found: Sequence[Signal], incident: str, *, now: datetime) -> int:
    """Tie signals to an incident and tell its timeline; return how many were still free."""
    attached = 0
    for signal in found:
        statement = sa.update(signals).where(signals.c.id == signal.id, signals.c.incident_id.is_(None))
        if work.execute(statement.values(incident_id=incident, grouped_at=now)).rowcount == 1:
            _tell(work, signal.model_copy(update={"incident_id": incident}), now)
            attached += 1
    return attached


def signals_reported(work: Work, drill: str) -> int:
    """How many signals of a drill were handed in."""
    statement = sa.select(sa.func.count()).select_from(signals).where(signals.c.drill == drill)
    return int(work.execute(statement).scalar_one())


def _first_of(work: Work, fingerprint: str, drill: str) -> Signal | None:
    """The newest telling signal of a fingerprint whose incident, if it has one, is open.

    What comes in for an ended incident is new again: it must not vanish into a closed record.
    """
    statement = (
        sa.select(signals)
        .where(signals.c.fingerprint == fingerprint, signals.c.drill == drill, signals.c.standing == "new")
        .order_by(signals.c.id.desc())
        .limit(1)
    )
    row = work.execute(statement).one_or_none()
    if row is None:
        return None
    first = _signal(row)
    if first.incident_id is not None and not find(work, first.incident_id).is_open:
        return first.model_copy(update={"incident_id": None})
    return first


def _tell(work: Work, signal: Signal, now: datetime) -> None:
    assert signal.incident_id is not None
    facts = {"signal": signal.id, "source": signal.source, "standing": signal.standing}
    entry = timeline.append(
        work, signal.incident_id, Event.signal_attached, actor=signal.source, now=now, facts=facts
    )
    if signal.standing == "new":
        timeline.reach_earlier(work, entry, "started", at=signal.event_at, certainty="estimated")
        timeline.reach_earlier(work, entry, "first_signal", at=signal.received_at)


def _row(new: NewSignal, *, by: Person, now: datetime, drill: str) -> dict[str, Any]:
    return {
        **new.model_dump(include={"source", "kind", "title", "event_at", "reach"}),
        "fingerprint": new.about(),
        "content_hash": new.content_hash(),
        "received_at": now,
        "payload": json.dumps(new.payload, ensure_ascii=False),
        "handed_in_by": by.id,
        "drill": drill,
    }


def _signal(row: sa.Row[Any]) -> Signal:
    return Signal.model_validate({**row._mapping, "payload": json.loads(row.payload)})
