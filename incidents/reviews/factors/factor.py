"""What is a contributing factor? A hypothesis that a rule or a person put forward, and where it lies."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.reviews.actions import ActionArea
from incidents.reviews.record import FactorPart
from incidents.words import clean

LONGEST = 500
"""Characters of a person's sentence about a factor."""


class Category(StrEnum):
    """Where a factor lies."""

    policy = "policy"
    tooling = "tooling"
    detection = "detection"
    staffing = "staffing or language"
    process = "process"
    communications = "communications"
    external = "external"


AREA_OF: dict[str, ActionArea] = {
    Category.policy: ActionArea.policy,
    Category.tooling: ActionArea.tooling,
    Category.detection: ActionArea.tooling,
    Category.staffing: ActionArea.staffing,
}
"""Category of a factor → the area in which its action item lies; for the others a person says it."""


class Factor(BaseModel):
    """One hypothesis. `rule` tells which rule made it of what, so that it is proposed once."""

    model_config = ConfigDict(frozen=True)

    rule: str
    category: Category
    part: FactorPart = FactorPart.contributing
    sentence: str
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    but: str = ""


class Otherwise(BaseModel):
    """How a person puts a factor; what is None stays as it is."""

    model_config = ConfigDict(frozen=True)

    category: Category | None = None
    part: FactorPart | None = None
    sentence: str | None = None

    def given(self) -> dict[str, str]:
        """What was given, as it is kept. BadInput for a sentence that is empty or too long."""
        kept = self.model_dump(mode="json", exclude_none=True)
        if self.sentence is not None:
            kept["sentence"] = clean(self.sentence, LONGEST + 1)
            if not 0 < len(kept["sentence"]) <= LONGEST:
                raise BadInput(f"The sentence about a factor has 1 to {LONGEST} characters.")
        return kept
