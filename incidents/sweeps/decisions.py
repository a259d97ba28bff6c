"""What did a person decide about an item, and which decisions are refused, with which reason?"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from incidents.catalogue.policies import Policy, RecommendedAction
from incidents.errors import Refusal


class Verdict(StrEnum):
    """What a person says about an item. Unsure is an answer too: it sends the item on."""

    violates = "violates"
    does_not_violate = "does_not_violate"
    unsure = "unsure"


IMPLIED_ACTION = {
    Verdict.does_not_violate: RecommendedAction.keep,
    Verdict.unsure: RecommendedAction.escalate,
}
"""Verdict → the only action that goes with it. An item that violates leaves the choice to the person."""


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


MAX_RATIONALE = 4_000
"""Characters; it has to fit a cell of a spreadsheet (32,767) even where each one must be escaped."""

Reference = Annotated[str | None, BeforeValidator(_none_if_blank)]
"""An id, or None; a blank one is None, as forms and spreadsheets send it."""


class Judgement(BaseModel):
    """What somebody says about one item, before it is recorded whose word it is."""

    model_config = ConfigDict(frozen=True)

    item: str = Field(min_length=1)
    verdict: Verdict
    policy: Reference = Field(None, description="Id of the policy, e.g. `violence.incitement`.")
    clause: Reference = Field(None, description="Id of the clause within the policy.")
    action: RecommendedAction
    rationale: str = Field("", max_length=MAX_RATIONALE, description="Why, in the person's own words.")


class Decision(Judgement):
    """One person's judgement, with all that is needed to understand it years later."""

    policy_version: int | None = Field(None, ge=1, description="Version of the policy that was read.")
    guideline_version: int | None = Field(None, ge=1, description="None where there was no guideline yet.")
    person: str = Field(min_length=1)
    decided_at: AwareDatetime


def refusals(judgement: Judgement, policies: Mapping[str, Policy]) -> list[Refusal]:
    """Every reason why the judgement cannot be recorded; none means that it can.

    `policies` are those in force, by id. A decision is refused where:

    - it violates, but names no policy or no clause, or keeps the item up
    - it does not violate, but the action is other than keep
    - it is unsure, but does not escalate, or does not say why
    - its policy, or the clause within it, is not in force, or a clause comes without its policy
    - its policy version is not the one in force (of a `Decision`; a judgement has none yet)
    """
    return [*_verdict_refusals(judgement), *_policy_refusals(judgement, policies)]


def _verdict_refusals(judgement: Judgement) -> list[Refusal]:
    if judgement.verdict is Verdict.violates:
        return _violates_refusals(judgement)
    found = []
    implied = IMPLIED_ACTION[judgement.verdict]
    if judgement.action is not implied:
        said = judgement.verdict.replace("_", " ")
        found.append(Refusal("ACTION_CONTRADICTS", f"An item marked '{said}' has the action {implied}."))
    if judgement.verdict is Verdict.unsure and not judgement.rationale.strip():
        found.append(Refusal("RATIONALE_MISSING", "Say in the rationale what is unsure."))
    return found


def _violates_refusals(judgement: Judgement) -> list[Refusal]:
    found = []
    if judgement.policy is None:
        found.append(Refusal("POLICY_MISSING", "An item that violates names the policy."))
    if judgement.clause is None:
        found.append(Refusal("CLAUSE_MISSING", "An item that violates names the clause."))
    if judgement.action is RecommendedAction.keep:
        found.append(Refusal("ACTION_CONTRADICTS", "An item that violates does not have the action keep."))
    return found


def _policy_refusals(judgement: Judgement, policies: Mapping[str, Policy]) -> list[Refusal]:
    if judgement.policy is None:
        lonely = judgement.clause is not None and judgement.verdict is not Verdict.violates
        return [Refusal("POLICY_MISSING", "A clause comes with its policy.")] if lonely else []
    policy = policies.get(judgement.policy)
    if policy is None:
        return [Refusal("POLICY_UNKNOWN", f"The policy is one of {_listed(policies)}.")]
    return [*_clause_refusals(judgement, policy), *_version_refusals(judgement, policy)]


def _clause_refusals(judgement: Judgement, policy: Policy) -> list[Refusal]:
    clauses = [clause.id for clause in policy.clauses]
    if judgement.clause is None or judgement.clause in clauses:
        return []
    return [Refusal("CLAUSE_UNKNOWN", f"The clause of {policy.id} is one of {_listed(clauses)}.")]


def _version_refusals(judgement: Judgement, policy: Policy) -> list[Refusal]:
    if not isinstance(judgement, Decision) or judgement.policy_version == policy.version:
        return []
    read = "no version" if judgement.policy_version is None else f"version {judgement.policy_version}"
    sentence = f"It rests on {read} of {policy.id}; version {policy.version} is in force. Read it again."
    return [Refusal("POLICY_VERSION_OTHER", sentence)]


def _listed(ids: Mapping[str, object] | list[str]) -> str:
    return ", ".join(ids) or "(none: the catalogue has no policy)"
