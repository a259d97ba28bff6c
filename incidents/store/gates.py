"""The places where a flow waits for a person: opened by the flow, answered by the person, due by a clock."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import NotAllowed
from incidents.incident.incident import SYSTEM
from incidents.store import outbox, timeline
from incidents.store.drills import keeps_machine_time
from incidents.store.engine import Work
from incidents.store.incidents import lock
from incidents.store.schema import gates, incidents
from incidents.timeline import Event


class GateKind(StrEnum):
    """What is asked at a gate."""

    declare = "declare"
    stand_down = "stand_down"
    sign_off = "sign_off"
    sweep_work = "sweep_work"


class Gate(BaseModel):
    """One question to people, and its answer once there is one."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    incident_id: str
    kind: GateKind
    subject: str
    round: int
    state: str
    opened_at: datetime
    due_at: datetime
    escalations: int
    refusals: int
    refused_because: str | None
    flow_run_id: str
    answer: str | None
    answered_by: str | None
    reason: str | None
    answered_at: datetime | None

    @property
    def is_answered(self) -> bool:
        """Whether the flow may go on."""
        return self.state == "answered"


def open_gate(
    work: Work,
    incident: str,
    kind: GateKind,
    *,
    subject: str | None = None,
    due_at: datetime,
    flow_run_id: str,
    now: datetime,
) -> Gate:
    """Open the gate of this round, or return it as it is; the flow run that waits there is kept current."""
    named = subject or incident
    opened = work.insert_once(
        gates,
        {
            "incident_id": incident,
            "kind": kind.value,
            "subject": named,
            "round": _round(work, incident, named),
            "state": "open",
            "opened_at": now,
            "due_at": due_at,
            "flow_run_id": flow_run_id,
        },
    )
    if opened:
        facts = {"gate": kind.value, "subject": named, "due_at": due_at.isoformat()}
        timeline.append(work, incident, Event.gate_opened, actor=SYSTEM.id, now=now, facts=facts)
    work.execute(
        sa.update(gates)
        .where(gates.c.kind == kind.value, gates.c.subject == named, gates.c.state == "open")
        .values(flow_run_id=flow_run_id)
    )
    return current_gate(work, incident, kind, named)


def current_gate(work: Work, incident: str, kind: GateKind, subject: str) -> Gate:
    """The gate of the incident's present round."""
    statement = sa.select(gates).where(
        gates.c.kind == kind.value, gates.c.subject == subject, gates.c.round == _round(work, incident, subject)
    )
    return Gate.model_validate(work.execute(statement).one())


def answer_gate(
    work: Work,
    incident: str,
    kind: GateKind,
    *,
    subject: str | None = None,
    answer: str,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """Write the answer where a gate is open, and promise to wake the flow that waits at it.

    Where the flow has not come to the gate yet there is nothing to write: it will find the decision itself.
    """
    statement = (
        sa.update(gates)
        .where(gates.c.kind == kind.value, gates.c.subject == (subject or incident), gates.c.state == "open")
        .values(state="answered", answer=answer, answered_by=by, reason=reason, answered_at=now)
        .returning(gates.c.id, gates.c.flow_run_id)
    )
    row = work.execute(statement).one_or_none()
    if row is not None:
        outbox.post_resume(work, incident, row.id, row.flow_run_id, now=now)


def refuse_answer(work: Work, gate: Gate, refused: NotAllowed, *, person: str, now: datetime) -> Gate:
    """Record that an answer was refused; the question stays open and is asked again."""
    lock(work, gate.incident_id)  # before the gate, as whoever answers it does
    work.execute(
        sa.update(gates)
        .where(gates.c.id == gate.id, gates.c.state == "open")
        .values(refusals=gates.c.refusals + 1, refused_because=str(refused))
    )
    facts = {"gate": gate.kind.value, "person": person, "codes": list(refused.codes)}
    timeline.append(work, gate.incident_id, Event.gate_refused, actor=person, now=now, facts=facts)
    return current_gate(work, gate.incident_id, gate.kind, gate.subject)


def ask_again(work: Work, gate: Gate) -> Gate:
    """Count a waking without an answer, which is nobody's doing: the next question has a key of its own."""
    work.execute(
        sa.update(gates)
        .where(gates.c.id == gate.id, gates.c.state == "open")
        .values(refusals=gates.c.refusals + 1)
    )
    return current_gate(work, gate.incident_id, gate.kind, gate.subject)


def open_gates(work: Work, incident: str | None = None) -> list[Gate]:
    """The questions that nobody has answered, oldest first."""
    statement = sa.select(gates).where(gates.c.state == "open").order_by(gates.c.id)
    if incident is not None:
        statement = statement.where(gates.c.incident_id == incident)
    return [Gate.model_validate(row) for row in work.execute(statement)]


def late_gates(work: Work, *, now: datetime) -> list[Gate]:
    """The questions of a crisis that are due and that nobody has answered, oldest first.

    `now` is the machine's: by a clock that stands between moves nobody is late. The signature is not among
    them: as a step of the review it is reminded of in days, not minutes.
    """
    statement = (
        sa.select(gates)
        .join(incidents, incidents.c.id == gates.c.incident_id)
        .where(gates.c.state == "open", gates.c.due_at <= now, keeps_machine_time())
        .where(gates.c.kind != GateKind.sign_off.value)
        .order_by(gates.c.id)
    )
    return [Gate.model_validate(row) for row in work.execute(statement)]


def escalate_gate(work: Work, gate: Gate, *, next_due: datetime, now: datetime) -> bool:
    """Count an escalation and move the clock on; False where somebody answered or escalated meanwhile."""
    lock(work, gate.incident_id)  # before the gate, as whoever answers it does
    statement = (
        sa.update(gates)
        .where(gates.c.id == gate.id, gates.c.state == "open", gates.c.escalations == gate.escalations)
        .values(escalations=gates.c.escalations + 1, due_at=next_due)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"gate": gate.kind.value, "subject": gate.subject, "times": gate.escalations + 1}
    timeline.append(work, gate.incident_id, Event.gate_escalated, actor=SYSTEM.id, now=now, facts=facts)
    return True


def _round(work: Work, incident: str, subject: str) -> int:
    """The round that a question belongs to. One about a sweep is asked once, whatever the incident does."""
    if subject != incident:
        return 1
    return int(work.execute(sa.select(incidents.c.round).where(incidents.c.id == incident)).scalar_one())
