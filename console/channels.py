"""Channels, as those who look after them see them: whom each reaches, with what, and whether it works."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from incidents.catalogue.channels import (
    DIGEST,
    ESCALATIONS,
    TRACKER,
    Channel,
    ChatChannel,
    EmailChannel,
    FileChannel,
    WebhookChannel,
)
from incidents.catalogue.model import Catalogue
from incidents.message import Message
from incidents.people import Person
from incidents.store import channels
from incidents.store.channels import UNUSED, Standing
from incidents.store.engine import Work
from incidents.store.outbox import Parcel
from incidents.words import render

EVENT: Final = "channel.test.sent"
"""What a test is about. It is no event of an incident's timeline, which is why `Event` lacks it."""


class Gets(StrEnum):
    """What goes through a channel."""

    asks = "asks"
    reminders = "reminders"
    escalations = "escalations"
    digest = "digest"
    action_items = "action items"


@dataclass(frozen=True)
class Connected:
    """A channel of the catalogue, and how it fares."""

    channel: Channel
    place: str
    """Where it leads, without anything that lets somebody write there."""
    teams: tuple[str, ...]
    people: tuple[str, ...]
    gets: tuple[Gets, ...]
    standing: Standing


def connected(work: Work, catalogue: Catalogue, *, by: Person) -> list[Connected]:
    """Every channel, in the order of the file; NotAuthorised for whoever does not administer."""
    known = channels.standings(work, by=by)
    return [_connected(catalogue, channel, known.get(channel.id, UNUSED)) for channel in catalogue.channels]


def send_test(work: Work, catalogue: Catalogue, channel: str, *, by: Person, now: datetime) -> Parcel:
    """Promise a test to a channel; see `incidents.store.channels.post_test`. NotFound where there is none."""
    found = catalogue.channel(channel)
    message = Message(
        key=channels.test_key(found.id, now),
        event=EVENT,
        subject=f"TEST: Watchfloor tries the channel {found.id}",
        text=render("notes/channel_test.md.j2", channel=found.id, by=by.name or by.id, now=now),
        facts={"test": True, "channel": found.id},
        at=now,
    )
    return channels.post_test(work, found.id, message, by=by)


def _connected(catalogue: Catalogue, channel: Channel, standing: Standing) -> Connected:
    teams = tuple(team.id for team in catalogue.teams if channel.id in team.channels)
    people = tuple(person.id for person in catalogue.people if person.channel == channel.id)
    carries = {
        Gets.asks: bool(teams),
        Gets.reminders: bool(teams or people),
        Gets.escalations: channel.id == ESCALATIONS,
        Gets.digest: channel.id == DIGEST,
        Gets.action_items: channel.id == TRACKER,
    }
    gets = tuple(each for each, is_carried in carries.items() if is_carried)
    return Connected(channel, _place(channel), teams, people, gets, standing)


def _place(channel: Channel) -> str:
    match channel:
        case FileChannel(folder=folder):
            return str(folder)
        case EmailChannel(to=to):
            return ", ".join(to)
        case WebhookChannel(url=url) | ChatChannel(url=url) if url is not None:
            return url.host or ""
        case _:
            # Whoever knows the address of a room can write there.
            return "a secret address"
