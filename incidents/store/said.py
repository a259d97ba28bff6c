"""What was said at the places of a batch: one definition for everybody who asks whether a place is filled.

At a place where an item is decided, its standing decision counts, wherever it was made; at one where it is
adjudicated, only what was said there. A blind place knows its own word alone.
"""

from typing import Any, Final

import sqlalchemy as sa

from incidents.store.certify_schema import certify_readings
from incidents.store.schema import decisions, places, readings
from incidents.sweeps.batches import DECIDES, Purpose
from incidents.sweeps.decisions import Decision

_WORD: Final = tuple(name for name in Decision.model_fields if name != "item")


def at_places(batch_id: str) -> sa.Select[Any]:
    """Places of a batch in their order: place, item, purpose, sweep_id, and the word said there or nulls."""
    tables = (decisions, readings, certify_readings)
    word = [sa.func.coalesce(*(table.c[name] for table in tables)).label(name) for name in _WORD]
    joined = (
        places.outerjoin(decisions, _decided())
        .outerjoin(readings, _here(readings))
        .outerjoin(certify_readings, _here(certify_readings))
    )
    return (
        sa.select(places.c.batch_id, places.c.place, places.c.item, places.c.purpose, places.c.sweep_id, *word)
        .select_from(joined)
        .where(places.c.batch_id == batch_id)
        .order_by(places.c.place)
    )


def is_empty() -> sa.ColumnElement[bool]:
    """Whether nothing was said yet at a place of `at_places`."""
    tables = (decisions, readings, certify_readings)
    return sa.and_(*(table.c.verdict.is_(None) for table in tables))


def word(row: sa.Row[Any]) -> Decision | None:
    """The decision of a row of `at_places`, if there is one."""
    if row.verdict is None:
        return None
    return Decision.model_validate({"item": row.item, **{name: row._mapping[name] for name in _WORD}})


def _decided() -> sa.ColumnElement[bool]:
    deciding = [purpose.value for purpose in DECIDES]
    elsewhere = sa.and_(places.c.purpose == Purpose.adjudicate.value, decisions.c.batch_id != places.c.batch_id)
    return sa.and_(
        decisions.c.sweep_id == places.c.sweep_id,
        decisions.c.item == places.c.item,
        decisions.c.superseded_at.is_(None),
        places.c.purpose.in_(deciding),
        ~elsewhere,
    )


def _here(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.batch_id == places.c.batch_id, table.c.item == places.c.item)
