"""What was said at the places of a batch, and which decision holds for an item: one definition for everybody.

At a place where an item is decided, its standing decision counts, wherever it was made; at one where it is
adjudicated, only what was said there. A blind place knows its own word alone.
"""

from typing import Any, Final

import sqlalchemy as sa

from incidents.store.certify_schema import certify_readings
from incidents.store.schema import decisions, items, places, readings
from incidents.sweeps.batches import DECIDES, Purpose
from incidents.sweeps.decisions import Decision

_WORD: Final = tuple(name for name in Decision.model_fields if name != "item")


def at_places(batch_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    """Places of a batch in their order: place, item, purpose, sweep_id, and the word said there or nulls."""
    return _PLACES.where(places.c.batch_id == batch_id)


def is_empty() -> sa.ColumnElement[bool]:
    """Whether nothing was said yet at a place of `at_places`."""
    tables = (decisions, readings, certify_readings)
    return sa.and_(*(table.c.verdict.is_(None) for table in tables))


def word(row: sa.Row[Any]) -> Decision | None:
    """The decision of a row of `at_places`, if there is one."""
    if row.verdict is None:
        return None
    return Decision.model_validate({"item": row.item, **{name: row._mapping[name] for name in _WORD}})


def holds(about: sa.ColumnElement[str] = items.c.read_as) -> sa.ColumnElement[bool]:
    """Joins a row of `items` to the decision that holds for it: that about the item that it is read as.

    `about` is `items.c.item` where an item's own decision is asked for, and not what it inherits.
    """
    return sa.and_(
        decisions.c.sweep_id == items.c.sweep_id,
        decisions.c.item == about,
        decisions.c.superseded_at.is_(None),
    )


def _decided() -> sa.ColumnElement[bool]:
    # As literals: a list of values is written into the statement anew each time that it is run.
    deciding = [sa.literal(purpose.value) for purpose in sorted(DECIDES)]
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


def _places() -> sa.Select[Any]:
    tables = (decisions, readings, certify_readings)
    word = [sa.func.coalesce(*(table.c[name] for table in tables)).label(name) for name in _WORD]
    joined = (
        places.outerjoin(decisions, _decided())
        .outerjoin(readings, _here(readings))
        .outerjoin(certify_readings, _here(certify_readings))
    )
    named = (places.c.batch_id, places.c.place, places.c.item, places.c.purpose, places.c.sweep_id)
    return sa.select(*named, *word).select_from(joined).order_by(places.c.place)


_PLACES: Final = _places()
"""Put together once: that takes longer than asking the database."""
