"""A sweep that is read as people read it: they ask for a batch, decide all of it, and finish it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.store.batches import Batch, claim_batch
from incidents.store.decisions import decide, finish_batch
from incidents.store.engine import Work
from incidents.store.freezing import freeze
from incidents.store.gates import GateKind, open_gate
from incidents.store.schema import items, places, sweeps
from incidents.store.standing import decisions_of
from incidents.store.sweeps import Goal, request_sweep
from incidents.sweeps.decisions import Decision
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import ExposureBudget
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    POLICIES,
    POLICY,
    SCOPE,
    SOURCE,
    add_crisis,
    after,
    frozen,
    harmless,
    pile,
    violating,
)

GIL = Person(id="gil", roles=frozenset({Role.partner_reviewer}), team="german")

PLAIN = Goal(golden_share=0, second_share=0, check_share=0)
"""No golden items, and no further looks but those that follow from what people say."""

THREE = {"de": 3, "tr": 3}


def german(posts: int) -> pl.DataFrame:
    """So many German posts: p01, p02, and so on."""
    return pile(*((f"p{n:02}", "de") for n in range(1, posts + 1)))


def add_reading(
    work: Work,
    posts: pl.DataFrame,
    *,
    goal: Goal = PLAIN,
    copies: Mapping[str, str] | None = None,
    readers: Mapping[str, int] = THREE,
    certify: int = 0,
    incident: str | None = None,
) -> str:
    """A frozen sweep of which nothing is handed out yet. `certify` posts of its sample are to be read.

    Without any it has no plan, so that it ends when all is read.
    """
    asked = request_sweep(work, incident or add_crisis(work), SCOPE, SOURCE, by=ADA, now=after(4), goal=goal)
    kept = replace(frozen(posts, copies=dict(copies or {})), readers=readers)
    assert freeze(work, asked.id, kept, now=after(5))
    values = {"certify_wanted": certify} if certify else {"certify_wanted": 0, "plan": None}
    work.execute(sa.update(sweeps).where(sweeps.c.id == asked.id).values(**values))
    return asked.id


def ask_at(work: Work, sweep: str) -> str:
    """Open the gate at which the sweep waits for people; returns its incident."""
    incident, due = sweep.rpartition("-")[0], after(99)
    open_gate(work, incident, GateKind.sweep_work, subject=sweep, due_at=due, flow_run_id="r", now=after(6))
    return incident


def rank(work: Work, sweep: str, *ids: str) -> None:
    """Give these posts priorities in this order, the first the highest; all others have 0."""
    for place, item in enumerate(ids):
        mine = sa.and_(items.c.sweep_id == sweep, items.c.item == item)
        work.execute(sa.update(items).where(mine).values(priority=len(ids) - place, score=0.5))


def without_steer(work: Work, sweep: str) -> None:
    """Nothing is due of the steer sample, so that the ranking alone says what is read."""
    work.execute(sa.update(items).where(items.c.sweep_id == sweep).values(steer_key=2**63 - 1))


def take(
    work: Work,
    by: Person = BO,
    *,
    size: int = 4,
    minutes: float = 10,
    sweep: str | None = None,
    languages: Sequence[str] | None = None,
    budget: ExposureBudget | None = None,
    graphic: bool = False,
) -> Batch | None:
    """Ask for the next batch of the person's team, for an hour."""
    desk = Desk(
        team=by.team or "german",
        languages=None if languages is None else tuple(languages),
        batch_size=size,
        lease_minutes=60,
        budget=budget,
        graphic_policies=frozenset({POLICY.id}) if graphic else frozenset(),
    )
    return claim_batch(work, desk, by=by, now=after(minutes), sweep=sweep)


def taken(work: Work, by: Person = BO, *, size: int = 4, minutes: float = 10) -> Batch:
    """The next batch, where there is one."""
    batch = take(work, by, size=size, minutes=minutes)
    assert batch is not None
    return batch


def said(item: str, by: Person, minutes: float, violates: Collection[str], unsure: Collection[str]) -> Decision:
    """What the person says about one item."""
    if item in violates:
        return violating(item, by, minutes)
    if item not in unsure:
        return harmless(item, by, minutes)
    doubt = {"verdict": "unsure", "action": "escalate", "rationale": "It may be a quote."}
    return Decision.model_validate(harmless(item, by, minutes).model_dump() | doubt)


def settle(
    work: Work,
    batch: Batch,
    by: Person,
    *,
    violates: Collection[str] = (),
    unsure: Collection[str] = (),
    minutes: float = 11,
) -> list[str]:
    """Decide whatever of a batch has no word yet, and finish it; returns the items of the batch."""
    ids = [each.item for each in decisions_of(work, batch.id, by=by)]
    empty = [each.item for each in decisions_of(work, batch.id, by=by) if each.decision is None]
    sent = [said(item, by, minutes, violates, unsure) for item in empty]
    decide(work, batch.id, sent, by=by, policies=POLICIES, now=after(minutes))
    finish_batch(work, batch.id, by=by, now=after(minutes))
    return ids


def read_next(
    work: Work,
    by: Person = BO,
    *,
    size: int = 4,
    violates: Collection[str] = (),
    unsure: Collection[str] = (),
    minutes: float = 10,
) -> dict[str, str]:
    """Take a batch and settle it: item → why it was read; nothing where nothing waits for the person."""
    batch = take(work, by, size=size, minutes=minutes)
    if batch is None:
        return {}
    purposes = purposes_of(work, batch.id)
    settle(work, batch, by, violates=violates, unsure=unsure, minutes=minutes + 1)
    return purposes


def read_all(
    work: Work,
    *people: Person,
    violates: Collection[str] = (),
    size: int = 4,
    minutes: float = 10,
) -> dict[str, list[str]]:
    """Let people read in turns until nobody is given anything: person → what they read."""
    read: dict[str, list[str]] = {person.id: [] for person in people}
    for _ in range(200):
        before = sum(map(len, read.values()))
        for person in people:
            read[person.id] += read_next(work, person, size=size, violates=violates, minutes=minutes)
        if sum(map(len, read.values())) == before:
            return read
    raise AssertionError("The people read in circles.")


def purposes_of(work: Work, batch: str) -> dict[str, str]:
    """Item → why it is read in the batch, in the order of places."""
    statement = sa.select(places.c.item, places.c.purpose).where(places.c.batch_id == batch)
    return dict(work.execute(statement.order_by(places.c.place)).tuples().all())


def states_of(work: Work, sweep: str, column: str = "state") -> dict[str, object]:
    """Item → one of its columns."""
    statement = sa.select(items.c.item, items.c[column]).where(items.c.sweep_id == sweep)
    return dict(work.execute(statement.order_by(items.c.item)).tuples().all())


def look_of(work: Work, sweep: str, item: str) -> str | None:
    """For which further look an item waits."""
    found = states_of(work, sweep, "look")[item]
    return None if found is None else str(found)
