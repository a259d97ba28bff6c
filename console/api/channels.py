"""Channels: where partner teams are reached, how each fares, and a test of one."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import BackgroundTasks, Path
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.ground import ONCE, room, shows
from console.api.pages import NAME, After, Limit, Page, page, read_cursor
from console.channels import Connected, Gets, connected, send_test

router = room("channels")


class TestTold(BaseModel):
    """A test of a channel, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="Number of its delivery.")
    channel: str
    state: str = Field(description="pending, failed or delivered.")
    attempts: int
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


class ChannelTold(BaseModel):
    """A channel, whom it reaches with what, and how it fares."""

    id: str
    kind: str = Field(description="file, webhook, chat or email.")
    place: str = Field(description="Where it leads, without what lets somebody write there.")
    teams: list[str]
    people: list[str]
    gets: list[Gets] = Field(description="What goes through it.")
    delivered_at: datetime | None = Field(description="When it last took a message.")
    waiting: int = Field(description="Messages that are on their way.")
    failed: int = Field(description="Messages that wait for a person.")
    last_error: str | None = Field(description="Of what is not delivered, the newest.")
    test: TestTold | None = Field(description="The last one.")


_TEST: Final = {
    "id": 93,
    "channel": "legal",
    "state": "pending",
    "attempts": 0,
    "last_error": None,
    "created_at": "2026-11-23T07:45:00Z",
    "delivered_at": None,
}
_CHANNEL: Final = {
    "id": "legal",
    "kind": "webhook",
    "place": "hooks.legal.example",
    "teams": ["legal"],
    "people": [],
    "gets": ["asks", "reminders"],
    "delivered_at": "2026-11-23T07:12:00Z",
    "waiting": 1,
    "failed": 0,
    "last_error": None,
    "test": _TEST,
}


@router.get("/channels", responses=shows({"items": [_CHANNEL], "next": None}))
def list_channels(calls: Calls, after: After = None, limit: Limit = 100) -> Page[ChannelTold]:
    """The channels of the catalogue, by id."""
    since = read_cursor(after, NAME) or ""
    with calls.store.read() as work:
        found = connected(work, calls.catalogue, by=calls.person())
    later = sorted((each for each in found if each.channel.id > since), key=_id)
    return page(later, limit, _told, _id)


@router.post(
    "/channels/{channel}/test", status_code=202, dependencies=[ONCE], responses=shows(_TEST, status=202)
)
def test_channel(
    calls: Calls, channel: Annotated[str, Path(max_length=100)], after: BackgroundTasks
) -> TestTold:
    """Send a test to a channel, on the way of every message. `GET /channels` tells what became of it."""
    with calls.store.begin() as work:
        sent = send_test(work, calls.catalogue, channel, by=calls.person(), now=calls.machine_now)
    after.add_task(calls.hand_over, None)
    return TestTold.model_validate(sent)


def _told(each: Connected) -> ChannelTold:
    test = each.standing.test
    return ChannelTold(
        id=each.channel.id,
        kind=each.channel.kind,
        place=each.place,
        teams=list(each.teams),
        people=list(each.people),
        gets=list(each.gets),
        delivered_at=each.standing.delivered_at,
        waiting=each.standing.waiting,
        failed=each.standing.failed,
        last_error=each.standing.last_error,
        test=None if test is None else TestTold.model_validate(test),
    )


def _id(each: Connected) -> str:
    return each.channel.id
