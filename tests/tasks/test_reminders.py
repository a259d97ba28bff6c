"""Overdue action items are chased after the incident, once a day, and drills are left in peace."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.incident.incident import SYSTEM
from incidents.incident.severity import Impact, Priority
from incidents.people import Person
from incidents.store import outbox
from incidents.store.action_items import actions_of, change_action, file_action
from incidents.store.engine import Store
from incidents.store.incidents import NewCandidate, open_candidate
from incidents.store.reviews import start_review
from incidents.store.roles import take_role
from incidents.store.timeline import entries
from incidents.timeline import Event
from tasks import reminders, world

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _one_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reminders, world):
        monkeypatch.setattr(module, "store", lambda: store)


def with_action(store: Store, *, key: str, due_at: datetime, drill: str = "") -> str:
    new = NewCandidate(
        title="Rumour",
        grouping_key=key,
        impact=Impact(),
        priority=Priority(severity="sev3", rule="other", sentence="Everything else."),
        policy=None,
        protocol="default",
        protocol_version=1,
        catalogue_version="1",
        drill=drill,
    )
    with store.begin() as work:
        incident = open_candidate(work, new, by="ada", now=NOW - 9 * DAY)
        assert incident is not None
        file_action(
            work,
            incident.id,
            title="Match mirrored copies",
            kind="detect",
            owner="ada",
            success="The next drill finds them.",
            due_at=due_at,
            by=SYSTEM,
            now=NOW - 8 * DAY,
        )
    return incident.id


def test_an_overdue_action_item_is_chased_once_a_day(store: Store) -> None:
    incident = with_action(store, key="a", due_at=NOW - DAY)
    chased = [reminders.chase_action_items.fn(now) for now in (NOW, NOW + DAY / 2, NOW + DAY)]
    assert chased == [1, 0, 1]
    with store.read() as work:
        told = [entry.event for entry in entries(work, incident)]
        letters = [p for p in outbox.undelivered(work) if p.channel == "escalations"]
        [item] = actions_of(work, incident)
    assert told.count(Event.action_chased) == 2
    assert [item.id in letter.payload["text"] for letter in letters] == [True, True]


def test_an_item_that_stays_overdue_is_told_to_those_who_lead_then_to_administrators(store: Store) -> None:
    incident = with_action(store, key="a", due_at=NOW)
    with store.begin() as work:
        start_review(work, incident, owner="eve", due_at=NOW, now=NOW)
        take_role(work, incident, "commander", Person(id="ada"), now=NOW)
    told = [reminders.escalate_action_items.fn(NOW + days * DAY) for days in (6.9, 7, 13.9, 14, 14, 99)]
    assert told == [0, 1, 0, 1, 0, 0]
    with store.begin() as work:
        escalated = [e.facts["people"] for e in entries(work, incident) if e.event is Event.action_escalated]
        texts = [p.payload["text"] for p in outbox.undelivered(work) if p.channel == "escalations"]
        change_action(work, f"{incident}-A1", state="wont_do", note="no need", by=SYSTEM, now=NOW + 99 * DAY)
    assert escalated == [["eve", "ada"], []]
    assert "This goes to eve and ada." in texts[0]
    assert "This goes to whoever runs Watchfloor." in texts[1]
    assert reminders.escalate_action_items.fn(NOW + 200 * DAY) == 0


def test_what_is_not_due_and_what_is_a_drill_is_left_alone(store: Store) -> None:
    with_action(store, key="b", due_at=NOW + DAY)
    with_action(store, key="c", due_at=NOW - DAY, drill="DRILL-1")
    assert reminders.chase_action_items.fn(NOW) == 0
    assert reminders.escalate_action_items.fn(NOW + DAY / 2) == 0
