"""Did people read the right posts, in every language, and see the same in them? What the sweeps suggest."""

from collections.abc import Callable, Iterator

from incidents.reviews.factors.evidence import refs
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.reading import FEWEST
from incidents.reviews.record import Record, SweepRecord, TermYield
from incidents.reviews.roster import listed_readers
from incidents.reviews.safety import by_language
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Event
from incidents.words import clean, counted, percent, share

FLOODING_SHARE = 0.2
"""A term that alone brings in more than this share of the matched posts may have flooded the sweep."""

FLOODING_YIELD = 0.1
"""…where less than this share of them was in violation."""

UNSURE_SHARE = 0.15
"""Reviewers who are unsure about more than this share of a language's items lack something."""

AGREED = 0.667
"""AC1 below which readers may have read two guidelines: Krippendorff's lowest for tentative conclusions."""


def returned_leases(record: Record) -> Iterator[Factor]:
    """Batches went back to the queue before they were finished."""
    returned = record.of(Event.batch_returned)
    if not returned:
        return
    batches = sum(count.batches for sweep in record.sweeps for count in sweep.batches)
    back = {entry.facts.get("batch") for entry in returned}
    finished = [entry for entry in record.of(Event.batch_finished) if entry.facts.get("batch") in back]
    yield Factor(
        rule="returned_leases",
        category=Category.staffing,
        sentence=f"{len(back)} of {counted(batches, 'batch', 'batches')} went back to the queue unfinished.",
        supports=refs(returned),
        against=refs(finished),
        but=f"Finished later: {len(finished)} of {len(back)}." if finished else "",
    )


def flooding_terms(record: Record) -> Iterator[Factor]:
    """A term brought in many posts that nothing else did, and few of them were in violation."""
    for sweep in record.sweeps:
        told = record.of(Event.universe_frozen, Event.sweep_finished)
        for term in sweep.terms:
            if floods(term, sweep):
                yield Factor(
                    rule=f"flooding_term:{sweep.id}:{term.term}",
                    category=Category.tooling,
                    sentence=(
                        f"“{clean(term.term, 60)}” alone brought in {share(term.alone, sweep.posts_matched)}"
                        f" of the matched posts; {share(term.alone_violates, term.alone_decided)} of those"
                        " decided were in violation."
                    ),
                    supports=refs(entry for entry in told if entry.facts.get("sweep") == sweep.id),
                    but=_found_by_it_alone(term),
                )


def floods(term: TermYield, sweep: SweepRecord) -> bool:
    """Whether an entry alone brought in much of what matched, and hardly anything that violates."""
    if not sweep.posts_matched or term.alone_decided < FEWEST:
        return False
    brought = term.alone / sweep.posts_matched
    return brought > FLOODING_SHARE and term.alone_violates < FLOODING_YIELD * term.alone_decided


def unsure_languages(record: Record) -> Iterator[Factor]:
    """Reviewers could not decide much of one language."""
    for sweep in record.sweeps:
        finished = [e for e in record.of(Event.sweep_finished) if e.facts.get("sweep") == sweep.id]
        for tally in sweep.tallies:
            if tally.decided >= FEWEST and tally.unsure > UNSURE_SHARE * tally.decided:
                yield Factor(
                    rule=f"unsure_language:{sweep.id}:{tally.team}:{tally.language}",
                    category=Category.staffing,
                    sentence=(
                        f"The team {clean(tally.team)} was unsure about {share(tally.unsure, tally.decided)}"
                        f" of its items in {clean(tally.language)}."
                    ),
                    supports=refs(finished),
                )


def unread_languages(record: Record) -> Iterator[Factor]:
    """Posts came in a language in which nobody decided anything, because nobody was there or although."""
    if not record.decisions.total:
        return
    ended = record.of(Event.target_reached, Event.certificate_issued)
    posts, listed = sum(part.posts for part in record.parts), listed_readers(record)
    for each in by_language(record):
        if each.first_decided_at is not None:
            continue
        rule, begin, end = _unread(listed.get(each.name))
        yield Factor(
            rule=f"{rule}:{each.name}",
            category=Category.staffing,
            sentence=(
                f"{begin} {clean(each.name)}, the language of {share(each.posts, posts)} of the posts{end}."
                + (f" {counted(each.decided, 'post')} in it inherited a decision." if each.decided else "")
            ),
            supports=refs(record.of(Event.universe_frozen, Event.sweep_finished)),
            against=refs(ended),
            but="The sweep may have ended because enough was found." if ended else "",
        )


def disagreement(record: Record) -> Iterator[Factor]:
    """Two people who read the same items of one language said different things."""
    for sweep in record.sweeps:
        finished = [e for e in record.of(Event.sweep_finished) if e.facts.get("sweep") == sweep.id]
        for each in sweep.quality:
            ac1, raw = each.ac1, each.raw
            if each.twice < FEWEST or ac1.value is None or ac1.value >= AGREED:
                continue
            may_agree = ac1.high is not None and ac1.high >= AGREED
            yield Factor(
                rule=f"disagreement:{sweep.id}:{each.language}",
                category=Category.policy,
                sentence=(
                    f"Of {counted(each.twice, 'item')} in {clean(each.language)} that two people read in"
                    f" {sweep.id} they saw {_ranged(raw, percent)} alike;"
                    f" beyond chance (AC1) that is {_ranged(ac1, '{:.2f}'.format)}."
                ),
                supports=refs(finished or record.of(Event.batch_finished)),
                but=f"The interval of AC1 reaches {ac1.high:.2f}, so it may be chance." if may_agree else "",
            )


def _unread(readers: int | None) -> tuple[str, str, str]:
    """The rule, and how its sentence begins and ends, by how many people were listed; None: not known."""
    nobody = "Nobody decided anything in"
    if readers is None:
        return "unread_language", nobody, ""
    if not readers:
        return "language_without_readers", "Nobody was listed to read", ", and nobody decided anything in it"
    return "unread_despite_readers", nobody, f"; listed to read it: {counted(readers, 'person', 'people')}"


def _found_by_it_alone(term: TermYield) -> str:
    if not term.alone_violates:
        return ""
    return f"Without it {counted(term.alone_violates, 'post')} in violation would not have been seen."


def _ranged(estimate: Estimate, told: Callable[[float], str]) -> str:
    """A number with its interval, where it has one."""
    if estimate.value is None:
        return "not measurable"
    if estimate.low is None or estimate.high is None:
        return told(estimate.value)
    return f"{told(estimate.value)} ({told(estimate.low)} to {told(estimate.high)})"
