"""A sweep from its scope to a certificate and a plan: machines gather, people decide."""

from prefect import flow
from pydantic import BaseModel, Field

from flows.clock import machine_now, now_in
from flows.gate import wait_at
from flows.lead import leading
from flows.scan import scan_source
from incidents.store.gates import GateKind
from tasks.certificates import issue_certificate
from tasks.mobilisation import ask_sweep_team
from tasks.outbox import deliver_due
from tasks.sweeps import (
    end_sweep,
    freeze_window,
    items_by_team,
    monitor_if_contained,
    show_progress,
    sweep_is_over,
    window_is_frozen,
)


class SweepRequest(BaseModel):
    """Which sweep to carry out. It was requested before, with its scope and its source of posts."""

    incident: str = Field(description="The incident's id, e.g. INC-12.", pattern=r"^INC-\d+$")
    sweep: str = Field(description="The sweep's id, e.g. INC-12-S1.", pattern=r"^INC-\d+-S\d+$")


@flow(name="sweep", flow_run_name="sweep {request.sweep}")
def sweep(request: SweepRequest) -> str:
    """Gather and freeze the posts, wait until people have read enough, certify, and end in an action plan."""
    with leading("sweep", request.sweep, request.incident) as lead:
        if lead is None:
            return f"{request.sweep} is led by another run."
        gather(lead.incident, request.sweep, window=1)
        if not sweep_is_over(request.sweep):
            wait_at(lead, GateKind.sweep_work, subject=request.sweep)
        planned = end_sweep(request.sweep, now_in(request.incident))
        claim = issue_certificate(request.sweep, now_in(request.incident))
        monitor_if_contained(request.incident, now_in(request.incident))
        show_progress(request.sweep)
        deliver_due(machine_now(), request.incident)
        return f"{request.sweep} ended {claim or 'without a certificate'}, with {planned} planned actions."


def gather(incident: str, sweep: str, window: int) -> None:
    """Find the posts of a window once, freeze what is to be read, and ask every team that has some."""
    if not window_is_frozen(sweep, window):
        scan_source(sweep, window)
        freeze_window(sweep, window, now_in(incident))
    for team, items in items_by_team(sweep).items():
        ask_sweep_team(incident, sweep, team, items, now_in(incident))
    deliver_due(machine_now(), incident)
    show_progress(sweep)
