"""What tasks ask of Prefect's server: wake a run, start it again, publish an event, see what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun, State
from prefect.events import Event as PrefectEvent
from prefect.events import Resource
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from incidents.errors import PartnerUnreachable
from incidents.incident.runs import RunState

RESOURCE = "watchfloor.incident"
"""Prefix of the resource that our events are about; prefect.yaml matches on it."""


def publish_event(event: str, incident: str, facts: dict[str, Any], key: str) -> None:
    """Publish an event that deployments wait for. PartnerUnreachable where no server answers."""
    resource = {"prefect.resource.id": f"{RESOURCE}.{incident}", "incident": incident, **facts}
    told = PrefectEvent(event=event, resource=Resource.model_validate(resource), payload={"key": key})
    try:
        with get_client(sync_client=True) as client:
            client.request("POST", "/events", json=[told.model_dump(mode="json")])
    except httpx.HTTPError as error:
        raise _no_server(f"the event {event} of {incident}") from error


def wake_run(flow_run_id: str, machine_now: datetime) -> str:
    """Set a suspended run going again, whose answer is in the store; returns the state that it is in then.

    A run that is not suspended yet (the answer was quick) is PartnerUnreachable for now; one that is
    scheduled or ended needs no waking.
    """
    state = run_state(flow_run_id)
    kind = "GONE" if state is None else state.kind
    if kind in {"RUNNING", "PENDING"}:
        raise PartnerUnreachable(f"Flow run {flow_run_id} is {kind.lower()} and does not wait at its gate yet.")
    if kind == "PAUSED":
        _resume(flow_run_id, machine_now)
        return "SCHEDULED"
    return kind


def _resume(flow_run_id: str, machine_now: datetime) -> None:
    try:
        with get_client(sync_client=True) as client:
            result = client.resume_flow_run(UUID(flow_run_id), run_input={})
    except httpx.HTTPError as error:
        raise _no_server(f"the answer for flow run {flow_run_id}") from error
    if result.status.value != "ACCEPT":
        # Its process was killed before Prefect had its form: it cannot be resumed, only started again.
        start_again(flow_run_id, machine_now)


def run_state(flow_run_id: str) -> RunState | None:
    """The state of a run; None where Prefect does not know the run."""
    run = _read(flow_run_id)
    if run is None or run.state is None:
        return None
    return RunState(run.state.type.value, run.state.timestamp)


def _read(flow_run_id: str) -> FlowRun | None:
    try:
        with get_client(sync_client=True) as client:
            return client.read_flow_run(UUID(flow_run_id))
    except ObjectNotFound:
        return None
    except httpx.HTTPError as error:
        raise _no_server(f"what became of flow run {flow_run_id}") from error


def start_again(flow_run_id: str, machine_now: datetime) -> None:
    """Schedule a run anew, whatever state it is in; its flow finds in the store what is done already."""
    try:
        with get_client(sync_client=True) as client:
            state: State[None] = Scheduled(scheduled_time=machine_now)
            client.set_flow_run_state(UUID(flow_run_id), state, force=True)
    except httpx.HTTPError as error:
        raise _no_server(f"the restart of flow run {flow_run_id}") from error


def start_run(flow: str, request: dict[str, Any], key: str) -> str:
    """Start a flow by its deployment's name; the same key starts it once. Returns the run's id."""
    try:
        with get_client(sync_client=True) as client:
            # A deployment is named <flow>/<deployment> in Prefect; ours carry the same name on both sides.
            deployment = client.read_deployment_by_name(f"{flow}/{flow}")
            run = client.create_flow_run_from_deployment(
                deployment.id, parameters={"request": request}, idempotency_key=key
            )
    except ObjectNotFound as error:
        raise PartnerUnreachable(
            f"Prefect has no deployment {flow}/{flow}. Start `watchfloor up`, or run `prefect deploy --all`."
        ) from error
    except httpx.HTTPError as error:
        raise _no_server(f"the start of {flow} ({key})") from error
    return str(run.id)


def _no_server(what: str) -> PartnerUnreachable:
    return PartnerUnreachable(
        f"Prefect's server did not take {what}. It is kept and tried again; is `watchfloor up` running?"
    )
