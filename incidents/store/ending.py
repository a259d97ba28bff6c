"""When is a sweep over, and what is left of it: a plan of actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from incidents.catalogue.policies import RecommendedAction
from incidents.errors import Conflict, NotAllowed, Refusal
from incidents.four_eyes import Consent, Matter
from incidents.incident.incident import SYSTEM
from incidents.people import Act, Person
from incidents.store import timeline
from incidents.store.batches import dissolve_open, lock_all
from incidents.store.certify import READERS
from incidents.store.engine import Work
from incidents.store.gates import GateKind, answer_gate
from incidents.store.incidents import lock
from incidents.store.schema import batches, items, planned_actions, sweeps, windows
from incidents.store.standing import counts, current_decisions
from incidents.store.sweeps import Sweep, find_sweep, find_sweep_for, lock_sweep
from incidents.sweeps.batches import Purpose
from incidents.sweeps.plan import action_plan
from incidents.timeline import Event

FINISHED: Final = "sweep_finished"
"""Milestone: the first sweep of the incident came to its end."""

_AT_ONCE: Final = 5_000
"""Rows inserted together."""


def end_if_over(work: Work, sweep: str, *, now: datetime) -> bool:
    """Answer the gate at which the sweep waits once nobody has anything left to read; tell whether so."""
    if not is_over(work, sweep):
        return False
    found = find_sweep(work, sweep)
    reason = (
        "it was closed" if found.closed_by else "its target is reached" if found.reached_at else "all is read"
    )
    answer_gate(
        work,
        found.incident_id,
        GateKind.sweep_work,
        subject=sweep,
        answer="done",
        by=SYSTEM.id,
        reason=reason,
        now=now,
    )
    return True


def is_over(work: Work, sweep: str) -> bool:
    """Whether people have nothing left to do in it.

    It is frozen, no batch is in anybody's hands or waits to be taken up again, and somebody closed it; or no
    further look is wanted that anybody could take, and its target is reached or every post has a decision.
    No window may be outstanding.
    """
    row = work.execute(_END, {"sweep": sweep}).one()
    if row.state == "finished":
        return True
    if row.outstanding or row.undone:
        return False
    if row.closed_by is not None:
        return True
    return (row.reached_at is not None or not row.unread) and not _is_looked_for(work, sweep, row.readers or {})


def _is_looked_for(work: Work, sweep: str, readers: Mapping[str, int]) -> bool:
    """Whether an item waits for a further look by somebody who is there.

    A second look takes a second reader of the language, and settling what two see differently a third.
    """
    several = [language for language, people in readers.items() if people >= READERS]
    third = [language for language, people in readers.items() if people > READERS]
    asked = {"sweep": sweep, "several": several, "third": third}
    return bool(work.execute(_LOOKED_FOR, asked).scalar_one())


# Put together once: they are asked at every finish, and that takes longer than asking the database.
_END: Final = sa.select(
    *(sweeps.c.state, sweeps.c.closed_by, sweeps.c.reached_at, sweeps.c.readers),
    sa.exists().where(windows.c.sweep_id == sweeps.c.id, windows.c.frozen_at.is_(None)).label("outstanding"),
    sa.exists().where(batches.c.sweep_id == sweeps.c.id, batches.c.state != "done").label("undone"),
    sa.exists().where(items.c.sweep_id == sweeps.c.id, items.c.state == "waiting").label("unread"),
).where(sweeps.c.id == sa.bindparam("sweep"))
_LOOKED_FOR: Final = sa.select(
    sa.exists().where(
        items.c.sweep_id == sa.bindparam("sweep"),
        sa.or_(
            sa.and_(
                items.c.look.in_([Purpose.second.value, Purpose.check.value]),
                items.c.language.in_(sa.bindparam("several", expanding=True)),
            ),
            sa.and_(
                items.c.look == Purpose.adjudicate.value,
                items.c.language.in_(sa.bindparam("third", expanding=True)),
            ),
        ),
    )
)


def reach(work: Work, sweep: str, *, facts: dict[str, Any], now: datetime) -> bool:
    """Say that the sweep reached its target: no more posts are handed out. False where that was said."""
    statement = sa.update(sweeps).where(
        sweeps.c.id == sweep, sweeps.c.state == "working", sweeps.c.reached_at.is_(None)
    )
    if work.execute(statement.values(reached_at=now)).rowcount != 1:
        return False
    found = find_sweep(work, sweep)
    told = {"sweep": sweep, **facts}
    timeline.append(work, found.incident_id, Event.target_reached, actor=SYSTEM.id, now=now, facts=told)
    dissolve_open(work, sweep, now=now)
    return True


def close_sweep(work: Work, sweep: str, *, by: Person, reason: str, consent: Consent, now: datetime) -> None:
    """End a sweep before its target is reached. Its certificate will say so, with who and why.

    NotAllowed where it ended already, or without a reason; SecondPersonMissing where the protocol asks for one,
    for this waives the certificate. Batches in people's hands are taken back; what
    was decided in them stays.
    """
    found = find_sweep_for(work, sweep, by, Act.command)
    refusals = []
    if not reason.strip():
        refusals.append(Refusal("REASON_MISSING", "Say why; it stands in the certificate."))
    if found.state != "working" or found.closed_by:
        refusals.append(Refusal("SWEEP_NOT_WORKED", f"It is {found.state}, so there is nothing to close."))
    if refusals:
        raise NotAllowed(f"{sweep} was not closed.", refusals)
    lock_all(work, sweep)
    lock_sweep(work, sweep)
    lock(work, found.incident_id)
    statement = sa.update(sweeps).where(
        sweeps.c.id == sweep, sweeps.c.state == "working", sweeps.c.closed_by.is_(None)
    )
    if work.execute(statement.values(closed_by=by.id, closed_because=reason.strip())).rowcount != 1:
        raise Conflict(f"{sweep} was ended by somebody else at the same moment. Look at its status.")
    facts = {"sweep": sweep, "reason": reason.strip()}
    facts |= consent.need(Matter.waive_certificate, by=by)
    timeline.append(work, found.incident_id, Event.sweep_closed, actor=by.id, now=now, facts=facts)
    dissolve_open(work, sweep, now=now, also_leased=True)
    end_if_over(work, sweep, now=now)


def finish(work: Work, sweep: str, *, now: datetime) -> bool:
    """End a sweep that is over, and plan its actions; False where it is not over, or ended before."""
    lock_sweep(work, sweep)
    found = find_sweep(work, sweep)
    if found.is_finished or not is_over(work, sweep):
        return False
    statement = sa.update(sweeps).where(sweeps.c.id == sweep, sweeps.c.state == "working")
    if work.execute(statement.values(state="finished", finished_at=now)).rowcount != 1:
        return False
    count = counts(work, sweep)
    facts = {"sweep": sweep} | count.model_dump(include={"decided", "violates", "escalated"})
    entry = timeline.append(
        work, found.incident_id, Event.sweep_finished, actor=SYSTEM.id, now=now, facts=facts
    )
    timeline.reach_milestone(work, entry, FINISHED)
    _keep_plan(work, found, now)
    return True


def _doubted(work: Work, sweep: str) -> frozenset[str]:
    """Items whose decision waits to be settled, with the copies that it covers."""
    doubt = sa.select(items.c.item).where(items.c.sweep_id == sweep, items.c.look == Purpose.adjudicate.value)
    covered = sa.select(items.c.item).where(items.c.sweep_id == sweep, items.c.read_as.in_(doubt))
    return frozenset(work.execute(covered).scalars())


def _keep_plan(work: Work, sweep: Sweep, now: datetime) -> None:
    """Each action once: its key is the table's, and the sweep finishes once.

    What two people see differently, and nobody settled, is escalated: a post is not removed on half a word.
    """
    open_doubts = _doubted(work, sweep.id)
    plan = [
        action.model_copy(update={"action": RecommendedAction.escalate})
        if action.item in open_doubts
        else action
        for action in action_plan(sweep.id, current_decisions(work, sweep.id))
    ]
    rows = [
        action.model_dump(mode="json", exclude={"decided_by"})
        | {
            "incident_id": sweep.incident_id,
            "sweep_id": sweep.id,
            "decided_by": " ".join(action.decided_by),
            "planned_at": now,
        }
        for action in plan
    ]
    for start in range(0, len(rows), _AT_ONCE):
        work.execute(planned_actions.insert(), rows[start : start + _AT_ONCE])
    facts = {"sweep": sweep.id, "actions": len(rows)}
    timeline.append(work, sweep.incident_id, Event.plan_made, actor=SYSTEM.id, now=now, facts=facts)
