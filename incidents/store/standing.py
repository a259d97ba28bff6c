"""Which decisions stand: of a batch, of a sweep, and how many of which kind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.catalogue.policies import RecommendedAction
from incidents.people import Person
from incidents.store.batches import Batch, find_batch_for
from incidents.store.engine import Work
from incidents.store.said import at_places, holds, is_empty, word
from incidents.store.schema import decisions, items, places
from incidents.sweeps.batches import Purpose
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


class Said(NamedTuple):
    """What was said at some places of a batch, and how many of all its places are empty."""

    places: dict[str, "Place"]
    empty: int


class Place(NamedTuple):
    """Why an item is read at its place in a batch, and what was said there, if anything."""

    purpose: Purpose
    said: Decision | None


class Current(BaseModel):
    """An item of a batch with what was said about it there, if anything."""

    model_config = ConfigDict(frozen=True)

    item: str
    decision: Decision | None


def decisions_of(work: Work, batch_id: str, *, by: Person) -> list[Current]:
    """Every item of a batch in its order, with what was said about it there."""
    find_batch_for(work, batch_id, by)
    return [Current(item=row.item, decision=word(row)) for row in work.execute(at_places(batch_id))]


def standing(work: Work, batch: Batch, wanted: Sequence[str]) -> Said:
    """Item → why it is read in the batch, and what was said; for those of the wanted that are in it."""
    found: dict[str, Place] = {}
    empty: int | None = None
    for start in range(0, len(wanted), AT_ONCE):
        some = {"batch": batch.id, "wanted": wanted[start : start + AT_ONCE]}
        for row in work.execute(_WANTED, some):
            found[row.item] = Place(Purpose(row.purpose), word(row))
            empty = row.empty
    if empty is None:
        empty = int(work.execute(_EMPTY, {"batch": batch.id}).scalar_one())
    return Said(found, empty)


def current_decisions(work: Work, sweep: str) -> Iterator[Decision]:
    """The decision that holds for each item of a sweep, its own or its head's, by item."""
    told = [column for column in decisions.c if column.name != "item"]
    statement = sa.select(items.c.item, *told).join(decisions, holds()).where(items.c.sweep_id == sweep)
    rows = work.execute(statement.order_by(items.c.item).execution_options(yield_per=AT_ONCE))
    for row in rows:
        yield Decision.model_validate({name: row._mapping[name] for name in Decision.model_fields})


def counts(work: Work, sweep: str) -> Counts:
    """How many items of a sweep are decided, and how; copies count as their head does."""
    statement = (
        sa.select(decisions.c.verdict, decisions.c.action, sa.func.count().label("items"))
        .select_from(items.join(decisions, holds()))
        .where(items.c.sweep_id == sweep)
        .group_by(decisions.c.verdict, decisions.c.action)
    )
    verdicts: Counter[str] = Counter()
    escalated = 0
    for row in work.execute(statement):
        verdicts[row.verdict] += row.items
        escalated += row.items if row.action == RecommendedAction.escalate.value else 0
    by_verdict = {verdict.value: verdicts[verdict.value] for verdict in Verdict}
    return Counts(decided=verdicts.total(), escalated=escalated, **by_verdict)


# Asked for every decision, so they are put together once: that takes longer than asking the database.
_BATCH: Final = sa.bindparam("batch", type_=sa.String())
_EMPTY: Final = (
    at_places(_BATCH).where(is_empty()).with_only_columns(sa.func.count()).order_by(None).correlate(None)
)
_WANTED: Final = (
    at_places(_BATCH)
    .where(places.c.item.in_(sa.bindparam("wanted", expanding=True)))
    .add_columns(_EMPTY.scalar_subquery().label("empty"))
)
