"""Words that blame are named with a better wording, and nothing is changed."""

import re

import pytest

from incidents.reviews.wording import WORDING, Kind, remarks

NAMED = {
    "They should have seen it.": (Kind.counterfactual, "should have"),
    "It couldn’t have been seen.": (Kind.counterfactual, "couldn’t have"),
    "The team failed to answer.": (Kind.counterfactual, "failed to"),
    "Had they known, it would be otherwise.": (Kind.counterfactual, "Had they known"),
    "It was human error.": (Kind.blame, "human error"),
    "The lead was at fault.": (Kind.blame, "was at fault"),
    "The root cause is the filter.": (Kind.single_cause, "The root cause"),
    "The team is always late.": (Kind.absolute, "always"),
    "It was obvious by then.": (Kind.hindsight, "obvious"),
    "A disaster for the platform.": (Kind.inflation, "disaster"),
}


@pytest.mark.parametrize("said", NAMED)
def test_what_blames_is_named_with_its_place(said: str) -> None:
    [found, *_] = remarks(f"# A title\n\n{said}\n")
    kind, words = NAMED[said]
    assert (found.kind, found.said.lower(), found.line) == (kind, words.lower(), 3)
    assert said[found.column - 1 :].startswith(found.said)
    assert found.why
    assert found.instead


@pytest.mark.parametrize(
    "said",
    [
        "The incident commander declared a crisis 17 min after the first signal.",
        "The deliveries that failed arrived later.",
        "Hallways, nevertheless and disastershow are no words of these.",
        "They have seen it, and could say so.",
        "The certificate has a bound.",
    ],
)
def test_a_plain_account_is_left_alone(said: str) -> None:
    assert remarks(said) == []


def test_a_person_is_not_the_subject_of_what_went_wrong() -> None:
    assert remarks("Ada missed the second signal.") == []
    [found] = remarks("Ada missed the second signal; Ada declared the crisis.", people=["ada", "bo"])
    assert (found.kind, found.said) == (Kind.person, "Ada missed")
    assert remarks("Adamant, ignored.", people=["ada"]) == []
    assert [each.said for each in remarks("K. (lead) ignored it", people=["k. (lead)"])] == [
        "K. (lead) ignored"
    ]


def test_words_in_quotation_marks_are_somebody_s_own() -> None:
    found = remarks("Reason: “We should have waited”; it should have been later.")
    assert [each.quoted for each in found] == [True, False]


def test_several_remarks_come_by_line_and_column() -> None:
    found = remarks("Obviously they never asked.\nIt was careless.\n")
    assert [(each.line, each.column) for each in found] == [(1, 1), (1, 16), (2, 8)]


def test_every_wording_can_be_found() -> None:
    """A pattern that is no regular expression, or that finds nothing, is a mistake in the file."""
    kinds = re.findall(r"kind: (.+)", WORDING.read_text(encoding="utf-8"))
    assert {Kind(kind) for kind in kinds} == set(Kind) - {Kind.person}
