"""How each channel fares: what was delivered last, what fails, and what became of the last test."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import NotAllowed, Refusal
from incidents.message import Message
from incidents.people import Act, Person, authorise
from incidents.store.access_log import Access, note_access
from incidents.store.engine import Work
from incidents.store.outbox import Kind, Parcel, post_message
from incidents.store.schema import outbox

TEST = "test:"
"""How the key of a test begins, e.g. `test:legal:2026-11-23T07:45`."""

EVERY = timedelta(minutes=1)
"""A channel is tested once in so long: its key holds the minute."""


class Standing(BaseModel):
    """How one channel fares."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    delivered_at: datetime | None = None
    """When it last took a message, be it a test or not."""
    waiting: int = 0
    failed: int = 0
    """Messages that wait for a person."""
    last_error: str | None = None
    """Of what is not delivered, the newest."""
    test: Parcel | None = None
    """The last test."""


UNUSED = Standing()
"""Of a channel that nothing was ever sent to."""


def test_key(channel: str, now: datetime) -> str:
    """What tests of a channel within the same minute are called, so that two clicks make one of them."""
    return f"{TEST}{channel}:{now:%Y-%m-%dT%H:%M}"


def post_test(work: Work, channel: str, message: Message, *, by: Person) -> Parcel:
    """Promise a test, as any message is promised.

    Raises NotAuthorised for whoever does not administer, and NotAllowed while the last one is on its way or
    within the minute.
    """
    authorise(by, Act.administer)
    last = _tests(work).get(channel)
    if last is not None and last.state == "pending":
        waits = Refusal("TEST_WAITS", "The last one is on its way, and is tried again by itself.")
        raise _refused(channel, waits)
    if not post_message(work, None, channel, message):
        too_soon = Refusal("TEST_TOO_SOON", "One was sent within this minute. Wait for the next one.")
        raise _refused(channel, too_soon)
    note_access(work, Access.channel_tested, by=by.id, target=channel, now=message.at)
    return _tests(work)[channel]


def standings(work: Work, *, by: Person) -> dict[str, Standing]:
    """How each channel fares that anything was ever sent to; NotAuthorised for whoever does not administer."""
    authorise(by, Act.administer)
    found = {row.channel: Standing.model_validate(row) for row in work.execute(_COUNTED)}
    errors = {row.channel: row.last_error for row in work.execute(_TROUBLED)}
    tests = _tests(work)
    return {
        channel: standing.model_copy(update={"last_error": errors.get(channel), "test": tests.get(channel)})
        for channel, standing in found.items()
    }


def _counted(state: str) -> sa.Function[int]:
    return sa.func.count(sa.case((outbox.c.state == state, 1)))


_COUNTED = (
    sa.select(
        outbox.c.channel,
        sa.func.max(outbox.c.delivered_at).label("delivered_at"),
        _counted("pending").label("waiting"),
        _counted("failed").label("failed"),
    )
    .where(outbox.c.kind == Kind.message.value, outbox.c.channel.is_not(None))
    .group_by(outbox.c.channel)
)

_TROUBLED = (
    sa.select(outbox.c.channel, outbox.c.last_error)
    .where(
        outbox.c.kind == Kind.message.value,
        outbox.c.state.in_(("pending", "failed")),
        outbox.c.last_error.is_not(None),
    )
    .order_by(outbox.c.id)
)


def _tests(work: Work) -> dict[str, Parcel]:
    """The last test of each channel."""
    newest = (
        sa.select(sa.func.max(outbox.c.id))
        # Of no incident: there is an index of that, and most of the outbox is of one.
        .where(outbox.c.incident_id.is_(None), outbox.c.key.startswith(TEST))
        .group_by(outbox.c.channel)
    )
    rows = work.execute(sa.select(outbox).where(outbox.c.id.in_(newest)))
    return {row.channel: Parcel.model_validate(row) for row in rows}


def _refused(channel: str, why: Refusal) -> NotAllowed:
    return NotAllowed(f"No other test of {channel} was sent.", [why])
