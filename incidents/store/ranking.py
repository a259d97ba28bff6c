"""What a ranking may learn from, and what it says: nothing of the sample that certifies is in reach here."""

from collections.abc import Iterable
from typing import Final

import polars as pl
import sqlalchemy as sa

from incidents.store.engine import Store, Work
from incidents.store.schema import decisions, golden, incidents, items, sweeps
from incidents.store.sweeps import lock_sweep
from incidents.sweeps.batches import URGENT
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.teaching import Example, due

_AT_ONCE: Final = 500
"""Items whose place changes in one transaction: a reviewer waits for one of them at most."""


def decided_items(work: Work, sweep: str) -> dict[str, bool]:
    """Post → whether it violates, for every post that was read and is not called unsure; by id."""
    statement = (
        sa.select(decisions.c.item, decisions.c.verdict)
        .where(decisions.c.sweep_id == sweep, decisions.c.superseded_at.is_(None))
        .where(decisions.c.verdict != Verdict.unsure.value)
        .order_by(decisions.c.item)
    )
    return {item: verdict == Verdict.violates.value for item, verdict in work.execute(statement)}


def examples_for(work: Work, sweep: str) -> list[Example]:
    """Texts that people agreed on under the policy of the incident: the golden items."""
    statement = (
        sa.select(golden.c.text, golden.c.verdict)
        .join(incidents, sa.and_(incidents.c.policy == golden.c.policy, incidents.c.drill == golden.c.drill))
        .join(sweeps, sweeps.c.incident_id == incidents.c.id)
        .where(sweeps.c.id == sweep, golden.c.retired_at.is_(None))
        .order_by(golden.c.id)
    )
    return [Example(text, verdict == Verdict.violates.value) for text, verdict in work.execute(statement)]


def is_due(work: Work, sweep: str) -> bool:
    """Whether enough was decided since the ranking last learned."""
    decided = sa.select(sa.func.count()).select_from(decisions)
    mine = decided.where(decisions.c.sweep_id == sweep, decisions.c.superseded_at.is_(None)).scalar_subquery()
    row = work.execute(
        sa.select(sweeps.c.ranked_at_decisions, mine.label("decided")).where(
            # One from before there were plans was never ranked.
            sweeps.c.id == sweep,
            sweeps.c.state == "working",
            sweeps.c.reached_at.is_(None),
            sweeps.c.plan.is_not(None),
        )
    ).one_or_none()
    return row is not None and due(row.decided, row.ranked_at_decisions or 0)


def due_rankings(work: Work) -> list[str]:
    """The sweeps whose ranking has something to learn, the oldest first."""
    working = sa.select(sweeps.c.id).where(sweeps.c.state == "working").order_by(sweeps.c.requested_at)
    return [sweep for sweep in work.execute(working).scalars().all() if is_due(work, sweep)]


def keep_ranking(store: Store, sweep: str, ranked: Iterable[tuple[str, float, float]], *, decided: int) -> None:
    """Let (post, score, priority) say in which order waiting posts are handed out from now on.

    In many short transactions, so that nobody who asks for a batch waits long for it.
    """
    rows = [{"i": item, "s": score, "p": priority} for item, score, priority in ranked]
    statement = (
        sa.update(items)
        .where(items.c.sweep_id == sweep, items.c.item == sa.bindparam("i"), items.c.state == "waiting")
        .where(items.c.priority < URGENT)
        .values(score=sa.bindparam("s"), priority=sa.bindparam("p"))
    )
    for start in range(0, len(rows), _AT_ONCE):
        with store.begin() as work:
            lock_sweep(work, sweep)
            work.execute(statement, rows[start : start + _AT_ONCE])
    with store.begin() as work:
        work.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(ranked_at_decisions=decided))


def waiting_items(work: Work, sweep: str) -> pl.DataFrame:
    """The posts that wait to be read: id, copies, reach (of the post with its copies)."""
    covered = items.alias("covered")
    reach = (
        sa.select(sa.func.sum(covered.c.reach))
        .where(covered.c.sweep_id == items.c.sweep_id, covered.c.read_as == items.c.item)
        .scalar_subquery()
    )
    statement = (
        sa.select(items.c.item, items.c.copies, reach)
        .where(items.c.sweep_id == sweep, items.c.state == "waiting")
        .order_by(items.c.item)
    )
    kinds = {"id": pl.String(), "copies": pl.Int64(), "reach": pl.Int64()}
    rows = [(item, copies, int(seen)) for item, copies, seen in work.execute(statement)]
    return pl.DataFrame(rows, schema=kinds, orient="row")
