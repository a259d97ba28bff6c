"""Later posts for a sweep that people work on already: the same scope, another window."""

from prefect import flow
from pydantic import BaseModel, Field

from flows.lead import leading
from flows.sweep import gather


class WindowRequest(BaseModel):
    """Which window of which sweep to gather. It was requested before, with its source of posts."""

    incident: str = Field(description="The incident's id, e.g. INC-12.", pattern=r"^INC-\d+$")
    sweep: str = Field(description="The sweep's id, e.g. INC-12-S1.", pattern=r"^INC-\d+-S\d+$")
    window: int = Field(description="The window's number; the first is the sweep's own.", ge=2)


@flow(name="widen", flow_run_name="widen {request.sweep} by window {request.window}")
def widen(request: WindowRequest) -> str:
    """Gather and freeze a later window; what it holds joins what waits to be read."""
    with leading("widen", f"{request.sweep}-W{request.window}", request.incident) as lead:
        if lead is None:
            return f"Window {request.window} of {request.sweep} is gathered by another run."
        gather(lead.incident, request.sweep, request.window)
        return f"Window {request.window} of {request.sweep} is frozen."
