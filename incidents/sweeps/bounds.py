"""How far may a count in a random sample be from the truth? Exact bounds, none of them by approximation.

A level is the probability, at most, with which a bound is wrong. Counts are whole numbers; shares lie in
[0, 1]. All bounds are one-sided, and all of them hold where the sample holds no hit.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from scipy.special import betaincinv, chdtri

if TYPE_CHECKING:
    from scipy.stats._discrete_distns import hypergeom_gen


@cache
def hypergeometric() -> "hypergeom_gen":
    """SciPy's distribution of what a draw without replacement holds.

    Its module takes most of a second to load, and few of the processes that know of sweeps judge one.
    """
    from scipy.stats import hypergeom  # noqa: PLC0415  see above

    return hypergeom


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
        return float(hypergeometric().cdf(hits, population, marked, drawn)) <= level

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
