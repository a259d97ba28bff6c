"""Sweeps: requested by a person, frozen by a flow, worked in batches, ended in a plan of actions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import NotAllowed, NotFound, Refusal
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import Phase
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for, lock
from incidents.store.lifecycle import resume_response
from incidents.store.post_source import Source
from incidents.store.schema import batches, items, planned_actions, sweeps
from incidents.store.standing import counts, current_decisions
from incidents.sweeps.plan import PlannedAction, action_plan
from incidents.sweeps.scope import Scope
from incidents.sweeps.universe import TermCount, Universe
from incidents.timeline import Event

OPEN_FOR_SWEEPS: Final = frozenset({Phase.declared, Phase.responding, Phase.monitoring})
"""Phases in which a sweep can be requested."""

FINISHED: Final = "sweep_finished"
"""Milestone: the first sweep of the incident came to its end."""

_AT_ONCE: Final = 5_000
"""Rows inserted together."""


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
    frozen_at: datetime | None
    posts_seen: int | None
    posts_matched: int | None
    universe_hash: str | None
    terms: tuple[TermCount, ...] | None
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether everything in it is decided and its plan is made."""
        return self.state == "finished"


def request_sweep(
    work: Work, incident: str, scope: Scope, source: Source, *, by: Person, now: datetime
) -> Sweep:
    """Ask for a sweep; its flow is started by the event. NotAllowed (`SWEEP_NOT_OPEN`) outside a response.

    One that is asked for while monitoring takes the incident back to its response.
    """
    find_for(work, incident, by, Act.start_sweep)
    found = lock(work, incident)  # it must not be stood down between the question and the request
    _check_open(work, incident)
    number = work.next_number(f"sweep:{incident}")
    sweep = f"{incident}-S{number}"
    row = {
        "id": sweep,
        "incident_id": incident,
        "number": number,
        "state": "requested",
        "scope": scope.model_dump(mode="json"),
        "scope_hash": scope.fingerprint(),
        "source": source.kept(),
        "requested_at": now,
        "requested_by": by.id,
    }
    work.execute(sweeps.insert().values(**row))
    facts = {"sweep": sweep, "scope_hash": row["scope_hash"]}
    timeline.append(work, incident, Event.sweep_requested, actor=by.id, now=now, facts=facts)
    if found.phase is Phase.monitoring:
        resume_response(work, incident, because=f"{sweep} was requested", now=now)
    outbox.post_event(work, incident, Event.sweep_requested, key=f"sweep:{sweep}", now=now, sweep=sweep)
    return find_sweep(work, sweep)


def freeze(work: Work, sweep: str, universe: Universe, *, now: datetime) -> bool:
    """Keep what the sweep covers and open its batches, at once; False where that was done before.

    A sweep that matched nothing is finished with it.
    """
    found = find_sweep(work, sweep)
    values = {
        "state": "working",
        "frozen_at": now,
        "posts_seen": universe.posts_seen,
        "posts_matched": universe.matched.height,
        "universe_hash": universe.hash,
        "terms": [term.model_dump() for term in universe.terms],
    }
    statement = sa.update(sweeps).where(sweeps.c.id == sweep, sweeps.c.state == "requested").values(**values)
    if work.execute(statement).rowcount != 1:
        return False
    _open_batches(work, found, universe)
    _tell_frozen(work, found, universe, now)
    if not universe.batches:
        finish(work, sweep, now=now)
    return True


def finish(work: Work, sweep: str, *, now: datetime) -> bool:
    """End a sweep whose batches are all done, and plan its actions; False where one is not, or it ended."""
    found = find_sweep(work, sweep)
    undone = sa.exists().where(batches.c.sweep_id == sweeps.c.id, batches.c.state != "done")
    statement = sa.update(sweeps).where(sweeps.c.id == sweep, sweeps.c.state == "working", ~undone)
    if work.execute(statement.values(state="finished", finished_at=now)).rowcount != 1:
        return False
    count = counts(work, sweep)
    facts = {"sweep": sweep} | count.model_dump(include={"decided", "violates", "escalated"})
    entry = timeline.append(
        work, found.incident_id, Event.sweep_finished, actor=SYSTEM.id, now=now, facts=facts
    )
    timeline.reach_milestone(work, entry, FINISHED)
    _keep_plan(work, found, now)
    return True


def all_batches_done(work: Work, sweep: str) -> bool:
    """Whether people have nothing left to do: it is frozen, and no batch is open or leased."""
    undone = sa.exists().where(batches.c.sweep_id == sweeps.c.id, batches.c.state != "done")
    worked = sa.select(sweeps.c.id).where(sweeps.c.id == sweep, sweeps.c.state != "requested", ~undone)
    return work.execute(worked).first() is not None


def find_sweep(work: Work, sweep: str) -> Sweep:
    """The sweep of that id. NotFound where there is none."""
    row = work.execute(sa.select(sweeps).where(sweeps.c.id == sweep)).one_or_none()
    if row is None:
        raise NotFound(f"There is no sweep {sweep}. `watchfloor incidents show` lists an incident's sweeps.")
    return Sweep.model_validate(row)


def find_sweep_for(work: Work, sweep: str, by: Person) -> Sweep:
    """The sweep, if the person may see it. NotFound, or NotAuthorised with its reason."""
    found = find_sweep(work, sweep)
    find_for(work, found.incident_id, by, Act.see_sweep)
    return found


def sweeps_of(work: Work, incident: str) -> list[Sweep]:
    """The sweeps of an incident, by number."""
    statement = sa.select(sweeps).where(sweeps.c.incident_id == incident).order_by(sweeps.c.number)
    return [Sweep.model_validate(row) for row in work.execute(statement)]


def working_sweeps(work: Work) -> list[str]:
    """The ids of the sweeps that people work on, the oldest first."""
    statement = sa.select(sweeps.c.id).where(sweeps.c.state == "working").order_by(sweeps.c.requested_at)
    return list(work.execute(statement).scalars())


def plan_of(work: Work, sweep: str) -> list[PlannedAction]:
    """The actions that a finished sweep ended in, by item."""
    statement = (
        sa.select(planned_actions).where(planned_actions.c.sweep_id == sweep).order_by(planned_actions.c.item)
    )
    rows = work.execute(statement).mappings()
    return [PlannedAction.model_validate({**row, "decided_by": row["decided_by"].split()}) for row in rows]


def matched_items(work: Work, sweep: str) -> list[str]:
    """The ids of the posts that a sweep covers."""
    return list(work.execute(sa.select(items.c.item).where(items.c.sweep_id == sweep)).scalars())


def _check_open(work: Work, incident: str) -> None:
    phase = find(work, incident).phase
    if phase not in OPEN_FOR_SWEEPS:
        allowed = ", ".join(sorted(OPEN_FOR_SWEEPS))
        reason = Refusal("SWEEP_NOT_OPEN", f"It is {phase}; a sweep can be requested while it is {allowed}.")
        raise NotAllowed(f"No sweep can be requested in {incident}.", [reason])


def _open_batches(work: Work, sweep: Sweep, universe: Universe) -> None:
    rows = [
        {
            "id": f"{sweep.id}-B{plan.number}",
            "sweep_id": sweep.id,
            "incident_id": sweep.incident_id,
            "number": plan.number,
            "team": plan.team,
            "language": plan.language,
            "size": len(plan.item_ids),
            "state": "open",
        }
        for plan in universe.batches
    ]
    for start in range(0, len(rows), _AT_ONCE):
        work.execute(batches.insert(), rows[start : start + _AT_ONCE])
    for some in _items(sweep, universe):
        work.execute(items.insert(), some)
    if work.is_postgresql and rows:
        # Until it has counted the new rows, PostgreSQL plans as if the tables were as small as before.
        for table in (items, batches):
            work.execute(sa.text(f"ANALYZE {table.name}"))


def _items(sweep: Sweep, universe: Universe) -> Iterator[list[dict[str, Any]]]:
    places = pl.DataFrame(
        [
            (item, f"{sweep.id}-B{plan.number}", place)
            for plan in universe.batches
            for place, item in enumerate(plan.item_ids, start=1)
        ],
        schema={"item": pl.String(), "batch_id": pl.String(), "place": pl.Int64()},
        orient="row",
    )
    posts = universe.matched.select(
        pl.lit(sweep.id).alias("sweep_id"),
        pl.col("id").alias("item"),
        *("text", "posted_at", "reach", "matched"),
        pl.col("language").fill_null("und"),
    )
    for some in posts.join(places, on="item").iter_slices(_AT_ONCE):
        yield some.to_dicts()


def _tell_frozen(work: Work, sweep: Sweep, universe: Universe, now: datetime) -> None:
    frozen = {
        "sweep": sweep.id,
        "posts": universe.posts_seen,
        "matched": universe.matched.height,
        "universe": universe.hash,
    }
    incident, actor = sweep.incident_id, SYSTEM.id
    timeline.append(work, incident, Event.universe_frozen, actor=actor, now=now, facts=frozen)
    by_team: dict[str, int] = {}
    for plan in universe.batches:
        by_team[plan.team] = by_team.get(plan.team, 0) + 1
    opened = {"sweep": sweep.id, "batches": len(universe.batches), "by_team": by_team}
    timeline.append(work, incident, Event.batches_opened, actor=actor, now=now, facts=opened)


def _keep_plan(work: Work, sweep: Sweep, now: datetime) -> None:
    """Each action once: its key is the table's, and the sweep finishes once."""
    plan = action_plan(sweep.id, current_decisions(work, sweep.id))
    rows = [
        action.model_dump(mode="json", exclude={"decided_by"})
        | {
            "incident_id": sweep.incident_id,
            "sweep_id": sweep.id,
            "decided_by": " ".join(action.decided_by),
            "planned_at": now,
        }
        for action in plan
    ]
    for start in range(0, len(rows), _AT_ONCE):
        work.execute(planned_actions.insert(), rows[start : start + _AT_ONCE])
    facts = {"sweep": sweep.id, "actions": len(rows)}
    timeline.append(work, sweep.incident_id, Event.plan_made, actor=SYSTEM.id, now=now, facts=facts)
