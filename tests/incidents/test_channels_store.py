"""How channels fare, as the store counts it."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from incidents.errors import NotAuthorised
from incidents.message import Message
from incidents.people import Person, Role
from incidents.store.channels import TEST, post_test, standings
from incidents.store.engine import Store
from incidents.store.outbox import post_message
from incidents.store.schema import outbox

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
ROOT = Person(id="root", roles=frozenset({Role.administrator}))
ADA = Person(id="ada", roles=frozenset({Role.commander}))


def message(key: str) -> Message:
    return Message(key=key, event="channel.test.sent", subject="A subject", text="A text", at=NOW)


def test_what_is_delivered_fails_and_waits_is_counted_by_channel(store: Store) -> None:
    with store.begin() as work:
        sent = post_test(work, "legal", message(f"{TEST}legal:1"), by=ROOT)
        for number in range(3):
            post_message(work, None, "legal", message(f"digest:{number}"))
        post_message(work, None, "english", message("digest:0"))
        row = sa.update(outbox).where(outbox.c.key == "digest:0>legal")
        work.execute(row.values(state="delivered", delivered_at=NOW))
        row = sa.update(outbox).where(outbox.c.key == "digest:1>legal")
        work.execute(row.values(state="failed", last_error="410 Gone"))
    with store.read() as work:
        found = standings(work, by=ROOT)
    legal = found["legal"]
    assert (legal.waiting, legal.failed, legal.delivered_at, legal.last_error) == (2, 1, NOW, "410 Gone")
    assert legal.test == sent
    assert (found["english"].waiting, found["english"].test, found["english"].last_error) == (1, None, None)


def test_only_administrators_test_channels_and_see_how_they_fare(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(NotAuthorised):
            standings(work, by=ADA)
        with pytest.raises(NotAuthorised):
            post_test(work, "legal", message(f"{TEST}legal:1"), by=ADA)
        assert standings(work, by=ROOT) == {}
