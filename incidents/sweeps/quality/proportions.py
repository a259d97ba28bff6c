"""How large is a share, and how large can it be, seen from a sample of it?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.special import betaincinv

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
    if len(set(probabilities)) == 1:
        return share(sum(hits), len(hits), confidence)
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
