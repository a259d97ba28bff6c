"""The moves of an incident: each checks who asks, asks the rules, and changes the phase in one step.

Every move is a conditional UPDATE. Where it changes no row somebody else moved first, and the Conflict
says who it was and when.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from incidents.errors import BadInput, Conflict, NotAllowed, Refusal
from incidents.four_eyes import Consent, Matter
from incidents.incident.incident import (
    SYSTEM,
    UNCERTIFIED,
    WAIVABLE,
    Incident,
    close_refusals,
    not_waived,
    stand_down_refusals,
)
from incidents.incident.phases import OPEN, REOPENED_INTO, Phase, check_move
from incidents.incident.severity import Impact, Priority
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.briefs import start_brief_clock
from incidents.store.engine import Work
from incidents.store.gates import GateKind, answer_gate
from incidents.store.incidents import find, find_for, lock, loose, open_with_key
from incidents.store.roles import take_role
from incidents.store.schema import incidents, waivers
from incidents.timeline import Entry, Event

MOVES: dict[Event, Phase] = {
    Event.assessment_started: Phase.assessing,
    Event.crisis_declared: Phase.declared,
    Event.candidate_dismissed: Phase.dismissed,
    Event.response_started: Phase.responding,
    Event.monitoring_started: Phase.monitoring,
    Event.crisis_stood_down: Phase.stood_down,
    Event.review_started: Phase.reviewing,
    Event.record_closed: Phase.closed,
}
"""Entry → the phase that it leads to. A reopening leads to a phase of its own."""

_ANSWERS: dict[Phase, frozenset[Phase]] = {
    Phase.declared: frozenset({Phase.declared, Phase.dismissed, Phase.responding, Phase.monitoring}),
    Phase.dismissed: frozenset({Phase.declared, Phase.dismissed, Phase.responding, Phase.monitoring}),
    Phase.stood_down: frozenset({Phase.stood_down, Phase.reviewing, Phase.closed}),
}
"""Move → phases which show that its question was answered already, by somebody else."""

_JUDGED = (Event.crisis_declared, Event.candidate_dismissed, Event.record_reopened)
_SETTLED: dict[Phase, tuple[Event, ...]] = {
    Phase.declared: _JUDGED,
    Phase.dismissed: _JUDGED,
    Phase.stood_down: (Event.crisis_stood_down,),
}
"""Move → the entries by which its question is answered. What the flow did after that is no answer."""


def start_assessment(work: Work, incident: str, *, by: Person, now: datetime) -> Incident:
    """The flow opens the question, or somebody looks at the candidate."""
    find_for(work, incident, by, Act.assess)
    _acknowledge(work, _move(work, incident, Event.assessment_started, by=by.id, now=now))
    return find(work, incident)


def record_assessment(
    work: Work, incident: str, *, answers: dict[str, str], note: str, by: Person, now: datetime
) -> None:
    """Keep the answers (yes, no or unknown) to the entry criteria of the incident's protocol.

    Which criteria the protocol has is the catalogue's matter: a door checks their names.
    """
    find_for(work, incident, by, Act.assess)
    if wrong := sorted(set(answers.values()) - {"yes", "no", "unknown"}):
        raise BadInput(f"A criterion is answered yes, no or unknown, not {', '.join(wrong)}.")
    facts = {"answers": answers, "note": note}
    entry = timeline.append(work, incident, Event.assessment_recorded, actor=by.id, now=now, facts=facts)
    _acknowledge(work, entry)


def set_priority(
    work: Work, incident: str, impact: Impact, priority: Priority, *, by: Person, now: datetime
) -> None:
    """Keep a new impact and the severity that a rule computed from it."""
    found = find_for(work, incident, by, Act.assess)
    work.execute(
        sa.update(incidents)
        .where(incidents.c.id == incident)
        .values(
            impact=impact.model_dump(mode="json"),
            severity=priority.severity,
            priority_rule=priority.rule,
        )
    )
    facts = {"severity": priority.severity, "rule": priority.rule, "was": found.severity}
    entry = timeline.append(work, incident, Event.priority_computed, actor=by.id, now=now, facts=facts)
    _acknowledge(work, entry)


def declare(work: Work, incident: str, *, by: Person, reason: str, now: datetime) -> Incident:
    """Declare a crisis. The person who declares leads it until the role is handed over."""
    find_for(work, incident, by, Act.declare)
    _need_reason(reason, "declare")
    entry = _move(work, incident, Event.crisis_declared, by=by.id, now=now, facts={"reason": reason})
    _acknowledge(work, entry)
    timeline.reach_milestone(work, entry, "declared")
    start_brief_clock(work, incident, now=now)
    take_role(work, incident, "commander", by, now=now)
    answer_gate(work, incident, GateKind.declare, answer="declare", by=by.id, reason=reason, now=now)
    return find(work, incident)


def dismiss(work: Work, incident: str, *, by: Person, reason: str, now: datetime) -> Incident:
    """Decide that this is no crisis."""
    find_for(work, incident, by, Act.declare)
    _need_reason(reason, "dismiss")
    entry = _move(work, incident, Event.candidate_dismissed, by=by.id, now=now, facts={"reason": reason})
    _acknowledge(work, entry)
    answer_gate(work, incident, GateKind.declare, answer="dismiss", by=by.id, reason=reason, now=now)
    return find(work, incident)


def start_response(work: Work, incident: str, *, now: datetime) -> Entry:
    """Roles, guideline and asks are out: partner teams work."""
    return _move(work, incident, Event.response_started, by=SYSTEM.id, now=now)


def resume_response(work: Work, incident: str, *, because: str, now: datetime) -> Entry:
    """There is something to do again: from monitoring back to the response."""
    return _move(work, incident, Event.response_started, by=SYSTEM.id, now=now, facts={"again": because})


def start_monitoring(work: Work, incident: str, *, now: datetime) -> Entry:
    """Every sweep has ended: the harm is contained as far as we can see."""
    entry = _move(work, incident, Event.monitoring_started, by=SYSTEM.id, now=now)
    timeline.reach_milestone(work, entry, "contained")
    return entry


def stand_down(work: Work, incident: str, *, by: Person, reason: str, now: datetime) -> Incident:
    """End the crisis. NotAllowed with every coded reason that is neither gone nor waived."""
    find_for(work, incident, by, Act.command)
    _need_reason(reason, "stand down")
    was = lock(work, incident).phase  # a sweep that is being requested counts as loose
    waived = waived_codes(work, incident)
    refusals = not_waived(stand_down_refusals(loose(work, incident)), waived)
    if refusals and was in OPEN:
        raise NotAllowed(f"{incident} cannot be stood down yet.", refusals)
    facts = {"reason": reason, "waived": sorted(waived)}
    entry = _move(work, incident, Event.crisis_stood_down, by=by.id, now=now, facts=facts)
    timeline.reach_milestone(work, entry, "stood_down")
    answer_gate(work, incident, GateKind.stand_down, answer="stand_down", by=by.id, reason=reason, now=now)
    stood = find(work, incident)
    outbox.post_event(
        work, incident, Event.crisis_stood_down, key=f"stood-down:{incident}:{stood.round}", now=now
    )
    return stood


def start_review(
    work: Work,
    incident: str,
    *,
    due_at: datetime,
    debrief: Sequence[Mapping[str, str | None]] = (),
    now: datetime,
) -> Entry:
    """The retrospective is being written from here on.

    `debrief` is what the protocol wants answered: each a `question`, and the role or team to `ask`, or None.
    """
    facts: dict[str, Any] = {"due_at": due_at.isoformat()}
    if debrief:
        facts["debrief"] = [dict(each) for each in debrief]
    return _move(work, incident, Event.review_started, by=SYSTEM.id, now=now, facts=facts)


def close(work: Work, incident: str, *, by: Person, now: datetime) -> Incident:
    """Close the incident. NotAllowed where its retrospective is not signed and published."""
    find_for(work, incident, by, Act.draft_review)
    if refusals := close_refusals(loose(work, incident)):
        raise NotAllowed(f"{incident} cannot be closed yet.", refusals)
    _move(work, incident, Event.record_closed, by=by.id, now=now)
    return find(work, incident)


def reopen(work: Work, incident: str, *, by: Person, reason: str, now: datetime) -> Incident:
    """Go on with an ended incident, in a new round. Its waivers end: they were given for the last one."""
    found = find_for(work, incident, by, Act.declare)
    _need_reason(reason, "reopen")
    to = REOPENED_INTO.get(found.phase)
    if to is None:
        raise NotAllowed(f"{incident} is {found.phase}: it has not ended, so it cannot be reopened.")
    if (other := open_with_key(work, found.grouping_key)) is not None:
        reason_why = Refusal("OTHER_INCIDENT_OPEN", f"{other.id} is open for the same matter: work there.")
        raise NotAllowed(f"{incident} cannot be reopened.", [reason_why])
    facts = {"reason": reason, "was": found.phase.value}
    _move_to(work, found, to, Event.record_reopened, by=by.id, now=now, facts=facts)
    # Whoever still waits for a signature is woken, finds the incident reopened, and ends.
    answer_gate(work, incident, GateKind.sign_off, answer="reopened", by=by.id, reason=reason, now=now)
    work.execute(sa.update(incidents).where(incidents.c.id == incident).values(round=incidents.c.round + 1))
    work.execute(sa.delete(waivers).where(waivers.c.incident_id == incident))
    start_brief_clock(work, incident, now=now)
    key = f"reopened:{incident}:{found.round + 1}"
    outbox.post_event(work, incident, Event.record_reopened, key=key, now=now)
    return find(work, incident)


def waive(
    work: Work, incident: str, code: str, *, by: Person, reason: str, consent: Consent, now: datetime
) -> None:
    """Take a coded reason out of the way, on a named person's word.

    SecondPersonMissing where the reason is a sweep without its certificate, and the protocol asks for one.
    """
    find_for(work, incident, by, Act.waive)
    _need_reason(reason, "waive")
    if code not in WAIVABLE:
        allowed = ", ".join(sorted(WAIVABLE))
        refusal = Refusal("CODE_NOT_WAIVABLE", f"It can be one of: {allowed}.")
        raise NotAllowed(f"{code} cannot be waived in {incident}.", [refusal])
    row = {"incident_id": incident, "code": code, "person": by.id, "reason": reason, "at": now}
    if not work.insert_once(waivers, row):
        raise Conflict(f"{code} is waived in {incident} already. `watchfloor incidents show` says by whom.")
    facts = {"code": code, "reason": reason}
    if code == UNCERTIFIED:
        facts |= consent.need(Matter.waive_certificate, by=by)
    timeline.append(work, incident, Event.reason_waived, actor=by.id, now=now, facts=facts)


def waived_codes(work: Work, incident: str) -> frozenset[str]:
    """The codes that are waived in the incident's present round."""
    rows = work.execute(sa.select(waivers.c.code).where(waivers.c.incident_id == incident))
    return frozenset(rows.scalars())


def restrict(work: Work, incident: str, *, restricted: bool, by: Person, reason: str, now: datetime) -> None:
    """Let those who hold a role on it, and nobody else, see the incident; or let everybody again."""
    find_for(work, incident, by, Act.command)
    _need_reason(reason, "restrict")
    work.execute(sa.update(incidents).where(incidents.c.id == incident).values(restricted=restricted))
    facts = {"restricted": restricted, "reason": reason}
    timeline.append(work, incident, Event.access_restricted, actor=by.id, now=now, facts=facts)


def _acknowledge(work: Work, entry: Entry) -> None:
    """The first thing that a person does about a candidate; what the flow does by itself is none."""
    if entry.actor != SYSTEM.id:
        timeline.reach_milestone(work, entry, "acknowledged")


def _move(
    work: Work, incident: str, event: Event, *, by: str, now: datetime, facts: dict[str, Any] | None = None
) -> Entry:
    return _move_to(work, find(work, incident), MOVES[event], event, by=by, now=now, facts=facts)


def _move_to(
    work: Work,
    found: Incident,
    to: Phase,
    event: Event,
    *,
    by: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> Entry:
    if found.phase in _ANSWERS.get(to, ()):
        raise _moved_first(work, found.id, to)
    check_move(found.id, found.phase, to)
    moved = work.execute(
        sa.update(incidents)
        .where(incidents.c.id == found.id, incidents.c.phase == found.phase.value)
        .values(phase=to.value, phase_since=now)
    ).rowcount
    if moved != 1:
        raise _moved_first(work, found.id, to)
    return timeline.append(work, found.id, event, actor=by, now=now, facts=facts)


def _moved_first(work: Work, incident: str, to: Phase) -> Conflict:
    """Who settled what this move would have settled, and when."""
    last = timeline.last_entry(work, incident, _SETTLED.get(to, (*MOVES, Event.record_reopened)))
    now_is = find(work, incident).phase
    if last is None:
        return Conflict(f"{incident} is {now_is}; somebody else moved first.")
    return Conflict(
        f"{incident} is {now_is}: {last.actor} moved first, at {last.at:%Y-%m-%d %H:%M:%S} UTC"
        f" ({last.event.value}). Nothing of yours was changed."
    )


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise NotAllowed(f"To {what} takes a reason.", [Refusal("REASON_MISSING", "The record needs it.")])
