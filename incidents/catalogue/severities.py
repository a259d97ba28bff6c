"""How bad it is, how fast each severity must be answered, and the rules that tell which one it is."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from incidents.catalogue.entry import Entry, Slug, Text

SeverityId = Annotated[str, StringConstraints(pattern=r"^sev[1-4]$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
AtLeast = Annotated[int, Field(ge=0, le=4)]


class SeverityClocks(Entry):
    """How long each step may take before `watch` escalates. A clock never fails a run."""

    acknowledge_minutes: int = Field(gt=0, description="For a partner team to acknowledge an ask.")
    brief_minutes: int = Field(gt=0, description="Between two briefs to those who follow the incident.")
    assess_gate_minutes: int = Field(gt=0, description="For the commander to declare or dismiss.")
    stand_down_gate_minutes: int = Field(gt=0, description="For the commander to answer whether to stand down.")
    action_due_days: int = Field(gt=0, description="From the review to the due date of its action items.")


class ReviewDays(Entry):
    """When each step of a review is due, in days from the stand-down; none before the one above it."""

    evidence: int = Field(gt=0, description="The record is gathered.")
    draft: int = Field(gt=0, description="A version of the retrospective is written.")
    interviews: int = Field(gt=0, description="Those who were there are asked.")
    reading: int = Field(gt=0, description="It is read together; the protocol's debrief may be due earlier.")
    approvals: int = Field(gt=0, description="Those whom the protocol names approve it.")
    signature: int = Field(gt=0, description="A reviewer signs it.")
    publication: int = Field(gt=0, description="It is published.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = list(self.model_dump().values())
        if days != sorted(days):
            raise ValueError("a step of the review is due before the one above it")
        return self


class Severity(Entry):
    """One severity; sev1 is the worst."""

    id: SeverityId = Field(description="`sev1` (worst) to `sev4`.")
    title: Text = Field(description="One or two words.")
    sentence: Text = Field(description="When it applies, in one sentence.")
    clocks: SeverityClocks = Field(description="How long each step may take.")
    review_days: ReviewDays = Field(description="When each step of the review is due.")


class Condition(Entry):
    """Bounds that must all hold; a bound that is left out always does."""

    harm: AtLeast = Field(0, description="Harm is at least this level, 0 to 4.")
    reach: AtLeast = Field(0, description="Reach is at least this level, 0 to 4.")
    velocity: AtLeast = Field(0, description="Velocity is at least this level, 0 to 4.")
    vulnerability: AtLeast = Field(0, description="Vulnerability is at least this level, 0 to 4.")
    jurisdictions: int = Field(0, ge=0, description="At least this many jurisdictions are touched.")
    any_jurisdiction: tuple[Country, ...] = Field(
        (), description="At least one of these is touched (ISO 3166 alpha-2)."
    )


class PriorityRule(Entry):
    """If one of its conditions holds, the severity is this. Rules are tried in order; the first wins."""

    id: Slug = Field(description="Short name; the incident records which rule gave its severity.")
    sentence: Text = Field(description="The rule in words, as the incident's page shows it.")
    when: tuple[Condition, ...] = Field(
        min_length=1, description="Alternatives: one must hold. `[{}]` matches everything."
    )
    severity: SeverityId = Field(description="Severity that the rule gives.")
