"""Which decisions stand: of a batch, of a sweep, and how many of which kind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.catalogue.policies import RecommendedAction
from incidents.people import Person
from incidents.store.batches import Batch, find_batch_for
from incidents.store.engine import Work
from incidents.store.schema import batches, decisions, items
from incidents.sweeps.decisions import Decision, Verdict

AT_ONCE = 500
"""Items asked for in one query; a statement takes 32,766 values on SQLite."""


class Counts(BaseModel):
    """How far a sweep is, over the decisions that stand."""

    model_config = ConfigDict(frozen=True)

    decided: int
    violates: int
    does_not_violate: int
    unsure: int
    escalated: int


class Current(BaseModel):
    """An item of a batch with the decision that stands, if there is one."""

    model_config = ConfigDict(frozen=True)

    item: str
    decision: Decision | None


def decisions_of(work: Work, batch_id: str, *, by: Person) -> list[Current]:
    """Every item of a batch in its order, with the decision that stands."""
    batch = find_batch_for(work, batch_id, by)
    statement = _with_current().where(items.c.batch_id == batch.id).order_by(items.c.place)
    return [_current(row) for row in work.execute(statement)]


def standing(work: Work, batch: Batch, wanted: Sequence[str]) -> dict[str, Decision | None]:
    """Item → the decision that stands, for those of the wanted items that are in the batch."""
    found: dict[str, Decision | None] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = items.c.item.in_(wanted[start : start + AT_ONCE])
        rows = work.execute(_with_current().where(items.c.batch_id == batch.id, some))
        found |= {current.item: current.decision for current in map(_current, rows)}
    return found


def current_decisions(work: Work, sweep: str) -> Iterator[Decision]:
    """The decisions of a sweep that stand, by batch and place. For flows: a door asks for a batch."""
    statement = (
        _with_current()
        .join(batches, batches.c.id == items.c.batch_id)
        .where(items.c.sweep_id == sweep, decisions.c.id.is_not(None))
        .order_by(batches.c.number, items.c.place)
    )
    for row in work.execute(statement):
        yield _decision(row)


def counts(work: Work, sweep: str) -> Counts:
    """How many items of a sweep are decided, and how."""
    statement = (
        sa.select(decisions.c.verdict, decisions.c.action, sa.func.count().label("items"))
        .where(decisions.c.sweep_id == sweep, decisions.c.superseded_at.is_(None))
        .group_by(decisions.c.verdict, decisions.c.action)
    )
    verdicts: Counter[str] = Counter()
    escalated = 0
    for row in work.execute(statement):
        verdicts[row.verdict] += row.items
        escalated += row.items if row.action == RecommendedAction.escalate.value else 0
    by_verdict = {verdict.value: verdicts[verdict.value] for verdict in Verdict}
    return Counts(decided=verdicts.total(), escalated=escalated, **by_verdict)


def violations(work: Work, batch: Batch) -> int:
    """How many items of the batch violate."""
    return _count(work, decisions.c.batch_id == batch.id, decisions.c.verdict == Verdict.violates.value)


def undecided(work: Work, batch: Batch) -> int:
    """How many items of the batch nobody has decided yet."""
    return batch.size - _count(work, decisions.c.batch_id == batch.id)


def _with_current() -> sa.Select[Any]:
    current = sa.and_(
        decisions.c.sweep_id == items.c.sweep_id,
        decisions.c.item == items.c.item,
        decisions.c.superseded_at.is_(None),
    )
    told = [column for column in decisions.c if column.name != "item"]
    return sa.select(items.c.item, *told).select_from(items.outerjoin(decisions, current))


def _current(row: sa.Row[Any]) -> Current:
    return Current(item=row.item, decision=None if row.id is None else _decision(row))


def _decision(row: sa.Row[Any]) -> Decision:
    return Decision.model_validate({name: row._mapping[name] for name in Decision.model_fields})


def _count(work: Work, *where: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).select_from(decisions)
    return int(work.execute(statement.where(decisions.c.superseded_at.is_(None), *where)).scalar_one())
