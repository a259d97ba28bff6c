"""Notice: group what came in, and open a candidate where a rule says so."""

from prefect import flow

from flows.clock import machine_now
from tasks.candidates import open_candidates
from tasks.outbox import deliver_due


@flow(name="detect", flow_run_name="detect")
def detect() -> list[str]:
    """Open candidate incidents from new signals, and return them."""
    opened = open_candidates(machine_now())
    deliver_due(machine_now())
    return opened
