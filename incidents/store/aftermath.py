"""What follows from a finished batch: looks that were drawn, words that differ, copies that are none."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from incidents.incident.incident import SYSTEM
from incidents.store import certify, exposure, looks, timeline
from incidents.store.batches import Batch
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.said import at_places, word
from incidents.store.schema import decisions, items, readings
from incidents.store.steering import Read, steer
from incidents.store.sweeps import Sweep, find_sweep, lock_sweep
from incidents.sweeps.batches import DECIDES, Purpose
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.quality.draws import chance
from incidents.sweeps.quality.second_reading import Decided, draw_second
from incidents.timeline import Event

CAREFUL: Final = 5
"""Items from which on a decision covers so many that a second person always looks at it. Own choice."""


def learn_from(work: Work, batch: Batch, now: datetime) -> None:
    """Draw what of the batch is looked at again, and act on what its blind looks said.

    - a copy that was judged otherwise than its head is split off, with a decision of its own, and the head is
      looked at by a third person
    - a decision that a second reader does not uphold, and one that is unsure, waits for a third person
    - the decisions to be read a second time are drawn by risk, those that cover many copies always; the
      copies to be checked are drawn evenly
    """
    lock_sweep(work, batch.sweep_id)
    sweep = find_sweep(work, batch.sweep_id)
    certify.settle(work, sweep.id, batch.id)
    decided = _decided_in(work, batch.id)
    doubted = [each.item for each in decided if each.verdict is Verdict.unsure]
    doubted += looks.differing(work, batch.id, Purpose.second)
    for item in looks.differing(work, batch.id, Purpose.check):
        doubted += _split(work, sweep, batch.id, item, now)
    _draw(work, sweep, batch, decided)
    looks.ask_for(work, sweep.id, Purpose.adjudicate, dict.fromkeys(doubted))
    _steer(work, sweep, batch, now)
    exposure.note(work, batch.id, batch.leased_to or "", now)


def _decided_in(work: Work, batch: str) -> list[Decision]:
    """The first decisions of a batch; what was adjudicated is settled."""
    first = [purpose.value for purpose in DECIDES - {Purpose.adjudicate}]
    rows = work.execute(at_places(batch)).all()
    return [said for row in rows if row.purpose in first and (said := word(row)) is not None]


def _draw(work: Work, sweep: Sweep, batch: Batch, decided: list[Decision]) -> None:
    seed = str(sweep.steer_seed)
    known = _known(work, sweep.id, [each.item for each in decided])
    severity = _severity(work, batch.incident_id)
    risks = [
        Decided(each.item, each.verdict, known[each.item].score, known[each.item].reach, severity)
        for each in decided
    ]
    drawn = {each.item: each.probability for each in draw_second(risks, sweep.goal.second_share, seed)}
    careful = {item: 1.0 for item, row in known.items() if row.copies >= CAREFUL}
    looks.ask_for(work, sweep.id, Purpose.second, drawn | careful)
    share = sweep.goal.check_share
    copies = _copies(work, sweep.id, [each.item for each in decided])
    looks.ask_for(
        work, sweep.id, Purpose.check, {copy: share for copy in copies if chance(seed, "check", copy) < share}
    )


def _steer(work: Work, sweep: Sweep, batch: Batch, now: datetime) -> None:
    """Let what was read say where to read on, and tell which strata it moved forward."""
    said = at_places(batch.id).subquery()
    here = sa.and_(items.c.sweep_id == said.c.sweep_id, items.c.item == said.c.item)
    statement = (
        sa.select(said.c.purpose, items.c.language, items.c.form, said.c.verdict)
        .join(items, here)
        .where(said.c.purpose.in_(["steer", "forward", "rank"]))
        .order_by(said.c.place)
    )
    read = [
        Read(Purpose(row.purpose), (row.language, row.form), row.verdict == Verdict.violates.value)
        for row in work.execute(statement)
    ]
    for language, form in steer(work, sweep.id, read):
        facts = {"sweep": sweep.id, "language": language, "form": form}
        timeline.append(work, sweep.incident_id, Event.stratum_boosted, actor=SYSTEM.id, now=now, facts=facts)


def _known(work: Work, sweep: str, ids: list[str]) -> dict[str, sa.Row[tuple[str, float | None, int, int]]]:
    statement = sa.select(items.c.item, items.c.score, items.c.reach, items.c.copies)
    rows = work.execute(statement.where(items.c.sweep_id == sweep, items.c.item.in_(ids)))
    return {row.item: row for row in rows}


def _severity(work: Work, incident: str) -> int:
    """Harm of the incident, 0 to 4."""
    return find(work, incident).impact.harm


def _copies(work: Work, sweep: str, heads: list[str]) -> list[str]:
    """The items that read as one of these and are not one of them."""
    inherits = sa.and_(items.c.sweep_id == sweep, items.c.read_as.in_(heads), items.c.read_as != items.c.item)
    return list(work.execute(sa.select(items.c.item).where(inherits).order_by(items.c.item)).scalars())


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
