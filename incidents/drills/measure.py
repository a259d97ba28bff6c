"""What a drill's decisions are worth, held against the truth that the reviewers did not see."""

from collections.abc import Collection, Iterable

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.decisions import Decision, Verdict


class Measured(BaseModel):
    """Counts of posts, and shares made of them (0 to 1). None without a truth, or nothing to divide by."""

    model_config = ConfigDict(frozen=True)

    violating: int | None = Field(None, description="Posts of the pile that truly violate.")
    gathered: int | None = Field(None, description="Those of them that the scope brought in.")
    found: int | None = Field(None, description="Those of them that were decided to violate.")
    wrongly_removed: int | None = Field(None, description="Posts decided to violate that do not.")
    recall: float | None = Field(None, description="found ÷ violating")
    precision: float | None = Field(None, description="found ÷ all that were decided to violate")
    by_language: dict[str, dict[str, int]] = Field({}, description="violating and found, by language.")


def measure_sweep(
    posts: pl.DataFrame, truth: pl.DataFrame, *, matched: Collection[str], decisions: Iterable[Decision]
) -> Measured:
    """Hold a sweep's matches and standing decisions against the truth of the whole pile."""
    if truth["violating"].is_null().all():
        return Measured()
    violating = set(truth.filter(pl.col("violating"))["id"])
    removed = {decision.item for decision in decisions if decision.verdict is Verdict.violates}
    found = violating & removed
    return Measured(
        violating=len(violating),
        gathered=len(violating & set(matched)),
        found=len(found),
        wrongly_removed=len(removed - violating),
        recall=_share(len(found), len(violating)),
        precision=_share(len(found), len(removed)),
        by_language=_by_language(posts, violating, found),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _by_language(posts: pl.DataFrame, violating: set[str], found: set[str]) -> dict[str, dict[str, int]]:
    flagged = posts.select(
        "language",
        pl.col("id").is_in(list(violating)).alias("violating"),
        pl.col("id").is_in(list(found)).alias("found"),
    )
    counted = flagged.group_by("language").agg(pl.col("violating").sum(), pl.col("found").sum())
    rows = counted.filter(pl.col("violating") > 0).sort("language").to_dicts()
    return {row["language"]: {"violating": row["violating"], "found": row["found"]} for row in rows}
