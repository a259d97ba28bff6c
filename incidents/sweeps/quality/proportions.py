"""How large is a share, and how large can it be, seen from a sample of it?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import betaincinv, gammaln

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of every interval, unless another is asked for."""


class Estimate(BaseModel):
    """What was measured, and the interval in which the truth lies. None where nothing can be said."""

    model_config = ConfigDict(frozen=True)

    value: float | None = None
    low: float | None = None
    high: float | None = None


UNMEASURED = Estimate()


class Bound(BaseModel):
    """At most so many of a finite pile are wrong, at the confidence that was asked for."""

    model_config = ConfigDict(frozen=True)

    population: int = Field(ge=0, description="Items in the pile, those that were checked included.")
    checked: int = Field(ge=0)
    wrong: int = Field(ge=0, description="Wrong among those that were checked.")
    at_most: int = Field(ge=0, description="Upper bound for the wrong ones in the whole pile.")
    share: float | None = Field(None, description="The same as a share of the pile; None for an empty one.")


def share(hits: float, of: float, confidence: float = CONFIDENCE) -> Estimate:
    """`hits` of `of` with the exact two-sided interval (Clopper and Pearson 1934); unmeasured of none.

    Fractions are allowed, for the effective sizes of a weighted sample.
    """
    if of <= 0:
        return UNMEASURED
    tail = (1 - confidence) / 2
    low = 0.0 if hits <= 0 else float(betaincinv(hits, of - hits + 1, tail))
    high = 1.0 if hits >= of else float(betaincinv(hits + 1, of - hits, 1 - tail))
    return Estimate(value=hits / of, low=low, high=high)


def weighted_share(
    hits: Sequence[bool], probabilities: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """The share in the pile from which each item was drawn with its own probability (above 0, up to 1).

    The value is that of Hájek (1971): Horvitz and Thompson's total of the hits over that of the items. The
    interval is Clopper and Pearson's at the effective size of the sample (Korn and Graubard 1998), so with
    equal probabilities it is the one of `share`. ValueError for a probability that nobody can be drawn with.
    """
    if not hits:
        return UNMEASURED
    chances = np.asarray(probabilities, dtype=np.float64)
    if not bool(np.all((chances > 0) & (chances <= 1))):
        raise ValueError("a probability of being drawn lies above 0 and is at most 1")
    hit, weights = np.asarray(hits, dtype=np.float64), 1 / chances
    value = float(weights @ hit / weights.sum())
    size = effective_size(hit, weights)
    found = share(value * size, size, confidence)
    return Estimate(value=value, low=found.low, high=found.high)


def effective_size(hit: Floats, weights: Floats) -> float:
    """How large an unweighted sample would be that says as much; never more than were drawn.

    Where all or none are hits there is no spread to go by, and it is Kish's (1965) size of the weights.
    """
    kish = float(weights.sum() ** 2 / (weights**2).sum())
    value = float(weights @ hit / weights.sum())
    spread = float((weights**2) @ (hit - value) ** 2)
    if spread <= 0 or value in (0.0, 1.0):
        return kish
    return min(float(len(hit)), value * (1 - value) * float(weights.sum()) ** 2 / spread)


def most_wrong(population: int, checked: int, wrong: int, confidence: float = CONFIDENCE) -> Bound:
    """The upper bound for the wrong ones of a finite pile, from a random sample without replacement.

    One-sided and exact: the largest number with which so few wrong ones, or fewer, would still come up more
    often than 1 − confidence (hypergeometric; Buonaccorsi 1987). Nothing checked bounds nothing.
    ValueError for counts that cannot be.
    """
    if not 0 <= wrong <= checked <= population:
        raise ValueError(f"{wrong} wrong of {checked} checked of {population} cannot be")
    low, high = wrong, population - (checked - wrong)
    while low < high:
        middle = (low + high + 1) // 2
        plausible = _so_few(population, middle, checked, wrong) > 1 - confidence
        low, high = (middle, high) if plausible else (low, middle - 1)
    part = low / population if population else None
    return Bound(population=population, checked=checked, wrong=wrong, at_most=low, share=part)


def checks_needed(population: int, allowed: float, confidence: float = CONFIDENCE) -> int:
    """How many to check, finding none wrong, to say that at most the share `allowed` of the pile is wrong.

    About −ln(1 − confidence) ÷ allowed (the rule of three), fewer for a small pile.
    """
    if not 0 <= allowed <= 1:
        raise ValueError(f"a share of {allowed} is none")
    low, high = 0, population
    while low < high:
        middle = (low + high) // 2
        enough = most_wrong(population, middle, 0, confidence).at_most <= allowed * population
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def _so_few(population: int, bad: int, checked: int, wrong: int) -> float:
    """P(at most `wrong` bad ones among `checked`), drawn without replacement."""
    found = np.arange(max(0, checked - (population - bad)), wrong + 1, dtype=np.float64)
    logs = (
        _log_choose(bad, found)
        + _log_choose(population - bad, checked - found)
        - _log_choose(population, np.asarray(float(checked)))
    )
    return float(np.exp(logs).sum())


def _log_choose(of: int, picked: Floats) -> Floats:
    return np.asarray(gammaln(of + 1) - gammaln(picked + 1) - gammaln(of - picked + 1), dtype=np.float64)
