"""Golden items: which are hidden, who meets them, and what they say."""

from collections import Counter

import pytest

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.golden import (
    Golden,
    GoldenKey,
    GoldenReading,
    GoldenRecord,
    golden_due,
    golden_record,
    golden_records_by,
    hide,
)
from incidents.sweeps.quality.proportions import UNMEASURED, share

YES, NO, UNSURE = Verdict.violates, Verdict.does_not_violate, Verdict.unsure
POOL = [Golden(f"g{n}", "de", YES if n % 5 == 0 else NO) for n in range(50)]


def hidden(
    batch: str = "b1", person: str = "ada", rate: float = 0.1, seen: tuple[str, ...] = ()
) -> list[Golden]:
    return hide(batch, 50, person, POOL, language="de", seen=seen, rate=rate, seed="s")


def test_a_batch_gets_its_share_on_average() -> None:
    due = [golden_due(f"b{n}", 50, 0.05, "s") for n in range(400)]
    assert set(due) == {2, 3}
    assert sum(due) / 400 == pytest.approx(2.5, abs=0.1)
    assert golden_due("b", 50, 0.1, "s") == 5
    assert golden_due("b", 50, 0, "s") == golden_due("b", 0, 0.5, "s") == 0
    with pytest.raises(ValueError, match="0 or more"):
        golden_due("b", 50, -0.1, "s")


def test_the_same_batch_hides_the_same() -> None:
    assert hidden() == hidden()
    assert hidden() != hidden("b2")
    assert hidden() != hidden(person="bo")


def test_a_person_meets_a_golden_item_once_in_their_language() -> None:
    first = [each.item for each in hidden(rate=0.4)]
    later = [each.item for each in hidden("b2", rate=0.4, seen=tuple(first))]
    assert not {*first} & {*later}
    assert hide("b", 50, "ada", POOL, language="ur", seen=(), rate=0.4, seed="s") == []


def test_violating_and_harmless_ones_come_by_turns() -> None:
    truths = [Counter(each.truth for each in hidden(f"b{n}", rate=0.12)) for n in range(30)]
    assert all(each == {YES: 3, NO: 3} for each in truths)


def test_an_empty_pool_hides_fewer() -> None:
    seen = tuple(each.item for each in POOL[:-2])
    found = hidden(rate=0.2, seen=seen)
    assert sorted(each.item for each in found) == ["g48", "g49"]


def golden(
    item: str, truth: Verdict, verdict: Verdict, person: str = "ada", language: str = "de"
) -> GoldenReading:
    return GoldenReading(item, person, language, "north", truth, verdict)


def test_a_record_is_what_was_caught_and_what_was_cleared() -> None:
    readings = [golden(f"v{n}", YES, YES if n else NO) for n in range(10)]
    readings += [golden(f"h{n}", NO, NO if n > 1 else YES) for n in range(20)]
    assert golden_record(readings) == GoldenRecord(
        violating=10, caught=9, harmless=20, cleared=18, sensitivity=share(9, 10), specificity=share(18, 20)
    )


def test_unsure_is_neither_a_catch_nor_an_acquittal() -> None:
    found = golden_record([golden("v", YES, UNSURE), golden("h", NO, UNSURE)])
    assert (found.caught, found.cleared) == (0, 0)
    assert golden_record([]).sensitivity == UNMEASURED


def test_only_the_first_reading_of_a_golden_item_counts() -> None:
    found = golden_record([golden("v", YES, NO), golden("v", YES, YES), golden("v", YES, YES, person="bo")])
    assert (found.caught, found.violating) == (1, 2)


def test_records_are_told_apart() -> None:
    readings = [golden("a", YES, YES), golden("b", YES, NO, person="bo"), golden("c", YES, YES, language="ur")]
    assert {name: each.caught for name, each in golden_records_by(readings, GoldenKey.person).items()} == {
        "ada": 2,
        "bo": 0,
    }
    assert list(golden_records_by(readings, GoldenKey.language)) == ["de", "ur"]
    assert golden_records_by(readings, GoldenKey.team)["north"].violating == 3
