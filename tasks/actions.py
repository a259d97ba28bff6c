"""Carry out on a platform what a person ordered of a sweep's plan, one delivery at a time."""

from incidents.errors import PartnerUnreachable
from incidents.message import Receipt
from incidents.store.acting import keep_answer, orders_of
from incidents.store.outbox import Parcel
from incidents.store.post_source import HttpSource
from incidents.store.sweeps import windows_of
from incidents.words import counted
from tasks.partners.platform_actions import take_action
from tasks.partners.platform_line import PlatformLine
from tasks.world import settings, store


def carry_out(parcel: Parcel) -> Receipt:
    """Send what is left of a delivery, and keep each answer as it comes. Raises PartnerUnreachable.

    Whatever breaks it off, the next attempt goes on at the first order that has no answer.
    """
    if not settings().platform_actions:
        do = "Set WATCHFLOOR_PLATFORM_ACTIONS=true where the flows run, then run `watchfloor outbox rerun`."
        raise PartnerUnreachable(f"{parcel.key}: acting on platforms is switched off. {do}", permanent=True)
    sweep, window = parcel.payload["sweep"], parcel.payload["window"]
    with store().begin() as work:
        source = next(each.source for each in windows_of(work, sweep) if each.number == window)
        orders = orders_of(work, parcel.key)
    assert isinstance(source, HttpSource)
    line = PlatformLine(source, settings())
    for order in orders:
        answer = take_action(line, order)
        with store().begin() as work:
            keep_answer(work, order.key, answer)
    return Receipt(channel="platform", reference=counted(len(orders), "order"))
