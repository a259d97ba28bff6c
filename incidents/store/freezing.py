"""Keep what a window of a sweep covers: its posts, its counts, and the samples that are drawn of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
import sqlalchemy as sa

from incidents.incident.incident import SYSTEM
from incidents.store import timeline
from incidents.store.certify import READERS, draw_sample
from incidents.store.ending import end_if_over
from incidents.store.engine import Work
from incidents.store.golden import share_missed
from incidents.store.judging import judge_sweep
from incidents.store.schema import items, sweeps, windows
from incidents.store.sweeps import Sweep, find_sweep, lock_sweep
from incidents.sweeps.fingerprint import fingerprint
from incidents.sweeps.reading_list import WAITING
from incidents.sweeps.stopping import FIRST_READS, Plan, plan_for
from incidents.sweeps.universe import TermCount
from incidents.timeline import Event

_AT_ONCE: Final = 5_000
"""Rows inserted together."""


_KEPT: Final = (
    *("team", "text", "content_hash", "language", "form", "surface", "posted_at", "reach", "matched", "evaded"),
    "answers",
    *("cluster", "kind", "likeness", "context", "read_as", "copies", "state", "steer_key", "score", "priority"),
)
"""Columns of a reading list that are kept as they are."""


READ_WHOLE: Final = 2 * FIRST_READS
"""Up to so many posts are all read: a sample, read twice, would cost more than it could spare."""


@dataclass(frozen=True, eq=False)
class Frozen:
    """One window of a sweep, ready to be kept. `posts` comes from `reading_list`."""

    window: int
    posts: pl.DataFrame
    posts_seen: int
    terms: Sequence[TermCount]
    hash: str
    steer_seed: int
    certify_seed: int
    readers: Mapping[str, int]
    """Language → people who read it: who could look a second time?"""


def freeze(work: Work, sweep: str, frozen: Frozen, *, now: datetime) -> bool:
    """Keep what a window of the sweep covers, at once; False where that was done before.

    The samples that steer and certify it are drawn here, before anything is ranked by what people say. A
    sweep whose windows matched nothing is finished with it.
    """
    lock_sweep(work, sweep)
    found = find_sweep(work, sweep)
    counted = {"posts_seen": frozen.posts_seen, "posts_matched": frozen.posts.height}
    languages = dict(frozen.posts.group_by("language").len().sort("language").iter_rows())
    statement = sa.update(windows).where(
        windows.c.sweep_id == sweep, windows.c.number == frozen.window, windows.c.frozen_at.is_(None)
    )
    values = {**counted, "frozen_at": now, "universe_hash": frozen.hash, "languages": languages}
    if work.execute(statement.values(**values)).rowcount != 1:
        return False
    _keep_items(work, found, frozen)
    _keep_counts(work, found, frozen, now)
    posts, seed = frozen.posts.select("id", "language"), found.certify_seed or frozen.certify_seed
    alone = frozenset(language for language, people in frozen.readers.items() if people < READERS)
    draw_sample(work, sweep, posts, seed, alone)
    _tell_frozen(work, found, frozen, now)
    if found.reached_at is not None:
        judge_sweep(work, sweep, now=now)
    end_if_over(work, sweep, now=now)
    return True


def _keep_items(work: Work, sweep: Sweep, frozen: Frozen) -> None:
    posts = frozen.posts.select(
        pl.lit(sweep.id).alias("sweep_id"),
        pl.col("id").alias("item"),
        pl.lit(frozen.window).alias("window"),
        *_KEPT,
    )
    for some in posts.iter_slices(_AT_ONCE):
        work.execute(items.insert(), some.to_dicts())
    _count_copies(work, sweep.id, frozen.posts)
    if posts.height:
        work.count_rows_anew(items)


def _count_copies(work: Work, sweep: str, posts: pl.DataFrame) -> None:
    """What later posts add to the heads of earlier windows: copies, and maybe an earlier place for steer."""
    elsewhere = posts.filter(~pl.col("read_as").is_in(posts["id"].implode()))
    added = elsewhere.group_by("read_as").agg(pl.len(), pl.col("steer_key").min()).sort("read_as")
    for head, copies, key in added.iter_rows():
        mine = sa.and_(items.c.sweep_id == sweep, items.c.item == head)
        first = sa.case((items.c.steer_key > key, key), else_=items.c.steer_key)
        work.execute(sa.update(items).where(mine).values(copies=items.c.copies + copies, steer_key=first))


def _keep_counts(work: Work, sweep: Sweep, frozen: Frozen, now: datetime) -> None:
    """The sums over all windows; what is drawn once stays as the first window drew it."""
    values = {
        "state": "working",
        "frozen_at": sweep.frozen_at or now,
        "steer_seed": sweep.steer_seed or frozen.steer_seed,
        "certify_seed": sweep.certify_seed or frozen.certify_seed,
        "plan": (sweep.plan or _plan(work, sweep)).model_dump(mode="json"),
        "certify_wanted": sweep.certify_wanted or _first_sample(work, sweep.id),
        # What was reached in fewer posts has to be shown of these, too.
        "reached_at": None,
        "readers": {**(sweep.readers or {}), **frozen.readers},
        "posts_seen": (sweep.posts_seen or 0) + frozen.posts_seen,
        "posts_matched": (sweep.posts_matched or 0) + frozen.posts.height,
        "universe_hash": _hash_of(work, sweep.id),
        "terms": [term.model_dump() for term in _added(sweep.terms or (), frozen.terms)],
    }
    work.execute(sa.update(sweeps).where(sweeps.c.id == sweep.id).values(**values))


def _plan(work: Work, sweep: Sweep) -> Plan:
    """The rule for what the sweep promises, with what golden items have shown of the readers by now."""
    missed = share_missed(work, sweep.incident_id)
    return plan_for(sweep.goal.target, sweep.goal.confidence, readers_miss=missed)


def _first_sample(work: Work, sweep: str) -> int:
    """How many posts of the certify sample are read at first: none where all of it is read anyway."""
    waiting = sa.select(sa.func.count()).where(items.c.sweep_id == sweep, items.c.state == WAITING)
    return FIRST_READS if work.execute(waiting).scalar_one() > READ_WHOLE else 0


def _added(earlier: Sequence[TermCount], later: Sequence[TermCount]) -> list[TermCount]:
    """What each entry brought in over all windows, most posts first."""
    sums: dict[str, TermCount] = {}
    for count in [*earlier, *later]:
        known = sums.get(count.term, TermCount(term=count.term, posts=0, alone=0))
        evaded = Counter(known.evaded) + Counter(count.evaded)
        sums[count.term] = TermCount(
            term=count.term,
            posts=known.posts + count.posts,
            alone=known.alone + count.alone,
            evaded=dict(sorted(evaded.items())),
        )
    return sorted(sums.values(), key=lambda count: (-count.posts, count.term))


def _hash_of(work: Work, sweep: str) -> str:
    """One hash over the ids and content hashes of everything in the sweep."""
    statement = sa.select(items.c.item, items.c.content_hash).where(items.c.sweep_id == sweep)
    posts = pl.DataFrame(work.execute(statement).all(), schema=["id", "content_hash"], orient="row")
    return fingerprint(posts["id"], posts["content_hash"])


def _tell_frozen(work: Work, sweep: Sweep, frozen: Frozen, now: datetime) -> None:
    told = {
        "sweep": sweep.id,
        "window": frozen.window,
        "posts": frozen.posts_seen,
        "matched": frozen.posts.height,
        "universe": frozen.hash,
        "steer_seed": sweep.steer_seed or frozen.steer_seed,
        "certify_seed": sweep.certify_seed or frozen.certify_seed,
    }
    incident, actor = sweep.incident_id, SYSTEM.id
    timeline.append(work, incident, Event.universe_frozen, actor=actor, now=now, facts=told)
    if sweep.plan is None:
        plan = find_sweep(work, sweep.id).plan
        planned = {"sweep": sweep.id, "plan": plan.model_dump(mode="json") if plan else None}
        timeline.append(work, incident, Event.plan_fixed, actor=actor, now=now, facts=planned)
    to_read = frozen.posts.filter(pl.col("state") == "waiting")
    by_team = dict(to_read.group_by("team").len().sort("team").iter_rows())
    opened = {
        "sweep": sweep.id,
        "to_read": to_read.height,
        "covered": frozen.posts.height - to_read.height,
        "by_team": by_team,
    }
    timeline.append(work, incident, Event.reading_opened, actor=actor, now=now, facts=opened)
