"""The coefficients of agreement beside what was printed about them."""

import numpy as np
import pytest

from incidents.sweeps.quality.coefficients import Marks, Scale, coefficients
from tests.incidents.worked_examples import EXAMPLES, FOUR_OBSERVERS, Example, Rows, crossed


def by_observer(rows: Rows, categories: int) -> Marks:
    return Example("", "", rows, categories, {}).marks


def found(marks: Marks, name: str, scale: Scale = Scale.nominal) -> float:
    return float(getattr(coefficients(marks, np.ones((1, marks.items)), scale), name)[0])


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_a_worked_example_gives_the_digits_that_were_printed(example: Example) -> None:
    for name, printed in example.printed.items():
        digits = len(printed.partition(".")[2])
        assert f"{found(example.marks, name, example.scale):.{digits}f}" == printed


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
    marks = by_observer(crossed([[5, 0], [0, 3]]), 2)
    assert [found(marks, name) for name in ("raw", "kappa", "alpha", "ac1")] == pytest.approx([1, 1, 1, 1])


def test_one_category_leaves_kappa_and_alpha_undefined() -> None:
    marks = by_observer(crossed([[9, 0], [0, 0]]), 2)
    assert np.isnan([found(marks, name) for name in ("kappa", "alpha")]).all()
    assert [found(marks, name) for name in ("raw", "ac1")] == [1, 1]


@pytest.mark.parametrize("rows", [[[1, 0], [0, 2]], [[0, 0], [0, 0]]], ids=["one reading each", "none"])
def test_without_a_second_reading_nothing_is_defined(rows: Rows) -> None:
    marks = by_observer(rows, 2)
    assert np.isnan([found(marks, name) for name in ("raw", "kappa", "alpha", "ac1")]).all()


def test_rare_violations_pull_kappa_to_nothing_and_leave_ac1() -> None:
    # 118 times neither sees one, 7 times one of the two does: Gwet's paradox.
    marks = by_observer(crossed([[118, 5], [2, 0]]), 2)
    assert found(marks, "raw") == pytest.approx(0.944)
    assert found(marks, "kappa") < 0
    assert found(marks, "ac1") > 0.94
