"""Read what the digest of a month is made of: six statements, however many incidents there are."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from incidents.people import Act, Person, authorise
from incidents.reviews.digest import (
    FactorSeen,
    Happened,
    LateReview,
    Material,
    Month,
    Promise,
    first_looked_at,
)
from incidents.reviews.record import About, FactorPart, Milestone
from incidents.store.action_history import last_moves, state_after
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.schema import action_items, factors, incidents, milestones, reviews


def read_material(work: Work, month: Month, person: Person) -> Material:
    """What a person may read of a month and of those that it is set beside."""
    authorise(person, Act.see_incidents)
    seen = readable(person)
    looked_at = sa.and_(
        seen, incidents.c.opened_at >= first_looked_at(month), incidents.c.opened_at < month.until
    )
    real = sa.and_(seen, incidents.c.drill == "")
    return Material(
        happened=_happened(work, looked_at),
        factors=_factors(work, sa.and_(looked_at, incidents.c.drill == "")),
        promises=_promises(work, real, month),
        late_reviews=_late_reviews(work, real, month),
    )


def _happened(work: Work, here: sa.ColumnElement[bool]) -> tuple[Happened, ...]:
    reached: dict[str, list[Milestone]] = defaultdict(list)
    of_them = sa.select(milestones).join(incidents, incidents.c.id == milestones.c.incident_id).where(here)
    for row in work.execute(of_them.order_by(milestones.c.at, milestones.c.seq, milestones.c.name)):
        reached[row.incident_id].append(Milestone.model_validate(row))
    rows = work.execute(sa.select(incidents).where(here).order_by(incidents.c.number))
    return tuple(Happened(about=About.model_validate(row), milestones=tuple(reached[row.id])) for row in rows)


def _factors(work: Work, here: sa.ColumnElement[bool]) -> tuple[FactorSeen, ...]:
    statement = (
        sa.select(factors)
        .join(incidents, incidents.c.id == factors.c.incident_id)
        .where(here, factors.c.state != "rejected", factors.c.part != FactorPart.mitigator.value)
        .order_by(incidents.c.number, factors.c.number)
    )
    return tuple(
        FactorSeen(
            incident=row.incident_id,
            category=row.category,
            # A rule says behind a colon of what it made the factor, so that it is proposed once.
            rule=str(row.evidence.get("rule") or "").partition(":")[0],
            accepted=row.state == "accepted",
        )
        for row in work.execute(statement)
    )


def _promises(work: Work, here: sa.ColumnElement[bool], month: Month) -> tuple[Promise, ...]:
    """Items that were filed before the month's end, in the state that they had then."""
    filed = (
        sa.select(action_items)
        .join(incidents, incidents.c.id == action_items.c.incident_id)
        .where(here, action_items.c.filed_at < month.until)
        .order_by(incidents.c.number, action_items.c.number)
    )
    moved = last_moves(work, at=month.last)
    return tuple(_promise(row, moved.get(row.id)) for row in work.execute(filed))


def _promise(row: sa.Row[Any], move: sa.Row[Any] | None) -> Promise:
    return Promise(
        id=row.id,
        title=row.title,
        owner=row.owner,
        filed_at=row.filed_at,
        due_at=row.due_at,
        state=state_after(move),
        moved_at=None if move is None else move.at,
    )


def _late_reviews(work: Work, here: sa.ColumnElement[bool], month: Month) -> tuple[LateReview, ...]:
    """Retrospectives that were due before the month's end and not published by then."""
    statement = (
        sa.select(reviews.c.incident_id.label("incident"), reviews.c.owner, reviews.c.due_at, reviews.c.state)
        .join(incidents, incidents.c.id == reviews.c.incident_id)
        .where(here, reviews.c.due_at < month.until)
        .where(reviews.c.published_at.is_(None) | (reviews.c.published_at >= month.until))
        .order_by(reviews.c.due_at, incidents.c.number)
    )
    return tuple(LateReview.model_validate(row) for row in work.execute(statement))
