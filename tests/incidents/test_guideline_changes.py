"""What changed from one version of a guideline to the next."""

import pytest

from incidents.guidelines.changes import Change, changes


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("a\nb", "a\n\n  b  ", []),
        ("a\nb", "a\nb\nc", [Change("added", "c")]),
        ("a\nb\nc", "a\nc", [Change("removed", "b")]),
        ("a\nb", "a\nB", [Change("removed", "b"), Change("added", "B")]),
        ("", "", []),
    ],
)
def test_lines_that_came_and_went_are_told_in_order(before: str, after: str, found: list[Change]) -> None:
    assert changes(before, after) == found
