"""What is frozen says who reads which post, which posts stand for others, and in which order they come."""

from collections.abc import Mapping

import polars as pl

from incidents.sweeps.batches import Assignment
from incidents.sweeps.posts import POST_SCHEMA
from incidents.sweeps.reading_list import reading_list
from incidents.sweeps.samples import sample_key
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import gather

TEAMS = Assignment(default_team="hub", teams={"de": "berlin", "pt-BR": "lima"})
SEED = 7


def posts(*rows: Mapping[str, object]) -> pl.DataFrame:
    """Posts that all match; each row says what is special about one."""
    plain: dict[str, object] = {"text": "an alarm", "posted_at": None, "language": "de", "reach": 0}
    return pl.DataFrame([plain | dict(row) for row in rows], schema=POST_SCHEMA)


def listed(
    found: pl.DataFrame,
    *,
    copies: Mapping[str, str] | None = None,
    likely: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Their reading list; `copies` says which post is covered by which, `likely` gives priorities."""
    heads, likely = dict(copies or {}), dict(likely or {})
    universe = gather(found, Scope(terms=("alarm",)))
    ids = universe.matched.select("id")
    clustered = ids.select(
        "id",
        cluster=pl.col("id").replace(heads),
        read_as=pl.col("id").replace(heads),
        kind=pl.lit("exact"),
        likeness=pl.lit(1.0),
        covered=pl.col("id").is_in(list(heads)),
        context=pl.lit(None, pl.String),
    )
    ranked = pl.DataFrame(
        {"id": list(likely), "score": list(likely.values()), "priority": list(likely.values())},
        schema={"id": pl.String, "score": pl.Float64, "priority": pl.Float64},
    )
    return reading_list(universe, clustered, ranked, TEAMS, steer_seed=SEED)


def column(found: pl.DataFrame, name: str) -> dict[str, object]:
    return dict(found.select("id", name).iter_rows())


def test_languages_are_written_one_way_and_go_to_their_team() -> None:
    tags = {"p1": "de", "p2": "DE_at", "p3": "pt-BR", "p4": "pt", "p5": None, "p6": " ", "p7": "fr "}
    found = listed(posts(*({"id": post, "language": tag} for post, tag in tags.items())))
    assert column(found, "language") == {
        "p1": "de",
        "p2": "de-at",
        "p3": "pt-br",
        "p4": "pt",
        "p5": "und",
        "p6": "und",
        "p7": "fr",
    }
    assert column(found, "team") == {
        "p1": "berlin",
        "p2": "berlin",
        "p3": "lima",
        "p4": "hub",
        "p5": "hub",
        "p6": "hub",
        "p7": "hub",
    }


def test_a_form_is_what_a_ranking_may_be_blind_to() -> None:
    found = listed(
        posts(
            {"id": "p1"},
            {"id": "p2", "text": "an alarm HTTPS://example.org/x"},
            {"id": "p3", "text": "alarm at www.example.org"},
            {"id": "p4", "text": "an alarm http://example.org", "media": ["md5:" + 32 * "0"]},
        )
    )
    assert column(found, "form") == {"p1": "text", "p2": "link", "p3": "link", "p4": "media"}


def test_a_covered_copy_is_not_read_and_its_head_counts_it() -> None:
    found = listed(posts({"id": "p1"}, {"id": "p2"}, {"id": "p3"}), copies={"p2": "p1", "p3": "p1"})
    assert column(found, "state") == {"p1": "waiting", "p2": "covered", "p3": "covered"}
    assert column(found, "read_as") == {"p1": "p1", "p2": "p1", "p3": "p1"}
    assert column(found, "copies") == {"p1": 3, "p2": 3, "p3": 3}


def test_a_head_has_the_place_of_the_first_of_its_copies_in_the_steer_sample() -> None:
    found = listed(posts(*({"id": f"p{n}"} for n in range(1, 5))), copies={"p2": "p1", "p3": "p1"})
    keys = {post: sample_key(post, SEED) for post in ("p1", "p2", "p3", "p4")}
    first = min(keys[post] for post in ("p1", "p2", "p3"))
    assert column(found, "steer_key") == {"p1": first, "p2": first, "p3": first, "p4": keys["p4"]}


def test_the_likeliest_come_first_then_by_id_and_what_was_not_ranked_last() -> None:
    found = listed(
        posts(*({"id": f"p{n}"} for n in range(1, 6))), likely={"p3": 0.9, "p5": 0.9, "p2": 0.1, "p4": 0.0}
    )
    assert found["id"].to_list() == ["p3", "p5", "p2", "p1", "p4"]
    assert found["priority"].to_list() == [0.9, 0.9, 0.1, 0.0, 0.0]
    assert column(found, "score")["p1"] is None


def test_nothing_that_matched_is_an_empty_list() -> None:
    found = listed(posts({"id": "p1", "text": "all calm"}))
    assert found.height == 0
    assert {"team", "form", "state", "read_as", "copies", "steer_key"} <= set(found.columns)
