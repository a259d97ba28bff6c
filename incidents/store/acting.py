"""Carry out what a sweep planned: ordered by a person, sent through the outbox, answered item by item.

    sweep act ──▶ ordered ──▶ done        the platform did it, and said when and at what reach
                     │  ╰────▶ failed      it refused this one; `sweep act` orders it again
                     ╰───────▶ withdrawn   the decision was undone before it was sent

What a site does by its own tools is reported instead, and is done at once. A reversal is a line of its own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput, NotAllowed, NotFound, Refusal
from incidents.four_eyes import Consent, Matter
from incidents.incident.incident import SYSTEM
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.post_source import HttpSource
from incidents.store.schema import items, planned_actions, taken_actions
from incidents.store.sweeps import Sweep, find_sweep, find_sweep_for, lock_sweep, plan_of, windows_of
from incidents.sweeps.acting import Answer, Measure, Order, Reported, measure_for
from incidents.sweeps.plan import PlannedAction, Taken
from incidents.timeline import Event

FIRST_ACTION: Final = "first_action"
"""Milestone: the first decision was carried out on the platform."""

A_DELIVERY: Final = 100
"""Orders that are sent together: at five a second, 20 seconds."""


class State(StrEnum):
    """How far a line of a plan is."""

    ordered = "ordered"
    done = "done"
    failed = "failed"
    withdrawn = "withdrawn"


_SENT: Final = frozenset({State.ordered, State.done})
"""Of these a platform may have heard."""


class Line(BaseModel):
    """A line of a plan that a platform can carry out, and where its post came from."""

    model_config = ConfigDict(frozen=True)

    planned: PlannedAction
    measure: Measure
    window: int


class Ordered(BaseModel):
    """What was ordered, in how many deliveries."""

    model_config = ConfigDict(frozen=True)

    actions: int
    reversals: int
    deliveries: int


def orderable(work: Work, sweep: str, *, by: Person) -> list[Line]:
    """What of a finished sweep's plan a platform can carry out and was not asked to, or refused; by item.

    A reversal is among them only where an order of it failed: the undoing itself orders it.
    """
    found = find_sweep_for(work, sweep, by, Act.command)
    if not found.is_finished:
        raise NotFound(f"{sweep} is {found.state}, so it has no plan yet. `watchfloor sweep status {sweep}`.")
    states = _states(work, sweep)
    reached = {window.number for window in windows_of(work, sweep) if isinstance(window.source, HttpSource)}
    where = _windows(work, sweep)
    return [
        Line(planned=line, measure=measure, window=where[line.item])
        for line in plan_of(work, sweep)
        if (measure := measure_for(line)) is not None
        and where[line.item] in reached
        and (states.get(line.key) is State.failed or (line.reverses is None and line.key not in states))
    ]


def order_actions(
    work: Work,
    sweep: str,
    *,
    actions: int,
    by: Person,
    reason: str,
    switched_on: bool,
    consent: Consent,
    now: datetime,
) -> Ordered:
    """Order everything that is `orderable` of the platform, which the outbox asks after it.

    `actions` is how many the person expects. NotAllowed without a reason (`REASON_MISSING`), where the site
    has not switched it on (`ACTIONS_SWITCHED_OFF`), in a drill (`ACTIONS_IN_DRILL`), and where another
    number is to be ordered by now (`PLAN_DIFFERS`), also none.
    SecondPersonMissing where so many posts take one.
    """
    lock_sweep(work, sweep)
    lines = orderable(work, sweep, by=by)
    found = find_sweep(work, sweep)
    _refuse(work, found, lines, actions=actions, reason=reason, switched_on=switched_on)
    deliveries = _order(work, found, lines, now)
    reversals = sum(line.measure is Measure.restore for line in lines)
    ordered = Ordered(actions=len(lines) - reversals, reversals=reversals, deliveries=deliveries)
    facts = {"sweep": sweep, "reason": reason.strip(), **ordered.model_dump()}
    facts |= consent.need(Matter.mass_action, by=by, posts=len(lines))
    timeline.append(work, found.incident_id, Event.actions_ordered, actor=by.id, now=now, facts=facts)
    return ordered


def order_reversals(work: Work, sweep: str, wanted: Iterable[str], *, now: datetime) -> int:
    """Take back on the platform what was ordered there about these items; return how many that are."""
    mine = set(wanted)
    asked = {key for key, state in _states(work, sweep, from_platform=True).items() if state in _SENT}
    if not asked:
        return 0
    where = _windows(work, sweep)
    lines = [
        Line(planned=line, measure=Measure.restore, window=where[line.item])
        for line in plan_of(work, sweep)
        if line.item in mine and line.reverses in asked
    ]
    _order(work, find_sweep(work, sweep), lines, now)
    return len(lines)


def orders_of(work: Work, delivery: str) -> list[Order]:
    """What is left to be sent of a delivery. What was undone meanwhile is withdrawn, and not among it."""
    _withdraw(work, delivery)
    here = sa.and_(
        planned_actions.c.sweep_id == taken_actions.c.sweep_id, planned_actions.c.item == taken_actions.c.item
    )
    statement = (
        sa.select(taken_actions, planned_actions.c.policy, planned_actions.c.clause)
        .join(planned_actions, here)
        .where(taken_actions.c.delivery == delivery, taken_actions.c.state == State.ordered.value)
        .order_by(taken_actions.c.key)
    )
    return [
        Order(key=row.key, post=row.item, action=Measure(row.measure), reason=f"{row.policy}, {row.clause}")
        for row in work.execute(statement)
    ]


def keep_answer(work: Work, key: str, answer: Answer) -> None:
    """Keep what a platform answered to an order; the first answer stays."""
    state = State.done if answer.error is None else State.failed
    waiting = sa.and_(taken_actions.c.key == key, taken_actions.c.state == State.ordered.value)
    values = {"state": state.value, "acted_at": answer.at, "reach": answer.reach, "error": answer.error}
    work.execute(sa.update(taken_actions).where(waiting).values(**values))


def tell_taken(work: Work, sweep: str, delivery: str, *, now: datetime) -> None:
    """Tell the timeline what became of a delivery that is over."""
    statement = sa.select(taken_actions).where(taken_actions.c.delivery == delivery)
    rows = work.execute(statement).all()
    counts = Counter(
        "restored" if row.state == State.done.value and row.measure == Measure.restore.value else row.state
        for row in rows
    )
    told = {name: counts[name] for name in ("done", "restored", "failed", "withdrawn")}
    facts = {"sweep": sweep, "delivery": delivery, **told}
    incident = find_sweep(work, sweep).incident_id
    entry = timeline.append(work, incident, Event.actions_taken, actor=SYSTEM.id, now=now, facts=facts)
    took_effect = [row.acted_at for row in rows if row.acted_at and row.measure != Measure.restore.value]
    if took_effect:
        timeline.reach_earlier(work, entry, FIRST_ACTION, at=min(took_effect))


def taken_of(work: Work, sweep: str) -> dict[str, Taken]:
    """What was carried out of a plan, by key."""
    done = sa.and_(taken_actions.c.sweep_id == sweep, taken_actions.c.state == State.done.value)
    return {row.key: Taken.model_validate(row) for row in work.execute(sa.select(taken_actions).where(done))}


def count_states(work: Work, sweep: str) -> dict[str, int]:
    """How many lines of a plan are in each state; those that nobody ordered or reported are in none."""
    statement = (
        sa.select(taken_actions.c.state, sa.func.count())
        .where(taken_actions.c.sweep_id == sweep)
        .group_by(taken_actions.c.state)
    )
    counted = dict(work.execute(statement).tuples().all())
    return {state.value: counted[state.value] for state in State if state.value in counted}


def take_report(work: Work, sweep: str, rows: Sequence[Reported], *, by: Person, now: datetime) -> int:
    """Keep what a site says that it carried out by its own tools; return how many lines are new or changed.

    All rows or none: BadInput where one is no line of the sweep's plan, lies in the future, stands twice, or
    was carried out by the platform itself, which said something else.
    """
    found = find_sweep_for(work, sweep, by, Act.start_sweep)
    lock_sweep(work, sweep)
    known = {line.key: line for line in plan_of(work, sweep)}
    known |= {line.reverses: line for line in known.values() if line.reverses is not None}
    earlier = _rows(work, sweep)
    _refuse_report(rows, known, earlier, now)
    changed = [row for row in rows if _is_new(row, earlier.get(row.key))]
    for row in changed:
        values = {"state": State.done.value, "acted_at": row.at, "reach": row.reach, "error": None}
        if row.key in earlier:
            mine = taken_actions.c.key == row.key
            work.execute(sa.update(taken_actions).where(mine).values(**values, measure=None))
        else:
            told = {"key": row.key, "incident_id": found.incident_id, "sweep_id": sweep}
            work.execute(taken_actions.insert().values(**told, item=known[row.key].item, **values))
    if changed:
        _tell_reported(work, found, changed, by, now)
    return len(changed)


def _refuse(
    work: Work, sweep: Sweep, lines: Sequence[Line], *, actions: int, reason: str, switched_on: bool
) -> None:
    refusals = []
    if not reason.strip():
        refusals.append(Refusal("REASON_MISSING", "Say why; it stands in the timeline."))
    if not switched_on:
        sentence = "Set WATCHFLOOR_PLATFORM_ACTIONS=true here and where the flows run, or export the plan."
        refusals.append(Refusal("ACTIONS_SWITCHED_OFF", sentence))
    if find(work, sweep.incident_id).is_drill:
        refusals.append(Refusal("ACTIONS_IN_DRILL", "A drill acts on nobody's posts."))
    if actions != len(lines):
        sentence = f"{len(lines):,} can be ordered of the platform now, not {actions:,}. Look at them again."
        refusals.append(Refusal("PLAN_DIFFERS", sentence))
    elif not lines:
        refusals.append(Refusal("PLAN_DIFFERS", "There is nothing to be ordered of a platform."))
    if refusals:
        raise NotAllowed(f"Nothing of {sweep.id} was ordered.", refusals)


def _order(work: Work, sweep: Sweep, lines: Iterable[Line], now: datetime) -> int:
    """Promise these lines to the platforms, some at a time; return how many deliveries that makes."""
    deliveries = 0
    for window, here in groupby(sorted(lines, key=lambda line: line.window), key=lambda line: line.window):
        of_window = list(here)
        for start in range(0, len(of_window), A_DELIVERY):
            key = outbox.post_actions(work, sweep.incident_id, sweep.id, window, now=now)
            _keep_orders(work, sweep, of_window[start : start + A_DELIVERY], key, now)
            deliveries += 1
    return deliveries


def _keep_orders(work: Work, sweep: Sweep, lines: Sequence[Line], delivery: str, now: datetime) -> None:
    keys = [line.planned.key for line in lines]
    work.execute(taken_actions.delete().where(taken_actions.c.key.in_(keys)))  # those that were refused
    rows = [
        {
            "key": line.planned.key,
            "incident_id": sweep.incident_id,
            "sweep_id": sweep.id,
            "item": line.planned.item,
            "measure": line.measure.value,
            "state": State.ordered.value,
            "delivery": delivery,
            "ordered_at": now,
        }
        for line in lines
    ]
    work.execute(taken_actions.insert(), rows)


def _withdraw(work: Work, delivery: str) -> None:
    undone = sa.select(planned_actions.c.key).where(planned_actions.c.reversed_at.is_not(None))
    mine = sa.and_(
        taken_actions.c.delivery == delivery,
        taken_actions.c.state == State.ordered.value,
        taken_actions.c.key.in_(undone),
    )
    work.execute(sa.update(taken_actions).where(mine).values(state=State.withdrawn.value))


def _rows(work: Work, sweep: str) -> dict[str, sa.Row[Any]]:
    statement = sa.select(taken_actions).where(taken_actions.c.sweep_id == sweep)
    return {row.key: row for row in work.execute(statement)}


def _states(work: Work, sweep: str, *, from_platform: bool = False) -> dict[str, State]:
    rows = _rows(work, sweep).values()
    return {row.key: State(row.state) for row in rows if row.measure is not None or not from_platform}


def _windows(work: Work, sweep: str) -> dict[str, int]:
    """Item → the window in which it came, of those with a planned action."""
    here = sa.and_(items.c.sweep_id == planned_actions.c.sweep_id, items.c.item == planned_actions.c.item)
    statement = sa.select(items.c.item, items.c.window).join(planned_actions, here)
    return dict(work.execute(statement.where(items.c.sweep_id == sweep)).tuples().all())


def _refuse_report(
    rows: Sequence[Reported], known: dict[str, PlannedAction], earlier: dict[str, sa.Row[Any]], now: datetime
) -> None:
    seen = Counter(row.key for row in rows)
    wrong = [
        f"  row {row.row}: {why}"
        for row in rows
        for why, holds in (
            ("its key is none of this sweep's plan", row.key not in known),
            ("its key stands on another row, too", seen[row.key] > 1),
            ("acted_at lies in the future", row.at > now),
            ("the platform did this and said otherwise", _contradicts(row, earlier.get(row.key))),
        )
        if holds
    ]
    if wrong:
        raise BadInput("\n".join(["Nothing was kept, because of", *wrong]))


def _contradicts(row: Reported, earlier: sa.Row[Any] | None) -> bool:
    by_platform = earlier is not None and earlier.state == State.done.value and earlier.measure is not None
    return by_platform and _is_new(row, earlier)


def _is_new(row: Reported, earlier: sa.Row[Any] | None) -> bool:
    known = None if earlier is None else (earlier.state, earlier.acted_at, earlier.reach)
    return known != (State.done.value, row.at, row.reach)


def _tell_reported(work: Work, sweep: Sweep, rows: Sequence[Reported], by: Person, now: datetime) -> None:
    acted = [row.at for row in rows if row.key.startswith("action:")]
    facts = {"sweep": sweep.id, "actions": len(acted), "reversals": len(rows) - len(acted)}
    entry = timeline.append(work, sweep.incident_id, Event.actions_reported, actor=by.id, now=now, facts=facts)
    if acted:
        timeline.reach_earlier(work, entry, FIRST_ACTION, at=min(acted))
