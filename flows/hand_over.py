"""When a shift ends: what the next one must know, an incident a note."""

from prefect import flow

from flows.clock import machine_now
from tasks.notes import write_shift_notes
from tasks.outbox import deliver_due


@flow(name="hand_over", flow_run_name="hand over")
def hand_over() -> int:
    """Write a shift note for every open incident, and return how many were written."""
    written = write_shift_notes(machine_now())
    deliver_due(machine_now())
    return written
