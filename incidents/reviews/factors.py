"""What may have contributed? Rules that propose hypotheses from the record, each with its evidence.

A hypothesis names no person and is no finding: people accept or reject it with a reason. `supports` and
`against` cite entries; `but` says what speaks against it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.reviews.actions import ActionArea
from incidents.reviews.record import FactorPart, Record, SweepRecord, TermYield
from incidents.reviews.safety import by_language
from incidents.sweeps.quality.proportions import Estimate
from incidents.timeline import Entry, Event
from incidents.words import clean, counted, duration, percent, share

FLOODING_SHARE = 0.2
"""A term that alone brings in more than this share of the matched posts may have flooded the sweep."""

FLOODING_YIELD = 0.1
"""…where less than this share of them was in violation."""

UNSURE_SHARE = 0.15
"""Reviewers who are unsure about more than this share of a language's items lack something."""

FEWEST = 20
"""Decisions below which a share says nothing."""

DETECTION_LAG = timedelta(hours=1)
"""From the harm's beginning to the first signal; beyond it the question is why nobody saw it."""

TRAILED = timedelta(minutes=15)
"""Users who reported it so long before a candidate was opened knew before we did."""

REPORTS_OF_USERS = frozenset({"user-reports", "user-report"})
"""Sources and kinds of signals by which users' own reports are handed in."""

AGREED = 0.667
"""AC1 below which readers may have read two guidelines: Krippendorff's lowest for tentative conclusions."""

LEADERLESS = timedelta(minutes=5)
"""A hand-over takes a moment; a longer gap has consequences."""

LONGEST = 500
"""Characters of a person's sentence about a factor."""

_MOST_REFS = 10


class Category(StrEnum):
    """Where a factor lies."""

    policy = "policy"
    tooling = "tooling"
    detection = "detection"
    staffing = "staffing or language"
    process = "process"
    communications = "communications"
    external = "external"


AREA_OF: dict[str, ActionArea] = {
    Category.policy: ActionArea.policy,
    Category.tooling: ActionArea.tooling,
    Category.detection: ActionArea.tooling,
    Category.staffing: ActionArea.staffing,
}
"""Category of a factor → the area in which its action item lies; for the others a person says it."""


class Factor(BaseModel):
    """One hypothesis. `rule` tells which rule made it of what, so that it is proposed once."""

    model_config = ConfigDict(frozen=True)

    rule: str
    category: Category
    part: FactorPart = FactorPart.contributing
    sentence: str
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    but: str = ""


class Otherwise(BaseModel):
    """How a person puts a factor; what is None stays as it is."""

    model_config = ConfigDict(frozen=True)

    category: Category | None = None
    part: FactorPart | None = None
    sentence: str | None = None

    def given(self) -> dict[str, str]:
        """What was given, as it is kept. BadInput for a sentence that is empty or too long."""
        kept = self.model_dump(mode="json", exclude_none=True)
        if self.sentence is not None:
            kept["sentence"] = clean(self.sentence, LONGEST + 1)
            if not 0 < len(kept["sentence"]) <= LONGEST:
                raise BadInput(f"The sentence about a factor has 1 to {LONGEST} characters.")
        return kept


def propose(record: Record) -> list[Factor]:
    """Every hypothesis that the record supports, in the order of the rules."""
    return [factor for rule in RULES for factor in rule(record)]


def late_detection(record: Record) -> Iterator[Factor]:
    """The harm had begun long before the first signal."""
    started, first = record.milestone("started"), record.milestone("first_signal")
    if started is None or first is None or first.at - started.at <= DETECTION_LAG:
        return
    estimated = started.certainty != "recorded"
    yield Factor(
        rule="late_detection",
        category=Category.detection,
        sentence=f"The first signal came {duration(first.at - started.at)} after the harm began.",
        supports=(record.ref(first.seq),),
        but="The time at which it began is an estimate." if estimated else "",
    )


def trailed_users(record: Record) -> Iterator[Factor]:
    """Users reported it long before a candidate was opened."""
    detected = record.milestone("detected")
    of_users = [each for each in record.signals if REPORTS_OF_USERS & {each.source, each.kind}]
    if detected is None or not of_users:
        return
    first = min(of_users, key=lambda each: each.first_received_at)
    if detected.at - first.first_received_at <= TRAILED:
        return
    others = [
        each
        for each in record.signals
        if each not in of_users and each.first_received_at < first.first_received_at
    ]
    attached = record.of(Event.signal_attached)
    names = {each.source for each in others}
    yield Factor(
        rule="trailed_users",
        category=Category.detection,
        sentence=(
            f"Users had reported it {duration(detected.at - first.first_received_at)}"
            " before a candidate was opened."
        ),
        supports=(
            *_refs(entry for entry in attached if entry.facts.get("source") == first.source),
            record.ref(detected.seq),
        ),
        against=_refs(entry for entry in attached if entry.facts.get("source") in names),
        but=f"{counted(len(names), 'other source')} had told of it before them." if names else "",
    )


def slow_declaration(record: Record) -> Iterator[Factor]:
    """A candidate waited for an answer past the clock of its severity."""
    decided = record.of(Event.crisis_declared, Event.candidate_dismissed)
    asked = [entry for entry in record.of(Event.gate_opened) if entry.facts.get("gate") == "declare"]
    if not decided or not asked or (due := _time(asked[0].facts.get("due_at"))) is None:
        return
    if decided[0].at <= due:
        return
    signals = [e for e in record.of(Event.signal_attached) if asked[0].at < e.at < decided[0].at]
    yield Factor(
        rule="slow_declaration",
        category=Category.process,
        sentence=(
            f"The candidate waited {duration(decided[0].at - asked[0].at)} for a decision,"
            f" {duration(decided[0].at - due)} past the clock of its severity."
        ),
        supports=_refs([asked[0], decided[0]]),
        against=_refs(signals),
        but=f"{counted(len(signals), 'signal')} still came in while it waited." if signals else "",
    )


def leaderless(record: Record) -> Iterator[Factor]:
    """Nobody commanded the crisis for some time."""
    declared = record.milestone("declared")
    if declared is None:
        return
    stood_down = record.milestone("stood_down")
    end = stood_down.at if stood_down else record.ended_at()
    at = declared.at
    longest = timedelta()
    for tenure in sorted((t for t in record.roles if t.role == "commander"), key=lambda t: t.taken_at):
        longest = max(longest, min(tenure.taken_at, end) - at)
        at = max(at, tenure.handed_over_at or end)
    longest = max(longest, end - at)
    if longest > LEADERLESS:
        yield Factor(
            rule="leaderless",
            category=Category.staffing,
            sentence=f"Nobody held the role of incident commander for {duration(longest)} during the crisis.",
            supports=(record.ref(declared.seq), *_refs(record.of(Event.role_taken, Event.role_handed_over))),
        )


def guideline_lag(record: Record) -> Iterator[Factor]:
    """People decided before the guideline was published."""
    published, first = record.milestone("guideline_published"), record.decisions.first_at
    if first is None or (published is not None and published.at <= first):
        return
    when = f"{duration(published.at - first)} after" if published else "not at all; there were decisions before"
    claims = record.of(Event.batch_claimed)[:1]
    yield Factor(
        rule="guideline_lag",
        category=Category.policy,
        sentence=(
            f"The guideline was published {when} the first decision;"
            f" {share(record.decisions.without_guideline, record.decisions.total)} decisions rest on none."
        ),
        supports=(*_refs(claims), *([record.ref(published.seq)] if published else [])),
    )


def guideline_after_decisions(record: Record) -> Iterator[Factor]:
    """A team decided before it had acknowledged the guideline."""
    published = record.milestone("guideline_published")
    asked = record.of(Event.ask_sent, Event.ask_acknowledged)
    for heard in record.heard:
        if heard.version != 1 or not heard.decided_before or heard.first_decided_at is None:
            continue
        told = [entry for entry in asked if entry.facts.get("ask") == heard.ask]
        before = heard.first_decided_at - heard.published_at
        is_there = published is not None and before >= timedelta()
        yield Factor(
            rule=f"guideline_after_decisions:{heard.team}",
            category=Category.communications,
            sentence=(
                f"The team {clean(heard.team)} made {share(heard.decided_before, heard.decided)}"
                " of its decisions before it acknowledged the guideline."
            ),
            supports=(*_refs(told), *_refs(record.of(Event.batch_claimed)[:1])),
            against=(record.ref(published.seq),) if published is not None and is_there else (),
            but=f"It was published {duration(before)} before the first of them." if is_there else "",
        )


def late_acknowledgement(record: Record) -> Iterator[Factor]:
    """A partner team acknowledged an ask after it was due."""
    on_time = [ask.key for ask in record.asks if ask.acknowledged_at and not ask.was_late]
    told = record.of(Event.ask_sent, Event.ask_escalated, Event.ask_acknowledged)
    for ask in record.asks:
        if not ask.was_late or ask.acknowledged_at is None:
            continue
        late = duration(ask.acknowledged_at - ask.due_at)
        yield Factor(
            rule=f"late_acknowledgement:{ask.key}",
            category=Category.communications,
            sentence=f"The team {clean(ask.team)} acknowledged its ask {late} after it was due.",
            supports=_refs(entry for entry in told if entry.facts.get("ask") == ask.key),
            against=_refs(
                e for e in told if e.event is Event.ask_acknowledged and e.facts.get("ask") in on_time
            ),
            but=f"Acknowledged in time: {len(on_time)} of {counted(len(record.asks), 'ask')}."
            if on_time
            else "",
        )


def failed_deliveries(record: Record) -> Iterator[Factor]:
    """Messages to partners did not arrive."""
    failed = record.of(Event.message_failed)
    if not failed:
        return
    keys = {str(entry.facts.get("key")) for entry in failed}
    later = [e for e in record.of(Event.message_delivered) if e.facts.get("key") in keys]
    yield Factor(
        rule="failed_deliveries",
        category=Category.communications,
        sentence=f"{counted(len(keys), 'message')} to partners could not be delivered at the first attempt.",
        supports=_refs(failed),
        against=_refs(later),
        but=f"Arrived later: {len({e.facts['key'] for e in later})} of {len(keys)}." if later else "",
    )


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
        supports=_refs(returned),
        against=_refs(finished),
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
                    supports=_refs(entry for entry in told if entry.facts.get("sweep") == sweep.id),
                    but=_found_by_it_alone(term),
                )


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
                    supports=_refs(finished),
                )


def unread_languages(record: Record) -> Iterator[Factor]:
    """Posts came in a language in which nobody decided anything."""
    if not record.decisions.total:
        return
    ended = record.of(Event.target_reached, Event.certificate_issued)
    posts = sum(part.posts for part in record.parts)
    for each in by_language(record):
        if each.first_decided_at is not None:
            continue
        yield Factor(
            rule=f"unread_language:{each.name}",
            category=Category.staffing,
            sentence=(
                f"Nobody decided anything in {clean(each.name)}, the language of {share(each.posts, posts)}"
                " of the posts."
                + (f" {counted(each.decided, 'post')} in it inherited a decision." if each.decided else "")
            ),
            supports=_refs(record.of(Event.universe_frozen, Event.sweep_finished)),
            against=_refs(ended),
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
                supports=_refs(finished or record.of(Event.batch_finished)),
                but=f"The interval of AC1 reaches {ac1.high:.2f}, so it may be chance." if may_agree else "",
            )


def restarted_runs(record: Record) -> Iterator[Factor]:
    """A flow died and was started again."""
    restarted = record.of(Event.run_restarted)
    if restarted:
        yield Factor(
            rule="restarted_runs",
            category=Category.tooling,
            sentence=f"Flow runs died and were restarted {counted(len(restarted), 'time')}.",
            supports=_refs(restarted),
            but="Nothing that was recorded before was lost: the timeline goes on.",
        )


def floods(term: TermYield, sweep: SweepRecord) -> bool:
    """Whether an entry alone brought in much of what matched, and hardly anything that violates."""
    if not sweep.posts_matched or term.alone_decided < FEWEST:
        return False
    brought = term.alone / sweep.posts_matched
    return brought > FLOODING_SHARE and term.alone_violates < FLOODING_YIELD * term.alone_decided


RULES: tuple[Callable[[Record], Iterator[Factor]], ...] = (
    late_detection,
    trailed_users,
    slow_declaration,
    leaderless,
    guideline_lag,
    guideline_after_decisions,
    late_acknowledgement,
    failed_deliveries,
    returned_leases,
    flooding_terms,
    unsure_languages,
    unread_languages,
    disagreement,
    restarted_runs,
)
"""Every rule, in the order in which a crisis unfolds."""


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


def _refs(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The first few references: evidence is to be read, the full log has the rest."""
    return tuple(entry.ref for entry in list(entries)[:_MOST_REFS])


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
