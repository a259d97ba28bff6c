"""What stands around a post of a batch: what it answers, who answers it, its copies, and what else is like it.

Nothing here tells why a post is read. So a golden item is shown with the surroundings of another post, and what
was decided about posts like it is told once its reader has said their own word, at every place alike: told
before, a second look would no longer be one (sweeps that certify rest on that). Posts of other teams are left
out, as they are in the queue. Authors are not kept, so nothing is said of them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotFound
from incidents.people import Person
from incidents.store.batches import Batch, check_held, find_batch_for
from incidents.store.engine import Work
from incidents.store.pool import stand_in
from incidents.store.said import at_places, holds
from incidents.store.schema import decisions, items
from incidents.sweeps.decisions import Verdict

SHOWN: Final = 6
"""Posts of each kind that are shown at most: everyone of them may be hard to read, too."""


class Neighbour(BaseModel):
    """A post beside the one that is judged."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    item: str
    text: str = Field(repr=False, description="Sensitive: for the reviewer's eyes alone.")
    language: str
    surface: str | None
    posted_at: datetime | None
    reach: int
    verdict: Verdict | None = Field(None, description="What was decided about it, where that may be told.")


class Surroundings(BaseModel):
    """What is around a post, of the posts that the sweep found for the same team."""

    model_config = ConfigDict(frozen=True)

    item: str
    surface: str | None
    posted_at: datetime | None
    reach: int
    is_answer: bool
    answered: Neighbour | None = Field(description="What it answers, where the team reads that in this sweep.")
    beside: tuple[Neighbour, ...] = Field(description="Others that answer the same, the first first.")
    replies: tuple[Neighbour, ...] = Field(description="What answers it, the first first.")
    copies: tuple[Neighbour, ...] = Field(description="What a decision about it covers, most seen first.")
    alike: tuple[Neighbour, ...] = Field(
        description="Of its cluster, but decided by themselves; most seen first."
    )
    is_said: bool = Field(description="Whether its reader has said their word, so that others' may be told.")


def surroundings(work: Work, batch_id: str, item: str, *, by: Person, now: datetime) -> Surroundings:
    """What is around a post of a batch, for whoever holds it.

    Conflict or NotAllowed, as `check_held`, for others; NotFound where the batch has no such post.
    """
    batch = find_batch_for(work, batch_id, by)
    check_held(batch, by, now)
    told = [row for row in work.execute(at_places(batch_id)) if row.item == item]
    if not told:
        raise NotFound(f"There is no post {item} in {batch_id}.")
    known, golden_text = stand_in(work, batch_id, item)
    row = None if known is None else work.execute(_OF.where(_is(batch, known))).one_or_none()
    if row is None:
        return _alone(item, is_said=told[0].verdict is not None)
    if golden_text is not None:
        copies = [each.model_copy(update={"text": golden_text}) for each in _copies(work, batch, row)]
        found = _alone(item, is_said=told[0].verdict is not None)
        return found.model_copy(update={**_facts(row), "copies": tuple(copies)})
    return _around(work, batch, row, is_said=told[0].verdict is not None)


_SHOWN_OF: Final = tuple(
    items.c[name] for name in ("item", "text", "language", "surface", "posted_at", "reach")
)
_OF: Final = sa.select(*_SHOWN_OF, items.c.answers, items.c.cluster, items.c.read_as)


def _alone(item: str, *, is_said: bool) -> Surroundings:
    nothing: dict[str, Any] = {"surface": None, "posted_at": None, "reach": 0, "is_answer": False}
    none: dict[str, Any] = dict.fromkeys(("beside", "replies", "copies", "alike"), ())
    return Surroundings(item=item, answered=None, is_said=is_said, **nothing, **none)


def _facts(row: sa.Row[Any]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in ("surface", "posted_at", "reach")}


def _around(work: Work, batch: Batch, row: sa.Row[Any], *, is_said: bool) -> Surroundings:
    return Surroundings(
        item=row.item,
        **_facts(row),
        is_answer=row.answers is not None,
        answered=next(iter(_answered(work, batch, row)), None),
        beside=tuple(_answers(work, batch, row.answers, but=row.item)),
        replies=tuple(_answers(work, batch, row.item, but=row.item)),
        copies=tuple(_copies(work, batch, row)),
        alike=tuple(_alike(work, batch, row, is_said=is_said)),
        is_said=is_said,
    )


def _answered(work: Work, batch: Batch, row: sa.Row[Any]) -> list[Neighbour]:
    return [] if row.answers is None else _neighbours(work.execute(_OF.where(_is(batch, row.answers))))


def _answers(work: Work, batch: Batch, to: str | None, *, but: str) -> list[Neighbour]:
    if to is None:
        return []
    answering = _OF.where(_reads(batch), items.c.answers == to, items.c.item != but)
    return _neighbours(work.execute(answering.order_by(items.c.posted_at, items.c.item).limit(SHOWN)))


def _copies(work: Work, batch: Batch, row: sa.Row[Any]) -> list[Neighbour]:
    covered = _OF.where(_reads(batch), items.c.read_as == row.item, items.c.item != row.item)
    return _neighbours(work.execute(_most_seen(covered)))


def _alike(work: Work, batch: Batch, row: sa.Row[Any], *, is_said: bool) -> list[Neighbour]:
    if row.cluster is None:
        return []
    apart = sa.select(*_SHOWN_OF, (decisions.c.verdict if is_said else sa.null()).label("verdict"))
    apart = apart.select_from(items.outerjoin(decisions, holds()) if is_said else items)
    others = apart.where(_reads(batch), items.c.cluster == row.cluster, items.c.read_as != row.read_as)
    # One of each: what is covered by another says the same as that.
    return _neighbours(work.execute(_most_seen(others.where(items.c.read_as == items.c.item))))


def _most_seen(chosen: sa.Select[Any]) -> sa.Select[Any]:
    return chosen.order_by(items.c.reach.desc(), items.c.item).limit(SHOWN)


def _neighbours(rows: Iterable[sa.Row[Any]]) -> list[Neighbour]:
    return [Neighbour.model_validate(row) for row in rows]


def _reads(batch: Batch) -> sa.ColumnElement[bool]:
    return sa.and_(items.c.sweep_id == batch.sweep_id, items.c.team == batch.team)


def _is(batch: Batch, item: str) -> sa.ColumnElement[bool]:
    return sa.and_(_reads(batch), items.c.item == item)
