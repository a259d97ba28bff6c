"""Which entries tell the story, where it has holes, and what is to be asked of whom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.reviews.metrics import MILESTONES, expected_milestones
from incidents.reviews.record import Milestone, Record
from incidents.reviews.rounds import rounds
from incidents.timeline import Entry, Event
from incidents.words import clean, duration, utc

GAP = timedelta(minutes=60)
"""A silence longer than this during the crisis is a question to those who were there."""

SILENCES_ASKED = 5
"""The longest ones become questions; the timeline shows all."""

DECISIONS: dict[Event, str] = {
    Event.crisis_declared: "Declared a crisis",
    Event.candidate_dismissed: "Dismissed the candidate",
    Event.crisis_stood_down: "Stood the crisis down",
    Event.record_reopened: "Reopened the incident",
    Event.reason_waived: "Waived a reason",
    Event.access_restricted: "Changed who may see it",
    Event.gate_refused: "Was refused at a gate",
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


@dataclass(frozen=True)
class Question:
    """Something that the record does not answer, and who may know."""

    ask: str
    question: str
    refs: tuple[str, ...] = ()


def timeline_rows(record: Record, tell: Tell) -> list[Row]:
    """What was decided and reached, in order, with the silences between as questions."""
    marks = _marks(record)
    first_signal = next(iter(record.of(Event.signal_attached)), None)
    rows = [
        Row(entry.at, tell(entry), (entry.ref,), tuple(marks.get(entry.seq, ())))
        for entry in record.entries
        if entry.event in _TOLD or entry.seq in marks or entry is first_signal
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


def questions(record: Record) -> list[Question]:
    """What to ask, of whom: everything that is missing, silent or proposed. Values are not escaped."""
    return [
        *_missing_times(record),
        *_silences(record),
        *_unheard(record),
        *_hypotheses(record),
        *_always(record),
    ]


def _marks(record: Record) -> dict[int, list[str]]:
    marks: dict[int, list[str]] = {}
    for each in rounds(record):
        for name, milestone in each.milestones.items():
            told = name if each.is_first or name == "reopened" else f"{name}, round {each.number}"
            marks.setdefault(milestone.seq, []).append(told)
    return marks


def _missing_times(record: Record) -> Iterator[Question]:
    missing = [name for name in expected_milestones(record) if record.milestone(name) is None]
    if missing:
        told = "; ".join(MILESTONES[name] for name in missing)
        yield Question("the incident commander", f"When was this? Its time is not recorded. {told}.")
    started: Milestone | None = record.milestone("started")
    if started is not None and started.certainty != "recorded":
        yield Question(
            "the analyst",
            f"That the harm began at {utc(started.at)} is an estimate. What supports it?",
            (record.ref(started.seq),),
        )


def _silences(record: Record) -> Iterator[Question]:
    longest = sorted(gaps(record), key=lambda gap: gap.silence, reverse=True)[:SILENCES_ASKED]
    for gap in sorted(longest, key=lambda gap: gap.at):
        yield Question(
            "those on shift",
            f"Nothing is recorded for {duration(gap.silence)}. What happened in that time?",
            gap.refs,
        )


def _unheard(record: Record) -> Iterator[Question]:
    sent = {entry.facts.get("ask"): entry.ref for entry in record.of(Event.ask_sent)}
    for ask in record.asks:
        if ask.acknowledged_at is None:
            refs = (sent[ask.key],) if ask.key in sent else ()
            yield Question(
                f"the team {clean(ask.team)}", "The ask was never acknowledged. Did it arrive?", refs
            )


def _hypotheses(record: Record) -> Iterator[Question]:
    unjudged = [str(factor.number) for factor in record.factors if factor.state == "proposed"]
    if unjudged:
        yield Question(
            "everybody at the review",
            f"Which of the hypotheses {', '.join(unjudged)} hold? What made each possible, and what kept it"
            " from being worse?",
        )


def _always(record: Record) -> Iterator[Question]:
    teams = sorted({tally.team for sweep in record.sweeps for tally in sweep.tallies})
    yield Question(
        "the incident commander", "What surprised you, and what did you know when you decided, not after?"
    )
    if teams:
        noun = "the team" if len(teams) == 1 else "the teams"
        yield Question(
            f"reviewers of {noun} {', '.join(map(clean, teams))}", "Where was the guideline hard to apply?"
        )
    yield Question("everybody", "Where were we lucky?")
