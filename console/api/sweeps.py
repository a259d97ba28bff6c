"""Sweeps: which there are, how far one is, and what leads it on. No text of a post."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import BackgroundTasks, Response
from fastapi import Body as InBody
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.bodies import Because, Item, Sent, Short
from console.api.examples import BATCH
from console.api.ground import ONCE, room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.api.proposals import WAITS, waits
from console.second_person import take_or_propose
from console.sources import chosen, named_sources
from console.sweeping import largest_clusters, sums_of, team_of
from incidents.people import Act, is_staff
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.batches import Batch, batches_of
from incidents.store.clusters import Cluster
from incidents.store.incidents import find_for
from incidents.store.progress import Part, Surface
from incidents.store.sweeps import (
    Goal,
    Sweep,
    find_sweep,
    find_sweep_for,
    request_sweep,
    sweeps_of,
)
from incidents.store.turns import urge
from incidents.sweeps.knowledge import Knowledge, outlook, sentences
from incidents.sweeps.scope import Scope

router = room("sweeps")


class NewSweep(Sent):
    """A sweep that somebody asks for."""

    scope: Scope
    source: str = Field(max_length=500, description="Where the posts lie: a name that the operator gave.")
    goal: Goal = Goal()


class SweepTold(BaseModel):
    """One sweep."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    incident_id: str
    number: int
    state: str
    scope_hash: str
    requested_at: datetime
    requested_by: str
    goal: Goal
    frozen_at: datetime | None
    posts_seen: int | None
    posts_matched: int | None
    reached_at: datetime | None
    closed_by: str | None
    closed_because: str | None
    finished_at: datetime | None


class ProgressTold(BaseModel):
    """How far a sweep is; a partner team reads of its own part."""

    sweep: str
    counted_at: datetime = Field(description="Sums of a large sweep are some seconds old.")
    parts: list[Part] = Field(description="By team and language.")
    surfaces: list[Surface] = Field(description="By place on the platform.")
    sentences: list[str] = Field(description="What is known, what is not, and what reading on would buy.")
    outlook: list[str] = Field(description="When all would be read, and whether new clusters still turn up.")
    known: Knowledge | None = Field(description="The same in numbers; null for partner teams.")


class Undo(Sent):
    """A decision that is taken back."""

    item: Item
    reason: Short


class Undone(BaseModel):
    """What was taken back."""

    item: str
    copies: int = Field(description="Copies that lost their decision with it.")


class Urge(Sent):
    """Posts that are to be read before all others."""

    items: list[Item] = Field(min_length=1, max_length=1_000)
    reason: Short


class Urged(BaseModel):
    """How many posts are read first now."""

    items: int


_SWEEP: Final = {
    "id": "INC-12-S1",
    "incident_id": "INC-12",
    "number": 1,
    "state": "working",
    "scope_hash": "5c1a0e",
    "requested_at": "2026-11-23T07:50:00Z",
    "requested_by": "ada-l",
    "goal": {"target": 0.9, "confidence": 0.95},
    "frozen_at": "2026-11-23T07:52:00Z",
    "posts_seen": 120000,
    "posts_matched": 4100,
    "reached_at": None,
    "closed_by": None,
    "closed_because": None,
    "finished_at": None,
}
_PART: Final = {"team": "english", "language": "en", "items": 3100, "decided": 1200, "violates": 640}
_PROGRESS: Final = {
    "sweep": "INC-12-S1",
    "counted_at": "2026-11-23T09:00:00Z",
    "parts": [_PART],
    "surfaces": [{"surface": "comments", "items": 900, "decided": 300, "violates": 210}],
    "sentences": ["1,200 of 4,100 posts are decided."],
    "outlook": ["All would be read in 31 hours."],
    "known": None,
}
_CLUSTER: Final = {
    "head": "184467",
    "posts": 412,
    "covered": 398,
    "reach": 51000,
    "languages": ["en"],
    "first_seen": "2026-11-23T06:58:00Z",
    "last_seen": "2026-11-23T08:40:00Z",
    "verdict": "violates",
    "violates": 412,
}
_NEW: Final = {"scope": {"terms": ["storm the clinic"], "hashtags": ["clinicnow"]}, "source": "platform"}
_WHY: Final = {"reason": "The platform took all of it down"}


@router.get("/incidents/{incident}/sweeps", responses=shows({"items": [_SWEEP], "next": None}))
def list_sweeps(calls: Calls, incident: str, after: After = None, limit: Limit = 100) -> Page[SweepTold]:
    """The sweeps of an incident, in the order in which they were asked for."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_sweep)
        found = [each for each in sweeps_of(work, incident) if each.number > since]
    return page(found, limit, _told, _number)


@router.post(
    "/incidents/{incident}/sweeps",
    status_code=201,
    dependencies=[ONCE],
    responses=shows(_SWEEP | {"state": "requested"}, status=201),
)
def start_sweep(
    calls: Calls,
    incident: str,
    new: Annotated[NewSweep, InBody(examples=[_NEW])],
    response: Response,
    after: BackgroundTasks,
) -> SweepTold:
    """Ask for a sweep. Its flow freezes the posts that its scope finds, and shares them out."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.start_sweep)
    source = chosen(named_sources(calls.settings.home), new.source)
    with calls.moving(incident, after) as (work, by, now):
        asked = request_sweep(work, incident, new.scope, source, by=by, now=now, goal=new.goal)
    response.headers["Location"] = f"/api/v1/sweeps/{asked.id}"
    return _told(asked)


@router.get("/sweeps/{sweep}", responses=shows(_SWEEP))
def show_sweep(calls: Calls, sweep: str) -> SweepTold:
    """One sweep."""
    with calls.store.read() as work:
        return _told(find_sweep_for(work, sweep, calls.person_in(work, find_sweep(work, sweep).incident_id)))


@router.get("/sweeps/{sweep}/progress", responses=shows(_PROGRESS))
def show_progress(calls: Calls, sweep: str, after: BackgroundTasks) -> ProgressTold:
    """How far a sweep is, what is known of it, and what is not."""
    with calls.store.read() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        found = find_sweep_for(work, sweep, by)
    counted = sums_of(calls, found, by, now, after)
    known = counted.value.known if is_staff(by) else None
    return ProgressTold(
        sweep=sweep,
        counted_at=calls.machine_now - timedelta(seconds=counted.age),
        parts=list(counted.value.progress.parts),
        surfaces=list(counted.value.surfaces),
        sentences=list(sentences(known)) if known else [],
        outlook=list(outlook(known)) if known else [],
        known=known,
    )


@router.get("/sweeps/{sweep}/batches", responses=shows({"items": [BATCH], "next": None}))
def list_batches(calls: Calls, sweep: str, after: After = None, limit: Limit = 100) -> Page[Batch]:
    """The batches of a sweep, or those of the caller's team, by number."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        by = calls.person_in(work, find_sweep(work, sweep).incident_id)
        find_sweep_for(work, sweep, by)
        found = batches_of(work, sweep)
    team = team_of(by)
    seen = [each for each in found if each.number > since and team in (None, each.team)]
    return page(seen, limit, _itself, _batch_number)


@router.get("/sweeps/{sweep}/clusters", responses=shows({"items": [_CLUSTER], "next": None}))
def list_clusters(calls: Calls, sweep: str, after: BackgroundTasks) -> Page[Cluster]:
    """The largest clusters of copies, or those of the caller's team, all of them on one page."""
    with calls.store.read() as work:
        by = calls.person_in(work, find_sweep(work, sweep).incident_id)
        found = find_sweep_for(work, sweep, by)
    return Page(items=largest_clusters(calls, found, by, after).value, next=None)


@router.post(
    "/sweeps/{sweep}/undo",
    dependencies=[ONCE],
    response_model=Undone,
    responses=shows({"item": "184467", "copies": 3}) | WAITS,
)
def undo(
    calls: Calls,
    sweep: str,
    said: Annotated[Undo, InBody(examples=[{"item": "184467", "reason": "It is a news report"}])],
    after: BackgroundTasks,
) -> Undone | Response:
    """Take a decision back, with that of all copies. Where it takes two, 202 with what was proposed."""
    incident = incident_of(calls, sweep)
    wanted = Wanted(step=Step.undo, incident=incident, sweep=sweep, item=said.item)
    with calls.moving(incident, after) as (work, by, now):
        taken = take_or_propose(work, calls, wanted, by=by, reason=said.reason, now=now)
    if isinstance(taken, Proposal):
        return waits(taken)
    assert isinstance(taken, int)
    return Undone(item=said.item, copies=taken)


@router.post("/sweeps/{sweep}/urge", dependencies=[ONCE], responses=shows({"items": 2}))
def urge_posts(
    calls: Calls,
    sweep: str,
    said: Annotated[Urge, InBody(examples=[{"items": ["184467", "184468"], "reason": "The press has it"}])],
    after: BackgroundTasks,
) -> Urged:
    """Have posts read before all others."""
    with calls.moving(incident_of(calls, sweep), after) as (work, by, now):
        return Urged(items=urge(work, sweep, said.items, by=by, reason=said.reason, now=now))


@router.post(
    "/sweeps/{sweep}/close",
    dependencies=[ONCE],
    response_model=SweepTold,
    responses=shows(_SWEEP) | WAITS,
)
def end_sweep(
    calls: Calls, sweep: str, said: Annotated[Because, InBody(examples=[_WHY])], after: BackgroundTasks
) -> SweepTold | Response:
    """End a sweep before its target is reached. Where it takes two, 202 with what was proposed."""
    incident = incident_of(calls, sweep)
    wanted = Wanted(step=Step.close, incident=incident, sweep=sweep)
    with calls.moving(incident, after) as (work, by, now):
        taken = take_or_propose(work, calls, wanted, by=by, reason=said.reason, now=now)
        return waits(taken) if isinstance(taken, Proposal) else _told(find_sweep(work, sweep))


def incident_of(calls: Calls, sweep: str) -> str:
    """The incident of a sweep, whoever may see it: the move itself asks that."""
    with calls.store.read() as work:
        return find_sweep(work, sweep).incident_id


def _told(sweep: Sweep) -> SweepTold:
    return SweepTold.model_validate(sweep)


def _number(sweep: Sweep) -> int:
    return sweep.number


def _itself(batch: Batch) -> Batch:
    return batch


def _batch_number(batch: Batch) -> int:
    return batch.number
