"""Which round reached what? A reopened incident reaches its milestones anew, and each round tells its own.

The store keeps a milestone once, when it is reached first. What a later round reached is read from the
entries that are behind a milestone.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from incidents.reviews.record import Milestone, Record
from incidents.timeline import Entry, Event

FIRST: Final = frozenset({"started", "first_signal", "detected", "acknowledged"})
"""Milestones of how the incident began, which a reopening does not repeat."""

_REACHED_BY: Final[dict[Event, str]] = {
    Event.record_reopened: "reopened",
    Event.crisis_declared: "declared",
    Event.role_taken: "commander_assigned",
    Event.role_handed_over: "commander_assigned",
    Event.guideline_published: "guideline_published",
    Event.sweep_finished: "sweep_finished",
    Event.certificate_issued: "sweep_certified",
    Event.monitoring_started: "contained",
    Event.crisis_stood_down: "stood_down",
    Event.retrospective_published: "review_published",
}
"""Entry → the milestone that the first of them in a round reaches."""

_ABOUT_A_ROLE: Final = frozenset({Event.role_taken, Event.role_handed_over})


@dataclass(frozen=True)
class Round:
    """What an incident reached from its beginning, or from a reopening, to the next reopening."""

    number: int
    milestones: dict[str, Milestone]

    @property
    def is_first(self) -> bool:
        """Whether it began with the incident, and not with a reopening."""
        return self.number == 1

    def milestone(self, name: str) -> Milestone | None:
        """The milestone of that name, None where this round did not reach it."""
        return self.milestones.get(name)


def rounds(record: Record) -> list[Round]:
    """The rounds of an incident, from the first on; one, where it was never reopened."""
    reopened = [entry.seq for entry in record.of(Event.record_reopened)]
    last = record.entries[-1].seq + 1 if record.entries else 0
    first = {
        each.name: each
        for each in record.milestones
        if each.name in FIRST or not reopened or each.seq < reopened[0]
    }
    later = [_later(record, *span) for span in enumerate(pairwise([*reopened, last]), start=2)]
    return [Round(1, first), *later]


def _later(record: Record, number: int, span: tuple[int, int]) -> Round:
    entries = [entry for entry in record.entries if span[0] <= entry.seq < span[1]]
    reached: dict[str, Milestone] = {}
    for entry in entries:
        name = _reached_by(entry)
        if name is not None and name not in reached:
            reached[name] = _milestone(name, entry, entry.at)
    if (decided := _first_decision(record, number, entries)) is not None:
        reached[decided.name] = decided
    return Round(number, reached)


def _reached_by(entry: Entry) -> str | None:
    if entry.event in _ABOUT_A_ROLE and entry.facts.get("role") != "commander":
        return None
    return _REACHED_BY.get(entry.event)


def _first_decision(record: Record, number: int, entries: list[Entry]) -> Milestone | None:
    """The evidence is the claim before it, as of the first round; else the reopening."""
    at = next(iter(record.first_decisions[number - 2 : number - 1]), None)
    following = next(iter(record.of(Event.record_reopened)[number - 1 : number]), None)
    if at is None or (following is not None and at >= following.at):
        return None
    claims = [entry for entry in entries if entry.event is Event.batch_claimed and entry.at <= at]
    return _milestone("first_decision", [*entries[:1], *claims][-1], at)


def _milestone(name: str, entry: Entry, at: datetime) -> Milestone:
    return Milestone(name=name, at=at, seq=entry.seq, source=entry.actor, certainty="recorded")
