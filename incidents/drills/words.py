"""Which placeholder words the generated scenarios are written with: scenarios.yaml, checked."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

_FILE: Final = Path(__file__).with_name("scenarios.yaml")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Language(_Strict):
    """What ordinary posts of a language are made of."""

    spaced: bool
    openers: tuple[str, ...]
    words: tuple[str, ...]


class ImpactWords(_Strict):
    """What the analyst of a scenario enters; 0 (none) to 4 (extreme)."""

    harm: int = Field(ge=0, le=4)
    reach: int = Field(ge=0, le=4)
    velocity: int = Field(ge=0, le=4)
    vulnerability: int = Field(ge=0, le=4)
    jurisdictions: tuple[str, ...]


class SignalWords(_Strict):
    """One signal of a scenario; one that stands twice is a duplicate."""

    source: str
    title: str
    fingerprint: str
    minutes: int = Field(ge=0, description="Minutes after the event.")
    country: str


class Scenario(_Strict):
    """One scenario: its words by language, and its shares (0 to 1)."""

    title: str
    policy: str
    impact: ImpactWords
    prevalence: float = Field(gt=0, lt=0.5, description="Share of all posts that violate the policy.")
    quoting: float = Field(gt=0, lt=0.5, description="Share of benign posts that hold the term.")
    copied: float = Field(gt=0, lt=0.9, description="Share of the violating posts that are copies.")
    evading: float = Field(ge=0, le=1, description="Share of the violating posts that hide the term.")
    mix: dict[str, int] = Field(description="Weight of each language.")
    hashtags: tuple[str, ...]
    domains: tuple[str, ...]
    also_swept: tuple[str, ...] = Field((), description="Further scope terms, beside those of `terms`.")
    patterns: tuple[str, ...]
    terms: dict[str, str]
    violating: dict[str, tuple[str, ...]]
    coded: dict[str, tuple[str, ...]]
    quoting_posts: dict[str, tuple[str, ...]]
    signals: tuple[SignalWords, ...]

    @model_validator(mode="after")
    def _every_language_has_words(self) -> "Scenario":
        languages = set(self.mix)
        if not languages == set(self.terms) == set(self.violating) == set(self.quoting_posts):
            raise ValueError("mix, terms, violating and quoting_posts must name the same languages")
        return self


class Words(_Strict):
    """All of scenarios.yaml."""

    languages: dict[str, Language]
    surfaces: dict[str, int] = Field(description="Weight of each surface, in every scenario.")
    scenarios: dict[str, Scenario]


@cache
def words() -> Words:
    """Return the words of all scenarios; read once."""
    return Words.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
