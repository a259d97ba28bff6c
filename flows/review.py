"""After the crisis: write down what happened, have it read and signed, publish it, follow up."""

from prefect import flow
from pydantic import BaseModel, Field

from flows.clock import machine_now, now_in
from flows.gate import wait_at
from flows.lead import leading
from incidents.store.gates import GateKind
from tasks.outbox import deliver_due
from tasks.reviews import (
    begin_review,
    close_incident,
    draft_retrospective,
    file_action_items,
    gather_evidence,
    is_reviewable,
    publish_retrospective,
    show_retrospective,
)


class ReviewRequest(BaseModel):
    """Which incident to review."""

    incident: str = Field(description="The incident's id, e.g. INC-12.", pattern=r"^INC-\d+$")


@flow(name="review", flow_run_name="review {request.incident}")
def review(request: ReviewRequest) -> str:
    """Gather evidence, draft the retrospective, wait for a reviewer's signature, publish and follow up."""
    incident = request.incident
    if not is_reviewable(incident):
        return f"{incident} was reopened; its next stand-down starts a new review."
    with leading("review", incident, incident) as lead:
        if lead is None:
            return f"The review of {incident} is led by another run."
        begin_review(incident, now_in(incident))
        gather_evidence(incident, now_in(incident))
        version = draft_retrospective(incident, now_in(incident))
        show_retrospective(incident, version)
        wait_at(lead, GateKind.sign_off)
        if not is_reviewable(incident):
            return f"{incident} was reopened before its retrospective was signed."
        file_action_items(incident, now_in(incident))
        publish_retrospective(incident, now_in(incident))
        close_incident(incident, now_in(incident))
        deliver_due(machine_now(), incident)
        return f"The retrospective of {incident} is published."
