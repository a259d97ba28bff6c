"""Before a sweep of a platform starts: what would its scope bring in? Somebody waits for the answer."""

from typing import Any

from prefect import flow
from prefect.client.schemas import FlowRun, State
from prefect.flows import Flow
from pydantic import BaseModel, Field

from incidents.store.trials import NAME
from tasks import trials
from tasks.trials import try_on_platform


class TrialRequest(BaseModel):
    """Which trial to carry out. What it is about lies in the home folder, and goes through Prefect nowhere."""

    trial: str = Field(description="The name under which it was requested.", pattern=NAME)


def tell_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Tell whoever waits that the run ended, also where its process was killed."""
    why = f"The run that fetches the posts ended: {(state.message or state.name or '').rstrip('.')}."
    kept = "What was fetched is kept: type the same command again."
    trials.tell_failure(flow_run.parameters["request"]["trial"], f"{why} {kept}")


@flow(
    name="try_scope",
    flow_run_name="try {request.trial}",
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
    on_cancellation=[tell_failure],
)
def try_scope(request: TrialRequest) -> bool:
    """Fetch the platform's first posts and count what the scope finds; False where nobody waits any more."""
    return try_on_platform(request.trial)
