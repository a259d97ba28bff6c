"""A batch is shared out among its purposes, a language has one team, and a lease has an end."""

from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.sweeps.batches import BLIND, DECIDES, MOST, Assignment, Purpose, lease_until, shares

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TEAMS = Assignment(default_team="hub", teams={"de": "berlin", "pt-BR": "lima"})
PLENTY = dict.fromkeys(MOST, 1_000)


@pytest.mark.parametrize(
    ("language", "team"),
    [("de", "berlin"), ("de-at", "berlin"), ("pt-br", "lima"), ("pt", "hub"), ("fr", "hub"), ("und", "hub")],
)
def test_a_language_has_one_team(language: str, team: str) -> None:
    assert TEAMS.team_for(language) == team


def test_what_is_settled_by_a_third_person_comes_before_all_else() -> None:
    assert shares(20, PLENTY) == {Purpose.adjudicate: 20}


def test_samples_and_looks_get_their_shares_and_the_ranking_the_rest() -> None:
    waiting = {**PLENTY, Purpose.adjudicate: 1, Purpose.forward: 0}
    assert shares(20, waiting) == {
        Purpose.adjudicate: 1,
        Purpose.certify: 6,
        Purpose.steer: 4,
        Purpose.check: 2,
        Purpose.second: 2,
        Purpose.rank: 5,
    }


def test_a_stratum_that_moved_forward_is_read_before_the_ranking() -> None:
    given_out = shares(20, {Purpose.forward: 8, Purpose.rank: 1_000})
    assert given_out == {Purpose.forward: 8, Purpose.rank: 12}


def test_places_that_are_left_over_are_filled_without_the_bound() -> None:
    assert shares(20, {Purpose.certify: 15, Purpose.rank: 2}) == {Purpose.certify: 15, Purpose.rank: 2}
    assert shares(20, {Purpose.second: 40}) == {Purpose.second: 20}
    assert shares(20, {}) == {}


WAITING = st.dictionaries(st.sampled_from(list(MOST)), st.integers(0, 40))


@given(st.integers(1, 60), WAITING)
def test_a_batch_is_full_wherever_enough_waits_and_never_fuller(size: int, waiting: dict[Purpose, int]) -> None:
    given_out = shares(size, waiting)
    assert sum(given_out.values()) == min(size, sum(waiting.values()))
    assert all(0 < places <= waiting[purpose] for purpose, places in given_out.items())


@given(st.integers(1, 60), WAITING)
def test_no_purpose_exceeds_its_share_while_the_ranking_can_fill_the_batch(
    size: int, waiting: dict[Purpose, int]
) -> None:
    given_out = shares(size, waiting | {Purpose.rank: size})
    assert all(places <= ceil(size * MOST[purpose]) for purpose, places in given_out.items())


@given(st.integers(1, 60), WAITING, st.sampled_from(list(MOST)))
def test_more_that_waits_never_makes_a_purpose_get_less(
    size: int, waiting: dict[Purpose, int], purpose: Purpose
) -> None:
    more = waiting | {purpose: waiting.get(purpose, 0) + 1}
    assert shares(size, more).get(purpose, 0) >= shares(size, waiting).get(purpose, 0)


def test_a_word_either_stands_or_is_compared_or_serves_the_certificate() -> None:
    assert not DECIDES & BLIND
    assert set(Purpose) - DECIDES - BLIND == {Purpose.certify}


def test_a_lease_ends_its_minutes_later() -> None:
    assert lease_until(NOON, 30) == NOON + timedelta(minutes=30)


def test_a_lease_needs_a_zone_and_a_length() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        lease_until(datetime(2030, 1, 1), 30)  # noqa: DTZ001 - the case
    with pytest.raises(ValueError, match="0 minutes"):
        lease_until(NOON, 0)
