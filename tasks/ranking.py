"""Rank what waits to be read, and learn from what people decide. Nothing here sees the certify sample.

What ranks is imported where it is used: scikit-learn takes more than a second to load, and `watch`, which
only asks whether anything is due, starts a process every minute.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from prefect import task

from incidents.store import ranking
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.sweeps import Sweep, find_sweep, windows_of
from incidents.sweeps.priorities import priorities
from tasks.scan import folder_of, read_universe
from tasks.world import store

_MOST_HARM: Final = 4
"""Of an incident's impact."""


def first_priorities(sweep: Sweep, window: int, clustered: pl.DataFrame) -> pl.DataFrame:
    """Columns id, score, priority for the posts of a window: a cold start, or what was learned before it."""
    _make_features(sweep.id, window)
    with store().read() as work:
        decided = ranking.decided_items(work, sweep.id)
        severity = _severity(work, sweep)
    scored = _scored(sweep, decided)
    posts = read_universe(sweep.id, window).matched
    known = posts.select("id", "reach").join(clustered.select("id", "read_as"), on="id").join(scored, on="id")
    weighed = known.with_columns(
        pl.len().over("read_as").alias("copies"), pl.col("reach").sum().over("read_as")
    )
    return priorities(weighed, severity=severity)


def rank_sweep(sweep: str) -> bool:
    """Let the ranking of a sweep learn from what was decided; False where that is not worth it yet."""
    with store().read() as work:
        if not ranking.is_due(work, sweep):
            return False
        found = find_sweep(work, sweep)
        decided = ranking.decided_items(work, sweep)
        waiting = ranking.waiting_items(work, sweep)
        severity = _severity(work, found)
        frozen = [each.number for each in windows_of(work, sweep) if each.frozen_at is not None]
    if not _folder(sweep).exists():
        _make_features(sweep, max(frozen))
    ranked = priorities(waiting.join(_scored(found, decided), on="id"), severity=severity)
    ranking.keep_ranking(store(), sweep, ranked.iter_rows(), decided=len(decided))
    return True


@task(persist_result=False)
def rank_due_sweeps(_machine_now: datetime) -> int:
    """Let every ranking learn that has something to learn; return how many did."""
    with store().read() as work:
        due = ranking.due_rankings(work)
    return sum(rank_sweep(sweep) for sweep in due)


def _make_features(sweep: str, window: int) -> None:
    """Keep the features and the cold start of all windows up to this one, so that learning need not make them.

    The weights are those of the first window. What lies in the folder is added to, where it is whole: the
    cold start goes first and comes last, so that an attempt that died between leaves nothing to build on.
    """
    from incidents.sweeps.features import features_of, load  # noqa: PLC0415  see the module's docstring
    from incidents.sweeps.ranking import cold_start  # noqa: PLC0415

    found = [read_universe(sweep, number).matched for number in range(1, window + 1)]
    posts = pl.concat(found)
    features = load(_folder(sweep)) if _prior(sweep).exists() else features_of(found[0])
    added = posts.filter(~pl.col("id").is_in(features.ids.implode()))
    if added.height:
        features = features.append(added)
    with store().read() as work:
        examples = ranking.examples_for(work, sweep)
    _prior(sweep).unlink(missing_ok=True)
    features.save(_folder(sweep))
    np.save(_prior(sweep), cold_start(features, posts, examples))


def _scored(sweep: Sweep, decided: Mapping[str, bool]) -> pl.DataFrame:
    """Columns id, score for the posts of all windows: the cold start, where nothing is decided."""
    from incidents.sweeps.features import load  # noqa: PLC0415  see the module's docstring
    from incidents.sweeps.ranking import refit  # noqa: PLC0415

    features = load(_folder(sweep.id))
    scores = refit(features, decided, np.load(_prior(sweep.id)), seed=sweep.number)
    return pl.DataFrame({"id": features.ids, "score": scores.astype(np.float64)})


def _severity(work: Work, sweep: Sweep) -> float:
    """The harm of the sweep's incident, as a share of the most that there is."""
    return find(work, sweep.incident_id).impact.harm / _MOST_HARM


def _folder(sweep: str) -> Path:
    """Where the features of a sweep are kept; every process that ranks must see it."""
    return folder_of(sweep, 1).parent / "features"


def _prior(sweep: str) -> Path:
    return _folder(sweep) / "prior.npy"
