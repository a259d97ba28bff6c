"""Which decisions are read again when a guideline changes, and how much did the change move?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.quality.agreement import Reading
from incidents.sweeps.quality.proportions import CONFIDENCE, UNMEASURED, Estimate, share


class Shift(StrEnum):
    """What a new version does to a clause."""

    narrower = "narrower"  # less violates than before
    broader = "broader"  # more violates than before
    other = "other"  # both can be


class Change(NamedTuple):
    """A clause whose meaning a new version of the guideline changed; None is every clause of the policy."""

    policy: str
    clause: str | None = None
    shift: Shift = Shift.other

    def covers(self, decision: Decision) -> bool:
        """Whether the decision rests on what changed."""
        return decision.policy == self.policy and self.clause in (None, decision.clause)


class Why(IntEnum):
    """Why a decision is read again, the most pressing first."""

    may_be_over_enforced = 1  # it violates by a clause that changed, and may no longer
    was_unsure = 2  # the new version may settle it
    may_be_missed = 3  # let pass by a policy that now covers more
    may_be_missed_elsewhere = 4  # let pass without naming a policy, while some policy now covers more


class Again(NamedTuple):
    """A decision to read again."""

    item: str
    why: Why
    risk: float


def to_read_again(
    decisions: Sequence[Decision], new_version: int, changes: Sequence[Change], risks: Mapping[str, float]
) -> list[Again]:
    """The decisions under older versions that the new one may turn, by reason, then risk, then item.

    `decisions` are those that stand, `risks` the risk of an item where it is known (0 otherwise). A decision
    without a version was made before there was a guideline. Whoever lists them reads as many as there are
    hands for, from the top; what is let pass without a policy is long, and a sample of it is enough.
    """
    found = []
    for decision in decisions:
        why = _why(decision, changes) if (decision.guideline_version or 0) < new_version else None
        if why is not None:
            found.append(Again(decision.item, why, risks.get(decision.item, 0.0)))
    return sorted(found, key=lambda each: (each.why, -each.risk, each.item))


def _why(decision: Decision, changes: Sequence[Change]) -> Why | None:
    if decision.verdict is Verdict.unsure:
        return Why.was_unsure
    if decision.verdict is Verdict.violates:
        narrowed = any(each.covers(decision) for each in changes if each.shift is not Shift.broader)
        return Why.may_be_over_enforced if narrowed else None
    broader = [each for each in changes if each.shift is not Shift.narrower]
    if decision.policy is None:
        return Why.may_be_missed_elsewhere if broader else None
    # Who let it pass by one clause may have looked at that one alone: the policy is what counts.
    return Why.may_be_missed if any(each.policy == decision.policy for each in broader) else None


class Drift(BaseModel):
    """What became of the items that were read under both versions."""

    model_config = ConfigDict(frozen=True)

    items: int = Field(ge=0, description="Items with a decision under both versions.")
    changed: Estimate = Field(UNMEASURED, description="Share whose verdict is another one now.")
    turns: Mapping[str, int] = Field({}, description="`violates → unsure` and so on → items.")


def drift(
    readings: Sequence[Reading], old_version: int, new_version: int, confidence: float = CONFIDENCE
) -> Drift:
    """How many verdicts turned from one version to the other, among the items that were read under both.

    An item counts where its readers under each version were of one mind. It measures the change of the
    guideline and of the people who read in one: compare it with how far people disagree within a version.
    """
    before, after = _settled(readings, old_version), _settled(readings, new_version)
    both = sorted(before.keys() & after.keys())
    turns = Counter(f"{before[item]} → {after[item]}" for item in both if before[item] is not after[item])
    turned = share(sum(turns.values()), len(both), confidence)
    return Drift(items=len(both), changed=turned, turns=dict(sorted(turns.items())))


def _settled(readings: Sequence[Reading], version: int) -> dict[str, Verdict]:
    said: dict[str, set[Verdict]] = {}
    for reading in readings:
        if reading.guideline_version == version:
            said.setdefault(reading.item, set()).add(reading.verdict)
    return {item: next(iter(verdicts)) for item, verdicts in said.items() if len(verdicts) == 1}
