"""Briefs: who may send one, when the next is due, and that a clock belongs to a round."""

from datetime import timedelta

import pytest

from incidents.errors import BadInput, NotAllowed, NotAuthorised
from incidents.four_eyes import ALONE
from incidents.incident.severity import Impact, Priority
from incidents.people import Person, Role
from incidents.store import lifecycle, outbox, timeline
from incidents.store.briefs import LONGEST, brief_clock, miss_brief, send_brief, ticking_clocks
from incidents.store.engine import Store
from incidents.store.incidents import NewCandidate, open_candidate
from incidents.timeline import Event
from incidents.words import plain, sentence
from tests.incidents.review_rows import after

NOOR = Person(id="noor", roles=frozenset({Role.commander}))
DEV = Person(id="dev", roles=frozenset({Role.partner_reviewer}), team="english")


@pytest.fixture
def incident(store: Store) -> str:
    """A crisis that Noor declared at minute 0."""
    new = NewCandidate(
        title="Calls to storm a clinic",
        grouping_key="clinic",
        impact=Impact(),
        priority=Priority(severity="sev1", rule="grave", sentence="It is grave."),
        policy=None,
        protocol="default",
        protocol_version=1,
        catalogue_version="a",
    )
    with store.begin() as work:
        found = open_candidate(work, new, by="noor", now=after(0))
        assert found is not None
        lifecycle.start_assessment(work, found.id, by=NOOR, now=after(0))
        assert brief_clock(work, found.id) is None
        lifecycle.declare(work, found.id, by=NOOR, reason="It is one", now=after(0))
    return found.id


def send(store: Store, incident: str, text: str = "Two <b>teams</b> read", *, by: Person = NOOR) -> None:
    with store.begin() as work:
        send_brief(work, incident, text, channels=["english", "legal"], by=by, now=after(30))


def test_a_brief_goes_to_the_channels_and_the_clock_begins_anew(store: Store, incident: str) -> None:
    with store.read() as work:
        [(clock, severity)] = ticking_clocks(work)
    assert (clock.since, clock.sent, severity) == (after(0), 0, "sev1")
    send(store, incident)
    with store.read() as work:
        found, last = brief_clock(work, incident), timeline.last_entry(work, incident, (Event.brief_sent,))
        promised = outbox.undelivered(work)
    assert found is not None
    assert last is not None
    assert (found.since, found.sent, found.reminders) == (after(30), 1, 0)
    assert plain(sentence(last)) == "Noor sent brief 1 to 2 channels: “Two <b>teams</b> read”."
    sent = {parcel.channel: parcel.payload["text"] for parcel in promised if parcel.kind is outbox.Kind.message}
    assert list(sent) == ["english", "legal"]
    assert "Two &lt;b&gt;teams&lt;/b&gt; read" in sent["legal"]


def test_a_missed_brief_is_recorded_once_whoever_looks(store: Store, incident: str) -> None:
    with store.read() as work:
        clock = brief_clock(work, incident)
    assert clock is not None
    with store.begin() as work:
        told = [miss_brief(work, clock, 1, due_at=after(60), now=after(61)) for _ in range(2)]
    assert told == [True, False]
    send(store, incident)
    with store.begin() as work:
        assert not miss_brief(work, clock, 2, due_at=after(120), now=after(121))


def test_whoever_may_not_speak_to_teams_sends_none(store: Store, incident: str) -> None:
    with pytest.raises(NotAuthorised):
        send(store, incident, by=DEV)


@pytest.mark.parametrize("text", [" ", "x" * (LONGEST + 1)])
def test_a_brief_is_short_and_says_something(store: Store, incident: str, text: str) -> None:
    with pytest.raises(BadInput):
        send(store, incident, text)


def test_an_ended_crisis_has_no_briefs_and_a_reopened_one_begins_anew(store: Store, incident: str) -> None:
    with store.begin() as work:
        lifecycle.start_response(work, incident, now=after(1))
        lifecycle.waive(
            work, incident, "GUIDELINE_MISSING", by=NOOR, reason="None is needed", consent=ALONE, now=after(2)
        )
        lifecycle.stand_down(work, incident, by=NOOR, reason="Quiet", now=after(3))
        assert ticking_clocks(work) == []
    with pytest.raises(NotAllowed) as refused:
        send(store, incident)
    assert refused.value.codes == ("NOT_IN_CRISIS",)
    with store.begin() as work:
        lifecycle.reopen(work, incident, by=NOOR, reason="It is back", now=after(600))
        [(clock, _)] = ticking_clocks(work)
    assert clock.since == after(0) + timedelta(minutes=600)
