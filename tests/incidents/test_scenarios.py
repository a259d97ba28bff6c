"""Are the piles that drills run on what they claim to be?"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.drills.dice import SEED_BITS, sample_seeds
from incidents.drills.evasions import evasions
from incidents.drills.pile import TRUTH_SCHEMA
from incidents.drills.scenarios import (
    SCENARIOS,
    Pile,
    generate,
    pile_from_posts,
    simulated_verdict,
    violating_label,
)
from incidents.drills.scope_terms import distinguishing, domains, repeated, tokens
from incidents.drills.words import Scenario, words
from incidents.errors import BadInput, NotFound
from incidents.sweeps.posts import POST_SCHEMA, read_posts

REAL = Path(__file__).parents[3] / "shared" / "data" / "posts"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
every_scenario = pytest.mark.parametrize("name", SCENARIOS)


def made(name: str, **options: Any) -> Pile:
    return generate(name, **{"start": NOON, **options})


def with_truth(pile: Pile) -> pl.DataFrame:
    return pile.posts.join(pile.truth, on="id")


def share_of(hit: pl.Series, violating: pl.Series) -> float:
    return int((hit & violating).sum()) / int(violating.sum())


def recorded(**columns: object) -> pl.DataFrame:
    frame = pl.DataFrame(columns).with_row_index("row")
    given = {
        "id": pl.format("p{}", pl.col("row").cast(pl.String).str.zfill(4)),
        "language": pl.lit("en"),
        "reach": pl.lit(5),
    }
    missing = [given.get(name, pl.lit(None)).alias(name) for name in POST_SCHEMA if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in POST_SCHEMA.items())


@every_scenario
def test_a_scenario_is_a_canonical_pile_whose_truth_is_known(name: str) -> None:
    pile = made(name)
    assert pile.posts.schema == POST_SCHEMA
    assert pile.truth.schema == TRUTH_SCHEMA
    assert pile.posts.height == 5000
    assert pile.posts["id"].n_unique() == 5000
    assert pile.posts["id"].equals(pile.truth["id"])
    assert pile.truth["violating"].equals((pile.posts["label"] == "violating").alias("violating"))
    assert not pile.posts["text"].str.contains(r"[{}]").any()


@every_scenario
@pytest.mark.parametrize("posts", [100, 101, 5000])
def test_a_few_per_cent_of_any_size_violate_the_policy(name: str, posts: int) -> None:
    pile = made(name, posts=posts)
    assert pile.posts.height == posts
    assert 0.02 <= int(pile.truth["violating"].sum()) / posts <= 0.06


@every_scenario
def test_same_arguments_same_pile_and_another_seed_another(name: str) -> None:
    pile, same, other = made(name), made(name), made(name, seed=2)
    assert pile.posts.equals(same.posts)
    assert pile.truth.equals(same.truth)
    assert pile.signals == same.signals
    assert not pile.posts["text"].equals(other.posts["text"])


@every_scenario
def test_posts_stand_on_several_surfaces_whatever_they_say(name: str) -> None:
    pile = made(name)
    counted = pile.posts.join(pile.truth, on="id").group_by("surface", "violating").len()
    assert set(counted["surface"]) == {"feed", "comments", "stories", "groups", "live"}
    shares = counted.filter(surface="feed").join(pile.truth["violating"].value_counts(), on="violating")
    assert all(0.35 < share < 0.6 for share in shares["len"] / shares["count"])


@every_scenario
def test_violating_posts_burst_after_the_event(name: str) -> None:
    pile = made(name)
    times = with_truth(pile).filter("violating")["posted_at"]
    assert (times >= pile.event_at).all()
    first_hours = (times < pile.event_at + timedelta(hours=3)).sum()
    assert first_hours > len(times) / 2
    assert pile.posts["posted_at"].is_between(NOON, NOON + timedelta(hours=24)).all()


@every_scenario
def test_copies_of_an_original_are_near_duplicates_in_one_language(name: str) -> None:
    copies = with_truth(made(name)).filter(pl.col("violating") & pl.col("cluster").is_not_null())
    per_cluster = copies.group_by("cluster").agg(
        pl.len(), pl.col("language").n_unique(), pl.col("text").n_unique()
    )
    assert per_cluster["language"].to_list() == [1] * per_cluster.height
    assert int(per_cluster["len"].max()) >= 10  # type: ignore[arg-type]
    assert (per_cluster["text"] > 1).any()


@every_scenario
def test_terms_alone_gather_counter_speech_and_miss_evasions(name: str) -> None:
    pile = made(name)
    folded = pile.posts["text"].str.to_lowercase()
    hit = folded.str.contains_any([term.lower() for term in pile.scope_terms])
    violating = pile.truth["violating"]
    assert (hit & ~violating).sum() >= 100
    assert 0.5 < share_of(hit, violating) < 1
    assert not (hit & (pile.truth["evasion"] == "coded").fill_null(value=False)).any()


@every_scenario
def test_patterns_find_spellings_that_terms_do_not(name: str) -> None:
    pile = made(name)
    leet = with_truth(pile).filter((pl.col("evasion") == "leet") & (pl.col("language") == "en"))
    pattern = re.compile(pile.scope_patterns[0])
    assert all(pattern.search(text.lower()) for text in leet["text"])


@every_scenario
def test_eleven_languages_and_seven_scripts_are_spoken(name: str) -> None:
    pile = made(name)
    assert set(pile.posts["language"]) == set(pile.languages)
    assert len(pile.languages) == 11
    scripts = ["Latin", "Cyrillic", "Hebrew", "Arabic", "Devanagari", "Thai", "Han", "Katakana"]
    assert all(pile.posts["text"].str.contains(rf"\p{{{script}}}").any() for script in scripts)


@every_scenario
def test_signals_hold_a_duplicate_an_update_and_no_text(name: str) -> None:
    signals = made(name).signals
    assert 4 <= len(signals) <= 8
    distinct = {signal.model_dump_json() for signal in signals}
    assert len(distinct) == len(signals) - 1
    assert len({signal.fingerprint for signal in signals}) == len(distinct) - 1
    assert {key for signal in signals for key in signal.payload} == {"policy", "country", "posts", "languages"}


def test_the_impact_of_one_drill_cannot_change_another() -> None:
    made("attack", posts=100).impact["jurisdictions"].append("XX")
    assert made("attack", posts=100).impact == {
        "harm": 4, "reach": 3, "velocity": 4, "vulnerability": 3, "jurisdictions": ["DE", "FR", "GB"],
    }  # fmt: skip


def test_what_cannot_be_generated_is_refused() -> None:
    with pytest.raises(NotFound, match="attack, election, incitement"):
        made("flood")
    for posts in (99, 1_000_001):
        with pytest.raises(BadInput, match="100 to 1,000,000"):
            made("attack", posts=posts)
    with pytest.raises(BadInput, match="time zone"):
        made("attack", start=NOON.replace(tzinfo=None))


def test_a_hundred_thousand_posts_take_a_moment() -> None:
    before = perf_counter()
    made("attack", posts=100_000)
    assert perf_counter() - before < 5


def test_a_scenario_whose_words_lack_a_language_is_refused() -> None:
    lacking = words().scenarios["attack"].model_dump()
    del lacking["terms"]["ja"]
    with pytest.raises(ValidationError, match="same languages"):
        Scenario.model_validate(lacking)


@given(st.text(min_size=3, max_size=12))
def test_an_evasion_always_changes_the_term(term: str) -> None:
    assert term not in evasions(term).values()


def test_letters_keep_their_marks_when_a_term_is_spaced_out() -> None:
    assert evasions("फुटेज")["spaces"] == "फु टे ज"


@given(st.text(), st.booleans(), st.floats(0, 1), st.integers())
def test_a_verdict_depends_on_its_arguments_alone(item: str, truth: bool, rate: float, seed: int) -> None:
    answers = {simulated_verdict(item, truth, reviewer="bo", error_rate=rate, seed=seed) for _ in range(2)}
    assert len(answers) == 1
    assert simulated_verdict(item, truth, reviewer="bo", error_rate=0, seed=seed) is truth
    assert simulated_verdict(item, truth, reviewer="bo", error_rate=1, seed=seed) is not truth


def test_reviewers_err_at_their_rate_and_not_on_the_same_posts() -> None:
    wrong = {
        reviewer: {
            n
            for n in range(4000)
            if simulated_verdict(f"p{n}", False, reviewer=reviewer, error_rate=0.1, seed=1)
        }
        for reviewer in ("bo", "cleo")
    }
    assert all(330 < len(items) < 470 for items in wrong.values())
    assert len(wrong["bo"] & wrong["cleo"]) < 80


@pytest.mark.parametrize(
    ("labels", "means"),
    [
        (["neither", "hate", "offensive"], "hate"),
        (["on-topic", "on-topic", "off-topic"], "on-topic"),
        (["non-hateful", "Hateful"], "Hateful"),
        (["0.0", "1.0", "0.0"], "1.0"),
        (["false", "true"], "true"),
        (["red", "red", "blue", None], "blue"),
        (["red", "blue"], "blue"),
        (["red", "blue", "green"], None),
        (["red"], None),
        ([None, None], None),
    ],
)
def test_which_label_means_violating(labels: list[str | None], means: str | None) -> None:
    assert violating_label(pl.Series(labels, dtype=pl.String)) == means


def test_recorded_labels_become_the_truth_and_the_scope() -> None:
    texts = [f"norvale closed @someone https://norvale.example/{n} #norvale" for n in range(30)]
    texts += [f"football in the garden number {n}" for n in range(300)]
    labels = ["hateful"] * 30 + ["non-hateful"] * 299 + [None]
    pile = pile_from_posts(recorded(text=texts, label=labels), name="told", seed=1, start=NOON)
    assert pile.truth["violating"].to_list() == [True] * 30 + [False] * 299 + [None]
    assert set(pile.scope_terms) == {"norvale", "closed"}
    assert pile.scope_hashtags == ("#norvale",)
    assert pile.scope_domains == ("norvale.example",)
    assert pile.event_at == NOON
    assert pile.signals[0].payload["posts"] == 30
    assert pile.posts["posted_at"].null_count() == 330


def test_posts_without_labels_are_swept_for_what_bursts() -> None:
    times = [NOON + timedelta(minutes=20 * n) for n in range(200)] + [
        NOON + timedelta(hours=30, seconds=n) for n in range(60)
    ]
    texts = [f"rain on the bridge {n}" for n in range(200)] + ["norvale polling closed"] * 60
    pile = pile_from_posts(recorded(text=texts, posted_at=times), name="untold", seed=1, start=NOON)
    assert pile.truth["violating"].null_count() == 260
    assert set(pile.scope_terms) == {"norvale", "polling", "closed"}
    assert pile.event_at == NOON + timedelta(hours=30)
    assert pile.impact["velocity"] == 4
    assert [signal.payload["posts"] for signal in pile.signals] == [64, 65, 64, 66, 67]


def test_posts_without_labels_and_times_are_swept_for_what_many_write() -> None:
    texts = [f"word{n} rain{n}" for n in range(100)] + ["norvale is closed"] * 5
    pile = pile_from_posts(recorded(text=texts), name="bare", seed=1, start=NOON)
    assert set(pile.scope_terms) == {"norvale", "closed"}


def test_the_order_of_a_file_changes_nothing() -> None:
    posts = made("election", posts=1000).posts
    one = pile_from_posts(posts, name="file", seed=3, start=NOON)
    other = pile_from_posts(posts.reverse(), name="file", seed=3, start=NOON)
    assert one.scope_terms == other.scope_terms
    assert one.posts.equals(other.posts)
    assert one.signals == other.signals


def test_recorded_copies_of_a_scenario_lead_back_to_its_terms() -> None:
    generated = made("election", posts=20_000)
    found = pile_from_posts(generated.posts, name="again", seed=1, start=NOON).scope_terms
    assert {"norvale", "norwalia", "norvália"} <= set(found)


@given(st.lists(st.text(), max_size=12), st.lists(st.text(), max_size=12))
@settings(max_examples=50)
def test_any_posts_give_at_most_as_many_terms_as_asked(examples: list[str], ordinary: list[str]) -> None:
    assert len(distinguishing(examples, ordinary, most=3)) <= 3
    assert len(repeated(ordinary, most=3)) <= 3


@given(
    st.lists(st.sampled_from(["norvale closed", "rain", "雨が降る", ""]), min_size=1, max_size=30), st.data()
)
@settings(max_examples=50, deadline=None)
def test_any_small_pile_can_be_drilled_on(texts: list[str], data: st.DataObject) -> None:
    labels = data.draw(
        st.lists(st.sampled_from(["hate", "none", None]), min_size=len(texts), max_size=len(texts))
    )
    frame = recorded(text=texts, label=pl.Series(labels, dtype=pl.String))
    pile = pile_from_posts(frame, name="small", seed=1, start=NOON)
    assert pile.posts["id"].equals(pile.truth["id"])
    assert pile.posts.height == len(texts)


def test_words_are_whole_where_spaces_part_them_and_pairs_where_not() -> None:
    assert tokens("Look @you: RAIN on http://t.example/x the 12345 re-upload &amp; #Norvale") == {
        "look", "rain", "the", "re-upload", "#norvale",
    }  # fmt: skip
    assert tokens("मतदान केंद्र") == {"मतदान", "केंद्र"}
    assert tokens("投票所") == {"投票", "票所"}


def test_a_domain_counts_when_examples_share_it_and_nobody_else() -> None:
    examples = ["https://bad.example/1 https://t.example/a", "http://www.bad.example https://t.example/b"]
    assert domains(examples, ["see https://t.example/c"]) == ["bad.example"]


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no recorded posts in {REAL.name}/ beside the repository")
@pytest.mark.parametrize(
    ("name", "label", "least"),
    [("crisis_posts", "on-topic", 0.9), ("hate_posts", "hate", 0.6), ("multilingual_cases", "hateful", 0.3)],
)
def test_terms_from_a_few_recorded_examples_find_many_others(name: str, label: str, least: float) -> None:
    pile = pile_from_posts(read_posts(REAL / f"{name}.csv.gz"), name=name, seed=1, start=NOON)
    assert set(pile.posts.filter(pile.truth["violating"])["label"]) == {label}
    assert len(pile.scope_terms) <= 12 * max(5, len(pile.languages))
    hit = pile.posts["text"].str.to_lowercase().str.contains_any([*pile.scope_terms, *pile.scope_hashtags])
    assert share_of(hit, pile.truth["violating"]) > least


def test_the_same_drill_draws_the_same_samples_from_release_to_release() -> None:
    assert sample_seeds(1, 1) == (3867857980099747570, 6704536572886421)


@given(seed=st.integers(min_value=0), sweep=st.integers(min_value=1))
def test_a_seed_of_a_sample_fits_into_the_store(seed: int, sweep: int) -> None:
    assert all(0 <= drawn < 2**SEED_BITS for drawn in sample_seeds(seed, sweep))
