"""A plan is carried out on a real platform over HTTP: once each, and taken up again where that broke off."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from incidents.errors import PartnerUnreachable
from incidents.four_eyes import ALONE
from incidents.store import outbox
from incidents.store.acting import count_states, taken_of
from incidents.store.engine import Store
from incidents.store.outbox import Parcel
from incidents.store.post_source import HttpSource
from incidents.store.timeline import entries
from incidents.store.undo import undo_decision
from incidents.sweeps.acting import Answer, Measure, Order
from incidents.sweeps.posts import POST_SCHEMA
from incidents.timeline import Event
from tasks import outbox as deliveries
from tasks import world
from tasks.partners import RetryLater
from tasks.partners.platform_actions import take_action
from tasks.partners.platform_line import PlatformLine
from tests.incidents.sweep_rows import ADA, after
from tests.incidents.test_acting_store import HTTP, order, planned
from tests.stack import TOKEN
from tests.tasks.fresh_world import fresh_world
from tests.tasks.servers import answers, http_partner
from tests.tasks.test_platform import serving

POSTS = pl.DataFrame(
    [{"id": f"p{n}", "text": "an alarm", "language": "de", "reach": 100} for n in range(1, 5)],
    schema=POST_SCHEMA,
)
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A platform with four posts, and a home that may act on it."""
    monkeypatch.setenv("WATCHFLOOR_SECRETS__PLATFORM", TOKEN)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ACTIONS", "true")
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_REQUESTS_PER_SECOND", "1000")
    # Prefect's retries are a server's matter; what the outbox keeps of a failure is looked at here.
    monkeypatch.setattr(deliveries, "send", deliveries.send.fn)
    with serving(POSTS) as url, fresh_world(tmp_path, monkeypatch):
        yield url


@pytest.fixture
def store(address: str) -> Store:
    """The store of this home."""
    return world.store()


def ordered(store: Store, address: str) -> str:
    """A sweep of that platform whose plan, to remove p1, p2 and p3, somebody ordered; returns its id."""
    with store.begin() as work:
        sweep = planned(work, HTTP | {"url": address, "secret": "platform"})
        order(work, sweep)
    return sweep


def deliver(store: Store, *, at: datetime = NOW) -> list[Parcel]:
    """Deliver what is due of the orders; return what is left of them."""
    with store.begin() as work:
        mine = [parcel.id for parcel in outbox.undelivered(work) if parcel.kind is outbox.Kind.actions]
    for parcel in mine:
        deliveries.deliver.fn(parcel, at)
    with store.begin() as work:
        return [parcel for parcel in outbox.undelivered(work) if parcel.id in mine]


def done_at(address: str) -> list[dict[str, Any]]:
    with httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        answer: dict[str, list[dict[str, Any]]] = client.get(f"{address}/v1/actions").json()
    return answer["actions"]


def test_the_platform_does_it_and_says_when_and_at_which_reach(store: Store, address: str) -> None:
    sweep = ordered(store, address)
    assert deliver(store) == []
    done = done_at(address)
    assert [(each["post"], each["action"], each["key"]) for each in done] == [
        (post, "remove", f"action:{sweep}:{post}") for post in ("p1", "p2", "p3")
    ]
    with store.begin() as work:
        taken = taken_of(work, sweep)
        [told] = [e.facts for e in entries(work, sweep.rpartition("-")[0]) if e.event is Event.actions_taken]
    assert [each.reach for each in taken.values()] == [110, 110, 110]
    assert [each.acted_at for each in taken.values()] == [datetime.fromisoformat(each["at"]) for each in done]
    assert (told["done"], told["failed"]) == (3, 0)


def test_what_is_undone_is_restored(store: Store, address: str) -> None:
    sweep = ordered(store, address)
    deliver(store)
    with store.begin() as work:
        undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="A news report.", now=after(20))
    assert deliver(store) == []
    assert [(each["post"], each["action"]) for each in done_at(address)[3:]] == [
        (post, "restore") for post in ("p1", "p2", "p3")
    ]


def test_a_delivery_that_broke_off_goes_on_where_it_did(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = ordered(store, address)
    asked = []

    def breaks_off(line: PlatformLine, order: Order) -> Answer:
        asked.append(order.post)
        if len(asked) == 2:
            raise RetryLater("The platform is busy.", retry_after_seconds=30)
        return take_action(line, order)

    monkeypatch.setattr("tasks.actions.take_action", breaks_off)
    [left] = deliver(store)
    assert (left.state, left.last_error) == ("pending", "The platform is busy.")
    with store.begin() as work:
        assert count_states(work, sweep) == {"ordered": 2, "done": 1}
    assert deliver(store, at=NOW + timedelta(seconds=31)) == []
    assert asked == ["p1", "p2", "p2", "p3"]
    assert [each["post"] for each in done_at(address)] == ["p1", "p2", "p3"]


def test_nothing_is_sent_where_the_site_switched_it_off_meanwhile(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(store, address)
    monkeypatch.setattr(
        "tasks.actions.settings", lambda: world.settings().model_copy(update={"platform_actions": False})
    )
    [left] = deliver(store)
    assert left.state == "failed"
    assert "Set WATCHFLOOR_PLATFORM_ACTIONS=true" in (left.last_error or "")
    assert done_at(address) == []
    monkeypatch.undo()
    with store.begin() as work:
        outbox.rerun(work, left.id, by=ADA, now=after(20))


def test_a_post_that_the_platform_does_not_have_keeps_no_other_from_being_done(store: Store) -> None:
    with serving(POSTS.filter(pl.col("id") != "p2")) as url:
        sweep = ordered(store, url)
        assert deliver(store) == []
        assert [each["post"] for each in done_at(url)] == ["p1", "p3"]
    with store.begin() as work:
        assert count_states(work, sweep) == {"done": 2, "failed": 1}


def ask(url: str, key: str = "action:INC-1-S1:p1") -> Answer:
    line = PlatformLine(source_of(url), world.settings(), sleep=lambda _seconds: None)
    return take_action(line, Order(key=key, post="p1", action=Measure.remove, reason="violence.incitement"))


def source_of(url: str) -> HttpSource:
    return HttpSource(url=url, secret="platform")


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, {"at": "2026-03-01T18:00:00Z", "reach": 12}, (datetime(2026, 3, 1, 18, tzinfo=UTC), 12, None)),
        (200, {"at": "yesterday", "reach": -1, "note": "x"}, (None, None, None)),
        (200, ["done"], (None, None, None)),
        (404, {}, (None, None, "it has no such post")),
        (409, {}, (None, None, "it knows the key for another action")),
    ],
)
@pytest.mark.usefixtures("store")
def test_an_answer_says_what_it_says_and_nothing_more(
    status: int, body: object, answer: tuple[object, ...]
) -> None:
    with http_partner(answers(status, body=json.dumps(body).encode())) as partner:
        told = ask(partner.url)
    assert (told.at, told.reach, told.error) == answer


@pytest.mark.parametrize(
    ("status", "body", "permanent", "why"),
    [
        (500, b"{}", False, "it answered 500. It is tried again by itself."),
        (200, b'{"at": ', False, "its answer is no JSON"),
        (403, b"{}", True, "it answered 403. Check with the platform what the token may do"),
        (301, b"{}", True, "it answered 301"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_is_no_answer_is_asked_again_or_shown(status: int, body: bytes, permanent: bool, why: str) -> None:
    with (
        http_partner(answers(status, body=body)) as partner,
        pytest.raises(PartnerUnreachable, match=why) as failed,
    ):
        ask(partner.url)
    assert failed.value.permanent is permanent
    assert TOKEN not in str(failed.value)


@pytest.mark.usefixtures("store")
def test_a_platform_that_is_busy_is_left_alone_as_long_as_it_asks() -> None:
    busy = answers(429, body=b"", headers={"Retry-After": "17"})
    with http_partner(busy) as partner, pytest.raises(RetryLater) as failed:
        ask(partner.url)
    assert failed.value.retry_after_seconds == 17


@pytest.mark.usefixtures("store")
def test_a_key_that_no_header_can_hold_is_sent_as_its_hash() -> None:
    with http_partner(answers(200, body=b"{}")) as partner:
        for key in ("action:INC-1-S1:пост", "action:INC-1-S1:" + "9" * 300, "action:INC-1-S1:9"):
            ask(partner.url, key)
        sent = [{name.lower(): value for name, value in each.headers.items()} for each in partner.requests]
    keys = [each["idempotency-key"] for each in sent]
    assert [key[:7] for key in keys] == ["sha256:", "sha256:", "action:"]
    assert len(set(keys)) == 3
