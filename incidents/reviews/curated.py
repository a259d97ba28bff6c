"""Which entries tell the story, and where it has holes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.reviews.record import Record
from incidents.reviews.rounds import rounds
from incidents.timeline import Entry, Event

GAP = timedelta(minutes=60)
"""A silence longer than this during the crisis is a question to those who were there."""

DECISIONS: dict[Event, str] = {
    Event.crisis_declared: "Declared a crisis",
    Event.candidate_dismissed: "Dismissed the candidate",
    Event.crisis_stood_down: "Stood the crisis down",
    Event.record_reopened: "Reopened the incident",
    Event.reason_waived: "Waived a reason",
    Event.proposal_made: "Proposed what takes a second person",
    Event.proposal_confirmed: "Confirmed it as the second person",
    Event.proposal_refused: "Refused it as the second person",
    Event.access_restricted: "Changed who may see it",
    Event.gate_refused: "Was refused at a gate",
    Event.actions_ordered: "Had a plan carried out",
}
"""Events that a person answers for, in words for the table of decisions."""

_TOLD = frozenset(DECISIONS) | {
    Event.candidate_opened,
    Event.assessment_started,
    Event.assessment_recorded,
    Event.priority_computed,
    Event.response_started,
    Event.monitoring_started,
    Event.review_started,
    Event.record_closed,
    Event.role_taken,
    Event.role_handed_over,
    Event.gate_opened,
    Event.gate_escalated,
    Event.run_restarted,
    Event.guideline_published,
    Event.ask_sent,
    Event.ask_acknowledged,
    Event.ask_escalated,
    Event.message_failed,
    Event.sweep_requested,
    Event.universe_frozen,
    Event.batches_opened,
    Event.reading_opened,
    Event.window_requested,
    Event.stratum_boosted,
    Event.decision_undone,
    Event.target_reached,
    Event.sweep_closed,
    Event.certificate_issued,
    Event.sweep_finished,
    Event.plan_made,
    Event.retrospective_published,
}
_ENDS = frozenset({Event.crisis_stood_down, Event.candidate_dismissed, Event.record_closed})
Tell = Callable[[Entry], str]
"""The sentence of an entry, for whoever reads the document."""


@dataclass(frozen=True)
class Row:
    """One line of the timeline. A gap has no sentence; its references are the entries around it."""

    at: datetime
    sentence: str
    refs: tuple[str, ...]
    marks: tuple[str, ...] = ()
    silence: timedelta = timedelta()
    starred: bool = False


def timeline_rows(record: Record, tell: Tell) -> list[Row]:
    """What was decided and reached, in order, with the silences between as questions."""
    marks = _marks(record)
    chosen = {*marks, *record.starred}
    first_signal = next(iter(record.of(Event.signal_attached)), None)
    rows = [
        Row(
            entry.at,
            tell(entry),
            (entry.ref,),
            tuple(marks.get(entry.seq, ())),
            starred=entry.seq in record.starred,
        )
        for entry in record.entries
        if entry.event in _TOLD or entry.seq in chosen or entry is first_signal
    ]
    return sorted([*rows, *gaps(record)], key=lambda row: row.at)


def gaps(record: Record) -> Iterator[Row]:
    """Silences of the full record during the crisis, not after its end: a review takes days."""
    ended = False
    for before, after in zip(record.entries, record.entries[1:], strict=False):
        ended = (ended or before.event in _ENDS) and before.event is not Event.record_reopened
        if not ended and after.at - before.at > GAP:
            yield Row(before.at, "", (before.ref, after.ref), silence=after.at - before.at)


def full_log(record: Record, tell: Tell) -> list[Row]:
    """Every entry, in order."""
    return [Row(entry.at, tell(entry), (entry.ref,)) for entry in record.entries]


def _marks(record: Record) -> dict[int, list[str]]:
    marks: dict[int, list[str]] = {}
    for each in rounds(record):
        for name, milestone in each.milestones.items():
            told = name if each.is_first or name == "reopened" else f"{name}, round {each.number}"
            marks.setdefault(milestone.seq, []).append(told)
    return marks
