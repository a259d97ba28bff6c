"""How much of a pile is read until most of what violates is found, beside ASReview, chance and the oracle?

    python -m benchmarks.reading [SEEDS] [SIZE]

Each pile, of at most SIZE posts (4,000; 0 takes all there are), is read in batches of 25. Printed are medians
over SEEDS (5) of the share of the pile that was read when .80, .90 and .95 of what violates was found, and our
share over that of ASReview. Each seed draws the pile anew and with it the post that violates and the one that
does not with which every ranking begins, as ASReview begins; they count as read. Ours gets no terms, no
examples and no reach.

ASReview is its own simulation of the default model (ELAS u4: TF-IDF of words and pairs of words, linear SVM).
It learns anew after every batch, ours when `due` says so.
"""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from time import perf_counter
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.piles import Pile, piles
from incidents.sweeps.features import features_of
from incidents.sweeps.ranking import refit
from incidents.sweeps.teaching import due

try:
    import pandas as pd  # type: ignore[import-untyped]
    from asreview import ActiveLearningCycle, Simulate
    from asreview.models.models import get_ai_config
except ImportError:
    Simulate = None

Order: TypeAlias = NDArray[np.int64]
Reader: TypeAlias = Callable[[Pile, Order, int], Order]
"""The pile, the two posts that every ranking begins with, a seed → rows in the order read."""

TARGETS = (0.80, 0.90, 0.95)
BATCH = 25
ROW = "{:<44} {:<9} {:>6} {:>6} {:>6}   {:>5} {:>5} {:>5} {:>8}"


def main(arguments: Sequence[str]) -> None:
    """Print, for each pile, one line a way to read it."""
    seeds, size = (int(given) for given in [*arguments, *("5", "4000")[len(arguments) :]])
    if not READERS["ASReview"]:
        print("asreview is not installed (the extra `bench` has it), so it is left out.")
    print(ROW.format("pile", "read by", *TARGETS, "ratio", "", "", "seconds"))
    for draws in zip(*(piles(size=size or None, seed=seed) for seed in range(1, seeds + 1)), strict=True):
        report(draws)


def report(draws: Sequence[Pile]) -> None:
    """The lines of one pile, from all its draws."""
    first = draws[0]
    name = f"{first.name} ({len(first.ids):,}, {first.positives / len(first.ids):.1%})"
    medians: dict[str, NDArray[np.float64]] = {}
    for reader, read in READERS.items():
        if read is None:
            continue
        begun = perf_counter()
        costs = [shares_read(pile, read(pile, first_two(pile, seed), seed)) for seed, pile in enumerate(draws)]
        taken = (perf_counter() - begun) / len(draws)
        medians[reader] = np.median(costs, axis=0)
        shares = [f"{share:.3f}" for share in medians[reader]]
        beside = [f"{ratio:.2f}" for ratio in medians[reader] / medians.get("ASReview", np.nan)]
        print(ROW.format(name, reader, *shares, *beside, f"{taken:.1f}"), flush=True)
        name = ""


def first_two(pile: Pile, seed: int) -> Order:
    """A post that violates and one that does not."""
    dice, violates = random.Random(f"{pile.name}/{seed}"), np.array(pile.labels)
    return np.array([dice.choice(np.flatnonzero(violates == truth).tolist()) for truth in (True, False)])


def shares_read(pile: Pile, order: Order) -> list[float]:
    """For each target, the share of the pile that was read when it was reached."""
    found = np.cumsum(np.array(pile.labels)[order])
    return [float(np.searchsorted(found, needed(pile, target)) + 1) / len(pile.ids) for target in TARGETS]


def needed(pile: Pile, target: float) -> int:
    """How many violations make up the target."""
    return ceil(target * pile.positives - 1e-9)


def ours(pile: Pile, first: Order, seed: int) -> Order:
    """Read what `refit` ranks highest."""
    features = features_of(pl.DataFrame({"id": pile.ids, "text": pile.texts}))
    prior = np.full(len(pile.ids), 0.5, np.float32)
    read, scores, fitted = first.tolist(), prior, 0
    while sum(pile.labels[row] for row in read) < needed(pile, TARGETS[-1]):
        if due(len(read), fitted):
            scores = refit(features, {pile.ids[row]: pile.labels[row] for row in read}, prior, seed=seed)
            fitted = len(read)
        known = set(read)
        read += [row for row in np.argsort(-scores, kind="stable").tolist() if row not in known][:BATCH]
    return np.array(read)


def asreview(pile: Pile, first: Order, _seed: int) -> Order:
    """ASReview's own simulation of its default model, which has no randomness but where it begins."""
    model = ActiveLearningCycle.from_meta(replace(get_ai_config()["value"], n_query=BATCH))
    posts = pd.DataFrame({"title": "", "abstract": list(pile.texts)})
    labels = pd.Series(pile.labels).astype(int)
    simulation = Simulate(posts, labels, [model], stopper=_Found(pile), print_progress=False)
    simulation.label(first)
    simulation.review()
    return np.asarray(simulation._results["record_id"], np.int64)


class _Found:
    """Ends ASReview's simulation at the last target."""

    def __init__(self, pile: Pile) -> None:
        self.needed = needed(pile, TARGETS[-1])

    def stop(self, results: "pd.DataFrame", _labels: "pd.Series") -> bool:
        return bool(results["label"].sum() >= self.needed)


def at_random(pile: Pile, first: Order, seed: int) -> Order:
    """Any order."""
    rest = np.random.default_rng(seed).permutation(len(pile.ids))
    return np.concatenate([first, rest[~np.isin(rest, first)]])


def oracle(pile: Pile, _first: Order, _seed: int) -> Order:
    """All that violates, then the rest."""
    return np.argsort(~np.array(pile.labels), kind="stable")


READERS: dict[str, Reader | None] = {
    "ASReview": asreview if Simulate else None,
    "ours": ours,
    "random": at_random,
    "oracle": oracle,
}


if __name__ == "__main__":
    main(sys.argv[1:])
