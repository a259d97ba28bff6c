"""An exercise: a whole crisis, worked by simulated people through the same doors as real ones."""

from typing import Any

from prefect import flow
from prefect.client.schemas import FlowRun, State
from prefect.flows import Flow
from pydantic import BaseModel, Field

from flows.clock import machine_now
from incidents.incident.phases import Phase
from incidents.store.gates import GateKind
from tasks.candidates import open_candidates
from tasks.drill_people import (
    ask_for_sweep,
    declare_crisis,
    live_through,
    sign_retrospective,
    stand_down_crisis,
)
from tasks.drills import (
    NothingNoticed,
    await_gate,
    await_phase,
    drill_time,
    end_drill,
    fail_drill,
    measure,
    prepare_pile,
    reach_stage,
    report_signal,
)
from tasks.outbox import deliver_due


class DrillOrder(BaseModel):
    """Which drill to carry out. It was asked for before, with all that it is about."""

    drill: str = Field(description="The drill's id, e.g. DRILL-3.", pattern=r"^DRILL-\d+$")


def tell_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Record that the drill failed, also where its process was killed: somebody waits for its end."""
    fail_drill(flow_run.parameters["request"]["drill"], state.message or state.name or "the run ended badly")


@flow(
    name="drill",
    flow_run_name="drill {request.drill}",
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
)
def drill(request: DrillOrder) -> str:
    """Carry out a whole crisis, and fail loudly at the first stage that does not come to its end."""
    name = request.drill
    incident = notice(name)
    declare(name, incident)
    respond(name, incident)
    learn(name, incident)
    end_drill(name)
    return f"{name} led {incident} from its first signal to its signed retrospective."


def notice(drill: str) -> str:
    """Hand signals in, one by one, until detection opens a candidate."""
    reach_stage(drill, "notice")
    prepare_pile(drill)
    while report_signal(drill, machine_now):
        for incident in open_candidates(drill_time(drill, machine_now()), drill=drill):
            deliver_due(machine_now(), incident)
            return incident
    raise NothingNoticed(drill)


def declare(drill: str, incident: str) -> None:
    """Wait for the question whether it is a crisis, and answer it."""
    reach_stage(drill, "declare", incident)
    await_gate(incident, GateKind.declare)
    declare_crisis(drill, incident, machine_now)
    deliver_due(machine_now(), incident)


def respond(drill: str, incident: str) -> None:
    """Ask for a sweep, live through it until everything is decided, and stand down."""
    reach_stage(drill, "sweep")
    await_gate(incident, GateKind.stand_down)
    ask_for_sweep(drill, incident, machine_now)
    deliver_due(machine_now(), incident)
    await_gate(incident, GateKind.sweep_work)
    reviewers = live_through(drill, incident, machine_now)
    deliver_due(machine_now(), incident)
    await_phase(incident, Phase.monitoring)
    measure(drill, incident, reviewers)
    reach_stage(drill, "stand down")
    stand_down_crisis(drill, incident, machine_now)
    deliver_due(machine_now(), incident)


def learn(drill: str, incident: str) -> None:
    """Read, judge and sign the retrospective, and wait until it is published and the incident closed."""
    reach_stage(drill, "review")
    await_gate(incident, GateKind.sign_off)
    sign_retrospective(drill, incident, machine_now)
    deliver_due(machine_now(), incident)
    await_phase(incident, Phase.closed)
