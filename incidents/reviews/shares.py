"""Which part of it went as it should? Shares of one incident, each with its two numbers and its evidence.

As a metric a share is data: a name, a sentence, and how it is counted. It is never a bare percentage, and
of nothing it is not measurable. A rate is one number over another that is not a part of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from incidents.reviews.record import Record
from incidents.reviews.safety import by_language, dark_hours, hours_of_posts
from incidents.timeline import Entry, Event


class Counted(NamedTuple):
    """A part and the whole, and the entries that both rest on."""

    numerator: int
    denominator: int
    evidence: tuple[Entry, ...] = ()

    @property
    def value(self) -> float | None:
        """Of a share 0 to 1; None of nothing."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Share:
    """A share: its name, what it says, and how it is counted."""

    name: str
    sentence: str
    count: Callable[[Record], Counted]
    unit: str = ""
    """Of a rate, what it counts by what; empty for a part of a whole."""


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


def spared_by_clustering(record: Record) -> Counted:
    """Of the posts that matched a scope, copies that inherited a decision, so that nobody had to look."""
    matched = sum(sweep.posts_matched or 0 for sweep in record.sweeps)
    return Counted(covered_by_copies(record).numerator, matched, _frozen(record) + _decided(record))


def spared_by_stopping(record: Record) -> Counted:
    """Of the posts of sweeps that ended, those left undecided because enough was read."""
    ended = [sweep for sweep in record.sweeps if sweep.finished_at and sweep.posts_matched is not None]
    matched = sum(sweep.posts_matched or 0 for sweep in ended)
    decided = sum(sweep.decided for sweep in ended)
    return Counted(max(matched - decided, 0), matched, _frozen(record) + _decided(record))


def copies_a_decision(record: Record) -> Counted:
    """How many copies one decision covered, beside the post that it was made about."""
    copies = covered_by_copies(record).numerator
    return Counted(copies, record.decisions.total, _decided(record))


def upheld(record: Record) -> Counted:
    """Of the decisions `violates` that somebody looked at again, those that were upheld."""
    looked = [each.violates for sweep in record.sweeps for each in sweep.quality]
    return Counted(sum(each.upheld for each in looked), sum(each.checked for each in looked), _decided(record))


def overturned(record: Record) -> Counted:
    """Of the decisions that somebody looked at again, those of which they said the opposite."""
    quality = [each for sweep in record.sweeps for each in sweep.quality]
    looked = [either for each in quality for either in (each.violates, each.does_not_violate)]
    return Counted(
        sum(each.overturned for each in looked), sum(each.checked for each in looked), _decided(record)
    )


def undone(record: Record) -> Counted:
    """Of all decisions ever made, those that were taken back."""
    made = record.decisions
    all_made = made.total + made.revised + made.settled + made.undone
    return Counted(made.undone, all_made, tuple(record.of(Event.decision_undone)) or _decided(record))


def languages_read(record: Record) -> Counted:
    """Of the languages of the posts, those in which somebody decided."""
    reached = by_language(record)
    return Counted(sum(each.first_decided_at is not None for each in reached), len(reached), _read(record))


def hours_read(record: Record) -> Counted:
    """Of the hours of the day in which posts came, those in which somebody decided."""
    hours = hours_of_posts(record)
    return Counted(len(hours) - len(dark_hours(record)), len(hours), _read(record))


def heard_first(record: Record) -> Counted:
    """Of the teams that decided and were told of the guideline, those that said so before they decided."""
    told = [each for each in record.heard if each.version == 1 and each.decided]
    return Counted(sum(not each.decided_before for each in told), len(told), _heard(record))


def graphic(record: Record) -> Counted:
    """Of the items that people were shown, those under a policy about what is hard to look at."""
    return Counted(
        sum(team.graphic for team in record.teams), sum(team.looked_at for team in record.teams), _read(record)
    )


def seconds_an_item(record: Record) -> Counted:
    """How long people took over an item."""
    looked = sum(team.looked_at for team in record.teams)
    return Counted(sum(team.seconds for team in record.teams), looked, _read(record))


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


def _frozen(record: Record) -> tuple[Entry, ...]:
    return tuple(record.of(Event.universe_frozen))


def _read(record: Record) -> tuple[Entry, ...]:
    return tuple(record.of(Event.batch_finished) or record.of(Event.batch_claimed)) or _frozen(record)


def _heard(record: Record) -> tuple[Entry, ...]:
    keys = {each.ask for each in record.heard}
    told = record.of(Event.ask_sent, Event.ask_acknowledged)
    return tuple(entry for entry in told if entry.facts.get("ask") in keys)


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
    Share(
        "Spared by clustering",
        "Of the posts that matched, copies of what somebody had decided.",
        spared_by_clustering,
    ),
    Share(
        "Spared by stopping",
        "Of the posts of sweeps that ended, those left unread because enough was found.",
        spared_by_stopping,
    ),
    Share("Left unsure", "Of the decided posts, those that nobody could settle.", left_unsure),
    Share("Batches returned", "Of the batches, those that came back unfinished.", batches_returned),
    Share("Upheld", "Of the decisions that a post violates, looked at again: those upheld.", upheld),
    Share(
        "Overturned", "Of the decisions that were looked at again, those found to be the opposite.", overturned
    ),
    Share("Undone", "Of all decisions ever made, those that were taken back.", undone),
    Share("Languages read", "Of the languages of the posts, those in which somebody decided.", languages_read),
    Share(
        "Hours read",
        "Of the hours of the day (UTC) in which posts came, those in which somebody decided.",
        hours_read,
    ),
    Share(
        "Guideline first",
        "Of the teams that decided, those that had acknowledged the guideline before.",
        heard_first,
    ),
    Share("Graphic", "Of the items that people were shown, those under a graphic policy.", graphic),
)
"""Every share, in the order in which a document tells them."""

RATES: tuple[Share, ...] = (
    Share(
        "Copies a decision",
        "Copies that one decision covered, beside the post that it was about.",
        copies_a_decision,
        "copies a decision",
    ),
    Share("Seconds an item", "Time that people took over an item.", seconds_an_item, "seconds an item"),
)
"""Every rate, likewise."""
