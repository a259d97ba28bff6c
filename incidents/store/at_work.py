"""A batch as whoever holds it works it: what they read, what they say, and what waits for them next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.policies import Policy
from incidents.drills.clock import Clock
from incidents.errors import NotAllowed, Refusal
from incidents.incident.phases import OPEN
from incidents.people import Act, Person, authorise
from incidents.store import exposure
from incidents.store.access_log import Access, note_access
from incidents.store.batches import Batch, Item, check_held, find_batch_for, leased_to
from incidents.store.decisions import Recorded, decide, signed
from incidents.store.engine import Work
from incidents.store.guidelines import Guideline, guideline_in_force
from incidents.store.incidents import find, readable
from incidents.store.pool import read_places
from incidents.store.said import at_places, word
from incidents.store.schema import batches, drills, guidelines, incidents, items, sweeps
from incidents.sweeps.decisions import Decision, Judgement
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import Allowance, ExposureBudget, Seen


class Post(BaseModel):
    """One post of a batch, and what was said about it there, if anything."""

    model_config = ConfigDict(frozen=True)

    item: Item
    said: Decision | None


class Opened(BaseModel):
    """A batch with all that it takes to judge its posts."""

    model_config = ConfigDict(frozen=True)

    batch: Batch
    policy: str | None = Field(description="What its incident is about.")
    guideline: Guideline | None = Field(
        description="In force; in the language of the batch where there is one."
    )
    before: Guideline | None = Field(description="The version before it, in the same language.")
    posts: tuple[Post, ...]


class Held(NamedTuple):
    """A batch in somebody's hands, and what the clock of its incident shows."""

    batch: Batch
    its_now: datetime


class Waiting(BaseModel):
    """A sweep that is read, as a team sees it."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sweep: str
    incident_id: str
    policy: str | None
    drill: str
    waits: bool = Field(description="Whether there is something to hand out to the person.")
    done: int = Field(description="Batches of the team that are done.")
    leased: int
    given_back: int


class OwnDay(BaseModel):
    """What a person was shown, for themselves alone. The batch in their hands counts once they hand it in."""

    model_config = ConfigDict(frozen=True)

    budget: ExposureBudget
    seen: Seen
    refusals: tuple[Refusal, ...] = Field(description="Why they are given nothing at all now.")
    break_at: datetime | None = Field(description="When the next break is due; None while they do not work.")


def open_batch(work: Work, batch_id: str, *, by: Person, now: datetime) -> Opened:
    """The batch with its posts, for whoever holds it. Conflict or NotAllowed, as `check_held`, for others."""
    batch = find_batch_for(work, batch_id, by)
    check_held(batch, by, now)
    return _opened(work, batch, now)


def read_ahead(work: Work, batch_id: str, *, by: Person, now: datetime) -> Opened:
    """The batch with its posts, for whoever it is put aside for; refused as by `open_batch` for others."""
    batch = find_batch_for(work, batch_id, by)
    if not batch.is_reserved_for(by.id, now):
        check_held(batch, by, now)
    return _opened(work, batch, now)


def version_in_force(work: Work, batch_id: str, now: datetime) -> int | None:
    """The version of the guideline that holds where a batch is worked; None before there is one."""
    found: int | None = work.execute(_VERSION, {"batch": batch_id, "now": now}).scalar_one_or_none()
    return found


def look_into(work: Work, batch_id: str, *, by: Person, reason: str, now: datetime) -> Opened:
    """The batch with its posts, for staff who do not hold it; that they looked, and why, is written down.

    NotAuthorised for partners, NotAllowed without a reason (`REASON_MISSING`).
    """
    authorise(by, Act.see_incidents)
    batch = find_batch_for(work, batch_id, by)
    if not reason.strip():
        missing = Refusal("REASON_MISSING", "Say why you look: it is written down with your name.")
        raise NotAllowed(f"The posts of {batch_id} were not shown.", [missing])
    note_access(work, Access.post_shown, by=by.id, target=batch_id, reason=reason.strip(), now=now)
    return _opened(work, batch, now)


def judge(
    work: Work,
    batch_id: str,
    said: Sequence[Judgement],
    *,
    read_under: int | None,
    by: Person,
    policies: Mapping[str, Policy],
    now: datetime,
) -> Recorded:
    """Record judgements as decisions of this person, see `decide`; what was sent before changes nothing.

    `read_under` is the version of the guideline that they had before them. NotAllowed
    (`GUIDELINE_SUPERSEDED`) where another one has come into force and something would change.
    """
    sent = signed(said, by=by, policies=policies, guideline_version=read_under, now=now)
    recorded = decide(work, batch_id, sent, by=by, policies=policies, now=now)
    # Asked afterwards, and undone with the transaction: what changes nothing may rest on any version.
    if recorded.new or recorded.superseded:
        _refuse_superseded(work, batch_id, read_under, now)
    return recorded


def own_day(work: Work, desk: Desk, *, by: Person, now: datetime) -> OwnDay | None:
    """What the person was shown, and what their budget says; None where the desk sets no limit."""
    if desk.budget is None:
        return None
    seen = exposure.seen_by(work, by.id, now, desk.budget)
    began = seen.stretch_began or _first_held(work, by)
    return OwnDay(
        budget=desk.budget,
        seen=seen,
        refusals=tuple(Allowance(desk.budget, seen, now, desk.pace_per_hour).refusals()),
        break_at=began and began + timedelta(minutes=desk.budget.work_minutes_before_break),
    )


def held_by(work: Work, by: Person, machine_now: datetime) -> list[Held]:
    """The batches in the person's hands, also those whose lease has just ended; the first to end first."""
    statement = (
        sa.select(batches, drills.c.stands_at)
        .join(incidents, incidents.c.id == batches.c.incident_id)
        .outerjoin(drills, drills.c.id == incidents.c.drill)
        .where(leased_to(by.id))
        .order_by(batches.c.lease_expires_at)
    )
    return [
        Held(Batch.model_validate(row), Clock(stands_at=row.stands_at).tell(machine_now))
        for row in work.execute(statement)
    ]


def waiting_for(work: Work, desk: Desk, *, by: Person) -> list[Waiting]:
    """The sweeps in which the person may be given something of the team's, the most severe incident first.

    What they opted out of is not among them.
    """
    authorise(by, Act.work_batch, team=desk.team)
    statement = (
        sa.select(
            *(sweeps.c.id.label("sweep"), sweeps.c.incident_id, incidents.c.policy, incidents.c.drill),
            _waits(desk).label("waits"),
            *(_batches_in(state, desk.team).label(name) for name, state in _STATES.items()),
        )
        .join(incidents, incidents.c.id == sweeps.c.incident_id)
        .where(sweeps.c.state == "working", sweeps.c.closed_by.is_(None), readable(by))
        .where(incidents.c.phase.in_([phase.value for phase in OPEN]))
        .where(sa.func.coalesce(incidents.c.policy, "").not_in(by.opt_outs))
        .order_by(incidents.c.severity, sweeps.c.requested_at, sweeps.c.id)
    )
    return [Waiting.model_validate(row) for row in work.execute(statement)]


_STATES = {"done": "done", "leased": "leased", "given_back": "open"}


def _opened(work: Work, batch: Batch, now: datetime) -> Opened:
    said = {row.item: word(row) for row in work.execute(at_places(batch.id))}
    guideline = guideline_in_force(work, batch.incident_id, language=batch.language, now=now)
    return Opened(
        batch=batch,
        policy=find(work, batch.incident_id).policy,
        guideline=guideline,
        before=None if guideline is None else _before(work, guideline),
        posts=tuple(
            Post(item=Item.model_validate(row), said=said[row["item"]]) for row in read_places(work, batch.id)
        ),
    )


def _before(work: Work, guideline: Guideline) -> Guideline | None:
    statement = (
        sa.select(guidelines)
        .where(guidelines.c.incident_id == guideline.incident_id, guidelines.c.version < guideline.version)
        .where(guidelines.c.language == guideline.language)
        .order_by(guidelines.c.version.desc())
        .limit(1)
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else Guideline.model_validate(row)


def _refuse_superseded(work: Work, batch_id: str, read_under: int | None, now: datetime) -> None:
    version = version_in_force(work, batch_id, now)
    if version != read_under:
        read = "no guideline" if read_under is None else f"version {read_under} of the guideline"
        sentence = f"You had {read} before you; version {version} is in force. Read it, then decide again."
        raise NotAllowed(f"Nothing was recorded in {batch_id}.", [Refusal("GUIDELINE_SUPERSEDED", sentence)])


# Put together once: it is asked with every decision.
_VERSION: Final = (
    sa.select(guidelines.c.version)
    .join(batches, batches.c.incident_id == guidelines.c.incident_id)
    .where(batches.c.id == sa.bindparam("batch"), guidelines.c.effective_from <= sa.bindparam("now"))
    .order_by(guidelines.c.version.desc())
    .limit(1)
)
"""The number of the newest version in force where a batch is worked: all languages of a version share it."""


def _first_held(work: Work, by: Person) -> datetime | None:
    kind = batches.c.leased_at.type
    statement = sa.select(sa.func.min(batches.c.leased_at, type_=kind)).where(leased_to(by.id))
    found: datetime | None = work.execute(statement).scalar_one()
    return found


def _waits(desk: Desk) -> sa.ColumnElement[bool]:
    """Whether something waits for the team in a sweep, in a language of the person."""

    def in_language(column: sa.Column[str]) -> sa.ColumnElement[bool]:
        return sa.true() if desk.languages is None else column.in_(desk.languages)

    post = sa.exists().where(
        *(items.c.sweep_id == sweeps.c.id, items.c.team == desk.team, in_language(items.c.language)),
        sa.or_(items.c.state == "waiting", items.c.look.is_not(None)),
    )
    batch = sa.exists().where(
        *(batches.c.sweep_id == sweeps.c.id, batches.c.team == desk.team, in_language(batches.c.language)),
        batches.c.state == "open",
    )
    return sa.or_(post, batch)


def _batches_in(state: str, team: str) -> sa.ScalarSelect[int]:
    counted = sa.select(sa.func.count()).select_from(batches)
    # One that was put aside, and not opened, nobody gave back.
    returned = sa.true() if state != "open" else batches.c.reserved_for.is_(None)
    return counted.where(
        batches.c.sweep_id == sweeps.c.id, batches.c.team == team, batches.c.state == state, returned
    ).scalar_subquery()
