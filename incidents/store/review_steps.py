"""The steps of a review: planned when it begins, done as things happen or people say, chased where late."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, NotFound
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.people import Act, Person
from incidents.reviews.approvals import approval_refusals
from incidents.reviews.audiences import Audience
from incidents.reviews.steps import (
    PlannedStep,
    Step,
    StepStanding,
    StepState,
    Trace,
    standing,
    step_refusals,
)
from incidents.store import timeline
from incidents.store.approvals import approvals_of
from incidents.store.drills import keeps_machine_time
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for, lock
from incidents.store.reviews import Draft, Review, find_review, read_draft
from incidents.store.schema import incidents, retrospectives, review_steps
from incidents.store.sections import newest_sections
from incidents.timeline import Event


def plan_steps(work: Work, incident: str, due: Mapping[Step, datetime]) -> None:
    """Keep the steps of this round's review with their due dates; those that were planned stay as they are."""
    here = {"incident_id": incident, "round": find(work, incident).round}
    for step, due_at in due.items():
        work.insert_once(review_steps, here | {"step": step.value, "due_at": due_at})


def steps_of(work: Work, incident: str, *, approvers: Sequence[str]) -> list[StepStanding]:
    """Where each step of this round's review stands, in order. NotFound where no review was started.

    `approvers` are those whom the protocol names for the audience internal.
    """
    traces = _traces(work, find_review(work, incident), approvers)
    rows = work.execute(sa.select(review_steps).where(_of_round(work, incident))).all()
    planned = {row.step: PlannedStep.model_validate(row) for row in rows}
    return standing([planned[step] for step in Step if step in planned], traces)


def due_date(work: Work, incident: str, step: Step) -> datetime:
    """When a step of this round's review is due. NotFound where it was not planned."""
    here = (_of_round(work, incident), review_steps.c.step == step.value)
    found: datetime | None = work.execute(sa.select(review_steps.c.due_at).where(*here)).scalar_one_or_none()
    if found is None:
        raise _not_planned(incident, step)
    return found


def finish_step(
    work: Work, incident: str, step: Step, *, approvers: Sequence[str], by: Person, note: str, now: datetime
) -> None:
    """Say that a step is done which leaves no trace. NotAllowed with coded reasons (see `step_refusals`).

    Conflict, with who and when, where it is done or skipped already. `approvers` as for `steps_of`.
    """
    _tell(work, incident, step, StepState.done, approvers=approvers, by=by, reason=note, now=now)


def skip_step(
    work: Work, incident: str, step: Step, *, approvers: Sequence[str], by: Person, reason: str, now: datetime
) -> None:
    """Leave a step out, with a reason. Refused as `finish_step` is, and where the step must not be skipped."""
    _tell(work, incident, step, StepState.skipped, approvers=approvers, by=by, reason=reason, now=now)


def note_gathered(work: Work, incident: str, now: datetime) -> None:
    """Keep when the evidence was gathered first. No entry is made of it: the timeline is what was gathered."""
    _keep(work, incident, Step.evidence, StepState.done, SYSTEM, "", now)


def under_review(work: Work) -> list[str]:
    """Incidents whose review goes on, by a clock that runs: by one that stands between moves nobody is late."""
    statement = (
        sa.select(incidents.c.id)
        .where(incidents.c.phase == Phase.reviewing.value, keeps_machine_time())
        .order_by(incidents.c.number)
    )
    return list(work.execute(statement).scalars())


def count_reminder(
    work: Work, incident: str, late: StepStanding, *, people: Sequence[str], now: datetime
) -> bool:
    """Count a reminder that is about to be sent; False where it was sent, or the step done, meanwhile."""
    statement = (
        sa.update(review_steps)
        .where(_of_round(work, incident), review_steps.c.step == late.step.value)
        .where(review_steps.c.reminders == late.reminders, review_steps.c.state.is_(None))
        .values(reminders=review_steps.c.reminders + 1)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"step": late.step.value, "times": late.reminders + 1, "people": list(people)}
    timeline.append(work, incident, Event.step_escalated, actor=SYSTEM.id, now=now, facts=facts)
    return True


def _tell(
    work: Work,
    incident: str,
    step: Step,
    state: StepState,
    *,
    approvers: Sequence[str],
    by: Person,
    reason: str,
    now: datetime,
) -> None:
    find_for(work, incident, by, Act.draft_review)
    lock(work, incident)  # nobody signs or publishes meanwhile
    review = find_review(work, incident)
    skips = state is StepState.skipped
    reads = step is Step.reading and not skips
    draft = read_draft(work, incident) if reads else None
    reasons = step_refusals(
        step,
        skips=skips,
        person=by.id,
        reason=reason,
        authors=_authors(work, draft) if draft else (),
        owner=review.owner,
        is_published=review.published_at is not None,
    )
    if reasons:
        what = "skip" if skips else "finish"
        raise NotAllowed(f"{by.id} cannot {what} the step {step} of the review of {incident}.", reasons)
    now_is = _find_step(steps_of(work, incident, approvers=approvers), incident, step)
    if now_is.state is not StepState.open:
        raise Conflict(
            f"The step {step} of the review of {incident} is {now_is.state}: by {now_is.person}, at"
            f" {now_is.at:%Y-%m-%d %H:%M:%S} UTC. Nothing of yours was changed."
        )
    _keep(work, incident, step, state, by, reason, now)
    event, said = (Event.step_skipped, "reason") if skips else (Event.step_finished, "note")
    facts = {"step": step.value, said: reason} | ({"version": draft.version} if draft else {})
    timeline.append(work, incident, event, actor=by.id, now=now, facts=facts)


def _authors(work: Work, draft: Draft) -> set[str]:
    """Who wrote the version, or a section that people write beside the record."""
    return {draft.author, *(each.author for each in newest_sections(work, draft.incident_id))}


def _keep(
    work: Work, incident: str, step: Step, state: StepState, by: Person, reason: str, now: datetime
) -> None:
    statement = sa.update(review_steps).where(
        _of_round(work, incident), review_steps.c.step == step.value, review_steps.c.state.is_(None)
    )
    work.execute(statement.values(state=state.value, person=by.id, at=now, reason=reason.strip() or None))


def _find_step(steps: Sequence[StepStanding], incident: str, step: Step) -> StepStanding:
    for each in steps:
        if each.step is step:
            return each
    raise _not_planned(incident, step)


def _not_planned(incident: str, step: Step) -> NotFound:
    return NotFound(f"The review of {incident} has no step {step} yet: its flow plans them when it runs.")


def _of_round(work: Work, incident: str) -> sa.ColumnElement[bool]:
    this = find(work, incident).round
    return sa.and_(review_steps.c.incident_id == incident, review_steps.c.round == this)


def _traces(work: Work, review: Review, approvers: Sequence[str]) -> dict[Step, Trace]:
    """What happened in this round that a step follows from."""
    found = {Step.draft: _drafted(work, review), Step.approvals: _approved(work, review, approvers)}
    if review.signed_at is not None:
        found[Step.signature] = Trace(person=review.signed_by or SYSTEM.id, at=review.signed_at)
    if review.published_at is not None:
        entry = timeline.last_entry(work, review.incident_id, (Event.retrospective_published,))
        person = entry.actor if entry else SYSTEM.id
        found[Step.publication] = Trace(person=person, at=review.published_at)
    return {step: trace for step, trace in found.items() if trace is not None}


def _drafted(work: Work, review: Review) -> Trace | None:
    """The first version that was written in this round."""
    statement = (
        sa.select(retrospectives.c.author.label("person"), retrospectives.c.written_at.label("at"))
        .where(retrospectives.c.incident_id == review.incident_id)
        .where(retrospectives.c.written_at >= review.started_at)
        .order_by(retrospectives.c.version)
        .limit(1)
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else Trace.model_validate(row)


def _approved(work: Work, review: Review, approvers: Sequence[str]) -> Trace | None:
    """The last approval that this round's newest version needed to be signed; None while one is missing."""
    if _drafted(work, review) is None:
        return None
    version = read_draft(work, review.incident_id).version
    given = [
        each
        for each in approvals_of(work, review.incident_id)
        if (each.audience, each.version) == (Audience.internal, version)
    ]
    if not given or approval_refusals(Audience.internal, version, approvers=approvers, given=given):
        return None
    last = max(given, key=lambda each: each.at)
    return Trace(person=last.person, at=last.at)
