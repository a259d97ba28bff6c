"""Blind looks: golden items, second readings and checks of copies, held against what stands."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from incidents.store.engine import Work
from incidents.store.golden import expected_of
from incidents.store.said import holds
from incidents.store.schema import decisions, items, readings
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Decision, Verdict


def record(
    work: Work, sweep: str, batch: str, said: Mapping[Decision, Purpose], again: Collection[str]
) -> None:
    """Keep what was said blind, with the verdict that stands now; of `again` it replaces an earlier word."""
    ids = [decision.item for decision in said]
    if again:
        work.execute(readings.delete().where(readings.c.batch_id == batch, readings.c.item.in_(again)))
    expected = _standing(work, sweep, ids) | {item: (v, None) for item, v in expected_of(work, batch).items()}
    rows = []
    for decision, purpose in said.items():
        verdict, drawn = expected[decision.item]
        stamp = {"sweep_id": sweep, "batch_id": batch, "purpose": purpose.value, "drawn": drawn}
        rows.append(decision.model_dump() | stamp | {"expected": verdict.value})
    work.execute(_RECORD, rows)


def ask_for(work: Work, sweep: str, purpose: Purpose, wanted: Mapping[str, float | None]) -> None:
    """Let items wait for a further look; `wanted` says how likely each was to be drawn."""
    asked = {"s": sweep, "p": purpose.value}
    rows = [{**asked, "i": item, "d": drawn} for item, drawn in sorted(wanted.items())]
    if rows:
        work.execute(_ASK, rows)


def _standing(work: Work, sweep: str, ids: Iterable[str]) -> dict[str, tuple[Verdict, float | None]]:
    rows = work.execute(_STANDS, {"sweep": sweep, "ids": list(ids)})
    return {item: (Verdict(verdict), drawn) for item, verdict, drawn in rows}


# Put together once: they are asked while somebody reads, and that takes longer than asking the database.
_RECORD: Final = readings.insert()
_ASK: Final = (
    sa.update(items)
    .where(items.c.sweep_id == sa.bindparam("s"), items.c.item == sa.bindparam("i"))
    .values(look=sa.bindparam("p"), drawn=sa.bindparam("d"))
)
_STANDS: Final = (
    sa.select(items.c.item, decisions.c.verdict, items.c.drawn)
    .join(decisions, holds())
    .where(items.c.sweep_id == sa.bindparam("sweep"), items.c.item.in_(sa.bindparam("ids", expanding=True)))
)
