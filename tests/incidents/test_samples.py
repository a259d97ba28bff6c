"""A sample is fixed by its seed and the posts' ids, and stays one when the universe grows."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from incidents.sweeps.samples import prefix, sample_key, sample_keys

IDS = [f"post-{n}" for n in range(2_000)]


def test_a_key_is_what_its_definition_says() -> None:
    # printf '7:post-1' | sha256sum | cut -c1-16, halved.
    assert sample_key("post-1", 7) == 0x2ECEE807E2F93541 >> 1
    assert sample_keys(["post-1"], 7).to_list() == [sample_key("post-1", 7)]


def test_keys_are_whole_numbers_of_63_bits_whatever_the_script_of_an_id() -> None:
    keys = sample_keys([*IDS, "إ", "🙂", ""], 1).to_list()
    assert all(0 <= key < 2**63 for key in keys)
    assert len(set(keys)) == len(keys)


def test_the_order_in_which_posts_come_does_not_matter() -> None:
    assert prefix(IDS, 3, 100).equals(prefix(IDS[::-1], 3, 100))


def test_another_seed_is_another_sample_that_knows_nothing_of_the_first() -> None:
    steer, certify = (set(prefix(IDS, seed, 400)["item"]) for seed in (1, 2))
    # Two independent fifths share a fifth of each, 80 posts; five standard deviations are 36.
    assert 44 <= len(steer & certify) <= 116


@given(st.integers(0, 2_000), st.integers(0, 2_000))
def test_posts_of_a_later_window_fall_into_place(first: int, length: int) -> None:
    early, late = IDS[:first], IDS[first:]
    union = prefix(IDS, 5, length)
    apart = sorted((sample_key(item, 5), item) for item in [*early, *late])[:length]
    assert union["item"].to_list() == [item for _, item in apart]
    kept = [item for item in union["item"] if item in set(early)]
    assert kept == prefix(early, 5, len(kept))["item"].to_list()


def test_every_post_is_drawn_equally_often() -> None:
    drawn = Counter(item for seed in range(600) for item in prefix(IDS[:20], seed, 5)["item"])
    # 150 each; the standard deviation is 10.6.
    assert set(drawn) == set(IDS[:20])
    assert max(abs(count - 150) for count in drawn.values()) < 50


def test_a_sample_longer_than_the_universe_is_the_universe() -> None:
    assert sorted(prefix(IDS[:3], 1, 10)["item"]) == IDS[:3]
    assert prefix([], 1, 10).height == 0
