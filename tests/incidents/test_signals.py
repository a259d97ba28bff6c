"""The same signal counts once, new content is told apart, and an ended incident swallows nothing."""

from typing import Any

import pytest

from incidents.errors import BadInput, NotAuthorised, NotFound
from incidents.people import Person
from incidents.signals.signal import NewSignal, read_signal
from incidents.store import lifecycle
from incidents.store.engine import Store, Work
from incidents.store.schema import signals
from incidents.store.signals import attach, find_signal, take_signal, waiting_signals
from incidents.store.timeline import entries, milestones_of
from incidents.timeline import Event
from tests.incidents.sweep_rows import ADA, BO, add_assessed, add_candidate, after, at_once, split


def signal(**changes: Any) -> NewSignal:
    """Somebody reports footage."""
    told = {"source": "user-reports", "title": "Footage", "fingerprint": "footage", "event_at": after(-9)}
    return NewSignal.model_validate(told | changes)


def take(work: Work, new: NewSignal | None = None, minutes: float = 0, **more: Any) -> Any:
    """Hand it in as Bo."""
    return take_signal(work, new or signal(), by=BO, now=after(minutes), **more)


def test_duplicates_and_updates_are_told_apart(store: Store) -> None:
    with store.begin() as work:
        first, same, update = take(work), take(work), take(work, signal(reach=900))
        again, other = take(work, signal(reach=900)), take(work, signal(fingerprint="rumour"))
        stored = work.execute(signals.select().order_by(signals.c.id)).all()
    standings = [found.standing for found in (first, same, update, again, other)]
    assert standings == ["new", "duplicate", "update", "duplicate", "new"]
    assert [row.first_id for row in stored] == [None, first.id, first.id, first.id, None]


def test_the_same_signal_from_many_at_once_is_new_once(store: Store) -> None:
    def run() -> str:
        with store.begin() as work:
            return str(take(work).standing)

    won, failed = split(at_once(*[run] * 5))
    assert (sorted(won), failed) == (["duplicate"] * 4 + ["new"], [])


def test_a_signal_is_kept_as_it_came(store: Store) -> None:
    payload = {"queue": {"id": 7, "words": ["ä", "سلام"]}, "rate": 1.5}
    with store.begin() as work:
        taken = take(work, signal(payload=payload))
        found = find_signal(work, taken.id)
        with pytest.raises(NotFound, match="999"):
            find_signal(work, 999)
    assert (found.payload, found.event_at, found.received_at) == (payload, after(-9), after(0))
    assert (found.field("payload.queue.id"), found.field("source"), found.field("payload.none.x")) == (
        ("7", "user-reports", None)
    )


def test_attached_signals_are_told_and_start_the_clock(store: Store) -> None:
    with store.begin() as work:
        waiting = [take(work), take(work, signal(fingerprint="rumour"))]
        assert [s.id for s in waiting_signals(work, since=after(-60))] == [s.id for s in waiting]
        assert waiting_signals(work, since=after(-1)) == []
        incident = add_candidate(work).id
        assert attach(work, waiting, incident, now=after(1)) == 2
        assert attach(work, waiting, incident, now=after(2)) == 0
        assert waiting_signals(work, since=after(-60)) == []
        reached = {m["name"]: (m["at"], m["certainty"]) for m in milestones_of(work, incident)}
        told = [e for e in entries(work, incident) if e.event is Event.signal_attached]
        assert {find_signal(work, signal.id).incident_id for signal in waiting} == {incident}
    assert len(told) == 2
    assert reached["started"] == (after(-9), "estimated")
    assert reached["first_signal"] == (after(0), "recorded")


def test_an_update_reaches_its_incident_at_once(store: Store) -> None:
    with store.begin() as work:
        first = take(work)
        incident = add_candidate(work).id
        attach(work, [first], incident, now=after(1))
        assert take(work, signal(reach=900), 2).incident_id == incident
        assert take(work, signal(), 3).standing == "duplicate"
        told = [e.facts["standing"] for e in entries(work, incident) if e.event is Event.signal_attached]
    assert told == ["new", "update", "duplicate"]


def test_what_comes_in_for_an_ended_incident_is_not_lost_in_it(store: Store) -> None:
    with store.begin() as work:
        first = take(work)
        incident = add_assessed(work)
        attach(work, [first], incident, now=after(1))
        lifecycle.dismiss(work, incident, by=ADA, reason="Old footage.", now=after(2))
        late = take(work, signal(reach=900), 3)
        assert late.incident_id is None
        assert [s.id for s in waiting_signals(work, since=after(-60))] == [late.id]


def test_a_drill_s_signals_are_its_own(store: Store) -> None:
    with store.begin() as work:
        take(work)
        drilled = take(work, drill="DRILL-1")
        assert (drilled.standing, drilled.drill) == ("new", "DRILL-1")
        assert [s.id for s in waiting_signals(work, since=after(-60), drill="DRILL-1")] == [drilled.id]
        assert len(waiting_signals(work, since=after(-60))) == 1


def test_who_has_no_role_hands_in_nothing(store: Store) -> None:
    with store.begin() as work, pytest.raises(NotAuthorised):
        take_signal(work, signal(), by=Person(id="hal"), now=after(0))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not json", "this is not a signal"),
        ('{"source": "s", "title": "t", "event_at": "2026-11-22T18:00:00"}', "event_at"),
        ('{"source": "s", "title": "t", "event_at": "2026-11-22T18:00:00Z", "more": 1}', "more"),
        ('{"title": "\\u0000"}', "NUL"),
        (" " * 1_000_001, "too large"),
    ],
)
def test_what_is_no_signal_is_refused_with_its_origin(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        read_signal(text, origin="signal.json")
    assert "signal.json" in str(refused.value)
