"""What does this sweep teach for the next one? Proposals from the record, each with its n and its evidence.

They are about entries of a scope, hours, batches and guidelines, never about a person, and nothing follows
from them by itself: whoever writes the next scope reads them.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.reviews.factors.reading import floods
from incidents.reviews.reading import FEWEST
from incidents.reviews.record import QueueRecord, Record, SweepRecord
from incidents.timeline import Event
from incidents.words import clean, counted, duration, share

PAYING_YIELD: Final = 0.5
"""An entry pays where at least this share of what it alone brought in was in violation."""

PAYING_NAMED: Final = 5
"""Entries that paid, the most violations first; a list of all of them is the old scope."""

WAITED: Final = timedelta(minutes=30)
"""For how long nobody may read a language before another reader is proposed for those hours."""

RETURNED_SHARE: Final = 0.1
"""More than this share of batches that came back is no accident of one evening…"""

FEWEST_RETURNED: Final = 2
"""…where it was more than one."""


AGREED: Final = 0.8
"""Below this share of second readings that say the same, readers need examples, not more readings."""


class Advice(StrEnum):
    """What is proposed."""

    begin_with = "begin with"
    narrow = "narrow"
    drop = "drop"
    staff = "add a reader"
    smaller_batches = "smaller batches"
    clarify = "clarify"


class Proposal(BaseModel):
    """One thing to do otherwise in the next sweep. Values in its sentences are not escaped."""

    model_config = ConfigDict(frozen=True)

    advice: Advice
    about: str = Field(description="An entry of the scope, or a language and its team.")
    sentence: str = Field(description="What is proposed.")
    why: str = Field(description="What was measured.")
    n: int = Field(description="How many decisions, batches or readings it rests on.")
    refs: tuple[str, ...]


def proposals(record: Record) -> list[Proposal]:
    """Everything that an incident's sweeps propose for the next, sweep by sweep, in the order of the rules."""
    return [found for sweep in record.sweeps for rule in RULES for found in rule(record, sweep)]


def paying_entries(record: Record, sweep: SweepRecord) -> Iterator[Proposal]:
    """Entries that alone brought in what mostly violates."""
    paid = [
        term
        for term in sweep.terms
        if term.alone_decided >= FEWEST and term.alone_violates >= PAYING_YIELD * term.alone_decided
    ]
    for term in sorted(paid, key=lambda term: (-term.alone_violates, term.term))[:PAYING_NAMED]:
        told = (
            f"Of what it alone brought in, {share(term.alone_violates, term.alone_decided)} was in violation."
        )
        sentence = f"Begin the next scope with “{clean(term.term, 60)}”."
        yield _proposal(record, sweep, Advice.begin_with, term.term, sentence, told, term.alone_decided)


def flooding_entries(record: Record, sweep: SweepRecord) -> Iterator[Proposal]:
    """Entries that brought in much, and hardly anything that violates."""
    for term in sweep.terms:
        if not floods(term, sweep):
            continue
        name = f"“{clean(term.term, 60)}”"
        told = (
            f"It alone brought in {share(term.alone, sweep.posts_matched)} of the matched posts;"
            f" {share(term.alone_violates, term.alone_decided)} of those decided were in violation."
        )
        advice, sentence = (
            (Advice.narrow, f"Narrow {name}: pair it with another word, or a nearness.")
            if term.alone_violates
            else (Advice.drop, f"Drop {name}, or pair it with another word.")
        )
        yield _proposal(record, sweep, advice, term.term, sentence, told, term.alone_decided)


def waiting_queues(record: Record, sweep: SweepRecord) -> Iterator[Proposal]:
    """Languages that nobody read for some time, until somebody did."""
    for queue in sweep.queues:
        waited = queue.waited_until - queue.waited_from
        if waited <= WAITED:
            continue
        hours = f"{queue.waited_from:%H:%M} to {queue.waited_until:%H:%M} UTC"
        who = f"somebody of the team {clean(queue.team)}"
        yield Proposal(
            advice=Advice.staff,
            about=_name(queue),
            sentence=f"Have {who} read {clean(queue.language)} from {hours}.",
            why=f"Nobody had a batch of it for {duration(waited)}, until one was claimed.",
            n=queue.batches,
            refs=(record.ref(queue.waited_since), record.ref(queue.claimed)),
        )


def returned_batches(record: Record, sweep: SweepRecord) -> Iterator[Proposal]:
    """Languages in which batches came back unfinished."""
    for queue in sweep.queues:
        back = len(queue.returned)
        if back < FEWEST_RETURNED or back <= RETURNED_SHARE * queue.batches:
            continue
        yield Proposal(
            advice=Advice.smaller_batches,
            about=_name(queue),
            sentence=f"Give the team {clean(queue.team)} smaller batches in {clean(queue.language)}.",
            why=f"{counted(back, 'batch', 'batches')} came back unfinished, of {queue.batches:,}.",
            n=queue.batches,
            refs=tuple(record.ref(seq) for seq in queue.returned[:FEWEST]),
        )


def unclear_languages(record: Record, sweep: SweepRecord) -> Iterator[Proposal]:
    """Languages in which two people often said two things of one item."""
    for each in sweep.quality:
        if each.twice < FEWEST or each.raw.value is None or each.raw.value >= AGREED:
            continue
        sentence = f"Write examples in {clean(each.language)} into the guideline before the first batch."
        told = f"Two readers said the same in {100 * each.raw.value:.1f} % of pairs, of {each.twice:,} items."
        yield _proposal(record, sweep, Advice.clarify, each.language, sentence, told, each.twice)


RULES: Final[tuple[Callable[[Record, SweepRecord], Iterator[Proposal]], ...]] = (
    paying_entries,
    flooding_entries,
    waiting_queues,
    returned_batches,
    unclear_languages,
)
"""Every rule, in the order in which a sweep is prepared."""


def _proposal(
    record: Record, sweep: SweepRecord, advice: Advice, about: str, sentence: str, why: str, n: int
) -> Proposal:
    told = record.of(Event.universe_frozen, Event.sweep_finished)
    refs = tuple(entry.ref for entry in told if entry.facts.get("sweep") == sweep.id)
    return Proposal(advice=advice, about=about, sentence=sentence, why=why, n=n, refs=refs)


def _name(queue: QueueRecord) -> str:
    return f"{queue.language}, {queue.team}"
