"""Sweeps: requested by a person, frozen by a flow, read in batches, ended in a certificate and a plan."""

from datetime import datetime
from typing import Annotated, Final

import sqlalchemy as sa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from incidents.errors import NotAllowed, NotFound, Refusal
from incidents.incident.phases import Phase
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for, lock
from incidents.store.lifecycle import resume_response
from incidents.store.post_source import Source
from incidents.store.schema import items, planned_actions, sweeps, windows
from incidents.sweeps.plan import PlannedAction, reversal
from incidents.sweeps.scope import Scope
from incidents.sweeps.stopping import Plan
from incidents.sweeps.universe import TermCount
from incidents.timeline import Event

OPEN_FOR_SWEEPS: Final = frozenset({Phase.declared, Phase.responding, Phase.monitoring})
"""Phases in which a sweep can be requested."""

# Put together once: they are asked at every claim and every finish, and that takes longer than running them.
_THIS: Final = sweeps.c.id == sa.bindparam("sweep")
_BY_ID: Final = sa.select(sweeps).where(_THIS)
_LOCK: Final = sa.select(sweeps.c.id).where(_THIS).with_for_update(key_share=True)


class Goal(BaseModel):
    """What a sweep's certificate is to say, and how carefully its decisions are looked at again.

    The shares are starting points of our own: a look in twenty costs an hour in twenty.
    """

    model_config = ConfigDict(frozen=True)

    target: float = Field(0.9, ge=0.5, le=0.99, description="Recall to be certified, 0.5 to 0.99.")
    confidence: float = Field(0.95, ge=0.8, le=0.99, description="Of every bound, 0.8 to 0.99.")
    golden_share: float = Field(0.04, ge=0, le=0.5, description="Golden items for each item of a batch.")
    second_share: float = Field(0.05, ge=0, le=1, description="Decisions that are read a second time, blind.")
    check_share: float = Field(0.02, ge=0, le=1, description="Copies whose inherited decision is checked.")


class Sweep(BaseModel):
    """One search for what violates, with its scope and how far it is: requested, working or finished."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    incident_id: str
    number: int
    state: str
    scope: Scope
    scope_hash: str
    source: Source
    requested_at: datetime
    requested_by: str
    goal: Annotated[Goal, BeforeValidator(lambda kept: kept or {})]
    plan: Plan | None
    steer_seed: int | None
    certify_seed: int | None
    readers: dict[str, int] | None
    frozen_at: datetime | None
    posts_seen: int | None
    posts_matched: int | None
    universe_hash: str | None
    terms: tuple[TermCount, ...] | None
    ranked_at_decisions: int | None
    certify_wanted: int | None
    reached_at: datetime | None
    closed_by: str | None
    closed_because: str | None
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end, and its plan is made."""
        return self.state == "finished"

    @property
    def is_enough(self) -> bool:
        """Whether no more posts are handed out to be read: its target is reached, or somebody closed it."""
        return self.reached_at is not None or self.closed_by is not None


def request_sweep(
    work: Work,
    incident: str,
    scope: Scope,
    source: Source,
    *,
    by: Person,
    now: datetime,
    goal: Goal = Goal(),  # noqa: B008  frozen
) -> Sweep:
    """Ask for a sweep; its flow is started by the event. NotAllowed (`SWEEP_NOT_OPEN`) outside a response.

    One that is asked for while monitoring takes the incident back to its response.
    """
    find_for(work, incident, by, Act.start_sweep)
    found = lock(work, incident)  # it must not be stood down between the question and the request
    _check_open(work, incident)
    number = work.next_number(f"sweep:{incident}")
    sweep = f"{incident}-S{number}"
    asked = {"source": source.kept(), "requested_at": now, "requested_by": by.id}
    row = {
        "id": sweep,
        "incident_id": incident,
        "number": number,
        "state": "requested",
        "scope": scope.model_dump(mode="json"),
        "scope_hash": scope.fingerprint(),
        "goal": goal.model_dump(),
        **asked,
    }
    work.execute(sweeps.insert().values(**row))
    work.execute(windows.insert().values(sweep_id=sweep, number=1, **asked))
    facts = {"sweep": sweep, "scope_hash": row["scope_hash"]} | goal.model_dump()
    timeline.append(work, incident, Event.sweep_requested, actor=by.id, now=now, facts=facts)
    if found.phase is Phase.monitoring:
        resume_response(work, incident, because=f"{sweep} was requested", now=now)
    outbox.post_event(work, incident, Event.sweep_requested, key=f"sweep:{sweep}", now=now, sweep=sweep)
    return find_sweep(work, sweep)


def request_window(work: Work, sweep: str, source: Source, *, by: Person, now: datetime) -> int:
    """Ask for later posts to be added to a sweep; returns the number of the window.

    They are searched by the same scope. NotAllowed (`SWEEP_ENDED`) once the sweep is finished: posts that
    come later still are another sweep.
    """
    find_sweep_for(work, sweep, by, Act.start_sweep)
    lock_sweep(work, sweep)  # it must not end between the question and the request
    found = find_sweep(work, sweep)
    if found.is_finished or found.closed_by:
        ended = Refusal("SWEEP_ENDED", f"It ended at {found.finished_at}. Start another sweep for these posts.")
        raise NotAllowed(f"{sweep} takes no more posts.", [ended])
    number = work.next_number(f"window:{sweep}") + 1
    asked = {"source": source.kept(), "requested_at": now, "requested_by": by.id}
    work.execute(windows.insert().values(sweep_id=sweep, number=number, **asked))
    facts = {"sweep": sweep, "window": number}
    timeline.append(work, found.incident_id, Event.window_requested, actor=by.id, now=now, facts=facts)
    outbox.post_event(
        work,
        found.incident_id,
        Event.window_requested,
        key=f"window:{sweep}:{number}",
        now=now,
        sweep=sweep,
        window=str(number),
    )
    return number


def find_sweep(work: Work, sweep: str) -> Sweep:
    """The sweep of that id. NotFound where there is none."""
    row = work.execute(_BY_ID, {"sweep": sweep}).one_or_none()
    if row is None:
        raise NotFound(f"There is no sweep {sweep}. `watchfloor incidents show` lists an incident's sweeps.")
    return Sweep.model_validate(row)


def lock_sweep(work: Work, sweep: str) -> None:
    """Keep others from handing out, ranking or freezing posts of the sweep, or ending it, until we are done.

    On PostgreSQL. Whoever changes the order of posts, or hands them out, holds it, so that posts need no locks
    of their own. Rows that refer to the sweep may be added meanwhile. A batch is locked before its sweep, and
    a sweep before its incident: otherwise two transactions could wait for each other.
    """
    work.execute(_LOCK, {"sweep": sweep})


def find_sweep_for(work: Work, sweep: str, by: Person, act: Act = Act.see_sweep) -> Sweep:
    """The sweep, if the person may do that with it. NotFound, or NotAuthorised with its reason."""
    found = find_sweep(work, sweep)
    find_for(work, found.incident_id, by, act)
    return found


class Window(BaseModel):
    """Posts that came into a sweep together."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    number: int
    source: Source
    requested_at: datetime
    requested_by: str
    frozen_at: datetime | None
    posts_seen: int | None
    posts_matched: int | None
    languages: dict[str, int] | None
    universe_hash: str | None


def windows_of(work: Work, sweep: str) -> list[Window]:
    """The windows of a sweep, by number."""
    statement = sa.select(windows).where(windows.c.sweep_id == sweep).order_by(windows.c.number)
    return [Window.model_validate(row) for row in work.execute(statement)]


def sweeps_of(work: Work, incident: str) -> list[Sweep]:
    """The sweeps of an incident, by number."""
    statement = sa.select(sweeps).where(sweeps.c.incident_id == incident).order_by(sweeps.c.number)
    return [Sweep.model_validate(row) for row in work.execute(statement)]


def working_sweeps(work: Work) -> list[str]:
    """The ids of the sweeps that people work on, the oldest first."""
    statement = sa.select(sweeps.c.id).where(sweeps.c.state == "working").order_by(sweeps.c.requested_at)
    return list(work.execute(statement).scalars())


def plan_of(work: Work, sweep: str) -> list[PlannedAction]:
    """What is to be done after a finished sweep, by item.

    In the place of an action whose decision was undone stands its reversal.
    """
    statement = (
        sa.select(planned_actions).where(planned_actions.c.sweep_id == sweep).order_by(planned_actions.c.item)
    )
    return [_planned(sweep, row) for row in work.execute(statement).mappings()]


def _planned(sweep: str, row: sa.RowMapping) -> PlannedAction:
    action = PlannedAction.model_validate({**row, "decided_by": row["decided_by"].split()})
    return action if row["reversed_at"] is None else reversal(sweep, action, row["reversed_by"])


def read_items(work: Work, sweep: str) -> list[str]:
    """The ids of the posts in a sweep that are read themselves, and not covered by another."""
    own = sa.select(items.c.item).where(items.c.sweep_id == sweep, items.c.read_as == items.c.item)
    return list(work.execute(own.order_by(items.c.item)).scalars())


def matched_items(work: Work, sweep: str) -> list[str]:
    """The ids of the posts that a sweep covers."""
    return list(work.execute(sa.select(items.c.item).where(items.c.sweep_id == sweep)).scalars())


def _check_open(work: Work, incident: str) -> None:
    phase = find(work, incident).phase
    if phase not in OPEN_FOR_SWEEPS:
        allowed = ", ".join(sorted(OPEN_FOR_SWEEPS))
        reason = Refusal("SWEEP_NOT_OPEN", f"It is {phase}; a sweep can be requested while it is {allowed}.")
        raise NotAllowed(f"No sweep can be requested in {incident}.", [reason])
