"""The coefficients of agreement beside what was printed about them."""

from typing import Any

import numpy as np
import pytest

from incidents.sweeps.quality.coefficients import Marks, Scale, coefficients

Table = list[list[int]]

COHEN_1960: Table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
ABSTRACTORS: Table = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
BALANCED: Table = [[40, 9], [6, 45]]
SKEWED: Table = [[80, 10], [5, 5]]
FOUR_OBSERVERS: Table = [
    [1, 1, 0, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [0, 5, 5, 5], [0, 0, 1, 1], [0, 0, 3, 0],
]  # fmt: skip
SIX_PSYCHIATRISTS: Table = [
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
]  # fmt: skip
MEG_AND_OWEN = [(0, 1), (1, 1), (0, 1), (0, 0), (0, 0), (0, 1), (0, 0), (0, 0), (1, 0), (0, 0)]
BEN_AND_GERRY = [*zip("aabbdcccedda", "babbbccceddd", strict=True)]


def by_observer(rows: Table, categories: int) -> Marks:
    """Each row an item, each column an observer, 0 where they did not look."""
    return Marks.of([[(n, v - 1) for n, v in enumerate(row) if v] for row in rows], len(rows[0]), categories)


def by_category(rows: Table) -> Marks:
    """Each row an item, each column a category, the cells how many put it there; who they were is lost."""
    said = [[k for k, times in enumerate(row) for _ in range(times)] for row in rows]
    return Marks.of([list(enumerate(each)) for each in said], max(map(len, said)), len(rows[0]))


def crossed(table: Table) -> Marks:
    """The table of two observers, cell by cell."""
    pairs = [(i + 1, j + 1) for i, row in enumerate(table) for j, cell in enumerate(row) for _ in range(cell)]
    return by_observer([list(pair) for pair in pairs], len(table))


def pairs(marks: list[tuple[Any, Any]]) -> Marks:
    names = sorted({name for pair in marks for name in pair})
    return by_observer([[names.index(name) + 1 for name in pair] for pair in marks], len(names))


def found(marks: Marks, name: str, scale: Scale = Scale.nominal) -> float:
    return float(getattr(coefficients(marks, np.ones((1, marks.items)), scale), name)[0])


PRINTED = [
    # Cohen, Educational and Psychological Measurement 20 (1960), table 2.
    (crossed(COHEN_1960), "raw", "0.70"),
    (crossed(COHEN_1960), "kappa", "0.492"),
    # Feinstein and Cicchetti, Journal of Clinical Epidemiology 43 (1990): the same raw agreement twice.
    (crossed(BALANCED), "raw", "0.85"),
    (crossed(BALANCED), "kappa", "0.70"),
    (crossed(SKEWED), "raw", "0.85"),
    (crossed(SKEWED), "kappa", "0.32"),
    # Gwet, Handbook of Inter-Rater Reliability (2014), and the documentation of irrCAC for R.
    (crossed(ABSTRACTORS), "raw", "0.89"),
    (crossed(ABSTRACTORS), "kappa", "0.7964094"),
    (crossed(ABSTRACTORS), "alpha", "0.7972585"),
    (crossed(ABSTRACTORS), "ac1", "0.8493305"),
    (by_observer(FOUR_OBSERVERS, 5), "raw", "0.8181818"),
    (by_observer(FOUR_OBSERVERS, 5), "kappa", "0.76282"),
    (by_observer(FOUR_OBSERVERS, 5), "alpha", "0.74342"),
    (by_observer(FOUR_OBSERVERS, 5), "ac1", "0.77544"),
    (by_category(SIX_PSYCHIATRISTS), "raw", "0.5511111"),
    (by_category(SIX_PSYCHIATRISTS), "alpha", "0.4204384"),
    (by_category(SIX_PSYCHIATRISTS), "ac1", "0.4448007"),
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections A and B.
    (pairs(MEG_AND_OWEN), "alpha", "0.095"),
    (pairs(BEN_AND_GERRY), "alpha", "0.692"),
]


@pytest.mark.parametrize(("marks", "name", "printed"), PRINTED)
def test_a_worked_example_gives_the_digits_that_were_printed(marks: Marks, name: str, printed: str) -> None:
    digits = len(printed.partition(".")[2])
    assert f"{found(marks, name):.{digits}f}" == printed


@pytest.mark.parametrize(
    ("scale", "printed"), [(Scale.nominal, 0.743), (Scale.ordinal, 0.815), (Scale.interval, 0.849)]
)
def test_alpha_on_each_scale_is_what_krippendorff_printed(scale: Scale, printed: float) -> None:
    assert round(found(by_observer(FOUR_OBSERVERS, 5), "alpha", scale), 3) == printed


@pytest.mark.parametrize("name", ["raw", "kappa", "alpha", "ac1"])
def test_the_names_of_the_categories_do_not_matter(name: str) -> None:
    turned = [[{0: 0, 1: 4, 2: 1, 3: 5, 4: 2, 5: 3}[v] for v in row] for row in FOUR_OBSERVERS]
    assert found(by_observer(turned, 5), name) == pytest.approx(found(by_observer(FOUR_OBSERVERS, 5), name))


@pytest.mark.parametrize("name", ["raw", "kappa", "alpha", "ac1"])
def test_who_is_called_first_does_not_matter(name: str) -> None:
    turned = [row[::-1] for row in FOUR_OBSERVERS]
    assert found(by_observer(turned, 5), name) == pytest.approx(found(by_observer(FOUR_OBSERVERS, 5), name))


@pytest.mark.parametrize("name", ["raw", "kappa", "alpha", "ac1"])
def test_an_item_of_weight_two_is_an_item_twice_but_for_the_size_of_the_sample(name: str) -> None:
    heavy = np.ones((1, 12))
    heavy[0, 5] = 2
    twice = by_observer([*FOUR_OBSERVERS, FOUR_OBSERVERS[5]], 5)
    once = coefficients(by_observer(FOUR_OBSERVERS, 5), heavy)
    assert float(getattr(once, name)[0]) == pytest.approx(found(twice, name))


def test_each_row_of_weights_is_a_sample_of_its_own() -> None:
    marks = by_observer(FOUR_OBSERVERS, 5)
    weights = np.ones((3, 12))
    weights[1, 5] = 0
    both = coefficients(marks, weights)
    assert both.kappa[0] == both.kappa[2] == found(marks, "kappa")
    rest = by_observer([row for n, row in enumerate(FOUR_OBSERVERS) if n != 5], 5)
    assert both.kappa[1] == pytest.approx(found(rest, "kappa"))
    assert both.alpha[1] == pytest.approx(found(rest, "alpha"))


def test_perfect_agreement_is_one() -> None:
    marks = crossed([[5, 0], [0, 3]])
    assert [found(marks, name) for name in ("raw", "kappa", "alpha", "ac1")] == pytest.approx([1, 1, 1, 1])


def test_one_category_leaves_kappa_and_alpha_undefined() -> None:
    marks = crossed([[9, 0], [0, 0]])
    assert np.isnan([found(marks, name) for name in ("kappa", "alpha")]).all()
    assert [found(marks, name) for name in ("raw", "ac1")] == [1, 1]


def test_without_a_second_reading_nothing_is_defined() -> None:
    marks = by_observer([[1, 0], [0, 2]], 2)
    assert np.isnan([found(marks, name) for name in ("raw", "kappa", "alpha", "ac1")]).all()


def test_rare_violations_pull_kappa_to_nothing_and_leave_ac1() -> None:
    # 118 times neither sees one, 7 times one of the two does: Gwet's paradox.
    marks = crossed([[118, 5], [2, 0]])
    assert found(marks, "raw") == pytest.approx(0.944)
    assert found(marks, "kappa") < 0
    assert found(marks, "ac1") > 0.94
