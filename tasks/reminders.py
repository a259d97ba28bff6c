"""Remind people of what is late after a crisis, and tell the next ones where that does not help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from prefect import task

from incidents.incident.incident import Incident
from incidents.message import Message
from incidents.people import Role
from incidents.reviews import chasing
from incidents.reviews.actions import FollowedItem
from incidents.reviews.approvals import approval_refusals, missing_approvers
from incidents.reviews.audiences import Audience
from incidents.reviews.chasing import Whom, channels_for, next_rung, people_told
from incidents.reviews.steps import (
    APPROVED,
    REMINDER,
    SENTENCES,
    TOLD_BY_PEOPLE,
    Step,
    StepStanding,
    StepState,
    doers,
)
from incidents.store import action_items, outbox
from incidents.store.approvals import approvals_of
from incidents.store.engine import Work
from incidents.store.incidents import find, holder_of
from incidents.store.review_steps import count_reminder, plan_steps, steps_of, under_review
from incidents.store.reviews import find_review, read_draft, review_owner
from incidents.timeline import Event
from incidents.words import render
from tasks.reviews import due_steps
from tasks.world import catalogue, store


@task(persist_result=False)
def remind_of_late_steps(machine_now: datetime) -> int:
    """Remind of every step of a review that is late, each person once; return how many reminders went out."""
    with store().read() as work:
        reviewed = under_review(work)
    return sum(_remind(incident, machine_now) for incident in reviewed)


@dataclass(frozen=True)
class _Lacking:
    """The newest version of this round, and whose approval it lacks; None where none is written."""

    version: int | None
    is_signed: bool = False
    approvers: Sequence[str] = ()
    sentences: Sequence[str] = ()


def _remind(incident: str, now: datetime) -> int:
    with store().begin() as work:
        found = find(work, incident)
        approvers = catalogue().approvers(found.protocol, found.severity, Audience.internal)
        if not steps_of(work, incident, approvers=approvers):
            plan_steps(work, incident, due_steps(found))  # its flow began before reviews had steps, and waits
        steps = steps_of(work, incident, approvers=approvers)
        lacking = _lacking(work, incident, steps, approvers)
        return sum(_remind_of(work, found, each, lacking, now) for each in steps if each.is_late(now))


def _lacking(work: Work, incident: str, steps: Sequence[StepStanding], approvers: Sequence[str]) -> _Lacking:
    is_open = {each.step for each in steps if each.state is StepState.open}
    if Step.draft in is_open:
        return _Lacking(None, approvers=approvers)
    version, given = read_draft(work, incident).version, approvals_of(work, incident)
    refusals = approval_refusals(Audience.internal, version, approvers=approvers, given=given)
    missing = missing_approvers(Audience.internal, version, approvers=approvers, given=given)
    told = [each.sentence for each in refusals]
    return _Lacking(version, is_signed=Step.signature not in is_open, approvers=missing, sentences=told)


def _remind_of(work: Work, found: Incident, late: StepStanding, lacking: _Lacking, now: datetime) -> bool:
    rung = next_rung(chasing.STEPS, climbed=late.reminders, due_at=late.due_at, now=now)
    if rung is None:
        return False
    people = _people(work, found, _doers(work, found, late.step, lacking.approvers), rung.whom)
    if not count_reminder(work, found.id, late, people=people, now=now):
        return False
    words: dict[str, object] = {"sentence": SENTENCES[late.step], "can_be_told": late.step in TOLD_BY_PEOPLE}
    words["lacking"] = lacking if late.step in APPROVED and not lacking.is_signed else None
    message = Message(
        key=f"{REMINDER}{found.id}:{found.round}:{late.step}:{late.reminders + 1}",
        event=Event.step_escalated.value,
        subject=f"{found.id}: the review waits for {late.step}",
        text=render("notes/step_late.md.j2", incident=found.id, late=late, people=people, **words),
        at=now,
    )
    return _tell(work, found, people, message)


def _tell(work: Work, found: Incident, people: Sequence[str], message: Message) -> bool:
    """Promise a message to everybody whom it names, wherever they are reached; False where it was before."""
    reached = partial(catalogue().reached, drill=found.is_drill)
    posted = [outbox.post_message(work, found.id, each, message) for each in channels_for(people, reached)]
    return any(posted)


@task(persist_result=False)
def chase_action_items(machine_now: datetime) -> int:
    """Remind the owner of every overdue action item, once a day at most; return how many were."""
    with store().read() as work:
        overdue = action_items.overdue_actions(work, machine_now)
    return sum(_chase(item, machine_now) for item in overdue)


def _chase(item: FollowedItem, now: datetime) -> bool:
    with store().begin() as work:
        if not action_items.chase(work, item.id, now=now):
            return False
        key = f"chase:{item.id}:{now:%Y-%m-%d}"
        return _tell_of_item(work, item, key, Event.action_chased, [item.owner], now)


@task(persist_result=False)
def escalate_action_items(machine_now: datetime) -> int:
    """Tell others than its owner of every item that stays overdue, each once; return how many were told of."""
    with store().read() as work:
        overdue = action_items.overdue_actions(work, machine_now)
    return sum(_escalate(item, machine_now) for item in overdue)


def _escalate(item: FollowedItem, now: datetime) -> bool:
    rung = next_rung(chasing.ITEMS, climbed=item.escalations, due_at=item.due_at, now=now)
    if rung is None:
        return False
    with store().begin() as work:
        people = _people(work, find(work, item.incident_id), [item.owner], rung.whom)
        if not action_items.escalate_action(work, item, people=people, now=now):
            return False
        key = f"overdue:{item.id}:{item.escalations + 1}"
        return _tell_of_item(work, item, key, Event.action_escalated, people, now)


def _tell_of_item(
    work: Work, item: FollowedItem, key: str, event: Event, people: Sequence[str], now: datetime
) -> bool:
    text = render("notes/overdue.md.j2", item=item, people=people)
    message = Message(key=key, event=event.value, subject=f"{item.id} is overdue", text=text, at=now)
    return _tell(work, find(work, item.incident_id), people, message)


def _people(work: Work, found: Incident, doers: Sequence[str], whom: Whom) -> list[str]:
    """The ids of those whom a reminder names."""
    administrators = catalogue().holders(Role.administrator, drill=found.is_drill)
    lead = (review_owner(work, found.id), holder_of(work, found.id, Role.commander))
    return people_told(whom, doers=doers, lead=lead, administrators=administrators)


def _doers(work: Work, found: Incident, step: Step, approvers: Sequence[str]) -> list[str]:
    return doers(
        step,
        owner=find_review(work, found.id).owner,
        commander=holder_of(work, found.id, Role.commander),
        reviewers=catalogue().holders(Role.reviewer, drill=found.is_drill),
        approvers=approvers,
    )
