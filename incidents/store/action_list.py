"""Action items as a person goes through them: theirs, or all that they may see, the ones due first in front."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import NotAuthorised, Refusal
from incidents.people import Act, Person, authorise, is_staff
from incidents.reviews.actions import UNFINISHED, ActionState, FollowedItem
from incidents.store.action_items import find_action
from incidents.store.engine import Work
from incidents.store.incidents import find_for, readable
from incidents.store.schema import action_items, incidents
from incidents.store.timeline import entries
from incidents.timeline import Entry, Event

_TOLD = frozenset({Event.action_filed, Event.action_changed, Event.action_chased, Event.action_escalated})


class WantedItems(BaseModel):
    """Which items somebody looks for; what is None is not looked at."""

    model_config = ConfigDict(frozen=True)

    mine: bool = False
    """Those of the person and of their team."""
    states: tuple[ActionState, ...] = UNFINISHED
    owner: str | None = None
    incident: str | None = None
    due_by: datetime | None = None


class Place(BaseModel):
    """Behind which item a page begins: they stand by due date, and on one date by id."""

    model_config = ConfigDict(frozen=True)

    due_at: datetime
    id: str


def list_actions(
    work: Work, person: Person, wanted: WantedItems, *, behind: Place | None = None, most: int | None = None
) -> list[FollowedItem]:
    """The items that the person may see: staff, of the incidents that they see; everybody, their own."""
    authorise(person, Act.see_actions)
    items = action_items.c
    statement = (
        sa.select(action_items)
        .join(incidents, incidents.c.id == items.incident_id)
        .where(_seen_by(person), items.state.in_([state.value for state in wanted.states]))
        .where(*_conditions(wanted, person))
        .order_by(items.due_at, items.id)
        .limit(most)
    )
    if behind is not None:
        same_day = (items.due_at == behind.due_at) & (items.id > behind.id)
        statement = statement.where((items.due_at > behind.due_at) | same_day)
    return [FollowedItem.model_validate(row) for row in work.execute(statement)]


def read_action(work: Work, item: str, person: Person) -> FollowedItem:
    """One item, where the person may see it. NotFound, or NotAuthorised with its reason."""
    authorise(person, Act.see_actions)
    found = find_action(work, item)
    if found.owner not in _names(person):
        find_for(work, found.incident_id, person, Act.see_actions)
        if not is_staff(person):
            reason = Refusal("OTHERS_ACTION", f"It belongs to {found.owner}.")
            raise NotAuthorised(f"{person.id} may not see {item}.", [reason])
    row = work.execute(sa.select(action_items).where(action_items.c.id == item)).one()
    return FollowedItem.model_validate(row)


def history_of(work: Work, item: FollowedItem) -> list[Entry]:
    """What the timeline tells of an item, oldest first."""
    told = entries(work, item.incident_id)
    return [each for each in told if each.event in _TOLD and each.facts.get("item") == item.id]


def _seen_by(person: Person) -> sa.ColumnElement[bool]:
    own = action_items.c.owner.in_(_names(person))
    return own | readable(person) if is_staff(person) else own


def _conditions(wanted: WantedItems, person: Person) -> list[sa.ColumnElement[bool]]:
    items = action_items.c
    found: list[sa.ColumnElement[bool]] = [items.owner.in_(_names(person))] if wanted.mine else []
    if wanted.owner is not None:
        found.append(items.owner == wanted.owner)
    if wanted.incident is not None:
        found.append(items.incident_id == wanted.incident)
    if wanted.due_by is not None:
        found.append(items.due_at <= wanted.due_by)
    return found


def _names(person: Person) -> list[str]:
    return [name for name in (person.id, person.team) if name]
