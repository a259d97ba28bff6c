"""Which decisions are looked at again: by risk, by inheritance, by chance, and after a new guideline."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from incidents.catalogue.policies import RecommendedAction
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.quality.agreement import Reading
from incidents.sweeps.quality.draws import chance, shuffled
from incidents.sweeps.quality.inherited import inherited_error
from incidents.sweeps.quality.proportions import share
from incidents.sweeps.quality.rereading import Again, Change, Shift, Why, drift, to_read_again
from incidents.sweeps.quality.second_reading import (
    Decided,
    draw_second,
    probabilities,
    risk,
    what_holds,
)

YES, NO, UNSURE = Verdict.violates, Verdict.does_not_violate, Verdict.unsure
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_chance_is_the_same_everywhere_and_even() -> None:
    assert chance("seed", "item") == 0.38974577907232943
    assert chance("seed", "ab", "c") != chance("seed", "a", "bc")
    drawn = [chance("seed", f"{n}") for n in range(4_000)]
    assert 0 <= min(drawn) < max(drawn) < 1
    assert [sum(n / 4 <= each < (n + 1) / 4 for each in drawn) / 4_000 for n in range(4)] == pytest.approx(
        [0.25] * 4, abs=0.02
    )


def test_an_order_by_chance_does_not_depend_on_the_order_before() -> None:
    ids = [f"i{n}" for n in range(50)]
    assert shuffled(ids, "s") == shuffled(reversed(ids), "s")
    assert shuffled(ids, "s") != shuffled(ids, "t")
    assert sorted(shuffled(ids, "s")) == sorted(ids)


@pytest.mark.parametrize(
    ("riskier", "than"),
    [
        (Decided("a", YES, score=0.1), Decided("b", YES, score=0.9)),
        (Decided("a", NO, score=0.9), Decided("b", NO, score=0.1)),
        (Decided("a", YES, reach=1_000_000), Decided("b", YES, reach=10)),
        (Decided("a", YES, severity=4), Decided("b", YES, severity=1)),
        (Decided("a", YES, sensitivity=0.5), Decided("b", YES, sensitivity=0.95)),
        (Decided("a", YES, sensitivity=None), Decided("b", YES, sensitivity=0.9)),
    ],
    ids=["surprising to take down", "surprising to let pass", "reach", "severity", "golden record", "unknown"],
)
def test_what_makes_a_decision_risky(riskier: Decided, than: Decided) -> None:
    assert risk(riskier) > risk(than) > 0


def pile(count: int) -> list[Decided]:
    return [Decided(f"i{n}", YES if n % 2 else NO, score=n % 10 / 10, reach=n) for n in range(count)]


def test_about_the_share_is_drawn_and_the_riskier_the_likelier() -> None:
    decided = pile(5_000)
    drawn = draw_second(decided, 0.1, "seed")
    assert len(drawn) == pytest.approx(500, rel=0.15)
    risks = {each.item: risk(each) for each in decided}
    mean = sum(risks.values()) / len(risks)
    assert sum(risks[each.item] for each in drawn) / len(drawn) > 1.2 * mean


def test_what_is_drawn_weighs_up_to_all_that_was_decided() -> None:
    drawn = draw_second(pile(5_000), 0.1, "seed")
    assert sum(1 / each.probability for each in drawn) == pytest.approx(5_000, rel=0.12)
    assert max(1 / each.probability for each in drawn) <= 40


def test_a_draw_depends_on_the_seed_and_on_no_order() -> None:
    assert draw_second(pile(200), 0.2, "s") == draw_second(pile(200)[::-1], 0.2, "s")
    assert draw_second(pile(200), 0.2, "s") != draw_second(pile(200), 0.2, "t")


def test_nothing_all_and_what_is_unsure() -> None:
    assert draw_second(pile(50), 0, "s") == []
    assert [each.probability for each in draw_second(pile(50), 1, "s")] == [1.0] * 50
    assert draw_second([Decided("i", UNSURE)], 1, "s") == []
    assert draw_second([], 0.5, "s") == []
    with pytest.raises(ValueError, match="a share of"):
        draw_second(pile(2), 1.5, "s")


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.floats(0.01, 1))
def test_probabilities_are_probabilities_and_add_up(risks: list[float], part: float) -> None:
    found = probabilities(risks, part)
    assert all(0 < each <= 1 for each in found)
    assert sum(found) == pytest.approx(part * len(risks))
    assert min(found) >= 0.249 * part


def reading(item: str, person: str, verdict: Verdict, version: int = 1) -> Reading:
    return Reading(item, person, verdict, "de", "north", version)


@pytest.mark.parametrize(
    ("first", "second", "adjudicated", "holds"),
    [
        (YES, YES, None, YES),
        (YES, NO, None, None),
        (UNSURE, UNSURE, None, None),
        (YES, NO, NO, NO),
        (YES, NO, UNSURE, UNSURE),
        (YES, YES, NO, NO),
    ],
)
def test_what_holds_is_what_both_say_or_the_adjudicator(
    first: Verdict, second: Verdict, adjudicated: Verdict | None, holds: Verdict | None
) -> None:
    assert what_holds(first, second, adjudicated) is holds


@pytest.mark.parametrize(("population", "checked", "wrong"), [(1_000, 60, 0), (5_000, 300, 4), (90, 30, 3)])
def test_the_error_of_inheritance_is_bounded_exactly(population: int, checked: int, wrong: int) -> None:
    most = inherited_error(population, checked, wrong).at_most
    assert hypergeom.cdf(wrong, population, most, checked) > 0.05
    assert hypergeom.cdf(wrong, population, most + 1, checked) <= 0.05 + 1e-12


def test_none_wrong_among_298_of_a_million_is_at_most_one_in_a_hundred() -> None:
    assert inherited_error(1_000_000, 298, 0).at_most <= 10_000 < inherited_error(1_000_000, 297, 0).at_most


def test_checking_all_says_all_and_checking_none_says_nothing() -> None:
    assert inherited_error(40, 40, 3).at_most == 3
    assert inherited_error(40, 0, 0).share == 1
    assert inherited_error(0, 0, 0).share is None
    with pytest.raises(ValueError, match="cannot be"):
        inherited_error(10, 5, 6)


CITES: dict[str, Any] = {"policy": "hate.slurs", "clause": "slur", "action": RecommendedAction.remove}


def decision(item: str, verdict: Verdict, version: int | None = 1, **more: Any) -> Decision:
    action = {YES: "remove", NO: "keep", UNSURE: "escalate"}[verdict]
    fields = {"action": action, "guideline_version": version, "person": "ada", "decided_at": NOON}
    return Decision(item=item, verdict=verdict, **fields | more)


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (Shift.narrower, {"taken": Why.may_be_over_enforced, "unsure": Why.was_unsure}),
        (
            Shift.broader,
            {"unsure": Why.was_unsure, "passed": Why.may_be_missed, "blank": Why.may_be_missed_elsewhere},
        ),
        (
            Shift.other,
            {
                "taken": Why.may_be_over_enforced,
                "unsure": Why.was_unsure,
                "passed": Why.may_be_missed,
                "blank": Why.may_be_missed_elsewhere,
            },
        ),
    ],
)
def test_a_new_guideline_lists_what_it_may_turn(shift: Shift, expected: dict[str, Why]) -> None:
    made = [
        decision("taken", YES, **CITES),
        decision("unsure", UNSURE),
        decision("passed", NO, policy="hate.slurs", clause="praise"),
        decision("blank", NO),
        decision("elsewhere", YES, policy="violence.threats", clause="slur"),
        decision("fresh", YES, 2, **CITES),
    ]
    found = to_read_again(made, 2, [Change("hate.slurs", "slur", shift)], {})
    assert {each.item: each.why for each in found} == expected
    assert [each.why for each in found] == sorted(each.why for each in found)


def test_the_riskiest_is_read_again_first() -> None:
    made = [decision(item, YES, **CITES) for item in "abc"]
    found = to_read_again(made, 2, [Change("hate.slurs")], {"b": 2.0})
    assert found == [Again(item, Why.may_be_over_enforced, 2.0 * (item == "b")) for item in "bac"]


def test_a_decision_before_there_was_a_guideline_is_an_old_one() -> None:
    assert [each.item for each in to_read_again([decision("i", UNSURE, None)], 1, [], {})] == ["i"]


def test_drift_counts_the_verdicts_that_turned() -> None:
    before = [reading(f"i{n}", "ada", NO, 1) for n in range(10)]
    after = [reading(f"i{n}", "bo", YES if n < 3 else NO, 2) for n in range(8)]
    torn = [reading("torn", "ada", NO, 1), reading("torn", "bo", YES, 1), reading("torn", "ada", NO, 2)]
    found = drift([*before, *after, *torn], 1, 2)
    assert (found.items, found.changed) == (8, share(3, 8))
    assert found.turns == {"does_not_violate → violates": 3}
