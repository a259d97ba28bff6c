"""How far may a count in a random sample be from the truth? Exact bounds, none of them by approximation.

A level is the probability, at most, with which a bound is wrong. Counts are whole numbers; shares lie in
[0, 1]. All bounds are one-sided, and all of them hold where the sample holds no hit.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, chdtri

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def hits_at_most(hits: int, population: IntArray, marked: IntArray, drawn: int) -> FloatArray:
    """The probability of `hits` or fewer marked ones among the drawn, none of them drawn twice; elementwise.

    The distribution function of the hypergeometric distribution. SciPy's own is in a module that takes most
    of a second of processor time to load, while whoever reads waits for whoever finished a batch.
    """
    seen = np.arange(min(hits, drawn) + 1)
    ways = _log_choose(marked, drawn)[seen] + _log_choose(population - marked, drawn)[drawn - seen]
    chance: FloatArray = np.exp(ways - _log_choose(population, drawn)[-1]).sum(axis=0)
    return np.minimum(chance, 1.0)


def _log_choose(many: IntArray, most: int) -> FloatArray:
    """The logarithm of the number of ways to choose 0, 1, … `most`, a row each; -inf where there is none.

    As a sum of small terms: differences of log-gamma lose half of their digits in a universe of millions.
    """
    chosen = np.arange(most)[:, np.newaxis]
    with np.errstate(divide="ignore"):
        each = np.log(np.maximum(many - chosen, 0) / (chosen + 1))
    return np.concatenate([np.zeros((1, many.size)), np.cumsum(each, axis=0)])


def share_at_least(hits: int, trials: int, level: float) -> float:
    """The lower end for a share of which `hits` of `trials` were seen; 0 where nothing was.

    Clopper and Pearson, Biometrika 26 (1934).
    """
    return float(betaincinv(hits, trials - hits + 1, level)) if hits else 0.0


def share_at_most(hits: int, trials: int, level: float) -> float:
    """The upper end for a share of which `hits` of `trials` were seen; 1 where nothing was tried."""
    return 1 - share_at_least(trials - hits, trials, level)


@lru_cache(maxsize=1_000)
def marked_at_most(hits: int, *, population: int, drawn: int, level: float) -> int:
    """The most marked ones that a population may hold, where `hits` of the `drawn` ones are marked.

    Hypergeometric: drawn at random, none twice, so that a sample that is most of a small population says
    more, and a census all. Buonaccorsi, The American Statistician 41 (1987). Without a hit among 300 of
    very many, at the level 0.05, it is the rule of three: 1 %.
    """

    def too_many(marked: int) -> bool:
        return float(hits_at_most(hits, np.array([population]), np.array([marked]), drawn)[0]) <= level

    return first_where(too_many, hits, population - drawn + hits + 1) - 1


def rate_at_most(events: int, level: float) -> float:
    """The upper end for the mean of a Poisson count of which `events` were seen.

    Garwood, Biometrika 28 (1936): with none seen and the level 0.05 it is 3.0.
    """
    return float(chdtri(2 * (events + 1), level) / 2)


def first_where(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from `low` to `high` for which it holds, or `high`; once it holds, it keeps."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
