"""What does a sweep cover? Everything that its scope brought in, frozen, with the batches it is read in."""

from dataclasses import dataclass

import polars as pl
from pydantic import BaseModel, ConfigDict

from incidents.sweeps.batches import Assignment, BatchPlan, plan_batches
from incidents.sweeps.matching import match, term_counts
from incidents.sweeps.posts import content_hash
from incidents.sweeps.scope import Scope


class TermCount(BaseModel):
    """How many posts one entry of a scope brought in, and how many it alone did."""

    model_config = ConfigDict(frozen=True)

    term: str
    posts: int
    alone: int


@dataclass(frozen=True, eq=False)
class Universe:
    """All that a sweep decides about. `matched` comes from `match`: posts, and what brought each in."""

    posts_seen: int
    matched: pl.DataFrame
    terms: tuple[TermCount, ...]
    batches: tuple[BatchPlan, ...]
    hash: str
    """SHA-256 over the ids and texts that matched: the same posts, the same hash."""


def gather(posts: pl.DataFrame, scope: Scope, assignment: Assignment) -> Universe:
    """The universe of a scope over a pile of posts, shared out among the teams."""
    matched = match(posts, scope)
    return Universe(
        posts_seen=posts.height,
        matched=matched,
        terms=tuple(TermCount.model_validate(row) for row in term_counts(matched).to_dicts()),
        batches=tuple(plan_batches(matched, assignment)),
        hash=content_hash(matched),
    )
