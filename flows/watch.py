"""Repair what was left undone: level-triggered, so that no lost message and no dead process stays lost."""

from datetime import datetime
from typing import Any, cast

from prefect import flow
from prefect.client.schemas import State
from prefect.tasks import Task

from flows.clock import machine_now
from tasks.briefs import remind_of_late_briefs
from tasks.outbox import deliver_due
from tasks.ranking import rank_due_sweeps
from tasks.reminders import remind_of_late_steps
from tasks.sweeps import show_working_sweeps
from tasks.tracker import tell_tracker
from tasks.trials import forget_trials
from tasks.upkeep import (
    escalate_late_asks,
    escalate_late_gates,
    keep_what_is_in_force,
    ping_dead_man,
    restart_dead_runs,
    return_expired_leases,
    start_missing_runs,
    verify_timelines,
    wake_answered_runs,
)


@flow(name="watch", flow_run_name="watch")
def watch() -> dict[str, int]:
    """Look at everything that should be moving, and set going again what is not.

    Each step stands alone: one that fails is shown, and the others still run. The dead-man address is
    called only if all of them passed.
    """
    now = machine_now()
    steps: dict[str, Task[..., int]] = {
        "leases returned": return_expired_leases,
        "asks escalated": escalate_late_asks,
        "gates escalated": escalate_late_gates,
        "briefs reminded": remind_of_late_briefs,
        "reviews reminded": remind_of_late_steps,
        "tracker told": tell_tracker,
        "runs restarted": restart_dead_runs,
        "runs started": start_missing_runs,
        "runs woken": wake_answered_runs,
        "messages delivered": deliver_due,
        "rankings renewed": rank_due_sweeps,
        "sweeps shown": show_working_sweeps,
        "trials forgotten": forget_trials,
        "editions kept": keep_what_is_in_force,
        "timelines broken": verify_timelines,
    }
    states: dict[str, State[int]] = {name: run_step(step, now) for name, step in steps.items()}
    done = {name: state.result() for name, state in states.items()}
    ping_dead_man(done)
    return done


def run_step(step: Task[..., int], now: datetime) -> State[int]:
    """Run one step and return its state: raising here would keep the other steps from running."""
    state: Any = step(now, return_state=True)
    return cast("State[int]", state)
