"""Remind people of what is late after a crisis, and tell the next ones where that does not help."""

from collections.abc import Sequence
from datetime import datetime

from prefect import task

from incidents.incident.incident import Incident
from incidents.message import Message
from incidents.people import Role
from incidents.reviews import chasing
from incidents.reviews.audiences import Audience
from incidents.reviews.chasing import Whom, next_rung, people_told
from incidents.reviews.steps import GATED, REMINDER, SENTENCES, TOLD_BY_PEOPLE, Step, StepStanding
from incidents.store import outbox
from incidents.store.engine import Work
from incidents.store.incidents import find, holder_of
from incidents.store.review_steps import count_reminder, steps_of, under_review
from incidents.store.reviews import find_review
from incidents.timeline import Event
from incidents.words import render
from tasks.upkeep import ESCALATIONS
from tasks.world import catalogue, store


@task(persist_result=False)
def remind_of_late_steps(machine_now: datetime) -> int:
    """Remind of every step of a review that is late, each person once; return how many reminders went out."""
    with store().read() as work:
        reviewed = under_review(work)
    return sum(_remind(incident, machine_now) for incident in reviewed)


def _remind(incident: str, now: datetime) -> int:
    with store().begin() as work:
        found = find(work, incident)
        approvers = catalogue().approvers(found.protocol, found.severity, Audience.internal)
        steps = steps_of(work, incident, approvers=approvers)
        late = [each for each in steps if each.is_late(now) and each.step not in GATED]
        return sum(_remind_of(work, found, each, approvers, now) for each in late)


def _remind_of(
    work: Work, found: Incident, late: StepStanding, approvers: Sequence[str], now: datetime
) -> bool:
    rung = next_rung(chasing.STEPS, climbed=late.reminders, due_at=late.due_at, now=now)
    if rung is None:
        return False
    people = _people(work, found, late.step, approvers, rung.whom)
    if not count_reminder(work, found.id, late, people=people, now=now):
        return False
    message = Message(
        key=f"{REMINDER}{found.id}:{found.round}:{late.step}:{late.reminders + 1}",
        event=Event.step_escalated.value,
        subject=f"{found.id}: the review waits for {late.step}",
        text=render("notes/step_late.md.j2", incident=found.id, late=late, people=people, **_words(late.step)),
        at=now,
    )
    return outbox.post_message(work, found.id, ESCALATIONS, message)


def _words(step: Step) -> dict[str, str | bool]:
    return {"sentence": SENTENCES[step], "can_be_told": step in TOLD_BY_PEOPLE}


def _people(work: Work, found: Incident, step: Step, approvers: Sequence[str], whom: Whom) -> list[str]:
    """The ids of those whom a reminder names; the approvers where the step is theirs."""
    owner, commander = find_review(work, found.id).owner, holder_of(work, found.id, Role.commander)
    cast = catalogue().cast(drill=found.is_drill)
    readers = [each.id for each in cast if Role.reviewer in each.roles and each.id not in (owner, commander)]
    doers = {Step.reading: readers, Step.approvals: approvers}.get(step, [owner])
    administrators = [each.id for each in cast if Role.administrator in each.roles]
    return people_told(whom, doers=doers, lead=(commander, owner), administrators=administrators)
