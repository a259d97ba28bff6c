"""What a commander looks at in a sweep beside its sums: who holds what, what was decided last, one post."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed, NotFound, Refusal
from incidents.people import Act, Person, authorise
from incidents.store.access_log import Access, note_access
from incidents.store.batches import Batch
from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import batches, decisions, items, planned_actions
from incidents.store.sweeps import find_sweep_for
from incidents.sweeps.decisions import Verdict

COPIES_SHOWN: Final = 50
"""Copies of a post that are named; of more, how many they are is enough."""


class Made(BaseModel):
    """A decision that stands, as it is listed."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    item: str
    team: str
    language: str
    copies: int = Field(description="Posts that it covers, that one included.")
    reach: int
    verdict: Verdict
    policy: str | None
    clause: str | None
    action: str
    rationale: str
    guideline_version: int | None
    person: str
    decided_at: datetime


class PostView(BaseModel):
    """A post of a sweep without its text."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    item: str
    window: int
    team: str
    language: str
    form: str
    surface: str | None
    posted_at: datetime | None
    reach: int
    matched: tuple[str, ...]
    read_as: str = Field(description="Post whose decision holds for this one.")
    state: str = Field(description="waiting, taken or covered.")
    copies: int
    priority: float


class Planned(BaseModel):
    """Lines of a plan with the same action under the same policy."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    action: str
    policy: str
    posts: int
    undone: int = Field(description="Those of them whose decision was undone since.")


def count_planned(work: Work, sweep: str) -> list[Planned]:
    """What is to be done after a sweep, by action and policy, in numbers."""
    kinds = (planned_actions.c.action, planned_actions.c.policy)
    statement = (
        sa.select(
            *kinds,
            sa.func.count().label("posts"),
            sa.func.count(planned_actions.c.reversed_at).label("undone"),
        )
        .where(planned_actions.c.sweep_id == sweep)
        .group_by(*kinds)
        .order_by(*kinds)
    )
    return [Planned.model_validate(row) for row in work.execute(statement)]


def recent_decisions(
    work: Work, sweep: str, *, team: str | None, before: int | None = None, most: int
) -> list[Made]:
    """The decisions that stand, the last one first; those of one team where it is named.

    `before` is the id of a decision; those that were made earlier come.
    """
    # Chosen first, and told of afterwards: else every post of the sweep is looked up for the sake of a page.
    newest = (
        sa.select(decisions.c.id)
        .where(decisions.c.sweep_id == sweep, decisions.c.superseded_at.is_(None))
        .order_by(decisions.c.id.desc())
        .limit(most)
    )
    if before is not None:
        newest = newest.where(decisions.c.id < before)
    if team is not None:
        newest = newest.join(batches, batches.c.id == decisions.c.batch_id).where(batches.c.team == team)
    chosen = newest.subquery()
    statement = _standing().join(chosen, chosen.c.id == decisions.c.id).order_by(decisions.c.id.desc())
    return [Made.model_validate(row) for row in work.execute(statement)]


def decision_about(work: Work, sweep: str, item: str) -> Made | None:
    """The decision that holds for a post, its own or that of the post that it copies."""
    head = sa.select(items.c.read_as).where(items.c.sweep_id == sweep, items.c.item == item).scalar_subquery()
    statement = _standing().where(decisions.c.sweep_id == sweep, decisions.c.item == head)
    row = work.execute(statement).one_or_none()
    return None if row is None else Made.model_validate(row)


def in_hands(work: Work, sweep: str, *, team: str | None = None) -> list[Batch]:
    """The batches that somebody holds, the first to end first; then those that were given back."""
    statement = (
        sa.select(batches)
        .where(batches.c.sweep_id == sweep, batches.c.state != "done")
        .order_by(batches.c.state, batches.c.lease_expires_at, batches.c.number)
    )
    if team is not None:
        statement = statement.where(batches.c.team == team)
    return [Batch.model_validate(row) for row in work.execute(statement)]


def find_post(work: Work, sweep: str, item: str) -> PostView:
    """A post of the sweep, without its text. NotFound where it has none of that id."""
    columns = [items.c[name] for name in PostView.model_fields]
    mine = sa.and_(items.c.sweep_id == sweep, items.c.item == item)
    row = work.execute(sa.select(*columns).where(mine)).one_or_none()
    if row is None:
        raise NotFound(f"{sweep} has no post {item}. Check its id.")
    return PostView.model_validate(row)


def copies_of(work: Work, sweep: str, item: str) -> list[str]:
    """The ids of posts that inherit the decision about this one, most seen first, at most `COPIES_SHOWN`."""
    statement = (
        sa.select(items.c.item)
        .where(items.c.sweep_id == sweep, items.c.read_as == item, items.c.item != item)
        .order_by(items.c.reach.desc(), items.c.item)
        .limit(COPIES_SHOWN)
    )
    return list(work.execute(statement).scalars())


def show_text(work: Work, sweep: str, item: str, *, by: Person, reason: str, now: datetime) -> str:
    """The text of a post, for staff; that they looked, and why, is written down.

    NotAuthorised for partners, who read it in a batch; NotAllowed without a reason (`REASON_MISSING`).
    """
    authorise(by, Act.see_incidents)
    find_sweep_for(work, sweep, by)
    if not reason.strip():
        missing = Refusal("REASON_MISSING", "Say why you look: it is written down with your name.")
        raise NotAllowed(f"The text of {item} was not shown.", [missing])
    find_post(work, sweep, item)
    mine = sa.and_(items.c.sweep_id == sweep, items.c.item == item)
    text: str = work.execute(sa.select(items.c.text).where(mine)).scalar_one()
    note_access(work, Access.post_shown, by=by.id, target=f"{sweep}/{item}", reason=reason.strip(), now=now)
    return text


def _standing() -> sa.Select[Any]:
    told = [
        name for name in Made.model_fields if name not in {"id", "item", "team", "language", "copies", "reach"}
    ]
    return sa.select(
        *(decisions.c[name] for name in ("id", "item", *told)),
        *(items.c[name] for name in ("team", "language", "copies", "reach")),
    ).select_from(decisions.join(items, holds(items.c.item)))
