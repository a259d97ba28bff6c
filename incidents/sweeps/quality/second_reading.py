"""Which decisions does a second person look at, blind; and what happens where the two differ?"""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.draws import chance

EVEN = 0.25
"""Share of the sample that goes evenly over all decisions, whatever their risk.

It keeps every decision in reach of the draw, and no drawn one stands for more than four times as many as in
an even sample.
"""
UNKNOWN_SCORE = 0.5
UNKNOWN_SENSITIVITY = 0.8


class Decided(NamedTuple):
    """A decision, and what makes it risky to be wrong about."""

    item: str
    verdict: Verdict
    score: float | None = None
    """How likely the ranking took it to violate, 0 to 1."""
    reach: int = 0
    """Views, or whatever the platform counts, of the item and its copies."""
    severity: int = 0
    """Of the harm, 0 to 4."""
    sensitivity: float | None = None
    """Share of violating golden items that this person catches."""


class Drawn(NamedTuple):
    """An item to be read a second time, and how likely it was to be drawn; keep both."""

    item: str
    probability: float


def risk(decided: Decided) -> float:
    """How much there is to lose by not looking again, on a scale of its own.

    The product of what speaks for an error and what it would do: surprise to the ranking × the order of
    magnitude of its reach × severity × how often this person misses something.
    """
    score = UNKNOWN_SCORE if decided.score is None else decided.score
    surprise = 1 - score if decided.verdict is Verdict.violates else score
    caught = UNKNOWN_SENSITIVITY if decided.sensitivity is None else decided.sensitivity
    harm = (1 + log10(1 + max(0, decided.reach))) * (1 + decided.severity)
    return (0.05 + surprise) * harm * (1.05 - caught)


def draw_second(decided: Sequence[Decided], share: float, seed: str) -> list[Drawn]:
    """The decisions to read a second time: about `share` of them, the riskier the likelier; sorted by item.

    Each is drawn by itself (Poisson sampling, Hájek 1964), with a probability in proportion to its risk, so
    that what is found can be weighed back to all of them (Horvitz and Thompson 1952). Whether an item is
    drawn depends on the seed, its id and its probability alone. What is unsure is escalated anyway, and is
    not drawn. Draw once for each set of decisions: drawn anew among others, the probabilities are others.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} is none")
    settled = sorted({each.item: each for each in decided if each.verdict is not Verdict.unsure}.values())
    chances = probabilities([risk(each) for each in settled], share)
    both = zip(settled, chances, strict=True)
    return [Drawn(each.item, p) for each, p in both if chance(seed, "second", each.item) < p]


def probabilities(risks: Sequence[float], share: float) -> list[float]:
    """Probability of each item, proportional to its risk on an even floor, at most 1; the mean is `share`."""
    sizes = np.asarray(risks, dtype=np.float64)
    if not len(sizes):
        return []
    mean = float(sizes.mean())
    mixed = EVEN + (1 - EVEN) * sizes / mean if mean > 0 else np.ones_like(sizes)
    return [float(each) for each in _capped(mixed, share * len(sizes))]


def _capped(sizes: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Multiples of the sizes, none above 1, that add up to the total."""
    certain = np.zeros(len(sizes), dtype=bool)
    while True:
        rest = total - certain.sum()
        factor = rest / sizes[~certain].sum() if not certain.all() else 0.0
        found = np.where(certain, 1.0, np.minimum(1.0, sizes * factor))
        over = ~certain & (sizes * factor > 1)
        if not over.any():
            return found
        certain |= over


def what_holds(first: Verdict, second: Verdict, adjudicated: Verdict | None) -> Verdict | None:
    """The verdict after a second look: what both say, else what the adjudicator says; None while that is due.

    Where an adjudicator has spoken it is their word, also over two who agreed. An adjudicator may stay unsure.
    """
    if adjudicated is not None:
        return adjudicated
    return first if first is second and first is not Verdict.unsure else None
