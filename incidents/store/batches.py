"""Who works which batch until when: every batch is in one person's hands, or in nobody's.

A batch that somebody gave back, or whose lease ended, is taken over by whoever asks next, with what was
decided in it; where there is none, a new one is made (`pool`). The next one is put aside for whoever still
reads the one before (`reserve_batch`): no lease and no exposure begins until they open it. A lease is taken by
a conditional UPDATE, on PostgreSQL of a row that nobody else is just taking, so two people who ask at once get
two batches.

A batch is locked before its sweep, and a sweep before its incident, here and in `decisions`, so that no two
transactions wait for each other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import Conflict, NotAllowed, NotFound, Refusal
from incidents.incident.incident import SYSTEM
from incidents.incident.phases import OPEN
from incidents.people import Act, Person, Role, authorise
from incidents.store import exposure, pool, timeline
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for, holders
from incidents.store.schema import batches, incidents, roles, sweeps
from incidents.sweeps.batches import lease_until
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import Allowance
from incidents.timeline import Event

LEASE_ENDED = "the lease ended"
"""Why a batch goes back to the queue where nobody returned it."""

_LOCKED: Final = (
    sa.select(batches, incidents.c.restricted)
    .join(incidents, incidents.c.id == batches.c.incident_id)
    .where(batches.c.id == sa.bindparam("batch"))
    .with_for_update(of=batches)
)
"""A batch, and whether its incident is restricted. Asked for every decision, so it is put together once."""

RESERVED_MINUTES: Final = 10
"""How long a batch is put aside: the last posts of the one before take less, and others wait for it."""

_CLAIM_LOCK = 4_280_002
"""Advisory lock on PostgreSQL, with the person's id: a double click must not take two batches."""


class Batch(BaseModel):
    """Some items of one language for one team. In state `open`, `leased` or `done`."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: str
    sweep_id: str
    incident_id: str
    number: int
    team: str
    language: str
    size: int
    state: str
    leased_to: str | None = Field(
        description="Who holds it; of one that is done, who finished it: nobody, where it ended with its sweep."
    )
    leased_at: datetime | None
    lease_expires_at: datetime | None
    done_at: datetime | None
    reserved_for: str | None = Field(None, exclude=True)
    reserved_until: datetime | None = Field(None, exclude=True)

    @property
    def is_done(self) -> bool:
        """Whether every item is decided and somebody said so."""
        return self.state == "done"

    def is_held_by(self, person: str, now: datetime) -> bool:
        """Whether this person holds it, and still does at `now`."""
        return self.is_leased(now) and self.leased_to == person

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody holds it at `now`."""
        return self.state == "leased" and self.lease_expires_at is not None and now < self.lease_expires_at

    def is_reserved_for(self, person: str, now: datetime) -> bool:
        """Whether it is put aside for this person, who has not opened it yet."""
        until = self.reserved_until
        return self.state == "open" and self.reserved_for == person and until is not None and now < until


class Item(BaseModel):
    """One post of a batch, as its reviewer reads it. Nothing in it tells why it is read."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    item: str
    place: int
    text: str = Field(repr=False, description="Sensitive: for the reviewer's eyes alone.")
    language: str
    posted_at: datetime | None
    reach: int
    matched: tuple[str, ...]
    copies: int = Field(1, description="Posts that a decision about this one may cover, itself included.")


def claim_batch(
    work: Work, desk: Desk, *, by: Person, now: datetime, sweep: str | None = None, drill: str = ""
) -> Batch | None:
    """Take what matters most for the team at this moment; None where nothing waits to be read.

    Whoever holds a batch of the team gets that one back, leased anew (a closed tab, a lost connection).
    Without a sweep, work comes from real incidents alone, or from those of `drill`, whose clock tells another
    `now`. An ended incident hands out no work, nor does one about a harm that the person opted out of.
    NotAllowed where a break is due, or where all that waits is more than the person may be shown now.
    """
    asking = _Asking(desk, by, now, sweep, drill)
    held = _asked_held(work, asking)
    if held is not None:
        return _renew(work, held, by=by, now=now, lease_minutes=desk.lease_minutes)
    found = _next(work, asking)
    return None if found is None else _take(work, found, by=by, now=now, lease_minutes=desk.lease_minutes)


def reserve_batch(
    work: Work, desk: Desk, *, by: Person, now: datetime, sweep: str | None = None, drill: str = ""
) -> Batch | None:
    """Put aside what `claim_batch` would give next, for whoever holds a batch of the team; None for others.

    Nothing begins with it: no lease, no exposure, and the timeline is not told. They open it by `claim_batch`,
    which asks then whether they may be shown it; after `RESERVED_MINUTES` anybody may take it. Asking again
    puts the same one aside for longer. Refused as `claim_batch` is.
    """
    asking = _Asking(desk, by, now, sweep, drill)
    if _asked_held(work, asking) is None:
        return None
    found = _next(work, asking)
    if found is None:
        return None
    until = now + timedelta(minutes=RESERVED_MINUTES)
    row = work.execute(_RESERVE, {"batch": found.id, "person": by.id, "now": now, "until": until}).one()
    return Batch.model_validate(row)


def let_go_reserved(work: Work, by: Person) -> None:
    """Give what is put aside for this person to anybody: they stop."""
    work.execute(_LET_GO, {"person": by.id})


class _Asking(NamedTuple):
    """Who asks for a batch, and of what."""

    desk: Desk
    by: Person
    now: datetime
    sweep: str | None
    drill: str

    @property
    def values(self) -> dict[str, Any]:
        """What the statements ask about."""
        told = {"person": self.by.id, "opt_outs": self.by.opt_outs, "team": self.desk.team}
        return {**told, "sweep": self.sweep, "drill": self.drill, "now": self.now}

    @property
    def kind(self) -> dict[str, bool]:
        """Which of the statements are asked."""
        return {"sees_all": Role.administrator in self.by.roles, "one_sweep": self.sweep is not None}


def _asked_held(work: Work, asking: _Asking) -> Batch | None:
    """The batch of the team that the person holds now; nobody else asks in their name meanwhile."""
    authorise(asking.by, Act.work_batch, team=asking.desk.team)
    if work.is_postgresql:
        work.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIM_LOCK, sa.func.hashtext(asking.by.id))))
    return _first(work, _held(**asking.kind), asking.values)


def _next(work: Work, asking: _Asking) -> Batch | None:
    """What the person is given next: what is put aside for them, what came back, or a new one."""
    desk, by = asking.desk, asking.by
    allowance = exposure.allowance_for(work, by.id, asking.now, desk)
    free = _queue(**asking.kind).where(_is_free(_NOW), _is_for(desk, allowance), _still_read(by.id))
    found = _first(work, free.with_for_update(of=batches, skip_locked=True), asking.values)
    return found or _made(work, desk, by=by, allowance=allowance, sweep=asking.sweep, drill=asking.drill)


def claim(work: Work, batch_id: str, *, by: Person, now: datetime, lease_minutes: int) -> Batch:
    """Take this very batch. Conflict, with who and when, where it is somebody else's or done."""
    batch = lock_batch(work, batch_id, by)
    if batch.is_held_by(by.id, now):
        return _renew(work, batch, by=by, now=now, lease_minutes=lease_minutes)
    if batch.is_done or batch.is_leased(now) or batch.is_reserved_for(batch.reserved_for or "", now):
        raise taken(batch)
    _check_open(work, batch)
    return _take(work, batch, by=by, now=now, lease_minutes=lease_minutes)


def check_held(batch: Batch, by: Person, now: datetime) -> None:
    """Return if this person holds the batch.

    Conflict, with who and when, where somebody else holds it or it is done; NotAllowed where the lease
    ended (`LEASE_EXPIRED`) or the batch was never claimed (`LEASE_MISSING`).
    """
    if batch.is_held_by(by.id, now):
        return
    if batch.is_done or batch.is_leased(now):
        raise taken(batch)
    if batch.leased_to == by.id:
        ended = f"It ended at {_told(batch.lease_expires_at)}. Claim the batch again, and send it again."
        raise NotAllowed(f"{batch.id} is not leased to {by.id} any more.", [Refusal("LEASE_EXPIRED", ended)])
    missing = Refusal("LEASE_MISSING", "Claim the batch, then send it again.")
    raise NotAllowed(f"{batch.id} is not leased to {by.id}.", [missing])


def taken(batch: Batch) -> Conflict:
    """Who holds a batch until when, who finished it when, or when it ended with its sweep."""
    if batch.is_done and batch.leased_to is None:
        ended = f"{batch.id} ended with the reading of its sweep, at {_told(batch.done_at)}."
        return Conflict(f"{ended} What was decided in it stands. Claim another batch.")
    if batch.is_done:
        return Conflict(f"{batch.id} is done: {batch.leased_to} finished it at {_told(batch.done_at)}.")
    if batch.state == "open":
        until = _told(batch.reserved_until)
        return Conflict(f"{batch.id} is put aside for {batch.reserved_for} until {until}. Claim another batch.")
    until = _told(batch.lease_expires_at)
    return Conflict(f"{batch.id} is held by {batch.leased_to} until {until}. Claim another batch.")


def missing_batch(batch_id: str) -> NotFound:
    """What to raise where no batch has that id."""
    return NotFound(f"There is no batch {batch_id}. `watchfloor sweep status` lists a sweep's batches.")


def find_batch(work: Work, batch_id: str) -> Batch:
    """The batch of that id. NotFound where there is none."""
    batch = _first(work, _BY_ID, {"batch": batch_id})
    if batch is None:
        raise missing_batch(batch_id)
    return batch


def find_batch_for(work: Work, batch_id: str, by: Person) -> Batch:
    """The batch, if the person may work it. NotFound, or NotAuthorised with its reason."""
    batch = find_batch(work, batch_id)
    find_for(work, batch.incident_id, by, Act.work_batch, team=batch.team)
    return batch


def lock_batch(work: Work, batch_id: str, by: Person) -> Batch:
    """As `find_batch_for`, and nobody else changes the batch until the transaction ends.

    On PostgreSQL the row is locked; on SQLite a writing transaction has the whole store to itself.
    """
    row = work.execute(_LOCKED, {"batch": batch_id}).one_or_none()
    if row is None:
        raise missing_batch(batch_id)
    circle = holders(work, row.incident_id) if row.restricted else None
    authorise(by, Act.work_batch, team=row.team, restricted_to=circle)
    return Batch.model_validate(row)


def batches_of(work: Work, sweep: str) -> list[Batch]:
    """The batches of a sweep, by number."""
    statement = sa.select(batches).where(batches.c.sweep_id == sweep).order_by(batches.c.number)
    return [Batch.model_validate(row) for row in work.execute(statement)]


def items_of(work: Work, batch_id: str, by: Person) -> list[Item]:
    """The posts of a batch in their order, for somebody who may work it."""
    find_batch_for(work, batch_id, by)
    return [Item.model_validate(row) for row in pool.read_places(work, batch_id)]


def lock_all(work: Work, sweep: str) -> None:
    """Wait until nobody changes a batch of the sweep that is not done, and keep it so."""
    wanted = sa.select(batches.c.id).where(batches.c.sweep_id == sweep, batches.c.state != "done")
    work.execute(wanted.order_by(batches.c.id).with_for_update()).all()


def dissolve_open(work: Work, sweep: str, *, now: datetime, also_leased: bool = False) -> None:
    """End the batches of a sweep that nobody holds, or all of them; what was decided in them stays.

    One that somebody is just taking is theirs: whoever waited for it with the incident locked would wait for
    ever.
    """
    states = ("open", "leased") if also_leased else ("open",)
    wanted = sa.select(batches).where(batches.c.sweep_id == sweep, batches.c.state.in_(states))
    for row in work.execute(wanted.order_by(batches.c.id).with_for_update(skip_locked=True)).all():
        dissolve(work, Batch.model_validate(row), now=now)


def dissolve(work: Work, batch: Batch, *, now: datetime) -> None:
    """End a batch before all of it was read; what was not waits again, for whatever it was to be read for."""
    if batch.leased_to is not None:
        exposure.note(work, batch.id, batch.leased_to)
    decided = pool.let_go(work, batch.id)
    values = {"state": "done", "done_at": now, "leased_to": None, "lease_expires_at": None, "size": decided}
    work.execute(sa.update(batches).where(batches.c.id == batch.id).values(**values))


# Put together once: they are run for every batch, and that takes longer than running them.
_THIS: Final = batches.c.id == sa.bindparam("batch")
_BY_ID: Final = sa.select(batches).where(_THIS)
_PERSON: Final = sa.bindparam("person", type_=sa.String())
_NOW: Final = sa.bindparam("now", type_=batches.c.leased_at.type)
_UNTIL: Final = sa.bindparam("until", type_=batches.c.leased_at.type)


@cache
def _queue(*, sees_all: bool, one_sweep: bool) -> sa.Select[Any]:
    """Batches for a team that the person may see, their own first, then the most urgent."""
    own = sa.or_(batches.c.leased_to == _PERSON, batches.c.reserved_for == _PERSON)
    own_first = sa.case((own, 0), else_=1)
    return (
        sa.select(batches)
        .join(incidents, incidents.c.id == batches.c.incident_id)
        .where(batches.c.team == sa.bindparam("team"), *_suits(sees_all=sees_all))
        .where(_within(batches.c.sweep_id, one_sweep=one_sweep))
        .order_by(own_first, batches.c.number, batches.c.sweep_id)
        .limit(1)
    )


@cache
def _held(*, sees_all: bool, one_sweep: bool) -> sa.Select[Any]:
    """The batch that the person holds now."""
    queue = _queue(sees_all=sees_all, one_sweep=one_sweep)
    return queue.where(leased_to(_PERSON), batches.c.lease_expires_at > _NOW).with_for_update(of=batches)


@cache
def _working(*, sees_all: bool, one_sweep: bool) -> sa.Select[Any]:
    """Sweeps with posts to hand out to the person, and the policy of each; the most severe incident first."""
    return (
        sa.select(sweeps.c.id, incidents.c.policy, sweeps.c.reached_at.is_not(None).label("reached"))
        .join(incidents, incidents.c.id == sweeps.c.incident_id)
        .where(sweeps.c.state == "working", sweeps.c.closed_by.is_(None), *_suits(sees_all=sees_all))
        .where(_within(sweeps.c.id, one_sweep=one_sweep))
        .order_by(incidents.c.severity, sweeps.c.requested_at, sweeps.c.id)
    )


def _within(sweep: sa.ColumnElement[str], *, one_sweep: bool) -> sa.ColumnElement[bool]:
    return sweep == sa.bindparam("sweep") if one_sweep else incidents.c.drill == sa.bindparam("drill")


def _suits(*, sees_all: bool) -> list[sa.ColumnElement[bool]]:
    """The incident is open, the person may see it, and did not opt out of what it is about."""
    held = sa.exists().where(
        roles.c.incident_id == incidents.c.id, roles.c.person == _PERSON, roles.c.handed_over_at.is_(None)
    )
    return [
        incidents.c.phase.in_([phase.value for phase in OPEN]),
        sa.true() if sees_all else sa.or_(incidents.c.restricted.is_(False), held),
        sa.func.coalesce(incidents.c.policy, "").not_in(sa.bindparam("opt_outs", expanding=True)),
    ]


def leased_to(person: str | sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """Whether this person holds a batch, or held it last and nobody took it since."""
    return sa.and_(batches.c.state == "leased", batches.c.leased_to == person)


def has_ended(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Whether somebody holds a batch whose lease has ended."""
    return sa.and_(batches.c.state == "leased", batches.c.lease_expires_at <= now)


def _is_free(now: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Whether nobody holds a batch, and it is put aside for nobody but the person."""
    until = batches.c.reserved_until
    theirs = sa.or_(until.is_(None), until <= now, batches.c.reserved_for == _PERSON)
    return sa.or_(sa.and_(batches.c.state == "open", theirs), has_ended(now))


def _is_for(desk: Desk, allowance: Allowance | None) -> sa.ColumnElement[bool]:
    """Batches in a language of the person that are no more than they may be shown.

    A batch that comes back keeps its order, so whoever needs calmer items first gets a new one.
    """
    language = sa.true() if desk.languages is None else batches.c.language.in_(desk.languages)
    if allowance is None:
        return language
    most = allowance.graphic_items if allowance.severe_next else 0
    return sa.and_(language, sa.or_(batches.c.graphic.is_(False), batches.c.size <= most))


def _still_read(person: str) -> sa.ColumnElement[bool]:
    """Batches of sweeps that are still read. Who holds one of another may finish it, and nobody goes on."""
    enough = sa.exists().where(
        sweeps.c.id == batches.c.sweep_id,
        sa.or_(sweeps.c.reached_at.is_not(None), sweeps.c.closed_by.is_not(None)),
    )
    return sa.or_(~enough, batches.c.leased_to == person)


def _first(work: Work, statement: sa.Select[Any], asked: Mapping[str, Any] | None = None) -> Batch | None:
    row = work.execute(statement, asked).one_or_none()
    return None if row is None else Batch.model_validate(row)


def _check_open(work: Work, batch: Batch) -> None:
    incident = find(work, batch.incident_id)
    if not incident.is_open:
        ended = Refusal("INCIDENT_ENDED", f"{incident.id} is {incident.phase}. Reopen it first.")
        raise NotAllowed(f"{batch.id} is not handed out any more.", [ended])


def _renew(work: Work, held: Batch, *, by: Person, now: datetime, lease_minutes: int) -> Batch:
    until = lease_until(now, lease_minutes)
    return _lease(work, _RENEW, held, {"person": by.id, "until": until})


def _made(
    work: Work, desk: Desk, *, by: Person, allowance: Allowance | None, sweep: str | None, drill: str
) -> Batch | None:
    """A new batch of what waits to be read, in the most severe incident that has something for the person.

    NotAllowed where all that waits is more than the person may be shown now.
    """
    refused: list[Refusal] = []
    asked = {"person": by.id, "opt_outs": by.opt_outs, "sweep": sweep, "drill": drill}
    working = _working(sees_all=Role.administrator in by.roles, one_sweep=sweep is not None)
    for candidate, policy, reached in work.execute(working, asked).all():
        wanted = pool.Wanted(
            team=desk.team,
            person=by.id,
            size=desk.batch_size,
            languages=desk.languages,
            graphic=policy in desk.graphic_policies,
            allowance=allowance if policy in desk.graphic_policies else None,
            looks_only=reached,
        )
        try:
            made = pool.make_batch(work, candidate, wanted)
        except NotAllowed as spared:
            refused += spared.reasons
        else:
            if made is not None:
                return find_batch(work, made)
    if refused:
        raise exposure.nothing_for(by.id, list(dict.fromkeys(refused)))
    return None


def _take(work: Work, free: Batch, *, by: Person, now: datetime, lease_minutes: int) -> Batch:
    until = lease_until(now, lease_minutes)
    batch = _lease(work, _TAKE, free, {"person": by.id, "now": now, "until": until})
    exposure.begin(work, batch.id, by.id, now)
    if pool.leave_out_what_was_read(work, batch.id, by.id, made_for=free.reserved_for or by.id):
        batch = find_batch(work, batch.id)
    if free.leased_to is not None:
        exposure.note(work, free.id, free.leased_to)
        tell_returned(work, free, free.leased_to, actor=SYSTEM.id, why=LEASE_ENDED, now=now)
    facts = {"batch": batch.id, "person": by.id, "until": until.isoformat()}
    timeline.append(work, batch.incident_id, Event.batch_claimed, actor=by.id, now=now, facts=facts)
    return batch


def _lease(work: Work, statement: sa.Executable, batch: Batch, values: dict[str, Any]) -> Batch:
    row = work.execute(statement, {"batch": batch.id, **values}).one_or_none()
    if row is None:
        raise taken(find_batch(work, batch.id))
    return Batch.model_validate(row)


def tell_returned(work: Work, batch: Batch, person: str | None, *, actor: str, why: str, now: datetime) -> None:
    """Tell the timeline whose batch came back, and why."""
    facts = {"batch": batch.id, "person": person, "why": why}
    timeline.append(work, batch.incident_id, Event.batch_returned, actor=actor, now=now, facts=facts)


def _told(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


_RENEW: Final = (
    sa.update(batches).where(_THIS, leased_to(_PERSON)).values(lease_expires_at=_UNTIL).returning(*batches.c)
)
_TAKE: Final = (
    sa.update(batches)
    .where(_THIS, _is_free(_NOW))
    .values(
        state="leased",
        leased_to=_PERSON,
        leased_at=_NOW,
        lease_expires_at=_UNTIL,
        reserved_for=None,
        reserved_until=None,
    )
    .returning(*batches.c)
)
_RESERVE: Final = (
    sa.update(batches)
    .where(_THIS, _is_free(_NOW))
    .values(reserved_for=_PERSON, reserved_until=_UNTIL)
    .returning(*batches.c)
)
_LET_GO: Final = (
    sa.update(batches)
    .where(batches.c.state == "open", batches.c.reserved_for == _PERSON)
    .values(reserved_until=None)
)
