"""A sweep from its scope to an action plan: machines gather, people decide."""

from prefect import flow
from pydantic import BaseModel, Field

from flows.clock import machine_now, now_in
from flows.gate import wait_at
from flows.lead import Lead, leading
from incidents.store.gates import GateKind
from tasks.mobilisation import ask_sweep_team
from tasks.outbox import deliver_due
from tasks.sweeps import (
    end_sweep,
    freeze_scope,
    items_by_team,
    monitor_if_contained,
    show_progress,
    sweep_is_worked,
)


class SweepRequest(BaseModel):
    """Which sweep to carry out. It was requested before, with its scope and its source of posts."""

    incident: str = Field(description="The incident's id, e.g. INC-12.", pattern=r"^INC-\d+$")
    sweep: str = Field(description="The sweep's id, e.g. INC-12-S1.", pattern=r"^INC-\d+-S\d+$")


@flow(name="sweep", flow_run_name="sweep {request.sweep}")
def sweep(request: SweepRequest) -> str:
    """Freeze the scope, gather the posts, open batches, wait for people, and end in an action plan."""
    with leading("sweep", request.sweep, request.incident) as lead:
        if lead is None:
            return f"{request.sweep} is led by another run."
        gather(lead, request.sweep)
        if not sweep_is_worked(request.sweep):
            wait_at(lead, GateKind.sweep_work, subject=request.sweep)
        planned = end_sweep(request.sweep, now_in(request.incident))
        monitor_if_contained(request.incident, now_in(request.incident))
        show_progress(request.sweep)
        deliver_due(machine_now(), request.incident)
        return f"{request.sweep} ended with {planned} planned actions."


def gather(lead: Lead, sweep: str) -> None:
    """Find the posts once, share them out in batches, and ask every team that has some."""
    freeze_scope(sweep, now_in(lead.incident))
    for team, items in items_by_team(sweep).items():
        ask_sweep_team(lead.incident, sweep, team, items, now_in(lead.incident))
    deliver_due(machine_now(), lead.incident)
    show_progress(sweep)
