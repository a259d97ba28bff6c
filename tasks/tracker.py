"""Tell an outside tracker of action items: a channel of the catalogue that is called `tracker`."""

from datetime import datetime

from prefect import task

from incidents.catalogue.channels import TRACKER
from incidents.message import Message
from incidents.reviews.actions import TRACKED, FollowedItem
from incidents.store.tracker import promise, untold_items
from incidents.timeline import Event
from incidents.words import render
from tasks.world import catalogue, store


@task(persist_result=False)
def tell_tracker(machine_now: datetime) -> int:
    """Promise the tracker every item that was filed or changed since it was told; return how many.

    An item that changed twice meanwhile is told once, as it is now.
    """
    if all(channel.id != TRACKER for channel in catalogue().channels):
        return 0
    with store().read() as work:
        untold = untold_items(work)
    return sum(_tell(item, machine_now) for item in untold)


def _tell(item: FollowedItem, now: datetime) -> bool:
    message = Message(
        key=f"{TRACKED}{item.id}:{item.changes}",
        event=(Event.action_changed if item.changes_told else Event.action_filed).value,
        subject=f"{item.id} is {item.state}",
        text=render("notes/tracked.md.j2", item=item),
        facts=_facts(item),
        at=now,
    )
    with store().begin() as work:
        return promise(work, item, TRACKER, message)


def _facts(item: FollowedItem) -> dict[str, str | int | bool | None]:
    """What a machine needs of an item; `change` tells an older message from a newer one."""
    told = item.model_dump(
        mode="json", exclude={"escalations", "changes", "changes_told", "chased_at", "number", "incident_id"}
    )
    return told | {"incident": item.incident_id, "change": item.changes}
