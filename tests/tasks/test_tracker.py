"""Action items in an outside tracker: told once a change, signed, and told again where that failed."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from incidents.catalogue.channels import TRACKER
from incidents.catalogue.load import SHIPPED
from incidents.people import Person, Role
from incidents.reviews.actions import ActionItem
from incidents.store import outbox, timeline
from incidents.store.action_items import change_action, file_action
from incidents.store.engine import Store
from incidents.store.outbox import find
from incidents.store.records import read_record
from incidents.timeline import Event
from tasks import outbox as deliveries
from tasks import world
from tasks.tracker import tell_tracker
from tests.incidents.review_rows import add_incident
from tests.tasks.fresh_world import fresh_world
from tests.tasks.servers import Behaviour, Call, Partner, answers, http_partner

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"for tests alone, 24 or more").decode()
ADA = Person(id="ada", roles=frozenset({Role.commander}))


@pytest.fixture
def failing() -> list[int]:
    """Statuses with which the tracker answers its next requests; then it takes everything."""
    return []


@pytest.fixture
def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: list[int]) -> Iterator[Partner]:
    """A tracker of somebody else, which the catalogue of this home names."""
    monkeypatch.setenv("WATCHFLOOR_SECRETS__TRACKER", SECRET)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    # Prefect's retries are a server's matter; what the outbox keeps of a failure is looked at here.
    monkeypatch.setattr(deliveries, "send", deliveries.send.fn)
    with http_partner(fails_first(failing)) as partner:
        (tmp_path / "catalogue").mkdir()
        shipped = (SHIPPED / "channels.yaml").read_text(encoding="utf-8")
        channel = f"  - {{id: {TRACKER}, kind: webhook, url: '{partner.url}/hooks', secret: tracker}}\n"
        (tmp_path / "catalogue" / "channels.yaml").write_text(shipped + channel, encoding="utf-8")
        with fresh_world(tmp_path, monkeypatch):
            yield partner


def fails_first(statuses: list[int]) -> Behaviour:
    def answer(call: Call) -> None:
        answers(statuses.pop(0) if statuses else 204, body=b"")(call)

    return answer


@pytest.fixture
def store(tracker: Partner) -> Store:
    """The store of this home, with one incident in it."""
    opened = world.store()
    with opened.begin() as work:
        add_incident(work)
    return opened


def filed(store: Store, title: str = "Match mirrored copies", incident: str = "INC-12") -> ActionItem:
    with store.begin() as work:
        return file_action(
            work,
            incident,
            title=title,
            kind="detect",
            area="tooling",
            owner="cleo",
            success="The next drill finds them.",
            due_at=NOW + timedelta(days=15),
            by=Person(id="root", roles=frozenset({Role.administrator})),
            now=NOW,
        )


def change(store: Store, item: ActionItem, state: str, by: Person = ADA) -> None:
    with store.begin() as work:
        change_action(work, item.id, state=state, by=by, now=NOW)


def deliver(store: Store, after: timedelta = timedelta()) -> list[bool]:
    with store.read() as work:
        due = outbox.due(work, machine_now=NOW + after)
    return [deliveries.deliver.fn(parcel, NOW + after) for parcel in due]


def told(tracker: Partner) -> list[dict[str, Any]]:
    """What the tracker took, once it has checked that it is ours."""
    return [Webhook(SECRET).verify(each.body, each.headers) for each in tracker.requests]


def test_the_tracker_is_told_of_an_item_once_a_change_and_can_tell_that_it_is_ours(
    store: Store, tracker: Partner
) -> None:
    item = filed(store)
    assert [tell_tracker.fn(NOW), tell_tracker.fn(NOW)] == [1, 0]
    change(store, item, "in_progress")
    change(store, item, "done_claimed")
    assert [tell_tracker.fn(NOW), tell_tracker.fn(NOW)] == [1, 0]
    assert deliver(store) == [True, True]
    first, second = told(tracker)
    assert (first["type"], second["type"]) == ("action.item.filed", "action.item.changed")
    assert (first["data"]["key"], second["data"]["key"]) == ("tracker:INC-12-A1:1", "tracker:INC-12-A1:3")
    facts = second["data"]["facts"]
    assert facts["state"] == "done_claimed"
    assert {name: facts[name] for name in ("id", "incident", "kind", "area", "owner", "change")} == {
        "id": "INC-12-A1",
        "incident": "INC-12",
        "kind": "detect",
        "area": "tooling",
        "owner": "cleo",
        "change": 3,
    }
    assert tracker.requests[0].path == "/hooks"


def test_what_the_tracker_did_not_take_is_kept_shown_and_run_again(
    store: Store, tracker: Partner, failing: list[int]
) -> None:
    failing += [503, 404]
    filed(store)
    tell_tracker.fn(NOW)
    assert deliver(store) == [False]
    assert deliver(store) == []  # it waits a while by itself
    assert deliver(store, timedelta(minutes=1)) == [False]
    with store.begin() as work:
        [failed] = outbox.undelivered(work)
        assert (failed.state, failed.key) == ("failed", "tracker:INC-12-A1:1>tracker")
        assert "it answered 404" in str(failed.last_error)
        outbox.rerun(work, failed.id, by=ADA, now=NOW)
    assert deliver(store) == [True]
    # The same message, so that a tracker that had taken it all the same would know it again.
    assert len({each.headers["webhook-id"] for each in tracker.requests}) == 1
    with store.read() as work:
        assert find(work, failed.id).state == "delivered"
        assert read_record(work, "INC-12").of(Event.message_delivered, Event.message_failed) == []
        assert not list(timeline.verify(work))


def test_drills_and_restricted_incidents_stay_in_the_house(store: Store) -> None:
    with store.begin() as work:
        add_incident(work, 13, restricted=True)
        add_incident(work, 14, drill="DRILL-1")
    filed(store, incident="INC-13")
    filed(store, incident="INC-14")
    assert tell_tracker.fn(NOW) == 0


def test_without_a_tracker_nobody_is_told_and_a_new_one_hears_what_is_there(
    store: Store, tracker: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(store)
    known = world.catalogue()
    without = known.model_copy(
        update={"channels": tuple(each for each in known.channels if each.id != TRACKER)}
    )
    with monkeypatch.context() as there_is_none:
        there_is_none.setattr("tasks.tracker.catalogue", lambda: without)
        assert tell_tracker.fn(NOW) == 0
    assert tell_tracker.fn(NOW) == 1
    assert deliver(store) == [True]
    assert json.loads(tracker.requests[0].body)["data"]["facts"]["title"] == "Match mirrored copies"
