"""What a drill runs on: posts, the truth about them, and what a commander would know and sweep for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final, TypedDict

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt

TRUTH_SCHEMA: Final = pl.Schema(
    {
        "id": pl.String(),
        "violating": pl.Boolean(),  # null where nobody knows
        "cluster": pl.String(),  # copies of one original share it, null for a post of its own
        "evasion": pl.String(),  # how the term is hidden, null where it is written plainly
    }
)


class Impact(TypedDict):
    """What an analyst would enter: 0 (none) to 4 (extreme) each, and ISO 3166 country codes."""

    harm: int
    reach: int
    velocity: int
    vulnerability: int
    jurisdictions: list[str]


class DrillSignal(BaseModel):
    """One signal to hand in during a drill. The payload holds counts and codes, never a post's text."""

    model_config = ConfigDict(frozen=True)

    source: str
    title: str
    fingerprint: str = Field(description="Same fingerprint: a duplicate, or an update where content differs.")
    event_at: AwareDatetime
    payload: Mapping[str, int | str | list[str]]
    reach: NonNegativeInt = Field(description="People who saw the posts that it is about.")


@dataclass(frozen=True, eq=False)
class Pile:
    """Everything that one drill needs. `posts` has POST_SCHEMA, `truth` TRUTH_SCHEMA, a row a post each."""

    name: str
    title: str
    event_at: datetime
    posts: pl.DataFrame
    truth: pl.DataFrame
    scope_terms: tuple[str, ...]
    scope_hashtags: tuple[str, ...]
    scope_domains: tuple[str, ...]
    scope_patterns: tuple[str, ...]
    signals: tuple[DrillSignal, ...]
    impact: Impact
    policy: str
    languages: tuple[str, ...]


def simulated_verdict(item_id: str, violating: bool, *, reviewer: str, error_rate: float, seed: int) -> bool:
    """Return the truth, or its opposite at `error_rate` (0 to 1), as this reviewer would answer.

    It depends on nothing but its arguments: order, restarts and other reviewers change no answer.
    """
    key = "\0".join((str(seed), reviewer, item_id)).encode()
    dice = int.from_bytes(blake2b(key, digest_size=8).digest(), "big") / 2**64
    return violating != (dice < error_rate)
