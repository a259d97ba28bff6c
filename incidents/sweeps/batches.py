"""What is a batch made of, who reads which language, and how long may one person hold it?

A batch is put together when somebody asks for it, so that it holds what matters most at that moment. Its
places serve several purposes at once, and whoever works it cannot tell them apart: that is what makes a
second reading blind.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

UNKNOWN_LANGUAGE: Final = "und"
"""BCP 47's tag for a language that nobody has determined."""

URGENT: Final = 1_000.0
"""Priority of what a person had read first. No ranking gives one so high, and none takes it away."""


class Assignment(BaseModel):
    """Which team reads which language."""

    model_config = ConfigDict(frozen=True)

    default_team: str = Field(min_length=1, description="Reads every language that no other team reads.")
    teams: Mapping[str, str] = Field({}, description="Language (BCP 47) → team. `pt` includes `pt-BR`.")

    def team_for(self, language: str) -> str:
        """The team of the language, else of the language without its region, else the default."""
        teams = {tag.lower(): team for tag, team in self.teams.items()}
        return teams.get(language) or teams.get(language.split("-")[0]) or self.default_team


class Purpose(StrEnum):
    """Why an item is read at a place of a batch.

    - adjudicate: two people differ, or one is unsure; a third one decides
    - certify: of the random sample that the certificate rests on
    - steer: of the random sample that shows where the ranking is blind
    - check: a copy whose inherited decision is looked at
    - second: read a second time, blind
    - forward: of a stratum that steer moved forward
    - rank: the likeliest harm
    - golden: its right verdict is known
    """

    adjudicate = "adjudicate"
    certify = "certify"
    steer = "steer"
    check = "check"
    second = "second"
    forward = "forward"
    rank = "rank"
    golden = "golden"


DECIDES: Final = frozenset({Purpose.rank, Purpose.forward, Purpose.steer, Purpose.adjudicate})
"""At these places a reviewer's word stands."""

BLIND: Final = frozenset({Purpose.golden, Purpose.second, Purpose.check})
"""At these places it is compared with what stands. What is read for the certificate is neither."""

MOST: Final[Mapping[Purpose, float]] = {
    Purpose.adjudicate: 1.0,
    Purpose.certify: 0.3,
    Purpose.steer: 0.2,
    Purpose.check: 0.1,
    Purpose.second: 0.1,
    Purpose.forward: 1.0,
    Purpose.rank: 1.0,
}
"""Purpose → the largest share of a batch, in the order in which places are given away. Own choice: the
samples grow steadily, and seven of ten places still go to the likeliest harm once they are complete."""


def shares(size: int, waiting: Mapping[Purpose, int]) -> dict[Purpose, int]:
    """How many of `size` places each purpose gets, given how many items wait for it.

    Each gets at most its share of `MOST`, rounded up; places that are left over go round once more, without
    that bound, so that nobody gets a small batch while there is something to read. Golden items stand
    outside of it: they are put among the others.
    """
    given: dict[Purpose, int] = dict.fromkeys(MOST, 0)
    for most in (MOST, dict.fromkeys(MOST, 1.0)):
        for purpose, share in most.items():
            left = size - sum(given.values())
            bound = ceil(size * share) - given[purpose]
            given[purpose] += max(0, min(left, bound, waiting.get(purpose, 0) - given[purpose]))
    return {purpose: places for purpose, places in given.items() if places}


def lease_until(now: datetime, minutes: int) -> datetime:
    """When a lease that is taken now ends. ValueError unless `now` is aware and minutes at least 1."""
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    if minutes < 1:
        raise ValueError(f"a lease of {minutes} minutes is none")
    return now + timedelta(minutes=minutes)
