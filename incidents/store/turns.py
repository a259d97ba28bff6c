"""When is an item read, and by whom: urged ones before all others, skipped ones by somebody else."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.errors import NotAllowed, Refusal
from incidents.people import Act, Person
from incidents.store import pool, timeline
from incidents.store.batches import check_held, lock_batch
from incidents.store.engine import Work
from incidents.store.said import at_places
from incidents.store.schema import items, places
from incidents.store.sweeps import find_sweep, find_sweep_for, lock_sweep
from incidents.sweeps.batches import URGENT
from incidents.timeline import Event

_AT_ONCE = 500


def urge(work: Work, sweep: str, wanted: Sequence[str], *, by: Person, reason: str, now: datetime) -> int:
    """Have items read before all others; a copy is urged with its head. Returns how many will be read.

    All or none: NotAllowed without a reason (`REASON_MISSING`), and with every item that the sweep does not
    have (`ITEM_UNKNOWN`) or that does not wait any more (`ITEM_READ`). An ended sweep hands out nothing
    (`SWEEP_ENDED`).
    """
    find_sweep_for(work, sweep, by, Act.start_sweep)
    lock_sweep(work, sweep)  # so that nothing of it is handed out, and it does not end, meanwhile
    found = find_sweep(work, sweep)
    heads = _heads(work, sweep, wanted)
    states = _states(work, sweep, sorted(set(heads.values())))
    refusals = [] if reason.strip() else [Refusal("REASON_MISSING", "Say why it cannot wait.")]
    if found.is_finished or found.is_enough:
        refusals.append(Refusal("SWEEP_ENDED", "It hands out nothing any more. Start another sweep."))
    for item in wanted:
        if item not in heads:
            refusals.append(Refusal("ITEM_UNKNOWN", f"item {item}: {sweep} has no such item."))
        elif states[heads[item]] != "waiting":
            said = f"item {item}: it is decided, or in somebody's hands already."
            refusals.append(Refusal("ITEM_READ", said))
    if refusals:
        raise NotAllowed("Nothing was urged.", refusals)
    for some in _slices(sorted(states)):
        mine = sa.and_(items.c.sweep_id == sweep, items.c.item.in_(some))
        work.execute(sa.update(items).where(mine).values(priority=URGENT))
    facts = {"sweep": sweep, "items": len(states), "reason": reason.strip()}
    timeline.append(work, found.incident_id, Event.item_urged, actor=by.id, now=now, facts=facts)
    return len(states)


def skip_item(work: Work, batch_id: str, item: str, *, by: Person, reason: str, now: datetime) -> None:
    """Leave an item of a batch to somebody else, who is asked in its place; this person is not asked again.

    Conflict or NotAllowed unless the person holds the batch. NotAllowed without a reason (`REASON_MISSING`),
    where the batch has no such item (`ITEM_ELSEWHERE`), or where it is decided there (`ITEM_DECIDED`).
    What the person has skipped already stays so, also when the lease has ended since.
    """
    batch = lock_batch(work, batch_id, by)
    row = work.execute(at_places(batch_id).where(places.c.item == item)).one_or_none()
    if row is None and pool.was_skipped(work, batch.sweep_id, item, by.id):
        return
    check_held(batch, by, now)
    refusals = [] if reason.strip() else [Refusal("REASON_MISSING", "Say why, for whoever reads it next.")]
    if row is None:
        refusals.append(Refusal("ITEM_ELSEWHERE", f"item {item}: the batch has no such item."))
    elif row.verdict is not None:
        said = f"item {item}: it is decided. Decide it otherwise; `unsure` sends it on to somebody else."
        refusals.append(Refusal("ITEM_DECIDED", said))
    if refusals:
        raise NotAllowed(f"Nothing was skipped in {batch_id}.", refusals)
    pool.skip(work, batch_id, item, person=by.id, reason=reason.strip(), now=now)
    facts = {
        "sweep": batch.sweep_id,
        "batch": batch_id,
        "item": item,
        "person": by.id,
        "reason": reason.strip(),
    }
    timeline.append(work, batch.incident_id, Event.item_skipped, actor=by.id, now=now, facts=facts)


def _heads(work: Work, sweep: str, wanted: Sequence[str]) -> dict[str, str]:
    """Item → the item that is read for it, for those that the sweep has."""
    found: dict[str, str] = {}
    for some in _slices(wanted):
        mine = sa.and_(items.c.sweep_id == sweep, items.c.item.in_(some))
        found |= dict(work.execute(sa.select(items.c.item, items.c.read_as).where(mine)).tuples().all())
    return found


def _states(work: Work, sweep: str, ids: Sequence[str]) -> dict[str, str]:
    """Item → its state. With the sweep locked, nobody changes it."""
    found: dict[str, str] = {}
    for some in _slices(ids):
        mine = sa.and_(items.c.sweep_id == sweep, items.c.item.in_(some))
        found |= dict(work.execute(sa.select(items.c.item, items.c.state).where(mine)).tuples().all())
    return found


def _slices(ids: Sequence[str]) -> list[list[str]]:
    return [list(ids[start : start + _AT_ONCE]) for start in range(0, len(ids), _AT_ONCE)]
