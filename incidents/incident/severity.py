"""How bad is it? Five dimensions of impact, and the first rule that fits them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from incidents.catalogue.severities import Condition, PriorityRule
from incidents.errors import BadInput


@dataclass(frozen=True)
class Level:
    """One step of a dimension: what it is called and when it applies."""

    name: str
    sentence: str


LEVELS: dict[str, tuple[Level, Level, Level, Level, Level]] = {
    "harm": (
        Level("none", "Nobody is harmed by the content."),
        Level("low", "It offends or disturbs; nobody's safety, rights or money are at stake."),
        Level("moderate", "It harasses, deceives or costs people money or peace of mind."),
        Level("serious", "It makes violence, self-harm or the loss of a right likelier."),
        Level("grave", "Lives are being lost or are about to be, or a child is being abused."),
    ),
    "reach": (
        Level("isolated", "A few accounts have seen it."),
        Level("local", "One community or town talks about it."),
        Level("regional", "It is seen across a region or a language."),
        Level("national", "It is seen across a country, or the press reports it."),
        Level("global", "It is seen across countries and on other platforms."),
    ),
    "velocity": (
        Level("still", "No new items appear."),
        Level("slow", "New items appear from day to day."),
        Level("steady", "New items appear from hour to hour."),
        Level("fast", "The number of items doubles within hours."),
        Level("explosive", "The number of items doubles within the hour, or copies return when removed."),
    ),
    "vulnerability": (
        Level("none", "No group is more exposed than others."),
        Level("some", "Those who are targeted can mostly protect themselves."),
        Level("raised", "A group that is often targeted is targeted again."),
        Level("high", "A group at risk is targeted during unrest, an election or a disaster."),
        Level("extreme", "Children, or people who are being attacked right now."),
    ),
}
"""Dimension → its levels 0 to 4. The forms, the page and the reference show these words."""

Step = Annotated[int, Field(ge=0, le=4)]
Country = Annotated[str, StringConstraints(to_upper=True, strip_whitespace=True, pattern=r"^[A-Za-z]{2}$")]


class Impact(BaseModel):
    """How much harm, to how many, how fast, to whom, and where. Each step is explained in `LEVELS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    harm: Step = Field(0, description="What can happen to people: 0 none to 4 grave.")
    reach: Step = Field(0, description="How many see it: 0 isolated to 4 global.")
    velocity: Step = Field(0, description="How fast it grows: 0 still to 4 explosive.")
    vulnerability: Step = Field(0, description="How exposed its targets are: 0 none to 4 extreme.")
    jurisdictions: tuple[Country, ...] = Field(
        (), description="Countries touched (ISO 3166 alpha-2); kept in upper case, sorted, each once."
    )

    @field_validator("jurisdictions", mode="after")
    @classmethod
    def _each_once(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(codes)))

    def level(self, dimension: str) -> Level:
        """The name and sentence of the step on one dimension, a key of `LEVELS`."""
        step: int = getattr(self, dimension)
        return LEVELS[dimension][step]


class Priority(BaseModel):
    """The severity of an incident, with the rule that gave it."""

    model_config = ConfigDict(frozen=True)

    severity: str = Field(description="Id of the severity, `sev1` to `sev4`.")
    rule: str = Field(description="Id of the rule that gave it.")
    sentence: str = Field(description="That rule in words.")


def priority(impact: Impact, rules: Sequence[PriorityRule]) -> Priority:
    """The severity that the first fitting rule gives.

    Raises BadInput where no rule fits, which a checked catalogue rules out: its last rule always does.
    """
    for rule in rules:
        if any(holds(condition, impact) for condition in rule.when):
            return Priority(severity=rule.severity, rule=rule.id, sentence=rule.sentence)
    raise BadInput("No priority rule fits this impact. The last rule must match everything: `when: [{}]`.")


def holds(condition: Condition, impact: Impact) -> bool:
    """Whether every bound of the condition holds for the impact."""
    countries = set(impact.jurisdictions)
    return (
        all(getattr(impact, dimension) >= getattr(condition, dimension) for dimension in LEVELS)
        and len(countries) >= condition.jurisdictions
        and (not condition.any_jurisdiction or not countries.isdisjoint(condition.any_jurisdiction))
    )
