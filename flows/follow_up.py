"""Action items do not die with the incident: remind the owners of those that are overdue."""

from prefect import flow

from flows.clock import machine_now
from tasks.notes import chase_action_items
from tasks.outbox import deliver_due


@flow(name="follow_up", flow_run_name="follow up")
def follow_up() -> int:
    """Chase overdue action items, also of closed incidents, and return how many were chased."""
    chased = chase_action_items(machine_now())
    deliver_due(machine_now())
    return chased
