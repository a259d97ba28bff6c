"""How does a batch come back that its reviewer does not finish? Back into the queue, while its sweep is read.

Once the sweep is read no further, the batch ends: nobody is asked to go on with it.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict
from incidents.incident.incident import SYSTEM
from incidents.people import Person
from incidents.store import exposure
from incidents.store.batches import (
    LEASE_ENDED,
    Batch,
    dissolve,
    find_batch,
    find_batch_for,
    has_ended,
    leased_to,
    taken,
    tell_returned,
)
from incidents.store.ending import end_if_over
from incidents.store.engine import Work
from incidents.store.schema import batches
from incidents.store.sweeps import find_sweep


def return_batch(work: Work, batch_id: str, *, by: Person, why: str, now: datetime) -> None:
    """Put a batch back into the queue. Conflict where the person does not hold it; decisions stay."""
    batch = find_batch_for(work, batch_id, by)
    exposure.note(work, batch_id, by.id, now)
    if not _give_back(work, batch, leased_to(by.id)):
        batch = find_batch(work, batch_id)
        raise taken(batch) if batch.leased_to else Conflict(f"{batch_id} is in nobody's hands already.")
    tell_returned(work, batch, by.id, actor=by.id, why=why, now=now)
    _end_with_sweep(work, batch, now)


def return_expired(work: Work, now_of: Callable[[str], datetime]) -> list[str]:
    """Put every batch whose lease has ended back into the queue; return their ids.

    `now_of` tells the time in an incident: a drill has a clock of its own.
    """
    leased = sa.select(batches.c.incident_id).where(batches.c.state == "leased").distinct()
    returned: list[str] = []
    for incident in work.execute(leased.order_by(batches.c.incident_id)).scalars().all():
        returned += _return_ended(work, incident, now_of(incident))
    return returned


def _return_ended(work: Work, incident: str, now: datetime) -> list[str]:
    # All locks on batches first, and none that somebody else holds: see the docstring of `batches`.
    ended = (
        sa.select(batches)
        .where(batches.c.incident_id == incident, has_ended(now))
        .order_by(batches.c.id)
        .with_for_update(skip_locked=True)
    )
    returned = []
    for batch in [Batch.model_validate(row) for row in work.execute(ended)]:
        exposure.note(work, batch.id, batch.leased_to or "")
        if _give_back(work, batch, has_ended(now)):
            tell_returned(work, batch, batch.leased_to, actor=SYSTEM.id, why=LEASE_ENDED, now=now)
            _end_with_sweep(work, batch, now)
            returned.append(batch.id)
    return returned


def _give_back(work: Work, batch: Batch, still: sa.ColumnElement[bool]) -> bool:
    statement = (
        sa.update(batches)
        .where(batches.c.id == batch.id, still)
        .values(state="open", leased_to=None, leased_at=None, lease_expires_at=None)
    )
    return work.execute(statement).rowcount == 1


def _end_with_sweep(work: Work, batch: Batch, now: datetime) -> None:
    if find_sweep(work, batch.sweep_id).is_enough:
        dissolve(work, find_batch(work, batch.id), now=now)
        end_if_over(work, batch.sweep_id, now=now)
