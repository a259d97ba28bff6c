"""Golden items for a drill: posts of the same kind of crisis with a known truth, none of them in its pile."""

from datetime import datetime
from typing import Final

import polars as pl

from incidents.drills.scenarios import generate
from incidents.store.golden import GoldenItem

EACH: Final = 20
"""Items a language and verdict: enough that nobody meets one twice in a drill of some thousand posts."""

_OTHER: Final = 1_000_003
"""Added to the seed, so that the golden items are none of the drill's own posts."""


def golden_items(scenario: str, seed: int, *, policy: str, start: datetime) -> list[GoldenItem]:
    """Up to `EACH` violating and as many harmless texts a language, each text once; in a fixed order."""
    pile = generate(scenario, posts=5_000, seed=seed + _OTHER, start=start)
    known = (
        pile.posts.join(pile.truth, on="id")
        .unique("text", keep="first", maintain_order=True)
        .group_by("language", "violating", maintain_order=True)
        .head(EACH)
        .sort("language", "violating", "id")
    )
    columns = known.select("language", "text", pl.col("violating").alias("violates")).rows(named=True)
    return [GoldenItem(policy=policy, **row) for row in columns]
