"""Which posts of a window are to be read, by which team, and which of them stand for others?

The list is what a sweep freezes. A copy within the verified radius of its cluster's head is not read: the
head's decision holds for it (`read_as`).
"""

from typing import Final

import polars as pl

from incidents.sweeps.batches import UNKNOWN_LANGUAGE, Assignment
from incidents.sweeps.samples import sample_keys
from incidents.sweeps.universe import Universe

COVERED, WAITING = "covered", "waiting"

_LINK: Final = r"(?i)https?://|www\."


def reading_list(
    universe: Universe,
    clustered: pl.DataFrame,
    priorities: pl.DataFrame,
    assignment: Assignment,
    *,
    steer_seed: int,
) -> pl.DataFrame:
    """One row a post of the universe, with the columns that the store keeps of an item.

    `clustered` comes from `cluster` (id, cluster, kind, likeness, read_as, context), `priorities` from the
    ranking (id, score, priority). Ordered by priority, the highest first, then id.

    `steer_key` is the place of the post in the order of the sample that steers; a head has the place of the
    first of those that it stands for.
    """
    ids = universe.matched["id"]
    return (
        universe.matched.with_columns(_language(), _form(), sample_keys(ids, steer_seed).alias("steer_key"))
        .join(clustered, on="id")
        .join(priorities.select("id", "score", "priority"), on="id", how="left")
        .with_columns(
            pl.when(pl.col("read_as") != pl.col("id"))
            .then(pl.lit(COVERED))
            .otherwise(pl.lit(WAITING))
            .alias("state"),
            pl.col("priority").fill_null(0.0),
            _team(assignment),
        )
        .with_columns(pl.len().over("read_as").alias("copies"), pl.col("steer_key").min().over("read_as"))
        .sort(["priority", "id"], descending=[True, False])
    )


def _language() -> pl.Expr:
    tag = pl.col("language").str.strip_chars().str.to_lowercase().str.replace_all("_", "-")
    return pl.when(tag == "").then(None).otherwise(tag).fill_null(UNKNOWN_LANGUAGE).alias("language")


def _form() -> pl.Expr:
    """What a post consists of, as far as a ranking might be blind to it."""
    has_media = pl.col("media").list.len().fill_null(0) > 0
    has_link = pl.col("text").str.contains(_LINK)
    chosen = pl.when(has_media).then(pl.lit("media")).when(has_link).then(pl.lit("link"))
    return chosen.otherwise(pl.lit("text")).alias("form")


def _team(assignment: Assignment) -> pl.Expr:
    return pl.col("language").map_elements(assignment.team_for, return_dtype=pl.String).alias("team")
