"""What kept it from being worse? Rules that propose mitigators, each with its evidence for and against.

Praise on thin evidence hides what was luck, so each rule asks for an n, and says what speaks against it.
"""

from collections.abc import Iterator
from itertools import chain

from incidents.people import Role
from incidents.reviews.factors.command import LEADERLESS, longest_without_commander
from incidents.reviews.factors.detection import TRAILED, is_of_users
from incidents.reviews.factors.evidence import refs
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.factors.reading import disagreement
from incidents.reviews.reading import FEWEST
from incidents.reviews.record import FactorPart, Record
from incidents.reviews.shares import covered_by_copies, heard_first, overturned
from incidents.timeline import Event
from incidents.words import counted, duration, share

FEWEST_ASKS = 3
"""Asks below which it says little that all were acknowledged in time."""

FEWEST_HAND_OVERS = 2
"""Hand-overs below which it says little that none left a gap."""

HEARD_SHARE = 0.5
"""A guideline that no more of the teams had acknowledged when they began was in force for the record alone."""

COVERED_SHARE = 0.25
"""Copies that are at least this share of the decided posts spared readers much…"""

OVERTURNED_SHARE = 0.1
"""…where no more than this share of the decisions that were looked at again turned out to be the opposite."""


def ahead_of_users(record: Record) -> Iterator[Factor]:
    """A candidate was open well before users reported it."""
    detected, started = record.milestone("detected"), record.milestone("started")
    of_users = [each for each in record.signals if is_of_users(each)]
    if detected is None or not of_users:
        return
    ahead = min(each.first_received_at for each in of_users) - detected.at
    if ahead <= TRAILED:
        return
    reports = sum(each.new + each.updates + each.duplicates for each in of_users)
    seen_by = [entry for entry in record.of(Event.signal_attached) if entry.at <= detected.at]
    yield Factor(
        rule="ahead_of_users",
        category=Category.detection,
        part=FactorPart.mitigator,
        sentence=(
            f"A candidate was open {duration(ahead)} before the first of"
            f" {counted(reports, 'signal')} of users' reports came in."
        ),
        supports=(*refs(seen_by), record.ref(detected.seq)),
        against=(record.ref(started.seq),) if started else (),
        but=f"The harm had begun {duration(detected.at - started.at)} before it." if started else "",
    )


def unbroken_command(record: Record) -> Iterator[Factor]:
    """Command went from hand to hand, and nobody was without a commander in between."""
    handed = [e for e in record.of(Event.role_handed_over) if e.facts.get("role") == Role.commander]
    gap = longest_without_commander(record)
    if len(handed) < FEWEST_HAND_OVERS or gap is None or gap > LEADERLESS:
        return
    silent = [entry for entry in handed if not entry.facts.get("note")]
    against, but = _doubts((refs(silent), f"Handed over without a note: {len(silent)} of {len(handed)}."))
    yield Factor(
        rule="unbroken_command",
        category=Category.staffing,
        part=FactorPart.mitigator,
        sentence=(
            f"Command was handed over {counted(len(handed), 'time')}, and the role of incident commander was"
            f" never empty for more than {duration(LEADERLESS)}."
        ),
        supports=refs(handed),
        against=against,
        but=but,
    )


def guideline_first(record: Record) -> Iterator[Factor]:
    """Every decision rests on a guideline that was in force before it, and most teams had heard of it."""
    published, made = record.milestone("guideline_published"), record.decisions
    if published is None or made.first_at is None or made.total < FEWEST or made.without_guideline:
        return
    in_force = max(published.at, min(each.effective_from for each in record.guidelines))
    heard = heard_first(record)
    if in_force > made.first_at or heard.numerator <= HEARD_SHARE * heard.denominator:
        return
    against, but = _doubts(*_doubts_about_guideline(record))
    yield Factor(
        rule="guideline_first",
        category=Category.policy,
        part=FactorPart.mitigator,
        sentence=(
            f"The guideline was in force {duration(made.first_at - in_force)} before the first of"
            f" {counted(made.total, 'decision')}, and none was made without one; of the teams that decided"
            f" {heard.numerator} of {heard.denominator} had acknowledged it before."
        ),
        supports=(record.ref(published.seq), *refs(record.of(Event.batch_claimed)[:1])),
        against=against,
        but=but,
    )


def asks_in_time(record: Record) -> Iterator[Factor]:
    """Every team acknowledged its ask before it was due."""
    took = [ask.acknowledged_at - ask.asked_at for ask in record.asks if ask.acknowledged_at]
    if len(record.asks) < FEWEST_ASKS or len(took) < len(record.asks):
        return
    if any(ask.was_late for ask in record.asks):
        return
    failed = record.of(Event.message_failed)
    against, but = _doubts((refs(failed), f"Attempts to deliver a message that failed: {len(failed)}."))
    yield Factor(
        rule="asks_in_time",
        category=Category.communications,
        part=FactorPart.mitigator,
        sentence=(
            f"All {len(took)} asks were acknowledged in time, the slowest {duration(max(took))} after it was"
            " sent."
        ),
        supports=refs(record.of(Event.ask_acknowledged)),
        against=against,
        but=but,
    )


def copies_covered(record: Record) -> Iterator[Factor]:
    """One decision covered many copies, and second looks bear out that the decisions were right."""
    covered, again = covered_by_copies(record), overturned(record)
    if min(covered.numerator, again.denominator) < FEWEST:
        return
    if covered.numerator < COVERED_SHARE * covered.denominator:
        return
    if again.numerator > OVERTURNED_SHARE * again.denominator:
        return
    undone = record.of(Event.decision_undone)
    against, but = _doubts(
        (refs(again.evidence if again.numerator else ()), "Copies inherit an error, too."),
        (refs(undone), f"Taken back: {counted(record.decisions.undone, 'decision')}."),
    )
    yield Factor(
        rule="copies_covered",
        category=Category.tooling,
        part=FactorPart.mitigator,
        sentence=(
            f"Copies that nobody had to look at were {share(covered.numerator, covered.denominator)} of the"
            f" decided posts; of the decisions that were looked at again"
            f" {share(again.numerator, again.denominator)} turned out to be the opposite."
        ),
        supports=refs(covered.evidence),
        against=against,
        but=but,
    )


def _doubts_about_guideline(record: Record) -> Iterator[tuple[tuple[str, ...], str]]:
    first, last = record.decisions.first_at, record.decisions.last_at
    changed = [e for e in record.of(Event.guideline_published) if first and last and first < e.at <= last]
    yield refs(changed), f"Changed while people decided: {counted(len(changed), 'time')}."
    unheard = {each.ask for each in record.heard if each.version == 1 and each.decided_before}
    told = [e for e in record.of(Event.ask_sent, Event.ask_acknowledged) if e.facts.get("ask") in unheard]
    yield refs(told), f"Decided before they acknowledged it: {counted(len(unheard), 'team')}."
    for each in disagreement(record):
        yield each.supports, each.sentence


def _doubts(*doubts: tuple[tuple[str, ...], str]) -> tuple[tuple[str, ...], str]:
    """What speaks against it, and in words: of each pair those that cite something, each entry once."""
    cited = [(found, sentence) for found, sentence in doubts if found]
    return tuple(dict.fromkeys(chain(*(found for found, _ in cited)))), " ".join(said for _, said in cited)
