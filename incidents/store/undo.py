"""Take a decision back, and with it everything that copies inherited: nothing is deleted of what was decided.

What had been planned because of it is marked as reversed; the plan of a finished sweep tells from then on
that it has to be taken back (`plan_of`). A platform that was asked to carry it out is asked to take it back.
"""

from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, Refusal
from incidents.four_eyes import Consent, Matter
from incidents.people import Act, Person
from incidents.store import timeline
from incidents.store.acting import order_reversals
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.said import holds
from incidents.store.schema import batches, decisions, items, places, planned_actions, readings
from incidents.store.sweeps import find_sweep, lock_sweep
from incidents.sweeps.batches import BLIND, DECIDES
from incidents.timeline import Event


def undo_decision(
    work: Work, sweep: str, item: str, *, by: Person, reason: str, consent: Consent, now: datetime
) -> int:
    """Undo the decision about an item; it waits to be read again. Returns how many copies lost theirs with it.

    A copy that a check had split off has a decision of its own, which stays. NotAllowed without a reason
    (`REASON_MISSING`), for an item that the sweep does not have (`ITEM_UNKNOWN`) or that has no decision
    (`ITEM_UNDECIDED`), and for a copy, whose head has it (`DECISION_INHERITED`).
    SecondPersonMissing where the platform is to take back what it did about so many posts that they take one.
    """
    found = find_sweep(work, sweep)
    row = _row(work, sweep, item)
    find_for(work, found.incident_id, by, Act.undo, team=row.team if row else by.team)
    _refuse(sweep, item, row, reason)
    in_hands = _lock(work, sweep, item)
    _supersede(work, sweep, item, now)
    copies = _copies(work, sweep, item)
    _forget_looks(work, sweep, item)
    _wait_again(work, sweep, item, in_hands=in_hands)
    actions, asked_back = _reverse(work, sweep, item, by=by, reason=reason.strip(), now=now)
    facts = {"sweep": sweep, "item": item, "copies": copies, "actions": actions, "reason": reason.strip()}
    facts |= consent.need(Matter.mass_action, by=by, posts=asked_back)
    timeline.append(work, found.incident_id, Event.decision_undone, actor=by.id, now=now, facts=facts)
    return copies


def _row(work: Work, sweep: str, item: str) -> sa.Row[tuple[str, str, int | None]] | None:
    statement = (
        sa.select(items.c.team, items.c.read_as, decisions.c.id.label("decision"))
        .select_from(items.outerjoin(decisions, holds(items.c.item)))
        .where(items.c.sweep_id == sweep, items.c.item == item)
    )
    return work.execute(statement).one_or_none()


def _refuse(sweep: str, item: str, row: sa.Row[tuple[str, str, int | None]] | None, reason: str) -> None:
    refusals = []
    if not reason.strip():
        refusals.append(Refusal("REASON_MISSING", "Say why; whoever decided it will ask."))
    if row is None:
        refusals.append(Refusal("ITEM_UNKNOWN", f"{sweep} has no such item."))
    elif row.read_as != item:
        sentence = f"It inherits the decision about {row.read_as}: undo that one, and all its copies follow."
        refusals.append(Refusal("DECISION_INHERITED", sentence))
    elif row.decision is None:
        refusals.append(Refusal("ITEM_UNDECIDED", "It has no decision, so there is nothing to undo."))
    if refusals:
        raise NotAllowed(f"Nothing was undone about {item}.", refusals)


def _lock(work: Work, sweep: str, item: str) -> bool:
    """Lock what the undoing touches: the batches first, then the sweep, as everywhere else.

    Returns whether a batch that goes on holds the item to be decided. Whoever works it waits for us. Conflict
    where it was handed out between the one lock and the other.
    """
    here = sa.and_(items.c.sweep_id == places.c.sweep_id, items.c.item == places.c.item)
    holding = places.join(items, here)
    held = (
        sa.select(batches.c.id)
        .where(batches.c.sweep_id == sweep, batches.c.state != "done")
        .where(batches.c.id.in_(sa.select(places.c.batch_id).select_from(holding).where(_about(sweep, item))))
        .order_by(batches.c.id)
    )
    locked = set(work.execute(held.with_for_update(of=batches)).scalars())
    lock_sweep(work, sweep)
    if not locked.issuperset(work.execute(held).scalars()):
        raise Conflict(f"{item} was handed out to somebody at the same moment. Look at it again, then undo it.")
    deciding = sa.select(places.c.batch_id).where(
        places.c.batch_id.in_(locked),
        places.c.item == item,
        places.c.purpose.in_([purpose.value for purpose in DECIDES]),
    )
    return work.execute(deciding).first() is not None


def _supersede(work: Work, sweep: str, item: str, now: datetime) -> None:
    current = sa.and_(
        decisions.c.sweep_id == sweep, decisions.c.item == item, decisions.c.superseded_at.is_(None)
    )
    if work.execute(sa.update(decisions).where(current).values(superseded_at=now)).rowcount != 1:
        raise Conflict(f"The decision about {item} was undone at the same moment by somebody else.")


def _copies(work: Work, sweep: str, item: str) -> int:
    """How many items inherited the decision."""
    statement = sa.select(sa.func.count()).select_from(items)
    return int(work.execute(statement.where(_about(sweep, item), items.c.item != item)).scalar_one())


def _forget_looks(work: Work, sweep: str, item: str) -> None:
    """What was to be compared with the decision has nothing left to be compared with.

    Nothing has been drawn yet from what was said in a batch that goes on, so it is forgotten, too.
    """
    work.execute(sa.update(items).where(_about(sweep, item)).values(look=None, drawn=None))
    blind = [purpose.value for purpose in BLIND]
    statement = (
        sa.select(places.c.batch_id, places.c.item)
        .join(batches, batches.c.id == places.c.batch_id)
        .join(items, sa.and_(items.c.sweep_id == places.c.sweep_id, items.c.item == places.c.item))
        .where(_about(sweep, item), places.c.purpose.in_(blind), batches.c.state != "done")
        .order_by(places.c.batch_id, places.c.item)
    )
    for batch, looked_at in work.execute(statement).all():
        for table in (places, readings):
            work.execute(table.delete().where(table.c.batch_id == batch, table.c.item == looked_at))
        work.execute(sa.update(batches).where(batches.c.id == batch).values(size=batches.c.size - 1))


def _wait_again(work: Work, sweep: str, item: str, *, in_hands: bool) -> None:
    """Where somebody has it in a batch, it is decided again there."""
    mine = sa.and_(items.c.sweep_id == sweep, items.c.item == item)
    work.execute(sa.update(items).where(mine).values(state="taken" if in_hands else "waiting"))


def _reverse(work: Work, sweep: str, item: str, *, by: Person, reason: str, now: datetime) -> tuple[int, int]:
    """Mark what was planned about the item and its copies as reversed.

    Returns how many actions that were, and of how many the platform is asked to take them back.
    """
    statement = sa.update(planned_actions).where(
        planned_actions.c.sweep_id == sweep,
        planned_actions.c.item.in_(sa.select(items.c.item).where(_about(sweep, item))),
        planned_actions.c.reversed_at.is_(None),
    )
    values = {"reversed_at": now, "reversed_by": by.id, "reversed_because": reason}
    reversed_now = work.execute(statement.values(**values).returning(planned_actions.c.item)).scalars().all()
    asked_back = order_reversals(work, sweep, reversed_now, now=now) if reversed_now else 0
    return len(reversed_now), asked_back


def _about(sweep: str, item: str) -> sa.ColumnElement[bool]:
    """The item, and what inherits its decision."""
    return sa.and_(items.c.sweep_id == sweep, items.c.read_as == item)
