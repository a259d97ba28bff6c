"""A crisis from the first look to the stand-down: one run an incident."""

from prefect import flow
from pydantic import BaseModel, Field

from flows.clock import machine_now, now_in
from flows.gate import wait_at
from flows.lead import Lead, leading
from incidents.incident.phases import Phase
from incidents.store.gates import GateKind
from tasks.candidates import begin_assessment
from tasks.mobilisation import (
    ask_notified_teams,
    begin_response,
    fill_roles,
    phase_of,
    publish_first_guideline,
)
from tasks.outbox import deliver_due
from tasks.status import show_incident


class CrisisRequest(BaseModel):
    """Which incident to lead through its crisis."""

    incident: str = Field(description="The incident's id, e.g. INC-12.", pattern=r"^INC-\d+$")


@flow(name="crisis", flow_run_name="crisis {request.incident}")
def crisis(request: CrisisRequest) -> str:
    """Assess, wait for a commander's word, mobilise, and wait until a commander ends it."""
    with leading("crisis", request.incident, request.incident) as lead:
        if lead is None:
            return f"{request.incident} is led by another run."
        phase = assess(lead)
        if phase is Phase.dismissed:
            return f"{request.incident} was dismissed."
        mobilise(lead)
        wait_at(lead, GateKind.stand_down)
        deliver_due(machine_now(), request.incident)
        show_incident(request.incident, now_in(request.incident))
        return f"{request.incident} was stood down; its review starts by the event of that."


def assess(lead: Lead) -> Phase:
    """Look at the candidate, and wait for a commander to declare a crisis or dismiss it."""
    phase = begin_assessment(lead.incident, now_in(lead.incident))
    show_incident(lead.incident, now_in(lead.incident))
    if phase is Phase.assessing:
        wait_at(lead, GateKind.declare)
    return phase_of(lead.incident)


def mobilise(lead: Lead) -> None:
    """Fill the roles, publish the guideline, ask the partner teams; sweeps start by their own event."""
    if phase_of(lead.incident) is Phase.declared:
        fill_roles(lead.incident, now_in(lead.incident))
        publish_first_guideline(lead.incident, now_in(lead.incident))
        ask_notified_teams(lead.incident, now_in(lead.incident))
        begin_response(lead.incident, now_in(lead.incident))
    deliver_due(machine_now(), lead.incident)
    show_incident(lead.incident, now_in(lead.incident))
