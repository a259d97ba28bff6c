"""Agreement of people, with its intervals, as a sweep measures it."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.errors import BadInput
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.agreement import Agreement, Key, Reading, agreement, agreement_by
from incidents.sweeps.quality.proportions import UNMEASURED, Estimate

YES, NO, UNSURE = Verdict.violates, Verdict.does_not_violate, Verdict.unsure


def read(item: str, *said: tuple[str, Verdict], language: str = "de", **more: Any) -> list[Reading]:
    blank = Reading(item, "", NO, language, "north", 1)
    return [blank._replace(person=person, verdict=verdict, **more) for person, verdict in said]


def two(table: list[list[int]], verdicts: tuple[Verdict, ...] = (NO, YES)) -> list[Reading]:
    """Readings of Ada (rows) and Bo (columns)."""
    cells = [
        (ada, bo)
        for row, ada in zip(table, verdicts, strict=True)
        for times, bo in zip(row, verdicts, strict=True)
        for _ in range(times)
    ]
    return [each for n, (ada, bo) in enumerate(cells) for each in read(f"i{n}", ("ada", ada), ("bo", bo))]


def everything(found: Agreement) -> list[Estimate]:
    return [found.raw, found.kappa, found.alpha, found.ac1]


def test_two_people_have_cohens_kappa_in_its_interval() -> None:
    found = agreement(two([[88, 14, 18], [10, 40, 10], [2, 6, 12]], (NO, UNSURE, YES)), seed="s")
    assert (found.items, found.pairs) == (200, 200)
    assert found.kappa.value is not None
    assert round(found.kappa.value, 3) == 0.492
    # Cohen (1960) prints a standard error of .055 for it: ±.108 about .492.
    assert found.kappa.low == pytest.approx(0.492 - 0.108, abs=0.02)
    assert found.kappa.high == pytest.approx(0.492 + 0.108, abs=0.02)


def test_the_same_seed_gives_the_same_interval_in_any_order() -> None:
    readings = two([[40, 9], [6, 45]])
    mixed = random.Random(7).sample(readings, len(readings))
    assert agreement(mixed, seed="a") == agreement(readings, seed="a")
    assert agreement(mixed, seed="b").kappa.low != agreement(readings, seed="a").kappa.low


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice, held = random.Random(3), 0
    for trial in range(120):
        cells = [dice.choices("abcd", [0.5, 0.1, 0.1, 0.3])[0] for _ in range(150)]
        table = [[cells.count("a"), cells.count("b")], [cells.count("c"), cells.count("d")]]
        kappa = agreement(two(table), seed=f"{trial}", resamples=300).kappa
        assert kappa.low is not None
        assert kappa.high is not None
        held += kappa.low <= 0.28 / 0.48 <= kappa.high  # raw .8, chance .6 · .6 + .4 · .4
    assert 0.88 <= held / 120 <= 1


def test_an_item_that_one_person_read_says_nothing() -> None:
    readings = two([[40, 9], [6, 45]])
    alone = [each for n in range(500) for each in read(f"x{n}", ("ada", NO))]
    assert agreement([*readings, *alone], seed="s") == agreement(readings, seed="s")


def test_nothing_read_twice_is_unmeasured() -> None:
    assert agreement([], seed="s") == Agreement(items=0, pairs=0)
    assert everything(agreement(read("i", ("ada", YES)), seed="s")) == [UNMEASURED] * 4


def test_where_nobody_disagrees_the_interval_of_raw_agreement_is_exact() -> None:
    found = agreement(two([[15, 0], [0, 5]]), seed="s")
    assert found.raw.value == found.kappa.value == found.alpha.value == found.ac1.value == 1
    assert found.raw.low == pytest.approx(1 - 0.1684, abs=5e-5)  # Newcombe (1998): 0 of 20 is at most .1684
    assert found.kappa.low is None


def test_one_verdict_throughout_has_no_kappa_and_no_alpha() -> None:
    found = agreement(two([[20, 0], [0, 0]]), seed="s")
    assert (found.raw.value, found.ac1.value) == (1, 1)
    assert (found.kappa, found.alpha) == (UNMEASURED, UNMEASURED)


def test_two_who_always_differ_are_below_chance() -> None:
    found = agreement(two([[0, 5], [5, 0]]), seed="s")
    assert found.raw.value == 0
    assert found.raw.high == pytest.approx(0.3085, abs=5e-5)
    assert found.kappa.value == pytest.approx(-1)


def test_three_readers_of_an_item_are_three_pairs() -> None:
    found = agreement(read("i", ("ada", YES), ("bo", YES), ("cleo", NO)), seed="s")
    assert (found.items, found.pairs) == (1, 3)
    assert found.raw.value == pytest.approx(1 / 3)


def test_a_reading_sent_twice_counts_once() -> None:
    readings = two([[4, 1], [2, 3]])
    assert agreement(readings * 2, seed="s") == agreement(readings, seed="s")


def test_two_words_of_one_person_under_one_version_are_refused() -> None:
    with pytest.raises(BadInput, match="ada said two things about item i under one version"):
        agreement(read("i", ("ada", YES), ("ada", NO), ("bo", NO)), seed="s")


def test_the_reading_under_the_newer_version_counts() -> None:
    old = read("i", ("ada", NO), guideline_version=1)
    new = read("i", ("ada", YES), ("bo", YES), guideline_version=2)
    for readings in ([*old, *new], [*new, *old]):
        assert agreement(readings, seed="s").raw.value == 1


def test_versions_are_compared_within_themselves() -> None:
    old = read("i", ("ada", NO), ("bo", NO), guideline_version=1)
    new = read("i", ("cleo", YES), ("dev", YES), guideline_version=2)
    none = read("j", ("ada", NO), ("bo", YES), guideline_version=None)
    found = agreement_by([*old, *new, *none], Key.guideline_version, seed="s")
    assert {name: each.raw.value for name, each in found.items()} == {"1": 1, "2": 1, "none": 0}


def test_languages_and_teams_have_their_own_numbers_whoever_else_is_there() -> None:
    german = [each for n in range(30) for each in read(f"d{n}", ("ada", YES), ("bo", YES if n % 3 else NO))]
    urdu = read("u", ("cleo", NO), ("dev", NO), language="ur", team="south")
    both = agreement_by([*german, *urdu], Key.language, seed="s")
    assert list(both) == ["de", "ur"]
    assert both["de"] == agreement_by(german, Key.language, seed="s")["de"]
    assert both["ur"].items == 1
    assert list(agreement_by([*german, *urdu], Key.team, seed="s")) == ["north", "south"]


def test_a_drawn_item_stands_for_those_that_were_not_drawn() -> None:
    # A tenth of the easy items was drawn, on which people agree, and all hard ones, on which they differ.
    easy = [each for n in range(50) for each in read(f"e{n}", ("ada", NO), ("bo", NO), probability=0.1)]
    hard = [each for n in range(50) for each in read(f"h{n}", ("ada", NO), ("bo", YES))]
    assert agreement([*easy, *hard], seed="s").raw.value == pytest.approx(500 / 550)


def test_ten_thousand_items_need_little_memory_and_one_seed() -> None:
    dice = random.Random(1)
    readings = [
        Reading(f"i{n}", person, dice.choices([NO, YES, UNSURE], [8, 1, 1])[0], "de", "north")
        for n in range(10_000)
        for person in dice.sample(["ada", "bo", "cleo", "dev"], 2)
    ]
    found = agreement(readings, seed="s")
    assert found.items == 10_000
    assert found.kappa.value == pytest.approx(0, abs=0.03)  # they throw dice
    assert found.ac1.low is not None
    assert found.ac1.high is not None
    assert found.ac1.high - found.ac1.low < 0.05


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([YES, NO, UNSURE]), min_size=1, max_size=4), min_size=1, max_size=12))
def test_no_number_is_ever_nan_or_out_of_its_interval(said: list[list[Verdict]]) -> None:
    readings = [
        each
        for n, verdicts in enumerate(said)
        for each in read(f"i{n}", *[(f"p{m}", verdict) for m, verdict in enumerate(verdicts)])
    ]
    for estimate in everything(agreement(readings, seed="s", resamples=50)):
        known = [each for each in (estimate.value, estimate.low, estimate.high) if each is not None]
        assert all(-1.0001 * len(said) * 4 <= each <= 1.0001 for each in known)
        assert estimate.low is None or estimate.high is None or estimate.low <= estimate.high
