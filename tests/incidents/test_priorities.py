"""The likelier, the wider seen, the more copied and the worse a post, the earlier it is read."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.sweeps.priorities import COPIES_WORTH, REACH_WORTH, priorities

SCORES = st.floats(0.01, 1, allow_nan=False)
REACHES = st.integers(0, 10**10)
COPIES = st.integers(1, 10**6)


def priority(score: float, reach: int = 0, copies: int = 1, severity: float = 0.0) -> float:
    """That of a single post."""
    post = pl.DataFrame({"id": ["p"], "score": [score], "reach": [reach], "copies": [copies]})
    return float(priorities(post, severity=severity)["priority"].item())


def test_without_reach_copies_and_harm_it_is_the_likelihood() -> None:
    assert priority(0.5) == 0.5


def test_each_of_the_others_is_worth_what_it_says() -> None:
    assert priority(0.5, reach=9) == pytest.approx(0.5 * (1 + REACH_WORTH))
    assert priority(0.5, copies=2) == pytest.approx(0.5 * (1 + COPIES_WORTH))
    assert priority(0.5, severity=1.0) == pytest.approx(1.0)
    assert priority(0.5, 9, 2, 0.5) == pytest.approx(0.5 * (1 + REACH_WORTH + COPIES_WORTH) * 1.5)


@given(SCORES, REACHES, COPIES, st.floats(0, 0.9))
def test_it_rises_with_each_of_the_four(score: float, reach: int, copies: int, severity: float) -> None:
    before = priority(score, reach, copies, severity)
    assert priority(score * 1.1, reach, copies, severity) > before
    assert priority(score, 2 * reach + 1, copies, severity) > before
    assert priority(score, reach, 2 * copies, severity) > before
    assert priority(score, reach, copies, severity + 0.1) > before
    assert before < 10


def test_what_cannot_violate_is_read_last_however_many_saw_it() -> None:
    assert priority(0.0, reach=10**9, copies=500, severity=1.0) == 0.0


def test_every_post_keeps_its_score_beside_its_priority() -> None:
    posts = pl.DataFrame({"id": ["a", "b"], "score": [0.2, 0.4], "reach": [9, 0], "copies": [1, 1]})
    found = priorities(posts, severity=0.0)
    assert found.columns == ["id", "score", "priority"]
    assert found["id"].to_list() == ["a", "b"]
    assert found["score"].to_list() == [0.2, 0.4]


def test_no_post_is_no_row() -> None:
    kinds = {"id": pl.String, "score": pl.Float64, "reach": pl.Int64, "copies": pl.Int64}
    assert priorities(pl.DataFrame(schema=kinds), severity=1.0).height == 0
