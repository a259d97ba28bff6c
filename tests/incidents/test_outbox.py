"""A promise is kept once, tried again while that can help, and waits for a person when it cannot."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.drills.clock import Clock
from incidents.errors import Conflict, NotAuthorised, NotFound
from incidents.message import Message
from incidents.store import drills, lifecycle, outbox
from incidents.store.engine import Store, Work
from incidents.store.outbox import LAST_ATTEMPT, LONGEST_WAIT, Parcel
from incidents.store.timeline import entries
from incidents.timeline import Event
from tests.incidents.review_rows import add_incident
from tests.incidents.sweep_rows import ADA, BO, EVE, add_crisis, after, at_once, split


def post(work: Work, incident: str, key: str = "ask:1", channel: str = "chat") -> int:
    """Promise a message; the id of its row."""
    message = Message(key=key, event="partner.ask.sent", subject="A crisis", text="Please.", at=after(5))
    outbox.post_message(work, incident, channel, message)
    return outbox.undelivered(work)[-1].id


def take(work: Work, parcel: int, minutes: float = 6) -> Parcel:
    """Take it for delivery, which must be possible."""
    taken = outbox.take(work, parcel, machine_now=after(minutes))
    assert taken is not None
    return taken


def test_the_same_promise_is_made_once(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        message = Message(key="ask:1", event="partner.ask.sent", subject="s", text="t", at=after(5))
        assert outbox.post_message(work, incident, "chat", message)
        assert not outbox.post_message(work, incident, "chat", message)
        assert outbox.post_message(work, incident, "mail", message)
        assert outbox.post_event(work, incident, Event.ask_sent, key="k", now=after(5), ask="a")
        assert not outbox.post_event(work, incident, Event.ask_sent, key="k", now=after(6), ask="a")
        assert [p.key for p in outbox.undelivered(work)] == ["ask:1>chat", "ask:1>mail", "event:k"]


def test_a_promise_about_no_incident_stands_in_no_timeline(store: Store) -> None:
    message = Message(key="digest:2026-11", event="digest", subject="s", text="t", at=after(5))
    with store.begin() as work:
        crisis = add_crisis(work)
        before = entries(work, crisis)
        assert outbox.post_message(work, None, "mail", message)
        assert not outbox.post_message(work, None, "mail", message)
        (parcel,) = outbox.undelivered(work)
        told: dict[str, Any] = {"machine_now": after(7), "now": after(7)}
        outbox.mark_failed(work, take(work, parcel.id), error="It is closed.", permanent=True, **told)
        assert (outbox.find(work, parcel.id).state, parcel.name) == ("failed", f"Delivery {parcel.id}")
        with pytest.raises(NotAuthorised):
            outbox.rerun(work, parcel.id, by=BO, now=after(8))
        outbox.rerun(work, parcel.id, by=ADA, now=after(8))
        outbox.mark_delivered(work, take(work, parcel.id, 9), reference="r", now=after(9))
        assert outbox.undelivered(work) == []
        assert entries(work, crisis) == before


def test_a_promise_is_delivered_by_one_process(store: Store) -> None:
    with store.begin() as work:
        parcel = post(work, add_crisis(work))

    def run() -> bool:
        with store.begin() as work:
            return outbox.take(work, parcel, machine_now=after(6)) is not None

    won, failed = split(at_once(run, run, run))
    assert (sorted(won), failed) == ([False, False, True], [])


def test_a_running_rehearsal_delivers_its_own_first(store: Store) -> None:
    with store.begin() as work:
        drill = drills.open_drill(work, {}, clock=Clock(stands_at=after(0)), by=ADA)
        rehearsed, real = add_incident(work, 14, drill=drill.id), add_crisis(work)
        ours, theirs = post(work, rehearsed), post(work, real, "ask:2")
        assert outbox.due(work, machine_now=after(6)) == [theirs]
        assert outbox.due(work, machine_now=after(6), incident=rehearsed) == [ours]


def test_what_a_rehearsal_tried_in_vain_or_left_behind_is_delivered_with_all_others(store: Store) -> None:
    with store.begin() as work:
        drill = drills.open_drill(work, {}, clock=Clock(stands_at=after(0)), by=ADA)
        rehearsed = add_incident(work, 14, drill=drill.id)
        tried = post(work, rehearsed)
        take(work, tried)
        left = post(work, rehearsed, "ask:2")
        assert outbox.due(work, machine_now=after(8)) == [tried]
        drills.end_drill(work, drill.id, failure="It was given up.")
        assert outbox.due(work, machine_now=after(8)) == [tried, left]


def test_a_process_that_dies_in_a_delivery_leaves_it_due_again(store: Store) -> None:
    with store.begin() as work:
        parcel = post(work, add_crisis(work))
        take(work, parcel)
        assert outbox.due(work, machine_now=after(6.9)) == []
        assert outbox.due(work, machine_now=after(7)) == [parcel]
        assert take(work, parcel, 7).attempts == 2


def test_a_delivery_is_told_once(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        taken = take(work, post(work, incident))
        for reference in ("first", "second"):
            outbox.mark_delivered(work, taken, reference=reference, now=after(6))
        outbox.mark_failed(work, taken, error="late", permanent=True, machine_now=after(7), now=after(7))
        found = outbox.find(work, taken.id)
        told = [e.facts for e in entries(work, incident) if e.event is Event.message_delivered]
        assert outbox.undelivered(work) == []
    assert (found.state, found.reference, found.delivered_at) == ("delivered", "first", after(6))
    assert told == [{"key": "ask:1", "channel": "chat"}]


def test_a_failure_that_may_pass_is_tried_again_later_and_later(store: Store) -> None:
    waits = [outbox.wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 99)]
    assert waits == [5, 10, 20, LONGEST_WAIT.total_seconds()]
    with store.begin() as work:
        incident = add_crisis(work)
        parcel, at = post(work, incident), after(6)
        for _ in range(LAST_ATTEMPT):
            taken = outbox.take(work, parcel, machine_now=at)
            assert taken is not None
            outbox.mark_failed(work, taken, error="503", permanent=False, machine_now=at, now=at)
            at += timedelta(minutes=15)
        found = outbox.find(work, parcel)
        told = [e.facts for e in entries(work, incident) if e.event is Event.message_failed]
    assert (found.state, found.attempts, found.last_error) == ("failed", LAST_ATTEMPT, "503")
    assert told == [{"key": "ask:1>chat", "channel": "chat", "error": "503"}]


def test_a_failure_that_will_not_pass_waits_for_a_person(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        taken = take(work, post(work, incident))
        with pytest.raises(Conflict, match="is pending"):
            outbox.rerun(work, taken.id, by=ADA, now=after(7))
        outbox.mark_failed(work, taken, error="404", permanent=True, machine_now=after(6), now=after(6))
        assert outbox.due(work, machine_now=after(9999)) == []
        with pytest.raises(NotAuthorised):
            outbox.rerun(work, taken.id, by=BO, now=after(7))
        outbox.rerun(work, taken.id, by=ADA, now=after(7))
        assert outbox.due(work, machine_now=after(7), incident=incident) == [taken.id]
        assert outbox.due(work, machine_now=after(7), incident="INC-9") == []
        assert take(work, taken.id, 7).attempts == 1
        with pytest.raises(NotFound, match="999"):
            outbox.rerun(work, 999, by=ADA, now=after(7))


def test_a_restricted_incident_s_deliveries_are_its_circle_s(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        taken = take(work, post(work, incident))
        outbox.mark_failed(work, taken, error="404", permanent=True, machine_now=after(6), now=after(6))
        lifecycle.restrict(work, incident, restricted=True, by=ADA, reason="A leak.", now=after(7))
        with pytest.raises(NotAuthorised) as refused:
            outbox.rerun(work, taken.id, by=EVE, now=after(8))
    assert refused.value.codes == ("INCIDENT_RESTRICTED",)


def test_what_is_rolled_back_was_never_promised(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)

    def fail() -> None:
        with store.begin() as work:
            post(work, incident)
            outbox.find(work, 999)

    with pytest.raises(NotFound):
        fail()
    with store.read() as work:
        assert outbox.undelivered(work) == []
