"""Rank what waits to be read, and learn from what people decide. Nothing here sees the certify sample.

What ranks is imported where it is used: scikit-learn takes more than a second to load, and `watch`, which
only asks whether anything is due, starts a process every minute.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from prefect import task

from incidents.store import ranking
from incidents.store.incidents import find
from incidents.store.sweeps import Sweep, find_sweep, windows_of
from incidents.sweeps.priorities import priorities
from tasks.scan import folder_of, read_universe
from tasks.world import store

_MOST_HARM: Final = 4
"""Of an incident's impact."""


def first_priorities(sweep: Sweep, window: int, clustered: pl.DataFrame) -> pl.DataFrame:
    """Columns id, score, priority for the posts of a window: a cold start, or what was learned before it.

    The features of all windows are kept in the sweep's folder, so that learning need not make them again.
    """
    from incidents.sweeps.features import features_of, load  # noqa: PLC0415  see the module's docstring
    from incidents.sweeps.ranking import cold_start, refit  # noqa: PLC0415

    posts = read_universe(sweep.id, window).matched
    features = load(_folder(sweep.id)).append(posts) if window > 1 else features_of(posts)
    with store().read() as work:
        examples = ranking.examples_for(work, sweep.id)
        decided = ranking.decided_items(work, sweep.id)
        severity = find(work, sweep.incident_id).impact.harm / _MOST_HARM
    prior = cold_start(features, _posts(sweep.id, window), examples)
    features.save(_folder(sweep.id))
    np.save(_folder(sweep.id) / "prior.npy", prior)
    scores = refit(features, decided, prior, seed=sweep.number) if decided else prior
    scored = pl.DataFrame({"id": features.ids, "score": scores.astype(np.float64)})
    known = posts.select("id", "reach").join(clustered.select("id", "read_as"), on="id").join(scored, on="id")
    weighed = known.with_columns(
        pl.len().over("read_as").alias("copies"), pl.col("reach").sum().over("read_as")
    )
    return priorities(weighed, severity=severity)


@task(persist_result=False)
def rank_sweep(sweep: str) -> bool:
    """Let the ranking of a sweep learn from what was decided; False where that is not worth it yet."""
    with store().read() as work:
        if not ranking.is_due(work, sweep):
            return False
        found = find_sweep(work, sweep)
        decided = ranking.decided_items(work, sweep)
        waiting = ranking.waiting_items(work, sweep)
        severity = find(work, found.incident_id).impact.harm / _MOST_HARM
    from incidents.sweeps.features import load  # noqa: PLC0415  see the module's docstring
    from incidents.sweeps.ranking import refit  # noqa: PLC0415

    if not _folder(sweep).exists():
        _make_features(found)
    features = load(_folder(sweep))
    scores = refit(features, decided, np.load(_folder(sweep) / "prior.npy"), seed=found.number)
    scored = pl.DataFrame({"id": features.ids, "score": scores.astype(np.float64)})
    ranked = priorities(waiting.join(scored, on="id"), severity=severity)
    ranking.keep_ranking(store(), sweep, ranked.iter_rows(), decided=len(decided))
    return True


@task(persist_result=False)
def rank_due_sweeps(_machine_now: datetime) -> int:
    """Let every ranking learn that has something to learn; return how many did."""
    with store().read() as work:
        due = ranking.due_rankings(work)
    return sum(rank_sweep.fn(sweep) for sweep in due)


def _make_features(sweep: Sweep) -> None:
    """Make again what was lost, from the universes in the sweep's folder."""
    from incidents.sweeps.features import features_of  # noqa: PLC0415  see the module's docstring
    from incidents.sweeps.ranking import cold_start  # noqa: PLC0415

    with store().read() as work:
        examples = ranking.examples_for(work, sweep.id)
        frozen = [each.number for each in windows_of(work, sweep.id) if each.frozen_at is not None]
    posts = _posts(sweep.id, max(frozen))
    features = features_of(posts)
    features.save(_folder(sweep.id))
    np.save(_folder(sweep.id) / "prior.npy", cold_start(features, posts, examples))


def _posts(sweep: str, window: int) -> pl.DataFrame:
    """The posts of all windows up to this one, in the order of the features."""
    return pl.concat([read_universe(sweep, number).matched for number in range(1, window + 1)])


def _folder(sweep: str) -> Path:
    """Where the features of a sweep are kept; every process that ranks must see it."""
    return folder_of(sweep, 1).parent / "features"
