"""What people read of an incident: when, how well, and what it cost them. Counts, as the record has them.

Nothing here names a post or a person. Shares are rounded to thousandths, intervals outwards, so that they
still hold.
"""

from datetime import datetime
from math import ceil, floor
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.quality.precision import Upheld
from incidents.sweeps.quality.proportions import UNMEASURED, Estimate

DIGITS: Final = 1_000
"""Shares are stated in thousandths."""

FEWEST: Final = 20
"""Decisions, or looks at them, below which a share says nothing: too few to say."""


class _Counts(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Part(_Counts):
    """The posts of one language, form and surface in all sweeps, and what became of them first."""

    language: str
    form: str = Field(description="text, link or media.")
    surface: str | None = Field(None, description="Where on the platform they stand; None: unknown.")
    posts: int
    decided: int = Field(description="Posts for which a decision holds, their own or that of what they copy.")
    first_posted_at: datetime | None = Field(description="None where the posts carry no time.")
    first_decided_at: datetime | None = Field(
        description="When one of them was decided, whatever became of it."
    )
    first_planned_at: datetime | None = Field(description="When an action on one of them was planned.")
    first_acted_at: datetime | None = Field(None, description="When one took effect, as far as anybody said.")


class ActedPart(_Counts):
    """What was carried out on the posts of one language, and how many people they had reached by then.

    Actions whose decision was undone are left out, and what people were to look at first.
    """

    language: str
    planned: int = Field(description="Actions to remove, restrict or label.")
    acted: int = Field(description="Those of them that were carried out.")
    measured: int = Field(description="Those of these whose reach is known from both moments.")
    reach_gathered: int = Field(description="Of the measured posts, when they were gathered.")
    reach_at_action: int = Field(description="Of the same posts, when the action took effect.")

    @property
    def added(self) -> int:
        """People who saw them in between."""
        return self.reach_at_action - self.reach_gathered


class Hour(_Counts):
    """One hour of the day, in UTC, over all days."""

    hour: int = Field(ge=0, le=23)
    posts: int = Field(description="Posts of all sweeps that were posted in it.")
    decisions: int


class TeamHour(_Counts):
    """What one team decided within an hour of the clock."""

    team: str
    at: datetime = Field(description="The beginning of the hour.")
    decisions: int


class TeamWork(_Counts):
    """What the people of one team were shown, and how long they were at it."""

    team: str
    people: int
    looked_at: int = Field(description="Items that they judged, second looks and known answers included.")
    graphic: int = Field(description="Those of them under a policy about what is hard to look at.")
    severe: int = Field(description="Items that they said violate.")
    seconds: int = Field(description="From each claim to its end; no more than five minutes an item.")


class GuidelineHeard(_Counts):
    """When one team was told of a version of the guideline, and what it had decided before it said so."""

    ask: str
    team: str
    version: int
    published_at: datetime
    acknowledged_at: datetime | None
    first_decided_at: datetime | None = Field(description="The first decision of the team, under any version.")
    decided: int = Field(description="Decisions of the team, those that were replaced included.")
    decided_before: int = Field(
        description="Those of them before it acknowledged, since its publication; of version 1 since ever."
    )


class LanguageQuality(_Counts):
    """How far second, blind looks uphold what was decided in one language of a sweep."""

    language: str
    twice: int = Field(description="Items that at least two people read.")
    raw: Estimate = Field(UNMEASURED, description="Share of pairs of readings that say the same.")
    ac1: Estimate = Field(UNMEASURED, description="Gwet's AC1: the same beyond chance.")
    violates: Upheld
    does_not_violate: Upheld
    precision: Estimate = Field(UNMEASURED, description="Share of `violates` that is upheld.")
    missed: Estimate = Field(UNMEASURED, description="Share of `does_not_violate` that does violate.")
    undone: int = Field(0, description="Decisions that a commander undid.")


class CurvePoint(_Counts):
    """How many posts people had decided, and how many were found by it, copies included."""

    read: int
    found: int


class Reach(_Counts):
    """A reach that a signal reported, larger than any before."""

    at: datetime
    reach: int


def stated(estimate: Estimate) -> Estimate:
    """An estimate in thousandths, its interval rounded outwards."""
    return Estimate(
        value=None if estimate.value is None else round(estimate.value, 3),
        low=None if estimate.low is None else floor(estimate.low * DIGITS) / DIGITS,
        high=None if estimate.high is None else ceil(estimate.high * DIGITS) / DIGITS,
    )
