"""How did action items stand at some moment? Told from the timeline, so that later moves change nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from incidents.reviews.actions import ActionState
from incidents.store.engine import Work
from incidents.store.schema import timeline
from incidents.timeline import Event

Moves = Mapping[str, sa.Row[Any]]
"""Item → the entry (`at` and `facts`) that last moved it."""


def last_moves(work: Work, *, at: datetime, among: sa.ColumnElement[bool] | None = None) -> Moves:
    """The last move of each item up to a moment; of the incidents that `among` lets through, or of all."""
    statement = (
        sa.select(timeline.c.at, timeline.c.facts)
        .where(timeline.c.event == Event.action_changed.value, timeline.c.at <= at)
        .where(sa.true() if among is None else among)
        .order_by(timeline.c.incident_id, timeline.c.seq)
    )
    return {row.facts["item"]: row for row in work.execute(statement)}


def state_after(move: sa.Row[Any] | None) -> ActionState:
    """The state that an item is in after its last move; it begins as open."""
    return ActionState.open if move is None else ActionState(move.facts["state"])
