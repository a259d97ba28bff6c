"""What a sweep ended in: its certificate, what that is checked against, and its plan."""

from datetime import datetime
from typing import Any, Final

from fastapi import BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.ground import hands_out, room, shows
from console.api.pages import NAME, After, Limit, Page, page, read_cursor
from console.proofs import (
    MEDIA,
    PLAN_FILE,
    Table,
    as_file,
    check_again,
    plan_file,
    read_issued,
    refuse_unfinished,
    universe_file,
)
from console.sweeping import look_at, look_within, orders_of
from incidents.people import Act, is_allowed
from incidents.store.acting import count_states
from incidents.store.certificates import find_certificate
from incidents.store.sweep_views import Planned, count_planned
from incidents.store.sweeps import plan_of
from incidents.sweeps.acting import Measure
from incidents.sweeps.plan import PlannedAction

router = room("sweeps")


class CertificateTold(BaseModel):
    """What a sweep proved."""

    model_config = ConfigDict(from_attributes=True)

    sweep_id: str
    kind: str = Field(description="reached, complete or waived.")
    issued_at: datetime
    document: str = Field(description="The signed JSON, as `watchfloor certificate verify` reads it.")


class Checked(BaseModel):
    """A certificate, computed again from the posts and decisions that are kept."""

    sweep: str
    holds: bool
    differences: list[str] = Field(description="What does not hold, one sentence each.")
    signer: str = Field(description="trusted: this site's key. embedded: the one that came along. Else nobody.")


class Orderable(BaseModel):
    """Lines of the plan that a platform can be told to carry out."""

    measure: Measure
    policy: str
    posts: int


class OrdersTold(BaseModel):
    """What follows from a sweep in numbers: what is planned, how far that is, and what can be ordered."""

    planned: list[Planned]
    states: dict[str, int] = Field(description="ordered, done, failed or withdrawn → lines of the plan.")
    orderable: list[Orderable] = Field(description="For whoever may order it; for others none.")
    actions: int = Field(description="All of them: what `act` is told, so that nobody orders what they missed.")
    switched_on: bool = Field(description="Whether the site lets anything be ordered of a platform.")


_PLANNED: Final = {
    "item": "184467",
    "action": "remove",
    "policy": "violence.incitement",
    "clause": "call-to-act",
    "policy_version": 3,
    "decided_by": ["dev-e"],
    "key": "action:INC-12-S1:184467",
    "reverses": None,
}
_CERTIFICATE: Final = {
    "sweep_id": "INC-12-S1",
    "kind": "reached",
    "issued_at": "2026-11-24T11:00:00Z",
    "document": '{"format": "watchfloor.certificate/1", "sweep": "INC-12-S1"}',
}
_CHECKED: Final = {"sweep": "INC-12-S1", "holds": True, "differences": [], "signer": "trusted"}
ORDERS: Final[dict[str, Any]] = {
    "planned": [{"action": "remove", "policy": "violence.incitement", "posts": 640, "undone": 2}],
    "states": {"done": 610, "failed": 3},
    "orderable": [{"measure": "remove", "policy": "violence.incitement", "posts": 30}],
    "actions": 30,
    "switched_on": True,
}
_UNIVERSE: Final = {MEDIA[Table.csv]: "item,content_hash,verdict", MEDIA[Table.parquet]: "PAR1"}
_PLAN_FILE: Final = {MEDIA["csv"]: "item,action,policy,clause,key,acted_at,reach_at_action"}


@router.get("/sweeps/{sweep}/certificate", responses=shows(_CERTIFICATE))
def show_certificate(calls: Calls, sweep: str) -> CertificateTold:
    """The signed certificate of a sweep that has ended: what it proved, for anybody to check again."""
    with calls.store.read() as work:
        look_within(calls, work, sweep, Act.verify)
        return CertificateTold.model_validate(find_certificate(work, sweep))


@router.get("/sweeps/{sweep}/certificate/check", responses=shows(_CHECKED))
def check_certificate(calls: Calls, sweep: str) -> Checked:
    """Compute the certificate again from the posts and decisions that are kept, and say what differs."""
    with calls.store.read() as work:
        look_within(calls, work, sweep, Act.verify)
        issued = read_issued(work, sweep)
    found = check_again(calls, issued)
    return Checked(sweep=sweep, holds=found.holds, differences=list(found.differences), signer=found.signer)


@router.get("/sweeps/{sweep}/universe.{ending}", response_class=Response, responses=hands_out(_UNIVERSE))
def download_universe(calls: Calls, sweep: str, ending: Table) -> Response:
    """Ids, hashes and verdicts of the whole universe, and no texts: what a certificate is checked against."""
    with calls.store.read() as work:
        look_within(calls, work, sweep, Act.verify)
        content = universe_file(work, sweep, ending)
    return as_file(f"{sweep}-universe.{ending}", content)


@router.get("/sweeps/{sweep}/plan", responses=shows({"items": [_PLANNED], "next": None}))
def show_plan(calls: Calls, sweep: str, after: After = None, limit: Limit = 100) -> Page[PlannedAction]:
    """What is to be done after a sweep has ended, by post. Nobody acts on it unasked."""
    since = read_cursor(after, NAME) or ""
    with calls.store.read() as work:
        refuse_unfinished(look_within(calls, work, sweep, Act.start_sweep).sweep)
        lines = plan_of(work, sweep)
    later = sorted((line for line in lines if line.item > since), key=_item)
    return page(later, limit, _line, _item)


@router.get("/sweeps/{sweep}/plan.csv", response_class=Response, responses=hands_out(_PLAN_FILE))
def download_plan(calls: Calls, sweep: str) -> Response:
    """The plan, with what was carried out of it; filled in, its rows are reported by `acted`."""
    with calls.store.read() as work:
        refuse_unfinished(look_within(calls, work, sweep, Act.start_sweep).sweep)
        content = plan_file(work, sweep)
    return as_file(f"{sweep}-{PLAN_FILE}", content)


@router.get("/sweeps/{sweep}/orders", responses=shows(ORDERS))
def show_orders(calls: Calls, sweep: str, after: BackgroundTasks) -> OrdersTold:
    """How far the plan is, in numbers, and how much of it can be ordered of the platform."""
    looked = look_at(calls, sweep, Act.start_sweep)
    refuse_unfinished(looked.sweep)
    counted = (
        orders_of(calls, looked.sweep, looked.by, after).value if is_allowed(looked.by, Act.command) else {}
    )
    with calls.store.read() as work:
        planned, states = count_planned(work, sweep), count_states(work, sweep)
    orders = [
        Orderable(measure=Measure(measure), policy=policy, posts=posts)
        for (measure, policy), posts in sorted(counted.items())
    ]
    return OrdersTold(
        planned=planned,
        states=states,
        orderable=orders,
        actions=sum(each.posts for each in orders),
        switched_on=calls.settings.platform_actions,
    )


def _line(line: PlannedAction) -> PlannedAction:
    return line


def _item(line: PlannedAction) -> str:
    return line.item
