"""Shares with their intervals: how many decisions hold, and how well golden items are read."""

import random

import pytest

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.precision import Checked, Upheld, precision, precision_by_language
from incidents.sweeps.quality.proportions import UNMEASURED, Estimate, share, weighted_share
from tests.incidents.worked_examples import INTERVALS

YES, NO, UNSURE = Verdict.violates, Verdict.does_not_violate, Verdict.unsure


@pytest.mark.parametrize(("hits", "of", "low", "high"), INTERVALS)
def test_exact_intervals_are_those_that_newcombe_printed(hits: int, of: int, low: str, high: str) -> None:
    found = share(hits, of)
    assert found.value == hits / of
    assert (f"{found.low:.4f}", f"{found.high:.4f}") == (low, high)


def test_a_share_of_nothing_is_unmeasured() -> None:
    assert share(0, 0) == weighted_share([], []) == UNMEASURED
    assert share(5, 5).high == 1


def test_equal_probabilities_weigh_nothing() -> None:
    hits = [True] * 15 + [False] * 133
    plain, weighted = share(15, 148), weighted_share(hits, [0.2] * 148)
    assert weighted == plain
    # Nearly equal ones weigh nearly nothing: the two ways meet.
    nearly = weighted_share(hits, [0.2] * 147 + [0.2000001])
    assert (nearly.low, nearly.high) == pytest.approx((plain.low, plain.high), abs=1e-5)


def test_unequal_probabilities_make_the_interval_wider() -> None:
    hits = [True, False] * 50
    even, uneven = weighted_share(hits, [0.5] * 100), weighted_share(hits, [0.1, 0.1, 0.9, 0.9] * 25)
    assert even.value == pytest.approx(uneven.value)
    assert width(uneven) > width(even)


def test_all_hits_of_a_weighted_sample_still_leave_doubt() -> None:
    found = weighted_share([True] * 20, [0.1] * 10 + [1.0] * 10)
    assert found.value == found.high == 1
    assert found.low is not None
    assert found.low < share(20, 20).low  # type: ignore[operator]


@pytest.mark.parametrize("probability", [0.0, -0.5, 1.5, float("nan")])
def test_a_probability_that_nobody_is_drawn_with_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="probability of being drawn"):
        weighted_share([True], [probability])


def test_weighted_intervals_hold_the_truth_of_the_pile() -> None:
    # 2,000 decisions, 10 % of them wrong; the wrong ones are four times as likely to be drawn.
    pile = [(n % 10 == 0, 0.24 if n % 10 == 0 else 0.06) for n in range(2_000)]
    dice, held = random.Random(5), 0
    for _ in range(150):
        drawn = [each for each in pile if dice.random() < each[1]]
        found = weighted_share([wrong for wrong, _ in drawn], [p for _, p in drawn])
        held += (found.low or 0) <= 0.1 <= (found.high or 1)
    assert held / 150 >= 0.92


def checked(said: Verdict, found: Verdict, times: int, language: str = "de") -> list[Checked]:
    return [Checked(f"{said}{found}{n}", language, said, found) for n in range(times)]


def test_both_kinds_of_error_are_measured_alike() -> None:
    found = precision([*checked(YES, YES, 8), *checked(YES, NO, 2), *checked(NO, NO, 18), *checked(NO, YES, 2)])
    assert found.violates == Upheld(checked=10, upheld=8, overturned=2, unsettled=0)
    assert found.precision == share(8, 10)
    assert found.does_not_violate == Upheld(checked=20, upheld=18, overturned=2, unsettled=0)
    assert found.missed == share(2, 20)


def test_a_doubt_takes_no_post_down_and_counts_as_no_miss() -> None:
    found = precision([*checked(YES, UNSURE, 1), *checked(YES, YES, 3), *checked(NO, UNSURE, 4)])
    assert found.precision.value == 0.75
    assert found.missed.value == 0
    assert found.does_not_violate == Upheld(checked=4, upheld=0, overturned=0, unsettled=4)


def test_what_was_unsure_at_first_was_no_decision() -> None:
    found = precision(checked(UNSURE, YES, 3))
    assert (found.precision, found.missed) == (UNMEASURED, UNMEASURED)


def test_a_language_in_which_too_much_is_taken_down_stands_out() -> None:
    found = precision_by_language([*checked(YES, YES, 30), *checked(YES, NO, 30, "ur")])
    assert list(found) == ["de", "ur"]
    assert found["de"].precision.value == 1
    assert found["ur"].precision.value == 0


def test_a_checked_decision_counts_for_those_that_were_not_drawn() -> None:
    surprising = [Checked(f"s{n}", "de", YES, NO, 1.0) for n in range(10)]
    likely = [Checked(f"l{n}", "de", YES, YES, 0.1) for n in range(9)]
    assert precision([*surprising, *likely]).precision.value == pytest.approx(0.9)


def width(found: Estimate) -> float:
    return (found.high or 0) - (found.low or 0)
