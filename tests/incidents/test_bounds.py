"""The bounds are exact: over every population that there can be, they are wrong no more often than they say."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom, poisson

from incidents.sweeps.bounds import (
    hits_at_most,
    marked_at_most,
    rate_at_most,
    share_at_least,
    share_at_most,
)

LEVEL = 0.05


@pytest.mark.parametrize("drawn", [0, 1, 7, 20, 39, 40])
@pytest.mark.parametrize("marked", range(41))
def test_the_most_marked_ones_are_missed_no_more_often_than_the_level(drawn: int, marked: int) -> None:
    wrong = sum(
        float(hypergeom.pmf(hits, 40, marked, drawn))
        for hits in range(min(marked, drawn) + 1)
        if 40 - marked >= drawn - hits
        and marked_at_most(hits, population=40, drawn=drawn, level=LEVEL) < marked
    )
    assert wrong <= LEVEL + 1e-12


@pytest.mark.parametrize("share", [0.01, 0.1, 0.35, 0.5, 0.9, 0.999])
def test_the_least_share_is_missed_no_more_often_than_the_level(share: float) -> None:
    wrong = sum(
        float(binom.pmf(hits, 30, share)) for hits in range(31) if share_at_least(hits, 30, LEVEL) > share
    )
    assert wrong <= LEVEL


@pytest.mark.parametrize("mean", [0.1, 1, 2.9, 3.1, 10, 40])
def test_the_highest_rate_is_missed_no_more_often_than_the_level(mean: float) -> None:
    wrong = sum(float(poisson.pmf(n, mean)) for n in range(200) if rate_at_most(n, LEVEL) < mean)
    assert wrong <= LEVEL


def test_no_hit_among_three_hundred_is_the_rule_of_three() -> None:
    assert marked_at_most(0, population=1_000_000, drawn=300, level=LEVEL) == pytest.approx(10_000, rel=0.02)
    assert rate_at_most(0, LEVEL) == pytest.approx(3.0, abs=0.005)


def test_a_census_leaves_nothing_open() -> None:
    assert marked_at_most(3, population=50, drawn=50, level=LEVEL) == 3


def test_nothing_drawn_bounds_nothing() -> None:
    assert marked_at_most(0, population=50, drawn=0, level=LEVEL) == 50
    assert marked_at_most(0, population=0, drawn=0, level=LEVEL) == 0
    assert share_at_least(0, 0, LEVEL) == 0
    assert share_at_most(0, 0, LEVEL) == 1


def test_published_clopper_pearson_limits() -> None:
    # 10 of 100, two-sided 95 %: 0.0490 to 0.1762.
    assert share_at_least(10, 100, 0.025) == pytest.approx(0.0490, abs=5e-5)
    assert share_at_most(10, 100, 0.025) == pytest.approx(0.1762, abs=5e-5)


@given(st.integers(1, 300), st.data())
def test_more_hits_and_fewer_draws_never_lower_the_most(population: int, pick: st.DataObject) -> None:
    drawn = pick.draw(st.integers(1, population))
    hits = pick.draw(st.integers(0, drawn - 1))
    most = marked_at_most(hits, population=population, drawn=drawn, level=LEVEL)
    assert hits <= most <= population - drawn + hits
    assert most <= marked_at_most(hits + 1, population=population, drawn=drawn, level=LEVEL)
    assert most <= marked_at_most(hits, population=population, drawn=drawn - 1, level=LEVEL)


@pytest.mark.parametrize(
    ("hits", "population", "marked", "drawn"),
    [(13, 50_000_000, 30_630_576, 22), (30, 1_000_000, 90_000, 400), (20, 11_000, 700, 300), (0, 40, 35, 6)],
)
def test_what_a_draw_holds_is_counted_exactly(hits: int, population: int, marked: int, drawn: int) -> None:
    ways = sum(comb(marked, seen) * comb(population - marked, drawn - seen) for seen in range(hits + 1))
    found = hits_at_most(hits, np.array([population]), np.array([marked]), drawn)
    assert found.tolist() == pytest.approx([float(Fraction(ways, comb(population, drawn)))], abs=1e-12)
