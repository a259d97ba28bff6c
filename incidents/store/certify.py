"""The random sample that certifies a sweep: drawn before anything is ranked, read blind by two people.

What is said here never reaches a ranking, which would make the certificate worthless: it lies in tables of
its own, and no module that ranks may import this one (import-linter, and a test that tries).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from incidents.store.certify_schema import certify_readings, certify_sample
from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import batches, decisions, items, places, sweeps
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.samples import LAST_KEY, sample_keys
from incidents.sweeps.stopping import Reading, SampleRow, agreed

Columns = ReadOnlyColumnCollection[str, Any]
"""Those of a table with `sweep_id` and `item`."""

HELD: Final = 50_000
"""Posts of a window that are kept in the order of the sample. A sweep that would need more is read whole."""

READERS: Final = 2
_AT_ONCE: Final = 5_000


def draw_sample(
    work: Work, sweep: str, posts: pl.DataFrame, seed: int, single_readers: Collection[str]
) -> None:
    """Keep the first posts of a window in the order of the sample.

    `posts` has id and language. A language that fewer than two people read is read once; the certificate
    says so.
    """
    keyed = posts.select("id", "language", pl.Series("key", sample_keys(posts["id"], seed)))
    rows = [
        {"sweep_id": sweep, "item": item, "key": key, "wanted": 1 if language in single_readers else READERS}
        for item, language, key in keyed.sort("key", "id").head(HELD).iter_rows()
    ]
    for start in range(0, len(rows), _AT_ONCE):
        work.execute(certify_sample.insert(), rows[start : start + _AT_ONCE])
    if rows:
        work.count_rows_anew(certify_sample)


def waiting_for(work: Work, asked: Mapping[str, Any]) -> list[str]:
    """Posts of the sample that a person could read next, in its order.

    `asked` has sweep, team, language, person, and how many at most. Nobody reads one twice; who has decided
    it already gets it only where nobody else is left to ask.
    """
    fresh = work.execute(_FRESH, asked).scalars().all()
    return list(fresh or work.execute(_WAITING, asked).scalars())


def was_read_by(
    of: Columns, person: sa.BindParameter[str], *, elsewhere_than: sa.BindParameter[str] | None = None
) -> sa.ColumnElement[bool]:
    """Whether this person read the item of a row for the sample; in another batch, where one is named."""
    read = sa.exists().where(
        certify_readings.c.sweep_id == of.sweep_id,
        certify_readings.c.item == of.item,
        certify_readings.c.person == person,
    )
    return read if elsewhere_than is None else read.where(certify_readings.c.batch_id != elsewhere_than)


def record(work: Work, sweep: str, batch: str, said: Sequence[Decision], again: Collection[str]) -> None:
    """Keep what was said; of the items of `again` it replaces an earlier word of the same batch."""
    if again:
        mine = sa.and_(certify_readings.c.batch_id == batch, certify_readings.c.item.in_(again))
        work.execute(certify_readings.delete().where(mine))
    stamp = {"sweep_id": sweep, "batch_id": batch}
    work.execute(_RECORD, [each.model_dump(mode="python") | stamp for each in said])


def settle(work: Work, sweep: str, batch: str) -> None:
    """Say what the readers of each post in a batch agreed on, or ask for a third where two differ."""
    read = sa.select(certify_readings.c.item).where(certify_readings.c.batch_id == batch)
    found = _readings(work, sweep, certify_readings.c.item.in_(read))
    if not found:
        return
    mine = sa.and_(certify_sample.c.sweep_id == sweep, certify_sample.c.item.in_(found))
    wanted = dict(
        work.execute(sa.select(certify_sample.c.item, certify_sample.c.wanted).where(mine)).tuples().all()
    )
    rows = []
    for item, readings in sorted(found.items()):
        verdict = agreed(readings, alone=wanted[item] == 1)
        asks = READERS + 1 if verdict is None and len(readings) >= READERS else wanted[item]
        rows.append({"i": item, "v": verdict, "w": asks})
    row = sa.and_(certify_sample.c.sweep_id == sweep, certify_sample.c.item == sa.bindparam("i"))
    settled: dict[str, Any] = {"verdict": sa.bindparam("v"), "wanted": sa.bindparam("w")}
    work.execute(sa.update(certify_sample).where(row).values(**settled), rows)


def sample_rows(work: Work, sweep: str) -> list[SampleRow]:
    """The posts of the sample that are to be read by now, in its order, as the rule judges them."""
    readings = _readings(work, sweep, sa.true())
    rows = _rows(work, sweep, _ROWS)
    return [row.model_copy(update={"readings": readings.get(row.item, ())}) for row in rows]


def judged_rows(work: Work, sweep: str) -> list[SampleRow]:
    """As `sample_rows`, up to the first one without a verdict, and without what each reader said.

    It is all that the rule needs to know. Asked at every finish, when most of the sample is still to be read.
    """
    return _rows(work, sweep, _JUDGED)


def _rows(work: Work, sweep: str, statement: sa.Select[Any]) -> list[SampleRow]:
    found = work.execute(statement, {"sweep": sweep})
    names = tuple(found.keys())
    return [SampleRow.model_validate(dict(zip(names, row, strict=True))) for row in found]


def _readings(work: Work, sweep: str, which: sa.ColumnElement[bool]) -> dict[str, tuple[Reading, ...]]:
    """Post → what was said, in the order of saying; people are numbered as they come, and never named."""
    statement = (
        sa.select(certify_readings.c.item, certify_readings.c.person, certify_readings.c.verdict)
        .where(certify_readings.c.sweep_id == sweep)
        .order_by(certify_readings.c.decided_at, certify_readings.c.person, certify_readings.c.item)
    )
    numbers = _numbers(work, sweep)
    found: dict[str, tuple[Reading, ...]] = {}
    for item, person, verdict in work.execute(statement.where(which)):
        reading = Reading(reader=numbers[person], verdict=verdict)
        found[item] = (*found.get(item, ()), reading)
    return found


def _numbers(work: Work, sweep: str) -> dict[str, int]:
    first = sa.func.min(certify_readings.c.decided_at)
    statement = (
        sa.select(certify_readings.c.person)
        .where(certify_readings.c.sweep_id == sweep)
        .group_by(certify_readings.c.person)
        .order_by(first, certify_readings.c.person)
    )
    people = work.execute(statement).scalars()
    return {person: number for number, person in enumerate(people, start=1)}


# What is asked at every claim and every finish is put together once: that takes longer than asking.
def _text(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.String())


_RECORD: Final = certify_readings.insert()
_WANTED: Final = sa.select(sa.func.coalesce(sweeps.c.certify_wanted, 0)).where(sweeps.c.id == _text("sweep"))
_SAMPLE: Final = (
    sa.select(certify_sample)
    .where(certify_sample.c.sweep_id == _text("sweep"))
    .order_by(certify_sample.c.key, certify_sample.c.item)
    .limit(_WANTED.scalar_subquery())
    .subquery("sample")
)
"""The posts of the sample that are to be read by now."""

_IN_ORDER: Final = (
    sa.select(_SAMPLE.c.item)
    .join(items, sa.and_(items.c.sweep_id == _SAMPLE.c.sweep_id, items.c.item == _SAMPLE.c.item))
    .order_by(_SAMPLE.c.key, _SAMPLE.c.item)
)
_ROWS: Final = _IN_ORDER.outerjoin(decisions, holds()).add_columns(
    *(_SAMPLE.c.key, _SAMPLE.c.verdict, items.c.language, items.c.form, items.c.window),
    (_SAMPLE.c.wanted == 1).label("alone"),
    sa.func.coalesce(decisions.c.verdict == Verdict.violates.value, sa.false()).label("found"),
)
_UNREAD: Final = (
    sa.select(certify_sample.c.key)
    .where(certify_sample.c.sweep_id == _text("sweep"), certify_sample.c.verdict.is_(None))
    .order_by(certify_sample.c.key)
    .limit(1)
)
_JUDGED: Final = _ROWS.where(_SAMPLE.c.key <= sa.func.coalesce(_UNREAD.scalar_subquery(), LAST_KEY))

_LAST: Final = sa.select(sa.func.max(_SAMPLE.c.key)).scalar_subquery()
_PLACED: Final = sa.and_(
    places.c.sweep_id == certify_sample.c.sweep_id,
    places.c.item == certify_sample.c.item,
    places.c.purpose == Purpose.certify.value,
)
_GIVEN: Final = sa.select(sa.func.count()).select_from(places).where(_PLACED).scalar_subquery()
"""In how many batches a post of the sample is, to be read for it."""

_PLACED_WITH: Final = sa.exists().where(
    _PLACED,
    batches.c.id == places.c.batch_id,
    sa.or_(batches.c.leased_to == _text("person"), batches.c.reserved_for == _text("person")),
)
"""Whether a batch that this person has, had last, or is to have next, holds it for the sample."""

_DECIDED: Final = sa.exists().where(
    decisions.c.sweep_id == certify_sample.c.sweep_id,
    decisions.c.item == certify_sample.c.item,
    decisions.c.person == _text("person"),
)
_WAITING: Final = (
    sa.select(certify_sample.c.item)
    .join(items, sa.and_(items.c.sweep_id == certify_sample.c.sweep_id, items.c.item == certify_sample.c.item))
    .where(
        # A bound instead of `_SAMPLE` itself: the index has the posts in order, so that the first ones do.
        certify_sample.c.sweep_id == _text("sweep"),
        certify_sample.c.key <= _LAST,
        certify_sample.c.verdict.is_(None),
        certify_sample.c.wanted > _GIVEN,
        items.c.team == _text("team"),
        items.c.language == _text("language"),
        ~_PLACED_WITH,
        ~was_read_by(certify_sample.c, _text("person")),
    )
    .order_by(certify_sample.c.key, certify_sample.c.item)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
_FRESH: Final = _WAITING.where(~_DECIDED)
