"""Put a question to people, and take the answer that comes through Prefect's own form.

An answer from the command line or the console is in the store before the flow goes on; one from the form
arrives with the flow, and passes the same rules here.
"""

from datetime import datetime

from prefect import task

from incidents.errors import Conflict, NotAllowed, NotAuthorised, NotFound, Refusal
from incidents.incident.gates import is_asked, patience
from incidents.incident.incident import Incident, not_waived, stand_down_refusals
from incidents.people import Person, lone_operator
from incidents.reviews.approvals import approval_refusals
from incidents.reviews.audiences import Audience
from incidents.reviews.publishing import sign_checked
from incidents.reviews.steps import Step
from incidents.store import gates, lifecycle
from incidents.store.action_items import overdue_of_class
from incidents.store.approvals import approvals_of
from incidents.store.ending import is_over
from incidents.store.engine import Work
from incidents.store.gates import Gate, GateKind
from incidents.store.incidents import find, lock, loose
from incidents.store.review_steps import due_date
from incidents.store.reviews import read_draft
from incidents.words import render
from tasks.world import catalogue, store


@task(task_run_name="ask: {kind.value}", persist_result=False)
def open_gate(
    incident: str, kind: GateKind, flow_run_id: str, now: datetime, subject: str | None = None
) -> Gate | None:
    """Open the gate, or find it as it is; None where its question is settled already.

    The incident is locked first: a person who decides at this very moment either finds the gate open and
    answers it, or has decided before it opens.
    """
    with store().begin() as work:
        found = lock(work, incident)
        signed = loose(work, incident).review_signed
        over = kind is GateKind.sweep_work and is_over(work, subject or "")
        if not is_asked(kind, found.phase, is_signed=signed, is_over=over):
            return None
        due_at = _due_at(work, found, kind, now)
        return gates.open_gate(
            work, incident, kind, subject=subject, due_at=due_at, flow_run_id=flow_run_id, now=now
        )


def _due_at(work: Work, found: Incident, kind: GateKind, now: datetime) -> datetime:
    if kind is GateKind.sign_off:
        return due_date(work, found.id, Step.signature)
    return now + patience(kind, catalogue().severity(found.severity).clocks)


def question(gate: Gate) -> str:
    """The question as Markdown, with what stands in the way, for Prefect's form."""
    with store().read() as work:
        incident = find(work, gate.incident_id)
        refusals = _in_the_way(work, gate.kind, incident)
        overdue = overdue_of_class(work, incident, gate.opened_at) if gate.kind is GateKind.declare else []
    protocol = catalogue().protocol(incident.protocol)
    said = {"incident": incident, "gate": gate, "protocol": protocol, "refusals": refusals, "overdue": overdue}
    return render(f"gates/{gate.kind.value}.md.j2", **said)


def _in_the_way(work: Work, kind: GateKind, incident: Incident) -> list[Refusal]:
    match kind:
        case GateKind.stand_down:
            waived = lifecycle.waived_codes(work, incident.id)
            return not_waived(stand_down_refusals(loose(work, incident.id)), waived)
        case GateKind.sign_off:
            version, given = read_draft(work, incident.id).version, approvals_of(work, incident.id)
            return approval_refusals(Audience.internal, version, approvers=_approvers(incident), given=given)
        case GateKind.declare | GateKind.sweep_work:
            return []


@task(task_run_name="answer: {gate.kind.value}", persist_result=False)
def take_answer(gate: Gate, answer: dict[str, str], now: datetime) -> Gate:
    """Apply what the form says, by the same rules as everywhere; a refusal is recorded and asked again.

    `answer` has `person`, `decision` and `reason`. An answer that came too late changes nothing, and a run
    that was woken without one just asks again.
    """
    if not any(answer.values()):
        with store().begin() as work:
            return gates.ask_again(work, gate)
    try:
        with store().begin() as work:
            person = _who(answer.get("person", ""), find(work, gate.incident_id))
            _apply(work, gate, answer, person, now)
    except Conflict:
        pass  # Somebody answered in the store first; the gate that is returned says what.
    except NotAllowed as refused:
        with store().begin() as work:
            return gates.refuse_answer(work, gate, refused, person=answer.get("person") or "nobody", now=now)
    with store().read() as work:
        return gates.current_gate(work, gate.incident_id, gate.kind, gate.subject)


def _apply(work: Work, gate: Gate, answer: dict[str, str], person: Person, now: datetime) -> None:
    incident, reason = gate.incident_id, answer.get("reason", "")
    match gate.kind, answer.get("decision"):
        case GateKind.declare, "declare":
            lifecycle.declare(work, incident, by=person, reason=reason, now=now)
        case GateKind.declare, "dismiss":
            lifecycle.dismiss(work, incident, by=person, reason=reason, now=now)
        case GateKind.stand_down, "stand_down":
            lifecycle.stand_down(work, incident, by=person, reason=reason, now=now)
        case GateKind.sign_off, "sign":
            _sign(work, incident, person, reason, now)
        case _:
            unknown = Refusal("NO_DECISION", "Choose what is decided, then submit again.")
            raise NotAllowed(f"{incident}: the form holds no decision.", [unknown])


def _sign(work: Work, incident: str, person: Person, reason: str, now: datetime) -> None:
    found, version = find(work, incident), read_draft(work, incident).version
    sign_checked(work, incident, version, approvers=_approvers(found), by=person, reason=reason, now=now)


def _approvers(incident: Incident) -> tuple[str, ...]:
    """Whose approvals are needed before the retrospective is signed."""
    return catalogue().approvers(incident.protocol, incident.severity, Audience.internal)


def _who(name: str, incident: Incident) -> Person:
    if not catalogue().people and not incident.is_drill:
        return lone_operator(name)
    try:
        return catalogue().person(name, drill=incident.is_drill)
    except NotFound as error:
        raise NotAuthorised(
            f"{name or 'Nobody'} is not known.",
            [Refusal("PERSON_UNKNOWN", "Give your id in the field person.")],
        ) from error
