"""Of what was taken for violating, how much is; and of what was let pass, how much should not have been?

Over-enforcement and missed harm, measured in the same way: by a second look that did not know the first.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.proportions import CONFIDENCE, UNMEASURED, Estimate, weighted_share


class Checked(NamedTuple):
    """A decision, and what became of it when somebody looked again, or what is known of a golden item."""

    item: str
    language: str
    said: Verdict
    found: Verdict
    """What holds: the second reading, or where the two differed what the adjudicator decided."""
    probability: float = 1.0
    """With which it was drawn to be checked."""


class Upheld(BaseModel):
    """What a second look made of the decisions of one verdict."""

    model_config = ConfigDict(frozen=True)

    checked: int = Field(ge=0)
    upheld: int = Field(ge=0, description="The second look says the same.")
    overturned: int = Field(ge=0, description="It says the opposite.")
    unsettled: int = Field(ge=0, description="It is unsure.")


class Precision(BaseModel):
    """How often decisions hold, for both kinds of error."""

    model_config = ConfigDict(frozen=True)

    violates: Upheld
    does_not_violate: Upheld
    precision: Estimate = Field(UNMEASURED, description="Share of `violates` that is upheld.")
    missed: Estimate = Field(UNMEASURED, description="Share of `does_not_violate` that does violate.")


def precision_by_language(checked: Sequence[Checked], confidence: float = CONFIDENCE) -> dict[str, Precision]:
    """The precision of each language that was checked, sorted by language."""
    groups: dict[str, list[Checked]] = defaultdict(list)
    for each in checked:
        groups[each.language].append(each)
    return {language: precision(groups[language], confidence) for language in sorted(groups)}


def precision(checked: Sequence[Checked], confidence: float = CONFIDENCE) -> Precision:
    """How often decisions hold, for all those that the checked ones were drawn from.

    A `violates` whose second look is unsure is not upheld: nobody's post is taken down on a doubt. A
    `does_not_violate` whose second look is unsure is not counted as missed harm, but shown.
    """
    took_down = [each for each in checked if each.said is Verdict.violates]
    let_pass = [each for each in checked if each.said is Verdict.does_not_violate]
    return Precision(
        violates=_upheld(took_down),
        does_not_violate=_upheld(let_pass),
        precision=_share_found(took_down, confidence),
        missed=_share_found(let_pass, confidence),
    )


def _share_found(checked: Sequence[Checked], confidence: float) -> Estimate:
    hits = [each.found is Verdict.violates for each in checked]
    return weighted_share(hits, [each.probability for each in checked], confidence)


def _upheld(checked: Sequence[Checked]) -> Upheld:
    unsettled = sum(each.found is Verdict.unsure for each in checked)
    upheld = sum(each.found is each.said for each in checked)
    return Upheld(
        checked=len(checked),
        upheld=upheld,
        overturned=len(checked) - upheld - unsettled,
        unsettled=unsettled,
    )
