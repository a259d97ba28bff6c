"""Which part of it went as it should? Shares of one incident, each with its two numbers and its evidence.

As a metric a share is data: a name, a sentence, and how it is counted. It is never a bare percentage, and
of nothing it is not measurable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from incidents.reviews.record import Record
from incidents.timeline import Entry, Event


class Counted(NamedTuple):
    """A part and the whole, and the entries that both rest on."""

    numerator: int
    denominator: int
    evidence: tuple[Entry, ...] = ()

    @property
    def value(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Share:
    """A share: its name, what it says, and how it is counted."""

    name: str
    sentence: str
    count: Callable[[Record], Counted]


def asks_on_time(record: Record) -> Counted:
    """Of the asks that were due, those that were acknowledged in time."""
    due = [ask for ask in record.asks if ask.acknowledged_at or ask.due_at <= record.ended_at()]
    in_time = [ask for ask in due if ask.acknowledged_at and not ask.was_late]
    entries = record.of(Event.ask_acknowledged) or record.of(Event.ask_sent)
    return Counted(len(in_time), len(due), tuple(entries))


def decided_under_a_guideline(record: Record) -> Counted:
    """Of the decisions, those that rest on a guideline in force."""
    made = record.decisions
    return Counted(made.total - made.without_guideline, made.total, _decided(record))


def covered_by_copies(record: Record) -> Counted:
    """Of the posts that are decided, those that inherited the decision about another one."""
    decided = sum(sweep.decided for sweep in record.sweeps)
    return Counted(max(decided - record.decisions.total, 0), decided, _decided(record))


def spared(record: Record) -> Counted:
    """Of the posts that matched a scope, those that nobody had to look at: copies, and what was left unread."""
    matched = sum(sweep.posts_matched or 0 for sweep in record.sweeps)
    frozen = tuple(record.of(Event.universe_frozen))
    return Counted(max(matched - record.decisions.total, 0), matched, frozen + _decided(record))


def left_unsure(record: Record) -> Counted:
    """Of the posts that are decided, those that nobody could settle."""
    decided = sum(sweep.decided for sweep in record.sweeps)
    return Counted(sum(sweep.unsure for sweep in record.sweeps), decided, _decided(record))


def batches_returned(record: Record) -> Counted:
    """Of the batches, those that went back to the queue before they were finished."""
    batches = sum(count.batches for sweep in record.sweeps for count in sweep.batches)
    returned = record.of(Event.batch_returned)
    back = {entry.facts.get("batch") for entry in returned}
    return Counted(len(back), batches, tuple(returned) or tuple(record.of(Event.batch_claimed)))


def _decided(record: Record) -> tuple[Entry, ...]:
    return tuple(record.of(Event.sweep_finished) or record.of(Event.batch_finished))


SHARES: tuple[Share, ...] = (
    Share("Asks on time", "Of the asks that were due, those acknowledged in time.", asks_on_time),
    Share(
        "Decided under a guideline",
        "Of the decisions, those that rest on a guideline in force.",
        decided_under_a_guideline,
    ),
    Share(
        "Covered by copies",
        "Of the decided posts, those that inherited the decision about another one.",
        covered_by_copies,
    ),
    Share("Spared", "Of the posts that matched, those that nobody had to look at.", spared),
    Share("Left unsure", "Of the decided posts, those that nobody could settle.", left_unsure),
    Share("Batches returned", "Of the batches, those that came back unfinished.", batches_returned),
)
"""Every share, in the order in which a document tells them."""
