"""What was carried out of the plans of an incident, in numbers, as far as a platform or a site said so."""

from typing import Final

import sqlalchemy as sa

from incidents.catalogue.policies import RecommendedAction
from incidents.reviews.reading import ActedPart
from incidents.store.acting import State
from incidents.store.engine import Work
from incidents.store.schema import items, planned_actions, taken_actions

_CARRIED_OUT: Final = (RecommendedAction.remove, RecommendedAction.restrict, RecommendedAction.label)
"""The others are for people to look at."""


def planned_items() -> sa.Join:
    """Planned actions with their posts, and what was carried out, where it was."""
    about = sa.and_(items.c.sweep_id == planned_actions.c.sweep_id, items.c.item == planned_actions.c.item)
    done = sa.and_(taken_actions.c.key == planned_actions.c.key, taken_actions.c.state == State.done.value)
    return planned_actions.join(items, about).outerjoin(taken_actions, done)


def acted_of(work: Work, incident: str) -> tuple[ActedPart, ...]:
    """By language, what of the planned actions whose decision stands was carried out, and how late."""
    # A reach of 0 is one that nobody knows.
    measured = sa.and_(taken_actions.c.reach.is_not(None), items.c.reach > 0)
    statement = (
        sa.select(
            items.c.language,
            sa.func.count().label("planned"),
            sa.func.count(taken_actions.c.key).label("acted"),
            sa.func.count().filter(measured).label("measured"),
            sa.func.coalesce(sa.func.sum(items.c.reach).filter(measured), 0).label("reach_gathered"),
            sa.func.coalesce(sa.func.sum(taken_actions.c.reach).filter(measured), 0).label("reach_at_action"),
        )
        .select_from(planned_items())
        .where(planned_actions.c.incident_id == incident, planned_actions.c.reversed_at.is_(None))
        .where(planned_actions.c.action.in_([action.value for action in _CARRIED_OUT]))
        .group_by(items.c.language)
        .order_by(items.c.language)
    )
    return tuple(ActedPart.model_validate(row) for row in work.execute(statement))
