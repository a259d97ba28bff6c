"""Is the sweep done? Asked after every batch; the rule and its plan were fixed before the sample was read."""

from datetime import datetime

import sqlalchemy as sa

from incidents.incident.incident import SYSTEM
from incidents.store import certify, timeline
from incidents.store.ending import reach
from incidents.store.engine import Work
from incidents.store.said import holds
from incidents.store.schema import decisions, items, readings, sweeps
from incidents.store.sweeps import Sweep, find_sweep
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.stopping import Golden, Proof, StratumCount, proven
from incidents.timeline import Event


def judge_sweep(work: Work, sweep: str, *, now: datetime) -> None:
    """Hold the sample against what was found, in a sweep with a plan that has not come to its end.

    Where the rule wants more of the sample read, more of it is handed out; where the target is reached, no
    more posts are handed out at all. Most batches change neither. What was read of the whole universe is
    dear to count, so it is asked only where something would follow.
    """
    found = find_sweep(work, sweep)
    if found.state != "working" or found.is_enough or found.plan is None:
        return
    proof = proven(found.plan, certify.judged_rows(work, sweep), found.posts_matched or 0)
    wanted = len(proof.used) + proof.needed_more
    if proof.recall >= found.plan.target:
        _reach(work, found, proof, now)
    elif 0 < (found.certify_wanted or 0) < wanted and _is_unread(work, sweep):
        _extend(work, found, wanted, now)


def _reach(work: Work, sweep: Sweep, proof: Proof, now: datetime) -> None:
    """A sweep whose posts are all read needs no proof: it is over without one."""
    strata = strata_of(work, sweep.id)
    posts, read, found = (sum(getattr(each, name) for each in strata) for name in ("posts", "read", "found"))
    if read < posts:
        facts = {"recall_at_least": proof.recall, "read": read, "found": found}
        reach(work, sweep.id, facts=facts, now=now)


def _is_unread(work: Work, sweep: str) -> bool:
    """Whether there is a post for which no decision holds."""
    undecided = sa.exists().where(items.c.sweep_id == sweep, ~sa.exists().where(holds()))
    return bool(work.execute(sa.select(undecided)).scalar_one())


def strata_of(work: Work, sweep: str) -> list[StratumCount]:
    """How far the main reading is, by language and form; copies count as read with their head."""
    statement = (
        sa.select(
            items.c.language,
            items.c.form,
            sa.func.count().label("posts"),
            sa.func.count(decisions.c.id).label("read"),
            sa.func.count().filter(decisions.c.verdict == Verdict.violates.value).label("found"),
        )
        .select_from(items.outerjoin(decisions, holds()))
        .where(items.c.sweep_id == sweep)
        .group_by(items.c.language, items.c.form)
        .order_by(items.c.language, items.c.form)
    )
    return [StratumCount.model_validate(dict(row)) for row in work.execute(statement).mappings()]


def golden_of(work: Work, sweep: str) -> Golden:
    """How many golden items that violate were met in the sweep's batches, and caught."""
    violating = readings.c.expected == Verdict.violates.value
    statement = sa.select(
        sa.func.count().filter(violating).label("violating"),
        sa.func.count().filter(violating, readings.c.verdict == Verdict.violates.value).label("caught"),
    ).where(readings.c.sweep_id == sweep, readings.c.purpose == Purpose.golden.value)
    return Golden.model_validate(dict(work.execute(statement).mappings().one()))


def _extend(work: Work, sweep: Sweep, wanted: int, now: datetime) -> None:
    """Hand out more of the sample; it is never taken back."""
    mine = sa.and_(sweeps.c.id == sweep.id, sweeps.c.certify_wanted < wanted)
    if work.execute(sa.update(sweeps).where(mine).values(certify_wanted=wanted)).rowcount == 1:
        facts = {"sweep": sweep.id, "posts": wanted}
        timeline.append(work, sweep.incident_id, Event.sample_extended, actor=SYSTEM.id, now=now, facts=facts)
