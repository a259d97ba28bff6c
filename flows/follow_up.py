"""Action items do not die with the incident: remind the owners of overdue ones, then those who lead."""

from prefect import flow

from flows.clock import machine_now
from tasks.outbox import deliver_due
from tasks.reminders import chase_action_items, escalate_action_items


@flow(name="follow_up", flow_run_name="follow up")
def follow_up() -> int:
    """Chase overdue action items, also of closed incidents, and return how many were chased."""
    chased = chase_action_items(machine_now())
    escalate_action_items(machine_now())
    deliver_due(machine_now())
    return chased
