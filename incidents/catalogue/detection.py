"""When signals become a candidate incident: rules that a policy person can read and change."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from incidents.catalogue.entry import Entry, Slug, Text
from incidents.catalogue.policies import PolicyId
from incidents.incident.severity import Impact

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$")]


class Match(Entry):
    """Which signals a rule looks at. What is left out matches everything."""

    sources: tuple[Text, ...] = Field((), description="Sources of signals; empty: all of them.")
    kinds: tuple[Text, ...] = Field((), description="Kinds of signals; empty: all of them.")
    policies: tuple[PolicyId, ...] = Field(
        (), description="Policies that a signal names as `policy` in its payload; empty: all, and none."
    )


class DetectionRule(Entry):
    """Opens a candidate when one of its triggers holds for a group of signals.

    The triggers are `trusted_source`, `threshold`, `surge` and `reach_at_least`; at least one is given.
    Counts are of distinct signals, by event time, in the last `window_minutes`.
    """

    id: Slug = Field(description="Short name; the candidate records which rule opened it.")
    sentence: Text = Field(description="The rule in words, as the candidate's page shows it.")
    match: Match = Field(default_factory=Match, description="Which signals it looks at.")
    group_by: tuple[FieldName, ...] = Field(
        min_length=1,
        description="Fields of the signal or, where it has none of that name, of its payload; equal values "
        "make one group. A field that a signal lacks counts as empty.",
    )
    window_minutes: int = Field(60, gt=0, description="How far back signals count, in minutes.")
    trusted_source: bool = Field(False, description="One matching signal is enough: open at once.")
    threshold: int | None = Field(None, ge=1, description="Open at this many signals in the window.")
    surge: float | None = Field(
        None,
        gt=1,
        allow_inf_nan=False,
        description="Open when the window holds this many times the signals of the window before it.",
    )
    surge_minimum: int = Field(
        5, ge=2, description="A surge needs at least this many signals: two after one is no surge."
    )
    reach_at_least: int | None = Field(
        None, ge=1, description="Open when the signals' reach in the window adds up to this."
    )
    impact: Impact = Field(description="Impact proposed to the analyst, who assesses it afresh.")
    policy: PolicyId = Field(description="Policy that the content seems to break.")
    protocol: Slug = Field(description="Protocol to assess it against.")

    @model_validator(mode="after")
    def _some_trigger(self) -> Self:
        if not (self.trusted_source or self.threshold or self.surge or self.reach_at_least):
            raise ValueError("give at least one of trusted_source, threshold, surge, reach_at_least")
        return self
