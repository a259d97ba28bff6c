"""How often is a decision wrong that an item inherited from its cluster?"""

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.bounds import marked_at_most
from incidents.sweeps.quality.proportions import CONFIDENCE


class InheritedError(BaseModel):
    """At most so many of those that inherited a decision are wrong, at the confidence that was asked for."""

    model_config = ConfigDict(frozen=True)

    population: int = Field(ge=0, description="Items that inherited, the checked ones included.")
    checked: int = Field(ge=0)
    wrong: int = Field(ge=0, description="Wrong among those that were checked.")
    at_most: int = Field(ge=0, description="Upper bound for the wrong ones among all.")
    share: float | None = Field(None, description="The same as a share; None where none inherited.")


def inherited_error(
    population: int, checked: int, wrong: int, confidence: float = CONFIDENCE
) -> InheritedError:
    """How many of all that inherited may be wrong at most, those found wrong included.

    One-sided and exact for a sample without replacement. Nothing checked bounds nothing. The size of the
    sample is set before it is read: reading on until the bound looks well spoils it. ValueError for counts
    that cannot be.
    """
    if not 0 <= wrong <= checked <= population:
        raise ValueError(f"{wrong} wrong of {checked} checked of {population} cannot be")
    most = marked_at_most(wrong, population=population, drawn=checked, level=1 - confidence)
    part = most / population if population else None
    return InheritedError(population=population, checked=checked, wrong=wrong, at_most=most, share=part)
