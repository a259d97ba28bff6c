"""Action items in an outside tracker: which of them it has to be told of, and what it reports back."""

from datetime import datetime

import sqlalchemy as sa

from incidents.message import Message
from incidents.people import Act, Person
from incidents.reviews.actions import FollowedItem, Report, moves_to
from incidents.store import outbox, timeline
from incidents.store.action_items import change_action, find_action, refuse_others
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import action_items, incidents
from incidents.timeline import Event


def untold_items(work: Work) -> list[FollowedItem]:
    """Items that were filed or changed since the tracker was told; none of drills or restricted incidents."""
    statement = (
        sa.select(action_items)
        .join(incidents, incidents.c.id == action_items.c.incident_id)
        .where(action_items.c.changes_told < action_items.c.changes)
        .where(incidents.c.drill == "", incidents.c.restricted.is_(False))
        .order_by(action_items.c.incident_id, action_items.c.number)
    )
    return [FollowedItem.model_validate(row) for row in work.execute(statement)]


def promise(work: Work, item: FollowedItem, channel: str, message: Message) -> bool:
    """Promise the tracker an item as it is now; False where another process did, or it changed meanwhile."""
    statement = (
        sa.update(action_items)
        .where(action_items.c.id == item.id, action_items.c.changes == item.changes)
        .where(action_items.c.changes_told == item.changes_told)
        .values(changes_told=item.changes)
    )
    if work.execute(statement).rowcount != 1:
        return False
    return outbox.post_message(work, item.incident_id, channel, message)


def report(work: Work, item: str, said: Report, *, by: Person, now: datetime) -> FollowedItem:
    """Take what a tracker says of an item. The same report again changes nothing.

    `by` is the account under which the tracker acts; what it may not do it is refused as everybody is.
    """
    found = find_action(work, item)
    find_for(work, found.incident_id, by, Act.change_action)
    refuse_others(found, by)
    if said.address is not None:
        _link(work, item, said.address, by, now)
    if said.state is not None:
        for state in moves_to(found.state, said.state):
            change_action(work, item, state=state.value, note=said.note, by=by, now=now)
    return FollowedItem.model_validate(
        work.execute(sa.select(action_items).where(action_items.c.id == item)).one()
    )


def _link(work: Work, item: str, address: str, by: Person, now: datetime) -> None:
    """Keep where the tracker has the item. It is no change that the tracker would have to be told of."""
    elsewhere = sa.or_(action_items.c.address.is_(None), action_items.c.address != address)
    statement = sa.update(action_items).where(action_items.c.id == item, elsewhere).values(address=address)
    if work.execute(statement).rowcount == 1:
        facts = {"item": item, "address": address}
        incident = find_action(work, item).incident_id
        timeline.append(work, incident, Event.action_linked, actor=by.id, now=now, facts=facts)
