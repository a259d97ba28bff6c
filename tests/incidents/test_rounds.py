"""A reopened incident tells each round; durations hold over midnight, clock changes, days and hand-overs."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.incident.phases import Phase
from incidents.reviews.metrics import measure, milestones_shown, shown
from incidents.reviews.record import About, Milestone, Record
from incidents.reviews.retrospective import compose
from incidents.reviews.rounds import rounds
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.timeline import Entry, Event
from tests.incidents.review_rows import after, incident_row
from tests.incidents.stories import reopened

Told = tuple[datetime, Event, dict[str, Any]]


def entry(seq: int, told: Told) -> Entry:
    at, event, facts = told
    return Entry(
        incident="INC-12", seq=seq, at=at, event=event, actor="ada", facts=facts, previous="0", hash="0"
    )


def record_of(*told: Told, first: dict[str, int], decided: tuple[datetime | None, ...] = ()) -> Record:
    """A record of these entries; `first` says which of them the milestones of the store rest on."""
    entries = tuple(entry(seq, each) for seq, each in enumerate(told, start=1))
    kept = tuple(
        Milestone(name=name, at=entries[seq - 1].at, seq=seq, source="ada", certainty="recorded")
        for name, seq in first.items()
    )
    about = About.model_validate(incident_row(phase=Phase.closed.value, drill="", restricted=False))
    return Record(incident=about, entries=entries, milestones=kept, first_decisions=decided)


def values(record: Record) -> dict[tuple[str, int], float | None]:
    return {(each.metric.name, each.round): each.value for each in shown(record) if each.value is not None}


def crisis(declared: datetime, stood_down: datetime) -> Record:
    told: list[Told] = [(declared, Event.crisis_declared, {}), (stood_down, Event.crisis_stood_down, {})]
    return record_of(*told, first={"declared": 1, "stood_down": 2})


@pytest.mark.parametrize(
    ("declared", "stood_down", "hours"),
    [
        # Over midnight.
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), datetime(2026, 11, 23, 0, 30, tzinfo=UTC), 1),
        # Over more than a day.
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), datetime(2026, 11, 25, 0, 30, tzinfo=UTC), 49),
        # The clocks of Berlin go back at 03:00, so that from 01:00 to 05:00 there are five hours.
        (
            datetime(2026, 10, 25, 1, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC),
            datetime(2026, 10, 25, 5, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC),
            5,
        ),
        # They go forward at 02:00, so that there are three.
        (
            datetime(2026, 3, 29, 1, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC),
            datetime(2026, 3, 29, 5, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC),
            3,
        ),
    ],
)
def test_a_duration_is_what_went_by(declared: datetime, stood_down: datetime, hours: int) -> None:
    assert values(crisis(declared, stood_down)) == {("TTR", 1): hours * 3600}


def test_a_hand_over_begins_no_round_and_changes_no_duration() -> None:
    record = record_of(
        (after(0), Event.crisis_declared, {}),
        (after(1), Event.role_taken, {"role": "commander", "person": "ada"}),
        (after(90), Event.role_handed_over, {"role": "commander", "was": "ada", "person": "bo"}),
        (after(300), Event.crisis_stood_down, {}),
        first={"declared": 1, "commander_assigned": 2, "stood_down": 4},
    )
    assert [each.number for each in rounds(record)] == [1]
    assert values(record) == {("TTR", 1): 300 * 60}
    assert ("commander_assigned", after(1)) in {(name, at.at) for _, name, at in milestones_shown(record) if at}


def again() -> Record:
    """Stood down after two hours, reopened after ten, and stood down again after twelve and a half."""
    return record_of(
        (after(0), Event.crisis_declared, {}),
        (after(120), Event.crisis_stood_down, {}),
        (after(600), Event.record_reopened, {"reason": "It is back", "was": "closed"}),
        (after(605), Event.role_taken, {"role": "analyst", "person": "eve"}),
        (after(610), Event.role_handed_over, {"role": "commander", "was": "ada", "person": "bo"}),
        (after(615), Event.batch_claimed, {"batch": "B9", "person": "dev"}),
        (after(700), Event.monitoring_started, {}),
        (after(750), Event.crisis_stood_down, {}),
        first={"declared": 1, "stood_down": 2, "contained": 7},
        decided=(after(620),),
    )


def test_each_round_tells_its_own_milestones() -> None:
    first, second = rounds(again())
    assert {name: each.seq for name, each in first.milestones.items()} == {"declared": 1, "stood_down": 2}
    assert {name: (each.at, each.seq) for name, each in second.milestones.items()} == {
        "reopened": (after(600), 3),
        "commander_assigned": (after(610), 5),
        "first_decision": (after(620), 6),
        "contained": (after(700), 7),
        "stood_down": (after(750), 8),
    }


def test_no_duration_goes_across_a_reopening() -> None:
    minutes = {name: value / 60 for name, value in values(again()).items() if value is not None}
    assert minutes == {("TTR", 1): 120, ("TTFD", 2): 20, ("TTM", 2): 100, ("TTR", 2): 150}
    named = {each.metric.name: (each.round, each.value) for each in measure(again())}
    # Over several incidents the first round counts in which it could be measured.
    assert (named["TTR"], named["TTM"]) == ((1, 120 * 60), (2, 100 * 60))
    assert named["TTG"] == (1, None)


def test_what_a_later_round_did_not_reach_is_not_recorded() -> None:
    record = again()
    open_still = record.model_copy(update={"entries": record.entries[:6]})
    missing = [(number, name) for number, name, at in milestones_shown(open_still) if at is None and number > 1]
    assert missing == [(2, "contained"), (2, "stood_down")]


def test_a_decision_of_the_next_round_belongs_to_that() -> None:
    third = (after(900), Event.record_reopened, {"reason": "Again", "was": "closed"})
    told = [(each.at, each.event, each.facts) for each in again().entries]
    record = record_of(*told, third, first={"declared": 1}, decided=(after(950), after(950)))
    _, second, last = rounds(record)
    assert second.milestone("first_decision") is None
    # Nothing was claimed in it before: the reopening is behind it.
    assert last.milestones["first_decision"].seq == 9


def test_a_dismissed_candidate_that_is_declared_after_all() -> None:
    record = record_of(
        (after(0), Event.candidate_opened, {}),
        (after(20), Event.candidate_dismissed, {"reason": "A film trailer"}),
        (after(100), Event.record_reopened, {"reason": "It is no trailer", "was": "dismissed"}),
        (after(130), Event.crisis_declared, {"reason": "Copies"}),
        (after(190), Event.crisis_stood_down, {}),
        first={"first_signal": 1, "detected": 1, "declared": 4, "stood_down": 5},
    )
    assert values(record) == {("TTDec", 2): 30 * 60, ("TTR", 2): 60 * 60}
    expected = {name for number, name, _ in milestones_shown(record) if number == 1}
    assert expected == {"started", "first_signal", "detected", "acknowledged"}


def test_the_document_tells_each_round(store: Store) -> None:
    with store.begin() as work:
        incident = reopened(work)
    with store.read() as work:
        record = read_record(work, incident)
    text = compose(record, generator="g")
    again, ended = (rounds(record)[1].milestone(name) for name in ("reopened", "stood_down"))
    assert again is not None
    assert ended is not None
    summary = text.split("## Summary")[1].split("## ")[0]
    assert f"It was reopened at {again.at:%Y-%m-%d %H:%M} UTC (`{incident}#{again.seq}`)" in summary
    assert f"stood down again at {ended.at:%Y-%m-%d %H:%M} UTC" in summary
    assert "| stood down, round 2 | The commander ended the crisis |" in text
    assert "| TTR, round 2 |" in text
    assert "| Response was under way, round 2 |" in text
    assert "*stood down, round 2*" in text
