"""Whom to ask before the review, and what: everything that the record leaves missing, silent or proposed.

People are asked what happened and what they knew then, never who was at fault.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from incidents.people import Role
from incidents.reviews.curated import DECISIONS, gaps
from incidents.reviews.metrics import MILESTONES, expected_milestones
from incidents.reviews.record import FactorPart, Record
from incidents.timeline import Entry, Event
from incidents.words import clean, duration, utc

SILENCES_ASKED = 5
"""The longest ones become questions; the timeline shows all."""

_COMMANDER = "the incident commander"
_ANALYST = "the analyst"
_POLICY = "the policy lead"
_EVERYBODY = "everybody at the review"
_ROLES: Final[dict[str, str]] = {
    Role.commander: _COMMANDER,
    Role.analyst: _ANALYST,
    Role.policy: _POLICY,
    Role.partner_lead: "the leads of the partner teams",
    Role.partner_reviewer: "the reviewers",
    Role.reviewer: "those who read the retrospective",
    Role.administrator: "the administrator",
}
_LONGEST = 600
_REFS_SHOWN = 6


@dataclass(frozen=True)
class Question:
    """Something that the record does not answer, and who may know."""

    ask: str
    question: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Interview:
    """One talk: whom to have it with, and what to ask."""

    whom: str
    questions: tuple[Question, ...]


def interviews(record: Record) -> list[Interview]:
    """The talks to have, in the order in which their first question comes. Values are not escaped."""
    asked: dict[str, list[Question]] = {}
    for each in questions(record):
        asked.setdefault(each.ask, []).append(each)
    return [Interview(whom, tuple(found)) for whom, found in asked.items()]


def questions(record: Record) -> list[Question]:
    """What to ask, of whom."""
    return [
        *_decisions(record),
        *_missing_times(record),
        *_silences(record),
        *_hand_overs(record),
        *_guidelines(record),
        *_asks(record),
        *_reading(record),
        *_debrief(record),
        *_hypotheses(record),
    ]


def _decisions(record: Record) -> Iterator[Question]:
    decided = record.of(*DECISIONS)
    if decided:
        yield Question(
            _COMMANDER,
            "What did you know at each of your decisions, and which other ways were open?",
            _refs(decided),
        )


def _missing_times(record: Record) -> Iterator[Question]:
    missing = [name for name in expected_milestones(record) if record.milestone(name) is None]
    if missing:
        told = "; ".join(MILESTONES[name] for name in missing)
        yield Question(_COMMANDER, f"When was this? Its time is not recorded. {told}.")
    started = record.milestone("started")
    if started is not None and started.certainty != "recorded":
        yield Question(
            _ANALYST,
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


def _hand_overs(record: Record) -> Iterator[Question]:
    handed = record.of(Event.role_handed_over)
    if handed:
        yield Question(
            "those who took a role over", "What did you have to find out for yourselves?", _refs(handed)
        )


def _guidelines(record: Record) -> Iterator[Question]:
    published = record.of(Event.guideline_published)
    if len(published) > 1:
        yield Question(_POLICY, "What did each new version answer?", _refs(published))


def _asks(record: Record) -> Iterator[Question]:
    for ask in record.asks:
        team = f"the team {clean(ask.team)}"
        sent = _about(record, ask.key, Event.ask_sent)
        if ask.acknowledged_at is None:
            yield Question(team, "The ask was never acknowledged. Did it arrive?", sent)
        elif ask.was_late:
            heard = _about(record, ask.key, Event.ask_acknowledged)
            why = "The ask was acknowledged after it was due. What was in the way?"
            yield Question(team, why, sent + heard)


def _about(record: Record, ask: str, event: Event) -> tuple[str, ...]:
    return _refs(entry for entry in record.of(event) if entry.facts.get("ask") == ask)


def _reading(record: Record) -> Iterator[Question]:
    for team in sorted({tally.team for sweep in record.sweeps for tally in sweep.tallies}):
        yield Question(f"reviewers of the team {clean(team)}", "Where was the guideline hard to apply?")


def _debrief(record: Record) -> Iterator[Question]:
    """What the protocol wants answered, as it stood when the review began."""
    for started in record.of(Event.review_started)[-1:]:
        for each in started.facts.get("debrief", ()):
            yield Question(_asked(each["ask"]), clean(each["question"], _LONGEST), (started.ref,))


def _asked(name: str | None) -> str:
    if name is None:
        return _EVERYBODY
    return _ROLES.get(name, f"the team {clean(name)}")


def _hypotheses(record: Record) -> Iterator[Question]:
    unjudged = [factor for factor in record.factors if factor.state == "proposed"]
    helped = [str(each.number) for each in unjudged if each.part is FactorPart.mitigator]
    contributed = [str(each.number) for each in unjudged if each.part is not FactorPart.mitigator]
    if contributed:
        yield Question(
            _EVERYBODY,
            f"Which of the hypotheses {', '.join(contributed)} hold? What made each possible, and what kept it"
            " from being worse?",
        )
    if helped:
        yield Question(
            _EVERYBODY,
            f"Was it luck that it was not worse, or what the record suggests (factor {', '.join(helped)})?"
            " What would it take to have it the next time?",
        )


def _refs(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The first few references."""
    return tuple(entry.ref for entry in entries)[:_REFS_SHOWN]
