"""Which severity follows from which impact."""

from itertools import product

import pytest
from pydantic import ValidationError

from incidents.catalogue.load import load_catalogue
from incidents.catalogue.severities import Condition, PriorityRule
from incidents.errors import BadInput
from incidents.incident.severity import LEVELS, Impact, Priority, holds, priority

RULES = load_catalogue().priority_rules
STEPS = range(5)


def impact(harm: int, reach: int, velocity: int, vulnerability: int, countries: str = "") -> Impact:
    return Impact(
        harm=harm,
        reach=reach,
        velocity=velocity,
        vulnerability=vulnerability,
        jurisdictions=tuple(countries.split()),
    )


def _of(steps: tuple[int, ...], countries: str = "") -> Impact:
    harm, reach, velocity, vulnerability = steps
    return impact(harm, reach, velocity, vulnerability, countries)


@pytest.mark.parametrize(
    ("assessed", "severity", "rule"),
    [
        (impact(4, 2, 0, 0), "sev1", "grave-and-spreading"),
        (impact(4, 0, 3, 0), "sev1", "grave-and-spreading"),
        (impact(4, 1, 2, 4), "sev1", "grave-to-the-defenceless"),
        (impact(3, 3, 3, 3), "sev1", "serious-everywhere-at-once"),
        (impact(4, 1, 2, 3), "sev2", "grave"),
        (impact(3, 3, 0, 0), "sev2", "serious-and-spreading"),
        (impact(3, 0, 3, 0), "sev2", "serious-and-spreading"),
        (impact(3, 0, 0, 3), "sev2", "serious-and-spreading"),
        (impact(3, 0, 0, 0, "DE FR GB IE PL"), "sev2", "serious-and-spreading"),
        (impact(2, 3, 3, 2), "sev2", "moderate-but-everywhere"),
        (impact(3, 2, 2, 2, "DE FR GB IE"), "sev3", "serious"),
        (impact(2, 2, 0, 0), "sev3", "moderate-and-spreading"),
        (impact(2, 0, 2, 0), "sev3", "moderate-and-spreading"),
        (impact(2, 0, 0, 2), "sev3", "moderate-and-spreading"),
        (impact(1, 3, 3, 0), "sev3", "low-but-everywhere"),
        (impact(2, 1, 1, 1), "sev4", "everything-else"),
        (impact(1, 4, 2, 4), "sev4", "everything-else"),
        (impact(0, 4, 4, 4), "sev4", "everything-else"),
        (impact(0, 0, 0, 0), "sev4", "everything-else"),
    ],
)
def test_the_shipped_rules_give_this_severity(assessed: Impact, severity: str, rule: str) -> None:
    found = priority(assessed, RULES)
    assert (found.severity, found.rule) == (severity, rule)


def test_a_worse_impact_is_never_less_severe() -> None:
    for steps in product(STEPS, repeat=4):
        was = priority(_of(steps), RULES).severity
        for dimension in range(4):
            worse = tuple(min(step + (index == dimension), 4) for index, step in enumerate(steps))
            # "sev1" sorts before "sev2": a smaller string is a worse severity.
            assert priority(_of(worse), RULES).severity <= was, (steps, worse)


def test_every_shipped_rule_decides_some_impact() -> None:
    countries = ("", "DE FR GB IE PL")
    decided = {
        priority(_of(steps, where), RULES).rule for steps in product(STEPS, repeat=4) for where in countries
    }
    assert decided == {rule.id for rule in RULES}


def test_the_first_rule_that_fits_wins_and_its_sentence_is_told() -> None:
    rules = [
        PriorityRule(id="first", sentence="The first.", when=(Condition(harm=2),), severity="sev3"),
        PriorityRule(id="second", sentence="The second.", when=(Condition(),), severity="sev1"),
    ]
    assert priority(impact(2, 0, 0, 0), rules) == Priority(severity="sev3", rule="first", sentence="The first.")
    assert priority(impact(1, 0, 0, 0), rules).rule == "second"


def test_without_a_rule_that_fits_the_caller_is_told_what_is_missing() -> None:
    with pytest.raises(BadInput, match="last rule must match everything"):
        priority(impact(0, 0, 0, 0), [])


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (Condition(), True),
        (Condition(harm=2, reach=1), True),
        (Condition(harm=3), False),
        (Condition(reach=2), False),
        (Condition(velocity=1), False),
        (Condition(vulnerability=4), True),
        (Condition(jurisdictions=2), True),
        (Condition(jurisdictions=3), False),
        (Condition(any_jurisdiction=("DE", "US")), True),
        (Condition(any_jurisdiction=("US",)), False),
        (Condition(harm=2, any_jurisdiction=("US",)), False),
    ],
)
def test_a_condition_holds_when_all_its_bounds_do(condition: Condition, fits: bool) -> None:
    assert holds(condition, impact(2, 1, 0, 4, "DE FR")) is fits


def test_jurisdictions_are_upper_case_sorted_and_each_once() -> None:
    assert impact(0, 0, 0, 0, "gb DE de fr GB").jurisdictions == ("DE", "FR", "GB")


@pytest.mark.parametrize("code", ["", "D", "DEU", "D3", "Ää", "DE,FR"])
def test_a_jurisdiction_is_two_letters(code: str) -> None:
    with pytest.raises(ValidationError):
        Impact(jurisdictions=(code,))


@pytest.mark.parametrize("dimension", LEVELS)
def test_every_dimension_has_a_name_and_a_sentence_for_each_of_its_five_steps(dimension: str) -> None:
    for step in STEPS:
        level = Impact.model_validate({dimension: step}).level(dimension)
        assert level.name
        assert level.sentence.endswith(".")
    for wrong in (-1, 5):
        with pytest.raises(ValidationError):
            Impact.model_validate({dimension: wrong})
