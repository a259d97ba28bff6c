"""Batches are shared out by language and team, the most urgent first, and the same way each time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.errors import BadInput
from incidents.sweeps.batches import Assignment, BatchPlan, Lease, is_expired, lease_until, plan_batches

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TEAMS = Assignment(default_team="hub", teams={"de": "berlin", "pt-BR": "lima"}, default_size=2)

Row = tuple[str, str | None, Sequence[str], int | None, datetime | None]


def found(*rows: Row) -> pl.DataFrame:
    """Rows of (id, language, matched, reach, posted_at)."""
    schema = pl.Schema(
        {
            "id": pl.String(),
            "language": pl.String(),
            "matched": pl.List(pl.String),
            "reach": pl.Int64(),
            "posted_at": pl.Datetime("us", "UTC"),
        }
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def ids(plans: Sequence[BatchPlan]) -> list[str]:
    return [item for plan in plans for item in plan.item_ids]


def test_items_are_split_by_language_and_team() -> None:
    tags = ["de", "DE_at", "pt-BR", "pt", None, "", "fr"]
    plans = plan_batches(found(*((f"p{n}", tag, ["a"], 0, NOON) for n, tag in enumerate(tags))), TEAMS)
    assert [(plan.team, plan.language, plan.item_ids) for plan in plans] == [
        ("berlin", "de", ("p0",)),
        ("berlin", "de-at", ("p1",)),
        ("hub", "fr", ("p6",)),
        ("hub", "pt", ("p3",)),
        ("hub", "und", ("p4", "p5")),
        ("lima", "pt-br", ("p2",)),
    ]
    assert [plan.number for plan in plans] == [1, 2, 3, 4, 5, 6]


def test_urgent_means_more_entries_then_reach_then_age_then_id() -> None:
    matched = found(
        ("z", "de", ["a"], 5, NOON),
        ("unknown-time", "de", ["a"], 5, None),
        ("unknown-reach", "de", ["a"], None, NOON),
        ("older", "de", ["a"], 5, NOON - timedelta(hours=1)),
        ("reach", "de", ["a", "a"], 9, NOON),
        ("b", "de", ["a"], 5, NOON),
        ("entries", "de", ["a", "b"], 0, NOON),
    )
    plans = plan_batches(matched, TEAMS)
    assert ids(plans) == ["entries", "reach", "older", "b", "z", "unknown-time", "unknown-reach"]
    assert [len(plan.item_ids) for plan in plans] == [2, 2, 2, 1]


def test_a_team_may_have_its_own_size() -> None:
    assignment = TEAMS.model_copy(update={"sizes": {"berlin": 3}})
    matched = found(*((f"p{n}", "de", ["a"], 0, NOON) for n in range(4)))
    assert [len(plan.item_ids) for plan in plan_batches(matched, assignment)] == [3, 1]


def test_nothing_found_gives_no_batch() -> None:
    assert plan_batches(found(), TEAMS) == []


def test_an_id_that_two_posts_share_is_refused() -> None:
    with pytest.raises(BadInput, match=r"1 ids belong.*: p0"):
        plan_batches(found(("p0", "de", ["a"], 0, NOON), ("p0", "fr", ["a"], 0, NOON)), TEAMS)


@pytest.mark.parametrize("size", [0, 5_001])
def test_a_batch_has_a_size_that_a_person_can_work(size: int) -> None:
    with pytest.raises(ValidationError):
        Assignment(default_team="hub", default_size=size)
    with pytest.raises(ValidationError):
        Assignment(default_team="hub", sizes={"hub": size})


ROWS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=3),
        st.sampled_from(["de", "fr", "pt-BR", None]),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=3),
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from([NOON, NOON - timedelta(days=1)]),
    ),
    unique_by=lambda row: row[0],
)


@given(ROWS, st.randoms(use_true_random=False))
def test_every_item_is_in_one_batch_whatever_the_order(rows: list[Row], random: Random) -> None:
    plans = plan_batches(found(*rows), TEAMS)
    assert sorted(ids(plans)) == sorted(row[0] for row in rows)
    random.shuffle(rows)
    assert plan_batches(found(*rows), TEAMS) == plans


def test_a_lease_ends_at_its_moment() -> None:
    lease = Lease("bo", lease_until(NOON, 30))
    assert not is_expired(lease, NOON + timedelta(minutes=29, seconds=59))
    assert is_expired(lease, NOON + timedelta(minutes=30))


def test_a_lease_needs_a_zone_and_a_length() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        lease_until(datetime(2030, 1, 1), 30)  # noqa: DTZ001 - the case
    with pytest.raises(ValueError, match="0 minutes"):
        lease_until(NOON, 0)
