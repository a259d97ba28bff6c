"""Action items: filed with an owner and a due date, moved by people, chased until they are verified."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from incidents.errors import BadInput, Conflict, NotAllowed, NotAuthorised, NotFound, Refusal
from incidents.incident.incident import SYSTEM, Incident
from incidents.people import Act, Person, is_staff
from incidents.reviews.actions import (
    UNFINISHED,
    ActionArea,
    ActionItem,
    ActionKind,
    ActionState,
    FollowedItem,
    NewAction,
    refusals,
)
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, visible_incidents
from incidents.store.schema import action_items, factors, incidents
from incidents.store.schema import timeline as entries
from incidents.timeline import Event

CHASED_EVERY = timedelta(days=1)
"""An owner is reminded of the same item at most this often, however often `follow_up` runs."""

_STATES = [state.value for state in UNFINISHED]


def file_action(  # noqa: PLR0913 - each is a field of the item, and all are named
    work: Work,
    incident: str,
    *,
    title: str,
    kind: str,
    area: str | None = None,
    owner: str,
    success: str,
    factor: int | None = None,
    due_at: datetime,
    by: Person,
    now: datetime,
) -> ActionItem:
    """File an action item. The same title in the same incident is the same item, returned as it is.

    `success` says how it will be seen that it worked; `factor` is the number of the factor behind it.
    BadInput names everything that is missing or wrong.
    """
    new = NewAction(
        title=title, kind=kind, area=area, owner=owner, success=success, factor=factor, due_at=due_at
    )
    find_for(work, incident, by, Act.draft_review)
    _check(work, incident, new, now)
    if (same := _same_title(work, incident, new.title)) is not None:
        return same
    number = work.next_number(f"action:{incident}")
    row = new.model_dump() | {
        "id": f"{incident}-A{number}",
        "incident_id": incident,
        "number": number,
        "title": new.title.strip(),
        "state": ActionState.open.value,
        "filed_at": now,
    }
    work.execute(action_items.insert().values(**row))
    facts = {"item": row["id"], "owner": new.owner, "due_at": new.due_at.isoformat()}
    timeline.append(work, incident, Event.action_filed, actor=by.id, now=now, facts=facts)
    return find_action(work, row["id"])


def change_action(
    work: Work,
    item: str,
    *,
    state: str,
    note: str = "",
    successor: str | None = None,
    by: Person,
    now: datetime,
) -> ActionItem:
    """Move an item on. NotAllowed with coded reasons; Conflict, with who and when, where somebody was first.

    Partners change what they or their team own; staff whatever they may see. `successor` is the id of the
    item that takes the place of one that is superseded.
    """
    found = find_action(work, item)
    find_for(work, found.incident_id, by, Act.change_action)
    refuse_others(found, by)
    to = _state(state)
    if found.state is to:
        raise _moved_first(work, found)
    heir = _successor(work, to, successor, by)
    if reasons := refusals(found, to, note=note, person=by.id, successor=heir):
        raise NotAllowed(f"{item} is {found.state} and cannot become {to} by {by.id}.", reasons)
    statement = (
        sa.update(action_items)
        .where(action_items.c.id == item, action_items.c.state == found.state.value)
        .values(state=to.value, note=note.strip() or action_items.c.note, superseded_by=successor)
        .values(changes=action_items.c.changes + 1)
    )
    if work.execute(statement).rowcount != 1:
        raise _moved_first(work, find_action(work, item))
    facts = {"item": item, "state": to.value, "was": found.state.value, "note": note.strip()}
    facts |= {"successor": successor} if successor else {}
    timeline.append(work, found.incident_id, Event.action_changed, actor=by.id, now=now, facts=facts)
    return find_action(work, item)


def find_action(work: Work, item: str) -> ActionItem:
    """The action item of that id. NotFound where there is none."""
    row = work.execute(sa.select(action_items).where(action_items.c.id == item)).one_or_none()
    if row is None:
        raise NotFound(f"There is no action item {item}. `watchfloor actions list` lists them.")
    return ActionItem.model_validate(row)


def actions_of(work: Work, incident: str | None = None, *, open_only: bool = False) -> list[ActionItem]:
    """The items of an incident, or of all; for the flows. A door asks `visible_actions`."""
    return [ActionItem.model_validate(row) for row in work.execute(_listed(incident, open_only=open_only))]


def visible_actions(
    work: Work, person: Person, incident: str | None = None, *, open_only: bool = False
) -> list[FollowedItem]:
    """What this person may see: staff, the items of the incidents that they see; partners, their own."""
    rows = work.execute(_listed(incident, open_only=open_only))
    found = [FollowedItem.model_validate(row) for row in rows]
    if incident is not None:
        find_for(work, incident, person, Act.see_actions)
    if not is_staff(person):
        return [item for item in found if item.owner in (person.id, person.team)]
    seen = {each.id for each in visible_incidents(work, person)}
    return [item for item in found if item.incident_id in seen]


def _listed(incident: str | None, *, open_only: bool) -> sa.Select[Any]:
    statement = sa.select(action_items).order_by(action_items.c.due_at, action_items.c.id)
    if incident is not None:
        statement = statement.where(action_items.c.incident_id == incident)
    return statement.where(action_items.c.state.in_(_STATES)) if open_only else statement


def overdue_actions(work: Work, now: datetime) -> list[FollowedItem]:
    """Items past their due date that nobody verified, the oldest first. Drills are left out."""
    return [FollowedItem.model_validate(row) for row in work.execute(_overdue(now))]


def overdue_of_class(work: Work, incident: Incident, now: datetime) -> list[ActionItem]:
    """Overdue items of other incidents under the same policy: what this one may have been spared.

    Nothing for an incident without a policy, and for a drill. Those of restricted incidents are not told.
    """
    if incident.policy is None or incident.is_drill:
        return []
    alike = sa.and_(
        incidents.c.policy == incident.policy, incidents.c.id != incident.id, incidents.c.restricted.is_(False)
    )
    return [ActionItem.model_validate(row) for row in work.execute(_overdue(now).where(alike))]


def _overdue(now: datetime) -> sa.Select[Any]:
    return (
        sa.select(action_items)
        .join(incidents, incidents.c.id == action_items.c.incident_id)
        .where(incidents.c.drill == "", action_items.c.state.in_(_STATES), action_items.c.due_at < now)
        .order_by(action_items.c.due_at, action_items.c.id)
    )


def escalate_action(work: Work, item: FollowedItem, *, people: Sequence[str], now: datetime) -> bool:
    """Count that the next people are told; False where they were, or the item ended, meanwhile."""
    statement = (
        sa.update(action_items)
        .where(action_items.c.id == item.id, action_items.c.state.in_(_STATES))
        .where(action_items.c.escalations == item.escalations)
        .values(escalations=action_items.c.escalations + 1)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"item": item.id, "times": item.escalations + 1, "people": list(people)}
    timeline.append(work, item.incident_id, Event.action_escalated, actor=SYSTEM.id, now=now, facts=facts)
    return True


def chase(work: Work, item: str, now: datetime) -> bool:
    """Record that the owner is reminded; False where it is done, or was chased less than a day ago."""
    statement = (
        sa.update(action_items)
        .where(
            action_items.c.id == item,
            action_items.c.state.in_(_STATES),
            action_items.c.chased_at.is_(None) | (action_items.c.chased_at <= now - CHASED_EVERY),
        )
        .values(chased_at=now)
    )
    if work.execute(statement).rowcount != 1:
        find_action(work, item)
        return False
    found = find_action(work, item)
    times = len(_entries_about(work, found, Event.action_chased)) + 1
    facts = {"item": item, "owner": found.owner, "times": times}
    timeline.append(work, found.incident_id, Event.action_chased, actor=SYSTEM.id, now=now, facts=facts)
    return True


def _check(work: Work, incident: str, new: NewAction, now: datetime) -> None:
    given = {"title": new.title, "owner": new.owner, "success": new.success}
    wrong = [f"{name} is empty" for name, text in given.items() if not text.strip()]
    if new.kind not in set(ActionKind):
        wrong.append(f"kind is one of {', '.join(ActionKind)}, not {new.kind}")
    if new.area is not None and new.area not in set(ActionArea):
        wrong.append(f"area is one of {', '.join(ActionArea)}, not {new.area}")
    if new.factor is not None and not _has_factor(work, incident, new.factor):
        wrong.append(f"{incident} has no factor {new.factor}")
    if new.due_at <= now:
        wrong.append(f"{new.due_at:%Y-%m-%d %H:%M} as a due date has passed")
    if wrong:
        raise BadInput(f"The action item for {incident} was not filed: {'; '.join(wrong)}.")


def _has_factor(work: Work, incident: str, number: int) -> bool:
    statement = sa.select(factors.c.number).where(factors.c.incident_id == incident, factors.c.number == number)
    return work.execute(statement).first() is not None


def _same_title(work: Work, incident: str, title: str) -> ActionItem | None:
    statement = sa.select(action_items).where(
        action_items.c.incident_id == incident, action_items.c.title == title.strip()
    )
    row = work.execute(statement).first()
    return None if row is None else ActionItem.model_validate(row)


def _state(state: str) -> ActionState:
    try:
        return ActionState(state)
    except ValueError:
        raise BadInput(f"An action item is one of {', '.join(ActionState)}, not {state}.") from None


def _successor(work: Work, to: ActionState, successor: str | None, by: Person) -> ActionItem | None:
    """The item that takes the place of another; whoever names it may see it."""
    if successor is None:
        return None
    if to is not ActionState.superseded:
        raise BadInput(f"Only an item that is superseded has another in its place, not one that is {to}.")
    found = find_action(work, successor)
    find_for(work, found.incident_id, by, Act.see_actions)
    return found


def refuse_others(item: ActionItem, by: Person) -> None:
    """NotAuthorised where a partner's person would touch what neither they nor their team own."""
    if is_staff(by) or item.owner in (by.id, by.team):
        return
    reason = Refusal("OTHERS_ACTION", f"It belongs to {item.owner}.")
    raise NotAuthorised(f"{by.id} may not change {item.id}.", [reason])


def _moved_first(work: Work, item: ActionItem) -> Conflict:
    moves = _entries_about(work, item, Event.action_changed)
    if not moves:
        return Conflict(f"{item.id} is {item.state} already. Nothing of yours was changed.")
    last = moves[-1]
    return Conflict(
        f"{item.id} is {item.state}: {last.actor} moved it first, at {last.at:%Y-%m-%d %H:%M:%S} UTC."
        " Nothing of yours was changed."
    )


def _entries_about(work: Work, item: ActionItem, event: Event) -> Sequence[sa.Row[Any]]:
    statement = (
        sa.select(entries)
        .where(entries.c.incident_id == item.incident_id, entries.c.event == event.value)
        .order_by(entries.c.seq)
    )
    return [row for row in work.execute(statement) if row.facts.get("item") == item.id]
