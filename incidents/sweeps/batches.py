"""How is a pile shared out among partner teams, and how long may one person hold a batch?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput

UNKNOWN_LANGUAGE = "und"
"""BCP 47's tag for a language that nobody has determined."""

BatchSize = Annotated[int, Field(ge=1, le=5_000)]
"""Items a batch. Above 5,000 a spreadsheet is no longer one person's work."""


class Assignment(BaseModel):
    """Which team reads which language, and in batches of how many items."""

    model_config = ConfigDict(frozen=True)

    default_team: str = Field(min_length=1, description="Reads every language that no other team reads.")
    teams: Mapping[str, str] = Field({}, description="Language (BCP 47) → team. `pt` includes `pt-BR`.")
    default_size: BatchSize = Field(50, description="Items a batch.")
    sizes: Mapping[str, BatchSize] = Field({}, description="Team → items a batch, where it differs.")

    def team_for(self, language: str) -> str:
        """The team of the language, else of the language without its region, else the default."""
        teams = {tag.lower(): team for tag, team in self.teams.items()}
        return teams.get(language) or teams.get(language.split("-")[0]) or self.default_team

    def size_for(self, team: str) -> int:
        """Items a batch of this team."""
        return self.sizes.get(team, self.default_size)


class BatchPlan(BaseModel):
    """One batch to open: whose, in which language, and its items, most urgent first."""

    model_config = ConfigDict(frozen=True)

    team: str
    language: str
    number: int = Field(ge=1, description="Counts through the whole sweep; lower is more urgent in a team.")
    item_ids: tuple[str, ...] = Field(min_length=1)


def plan_batches(matched: pl.DataFrame, assignment: Assignment) -> list[BatchPlan]:
    """Split what `match` found by team and language into batches, the most urgent items first.

    Urgent means, in this order: more distinct entries of the scope, more reach, older (unknown last), id.
    The same posts in another order give the same batches. BadInput where two posts share an id.
    """
    _refuse_repeated(matched)
    plans: list[BatchPlan] = []
    for (team, language), items in _piles(matched, assignment):
        size = assignment.size_for(team)
        for start in range(0, len(items), size):
            ids = tuple(items[start : start + size])
            plans.append(BatchPlan(team=team, language=language, number=len(plans) + 1, item_ids=ids))
    return plans


def _piles(matched: pl.DataFrame, assignment: Assignment) -> list[tuple[tuple[str, str], list[str]]]:
    """(team, language) → ids by urgency; sorted by team and language."""
    piles = (
        matched.with_columns(_language(), pl.col("matched").list.n_unique().alias("_entries"))
        .sort(["_entries", "reach", "posted_at", "id"], descending=[True, True, False, False], nulls_last=True)
        .group_by("language", maintain_order=True)
        .agg("id")
    )
    by_team = [((assignment.team_for(language), language), ids) for language, ids in piles.rows()]
    return sorted(by_team)


def _language() -> pl.Expr:
    tag = pl.col("language").str.strip_chars().str.to_lowercase().str.replace_all("_", "-")
    return pl.when(tag == "").then(None).otherwise(tag).fill_null(UNKNOWN_LANGUAGE).alias("language")


def _refuse_repeated(matched: pl.DataFrame) -> None:
    repeated = matched.filter(pl.col("id").is_duplicated())["id"].unique().sort()
    if len(repeated):
        some = ", ".join(repeated.head(5))
        raise BadInput(f"{len(repeated)} ids belong to more than one post, so nothing was planned: {some}.")


@dataclass(frozen=True)
class Lease:
    """One person holds one batch until a moment (aware)."""

    person: str
    expires_at: datetime


def lease_until(now: datetime, minutes: int) -> datetime:
    """When a lease that is taken now ends. ValueError unless `now` is aware and minutes at least 1."""
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    if minutes < 1:
        raise ValueError(f"a lease of {minutes} minutes is none")
    return now + timedelta(minutes=minutes)


def is_expired(lease: Lease, now: datetime) -> bool:
    """Whether somebody else may take the batch: from the very moment on at which the lease ends."""
    return now >= lease.expires_at
