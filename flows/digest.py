"""When a month is over: sum up what it brought, for those who were not there."""

from prefect import flow

from flows.clock import machine_now
from tasks.digests import write_last_digest
from tasks.outbox import deliver_due


@flow(name="digest", flow_run_name="digest")
def digest() -> str:
    """Write the digest of the month before this one, tell the channel for it, and return its file."""
    file = write_last_digest(machine_now())
    deliver_due(machine_now())
    return file
