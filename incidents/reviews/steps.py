"""The steps of a review: what each is, when it is due, how far it came, and why a word about it is refused.

Where a step leaves a trace (a version is written, or signed) its state follows from that. Where it leaves
none (people were asked) somebody says that it is done, or why it is skipped.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.severities import ReviewDays
from incidents.errors import Refusal


class Step(StrEnum):
    """The steps, in the order in which they are due. `SENTENCES` says when each is done."""

    evidence = "evidence"
    draft = "draft"
    interviews = "interviews"
    reading = "reading"
    approvals = "approvals"
    signature = "signature"
    publication = "publication"


SENTENCES: dict[Step, str] = {
    Step.evidence: "The record is gathered, and hypotheses are proposed from it.",
    Step.draft: "A version of the retrospective is written.",
    Step.interviews: "Those who were there were asked what the record cannot say.",
    Step.reading: "Somebody who neither wrote it nor owns the review has read it.",
    Step.approvals: "Those whom the protocol names approved the version that is to be signed.",
    Step.signature: "A reviewer has signed a version.",
    Step.publication: "The signed version is published.",
}

TOLD_BY_PEOPLE = frozenset({Step.interviews, Step.reading})
"""Steps that leave no trace: a person says that they are done, or skips them. The others nobody can skip."""

REMINDER = "step:"
"""How the key of a message about a late step begins, e.g. `step:INC-12:1:interviews:2`."""

STUCK = "stuck:review:"
"""How the key of a message begins that the flow of a review does not come to its end."""

APPROVED = frozenset({Step.approvals, Step.signature, Step.publication})
"""Steps that wait for the approvals of the audience internal: publishing follows the signature at once."""


class StepState(StrEnum):
    """How far a step came. `missed`: the review was published without it."""

    open = "open"
    done = "done"
    skipped = "skipped"
    missed = "missed"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")


class PlannedStep(_Frozen):
    """A step as it was planned when the review began, and what was said of it since."""

    step: Step
    due_at: datetime
    state: StepState | None = None
    person: str | None = None
    at: datetime | None = None
    reason: str | None = None
    reminders: int = 0


class Trace(_Frozen):
    """That a step was done, by whom and when."""

    person: str
    at: datetime


class StepStanding(PlannedStep):
    """A step as it stands now."""

    state: StepState

    def is_late(self, now: datetime) -> bool:
        """Whether it is due and nobody has done it."""
        return self.state is StepState.open and self.due_at <= now


def doers(
    step: Step, *, owner: str, commander: str | None, reviewers: Sequence[str], approvers: Sequence[str]
) -> list[str]:
    """Who is to do a step: the approvers, reviewers who neither own the review nor commanded, or its owner."""
    if step is Step.approvals:
        return list(approvers)
    if step in {Step.reading, Step.signature}:
        return [each for each in reviewers if each not in (owner, commander)]
    return [owner]


def due_dates(
    stood_down_at: datetime, days: ReviewDays, *, debrief_days: int, has_approvals: bool
) -> dict[Step, datetime]:
    """When each step is due. The protocol's debrief is the reading: nothing up to it is due later than that.

    Without approvers there is no step for approvals.
    """
    counted: dict[str, int] = days.model_dump()
    up_to_debrief = {Step.evidence, Step.draft, Step.interviews, Step.reading}
    most = {step: debrief_days if step in up_to_debrief else counted[step] for step in Step}
    return {
        step: stood_down_at + timedelta(days=min(counted[step], most[step]))
        for step in Step
        if has_approvals or step is not Step.approvals
    }


def standing(planned: Iterable[PlannedStep], traces: dict[Step, Trace]) -> list[StepStanding]:
    """Where each planned step stands: what happened counts first, then what people said.

    A signature is also a reading: its signer wrote none of it.
    """
    over = Step.publication in traces
    return [_standing(each, traces.get(each.step) or _implied(each.step, traces), over) for each in planned]


def _standing(planned: PlannedStep, trace: Trace | None, over: bool) -> StepStanding:
    told = planned.model_dump()
    if planned.state is not None:
        return StepStanding(**told)
    if trace is not None:
        return StepStanding(**told | {"state": StepState.done, **trace.model_dump()})
    return StepStanding(**told | {"state": StepState.missed if over else StepState.open})


def _implied(step: Step, traces: dict[Step, Trace]) -> Trace | None:
    return traces.get(Step.signature) if step is Step.reading else None


def step_refusals(
    step: Step,
    *,
    skips: bool,
    person: str,
    reason: str,
    authors: Collection[str],
    owner: str,
    is_published: bool,
) -> list[Refusal]:
    """Every reason why a person's word about a step does not count; none means that it does.

    It is refused where:

    - the step follows from what happens: it can be neither said to be done nor skipped
    - the review is published: it is over
    - it is skipped without a reason
    - the reader wrote any of the newest version, or owns the review
    """
    found = []
    if step not in TOLD_BY_PEOPLE:
        found.append(Refusal("STEP_NOT_TOLD", f"It is done once this is so: {SENTENCES[step]}"))
    if is_published:
        found.append(Refusal("REVIEW_OVER", "The retrospective is published."))
    if skips and not reason.strip():
        found.append(Refusal("REASON_MISSING", "Say with --reason why it is skipped."))
    if step is Step.reading and not skips and person in {owner, *authors}:
        found.append(
            Refusal("REVIEW_OWN_DRAFT", "Somebody reads it who did not write it, nor owns the review.")
        )
    return found
