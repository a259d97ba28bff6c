"""What goes on, and what waits for one person: read in a few statements, however many incidents there are."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.people import Act, Person, Role, is_allowed, is_staff
from incidents.reviews.actions import UNFINISHED, ActionItem
from incidents.store.asks import Ask
from incidents.store.batches import Batch, leased_to
from incidents.store.briefs import brief_clocks
from incidents.store.engine import Work
from incidents.store.gates import Gate, GateKind
from incidents.store.incidents import readable
from incidents.store.schema import action_items, asks, batches, gates, incidents, reviews, roles

MOST = 200
"""Rows of each kind. Whoever has more of one waiting sees the oldest, and the number."""

ENDED = frozenset({Phase.closed, Phase.dismissed})
UNDECIDED = frozenset({Phase.detected, Phase.assessing})

ANSWERED_BY: dict[GateKind, Act] = {
    GateKind.declare: Act.declare,
    GateKind.stand_down: Act.command,
    GateKind.sign_off: Act.sign_review,
    GateKind.sweep_work: Act.start_sweep,
}
"""Which act answers the question of a gate; who may not do it does not wait for it."""


class Going(BaseModel):
    """An incident that goes on, and who leads it."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    commander: str | None
    briefed_at: datetime | None = None
    """From when on its next brief counts; None before it is declared."""


class Board(BaseModel):
    """What a person sees first."""

    model_config = ConfigDict(frozen=True)

    going: tuple[Going, ...] = ()
    gates: tuple[Gate, ...] = ()
    asks: tuple[Ask, ...] = ()
    batches: tuple[Batch, ...] = ()
    to_sign: tuple[Incident, ...] = ()
    actions: tuple[ActionItem, ...] = ()

    @property
    def candidates(self) -> tuple[Going, ...]:
        """What nobody has declared or dismissed yet."""
        return tuple(each for each in self.going if each.incident.phase in UNDECIDED)

    @property
    def crises(self) -> tuple[Going, ...]:
        """What was declared and is not closed, the most severe first."""
        return tuple(
            each for each in self.going if each.incident.phase not in UNDECIDED and not each.incident.is_drill
        )

    @property
    def drills(self) -> tuple[Going, ...]:
        """Exercises, whatever their phase."""
        return tuple(each for each in self.going if each.incident.is_drill)


def board_of(work: Work, person: Person) -> Board:
    """What goes on that the person may see, and what waits for them."""
    going = _going(work, person) if is_staff(person) else ()
    return Board(
        going=going,
        gates=_gates(work, person) if is_staff(person) else (),
        asks=_asks(work, person),
        batches=_batches(work, person),
        to_sign=_to_sign(work, person),
        actions=_actions(work, person),
    )


def _going(work: Work, person: Person) -> tuple[Going, ...]:
    commander = (
        sa.select(roles.c.person)
        .where(
            roles.c.incident_id == incidents.c.id,
            roles.c.role == Role.commander.value,
            roles.c.handed_over_at.is_(None),
        )
        .scalar_subquery()
    )
    statement = (
        sa.select(incidents, commander.label("commander"), brief_clocks.c.since)
        .outerjoin(brief_clocks, brief_clocks.c.incident_id == incidents.c.id)
        .where(incidents.c.phase.not_in([phase.value for phase in ENDED]), readable(person))
        .order_by(incidents.c.severity, incidents.c.phase_since)
        .limit(MOST)
    )
    rows = work.execute(statement)
    return tuple(
        Going(incident=Incident.model_validate(row), commander=row.commander, briefed_at=row.since)
        for row in rows
    )


def _gates(work: Work, person: Person) -> tuple[Gate, ...]:
    kinds = [kind.value for kind, act in ANSWERED_BY.items() if is_allowed(person, act)]
    statement = (
        sa.select(gates)
        .join(incidents, incidents.c.id == gates.c.incident_id)
        .where(gates.c.state == "open", gates.c.kind.in_(kinds), readable(person))
        .order_by(gates.c.due_at)
        .limit(MOST)
    )
    return tuple(Gate.model_validate(row) for row in work.execute(statement))


def _asks(work: Work, person: Person) -> tuple[Ask, ...]:
    statement = sa.select(asks).where(asks.c.acknowledged_at.is_(None)).order_by(asks.c.due_at).limit(MOST)
    if is_staff(person):
        joined = sa.select(incidents.c.id).where(readable(person))
        statement = statement.where(asks.c.incident_id.in_(joined))
    else:
        statement = statement.where(asks.c.team == person.team)
    return tuple(Ask.model_validate(row) for row in work.execute(statement))


def _batches(work: Work, person: Person) -> tuple[Batch, ...]:
    statement = sa.select(batches).where(leased_to(person.id)).order_by(batches.c.lease_expires_at).limit(MOST)
    return tuple(Batch.model_validate(row) for row in work.execute(statement))


def _to_sign(work: Work, person: Person) -> tuple[Incident, ...]:
    if not is_allowed(person, Act.sign_review):
        return ()
    statement = (
        sa.select(incidents)
        .join(reviews, reviews.c.incident_id == incidents.c.id)
        .where(incidents.c.phase == Phase.reviewing.value, reviews.c.signed_at.is_(None), readable(person))
        .order_by(reviews.c.due_at)
        .limit(MOST)
    )
    return tuple(Incident.model_validate(row) for row in work.execute(statement))


def _actions(work: Work, person: Person) -> tuple[ActionItem, ...]:
    """Those that the person or their team owns; what is theirs they may see, whoever may see the incident."""
    owners: Collection[str] = [owner for owner in (person.id, person.team) if owner]
    states = [state.value for state in UNFINISHED]
    statement = (
        sa.select(action_items)
        .where(action_items.c.owner.in_(owners), action_items.c.state.in_(states))
        .order_by(action_items.c.due_at)
        .limit(MOST)
    )
    return tuple(ActionItem.model_validate(row) for row in work.execute(statement))
