"""What each person was shown, batch by batch, and what their budget still allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from incidents.errors import NotAllowed, Refusal
from incidents.store.engine import Work
from incidents.store.said import at_places
from incidents.store.schema import batches, exposures, golden, items
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import WEEK, Allowance, ExposureBudget, Look, Seen, tally

SHIFT_AT_MOST: Final = timedelta(days=2)
"""How far back a shift that still runs may have begun."""


def begin(work: Work, batch: str, person: str, now: datetime) -> None:
    """Note that a person begins to look at a batch; again changes nothing."""
    row = {"batch_id": batch, "person": person, "began_at": now, "ended_at": now}
    work.insert_once(exposures, row | {"looked_at": 0, "severe": 0})


def note(work: Work, batch: str, person: str, now: datetime | None = None) -> None:
    """Note how much of a batch the person has looked at by now.

    Without `now` they went away, nobody knows when: what they said last is as long as they looked.
    """
    said = at_places(batch).subquery()
    mine = said.c.person == person
    violates = said.c.verdict == Verdict.violates.value
    looked_at, severe, last = work.execute(
        sa.select(sa.func.count(), sa.func.count().filter(violates), sa.func.max(said.c.decided_at))
        .select_from(said)
        .where(mine)
    ).one()
    row = sa.and_(exposures.c.batch_id == batch, exposures.c.person == person)
    ended = now or last or exposures.c.began_at
    work.execute(sa.update(exposures).where(row).values(looked_at=looked_at, severe=severe, ended_at=ended))


def seen_by(work: Work, person: str, now: datetime, budget: ExposureBudget) -> Seen:
    """What the person's batches amount to at this moment."""
    since = now - max(WEEK, SHIFT_AT_MOST)
    rows = work.execute(
        sa.select(exposures, batches.c.graphic)
        .join(batches, batches.c.id == exposures.c.batch_id)
        .where(exposures.c.person == person, exposures.c.ended_at > since, exposures.c.looked_at > 0)
    )
    return tally([look for row in rows for look in _looks(row)], now, budget)


def allowance_for(work: Work, person: str, now: datetime, desk: Desk) -> Allowance | None:
    """What the person may be shown from now on; None where the desk sets no limit.

    NotAllowed while a break is due, or once the shift is over.
    """
    if desk.budget is None:
        return None
    seen = seen_by(work, person, now, desk.budget)
    allowance = Allowance(desk.budget, seen, now, desk.pace_per_hour)
    refusals = allowance.refusals()
    if refusals:
        raise nothing_for(person, refusals)
    return allowance


def likelihoods(work: Work, sweep: str, wanted: Sequence[str]) -> dict[str, float]:
    """Item → how likely it violates, 0 to 1: as the ranking sees it; of a golden item it is known."""
    scores = sa.select(items.c.item, items.c.score).where(items.c.sweep_id == sweep, items.c.item.in_(wanted))
    settled = sa.select(golden.c.id, golden.c.verdict).where(golden.c.id.in_(wanted))
    ranked = {item: score or 0.0 for item, score in work.execute(scores)}
    known = {item: float(verdict == Verdict.violates.value) for item, verdict in work.execute(settled)}
    return ranked | known


def nothing_for(person: str, why: Sequence[Refusal]) -> NotAllowed:
    """What somebody is told who is given nothing for their own good."""
    return NotAllowed(f"Nothing is handed out to {person} now. What waits, waits for you.", why)


def _looks(row: sa.Row[tuple[object, ...]]) -> list[Look]:
    """The items of a batch spread evenly over its time; those that violate last, one after the other.

    Nobody noted when each was looked at. So many severe ones in a row are the worst that it can have been.
    """
    each = (row.ended_at - row.began_at) / row.looked_at
    calm = row.looked_at - row.severe
    return [
        Look(row.began_at + each * (n + 1), each.total_seconds(), row.graphic, row.graphic and n >= calm)
        for n in range(row.looked_at)
    ]
