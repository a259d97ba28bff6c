"""What follows from a finished batch: looks that were drawn, words that differ, copies that are none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from incidents.incident.incident import SYSTEM
from incidents.store import certify, exposure, looks, timeline
from incidents.store.batches import Batch
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.said import at_places
from incidents.store.schema import decisions, items, places, readings
from incidents.store.steering import Read, steer
from incidents.store.sweeps import Sweep, find_sweep
from incidents.sweeps.batches import DECIDES, Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.draws import chance
from incidents.sweeps.quality.second_reading import Decided, draw_second
from incidents.timeline import Event

_OF_POST: Final = ("language", "form", "score", "reach", "copies")

CAREFUL: Final = 5
"""Items from which on a decision covers so many that a second person always looks at it. Own choice."""

_FIRST: Final = frozenset(purpose.value for purpose in DECIDES - {Purpose.adjudicate})
"""At these places an item is decided for the first time; what was adjudicated is settled."""

_READ: Final = (
    at_places(sa.bindparam("batch", type_=sa.String()))
    .outerjoin(items, sa.and_(items.c.sweep_id == places.c.sweep_id, items.c.item == places.c.item))
    .add_columns(readings.c.expected, *(items.c[name] for name in _OF_POST))
)


def read_in(work: Work, batch: str) -> Sequence[sa.Row[Any]]:
    """The places of a batch as in `at_places`, with what each post is, and what stood when it was looked at.

    Asked with the sweep locked, so that nothing of it changes until the batch is finished.
    """
    return work.execute(_READ, {"batch": batch}).all()


def learn_from(work: Work, batch: Batch, read: Sequence[sa.Row[Any]], now: datetime) -> None:
    """Draw what of the batch is looked at again, and act on what its blind looks said. The sweep is locked.

    - a copy that was judged otherwise than its head is split off, with a decision of its own, and the head is
      looked at by a third person
    - a decision that a second reader does not uphold, and one that is unsure, waits for a third person
    - the decisions to be read a second time are drawn by risk, those that cover many copies always; the
      copies to be checked are drawn evenly
    """
    sweep = find_sweep(work, batch.sweep_id)
    if any(row.purpose == Purpose.certify.value for row in read):
        certify.settle(work, sweep.id, batch.id)
    decided = [row for row in read if row.purpose in _FIRST]
    doubted = [row.item for row in decided if row.verdict == Verdict.unsure.value]
    doubted += _differing(read, Purpose.second)
    for item in _differing(read, Purpose.check):
        doubted += _split(work, sweep, batch.id, item, now)
    if decided:
        _draw(work, sweep, batch, decided)
    looks.ask_for(work, sweep.id, Purpose.adjudicate, dict.fromkeys(doubted))
    _steer(work, sweep, read, now)
    exposure.note(work, batch.id, batch.leased_to or "", now)


def _differing(read: Sequence[sa.Row[Any]], purpose: Purpose) -> list[str]:
    """What was looked at for this purpose and judged otherwise than what stands, or called unsure."""
    return sorted(row.item for row in read if row.purpose == purpose.value and row.verdict != row.expected)


def _draw(work: Work, sweep: Sweep, batch: Batch, decided: Sequence[sa.Row[Any]]) -> None:
    seed = str(sweep.steer_seed)
    severity = _severity(work, batch.incident_id)
    risks = [Decided(row.item, Verdict(row.verdict), row.score, row.reach, severity) for row in decided]
    drawn = {each.item: each.probability for each in draw_second(risks, sweep.goal.second_share, seed)}
    careful = {row.item: 1.0 for row in decided if row.copies >= CAREFUL}
    looks.ask_for(work, sweep.id, Purpose.second, drawn | careful)
    share = sweep.goal.check_share
    copies = _copies(work, sweep.id, [row.item for row in decided if row.copies > 1])
    looks.ask_for(
        work, sweep.id, Purpose.check, {copy: share for copy in copies if chance(seed, "check", copy) < share}
    )


def _steer(work: Work, sweep: Sweep, read: Sequence[sa.Row[Any]], now: datetime) -> None:
    """Let what was read say where to read on, and tell which strata it moved forward."""
    said = [
        Read(Purpose(row.purpose), (row.language, row.form), row.verdict == Verdict.violates.value)
        for row in read
        if row.purpose in _FIRST
    ]
    for language, form in steer(work, sweep.id, said):
        facts = {"sweep": sweep.id, "language": language, "form": form}
        timeline.append(work, sweep.incident_id, Event.stratum_boosted, actor=SYSTEM.id, now=now, facts=facts)


def _severity(work: Work, incident: str) -> int:
    """Harm of the incident, 0 to 4."""
    return find(work, incident).impact.harm


def _copies(work: Work, sweep: str, heads: list[str]) -> list[str]:
    """The items that read as one of these and are not one of them."""
    if not heads:
        return []
    inherits = sa.and_(items.c.sweep_id == sweep, items.c.read_as.in_(heads), items.c.read_as != items.c.item)
    return list(work.execute(sa.select(items.c.item).where(inherits)).scalars())


def _split(work: Work, sweep: Sweep, batch: str, item: str, now: datetime) -> list[str]:
    """A copy that is none: what its checker said is its own decision from now on.

    Returns what a third person settles: its former head, and the copy where its checker was unsure.
    """
    mine = sa.and_(items.c.sweep_id == sweep.id, items.c.item == item)
    head = work.execute(sa.select(items.c.read_as).where(mine)).scalar_one()
    if head == item:
        return [item]
    work.execute(sa.update(items).where(mine).values(read_as=item, state="taken", copies=1))
    work.execute(
        sa.update(items)
        .where(items.c.sweep_id == sweep.id, items.c.item == head)
        .values(copies=items.c.copies - 1)
    )
    said = (
        work.execute(sa.select(readings).where(readings.c.batch_id == batch, readings.c.item == item))
        .mappings()
        .one()
    )
    columns = {column.name for column in decisions.c} - {"id", "superseded_at"}
    work.execute(decisions.insert().values(**{name: said[name] for name in columns}))
    facts = {"sweep": sweep.id, "item": item, "head": head}
    timeline.append(work, sweep.incident_id, Event.copy_split, actor=SYSTEM.id, now=now, facts=facts)
    return [head, item] if said["verdict"] == Verdict.unsure.value else [head]
