"""Is a sweep done? The rule that answers it from the certify sample, fixed before anybody reads.

Quantile bounds on a count (QBCB: Lewis, Yang and Frieder, CIKM 2021): read posts at random until `r` of
them violate, and end the sweep when all but `c` of those were found by the main reading. The `r` posts are
a random part of all that violates, whatever the ranking is worth, so too few of them lie in what is not
found only by bad luck, and `r` and `c` are chosen so that such luck has a probability below the error
allowed. As a sweep finds more, the missed ones of the sample only become fewer: looking after every
batch errs no more often than looking once, at the last moment before the target.

Two things are added to the published rule:

- Drawn without replacement. Where few posts violate, a sample is a large part of them and says more. How
  many violate at most is bounded once, at the 20th positive, at the cost of a part of the error.
- As many misses as are cheap. Where much violates, a longer sample lets the reading end nearer to the
  target: the largest `c` is taken whose sample is a tenth of the universe.

Both are settled by the order in which positives and negatives came, at the 20th positive. That order says
nothing about *which* violating posts are in the sample, so the choice does not touch the guarantee.

What it rests on: keys say nothing about posts, and the verdicts of the sample's readers reach neither
ranking nor steering. Nothing is assumed about the ranking.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from math import ceil, floor
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import bdtr

from incidents.sweeps.bounds import first_where, hits_at_most, marked_at_most, share_at_least, share_at_most

RULE_SHARE: Final = 0.7
UNIVERSE_SHARE: Final = 0.1
GOLDEN_SHARE: Final = 0.2
"""What part of the error allowed goes to the order statistic, to how many violate, to the golden items."""

SETTLED_AT: Final = 20
"""The positive of the certify sample at which its final length is settled."""

SPARED: Final = (0, 1, 2, 3, 4, 6, 8, 11, 15)
LARGEST_SHARE: Final = 0.1
"""A sample that may miss more is taken as long as it is no larger a part of the universe than this."""

MANY: Final = 500
"""From so many violating posts on, drawing with and without replacement is taken to be the same."""

FIRST_READS: Final = 100
"""How many posts of the sample are read before anything is known."""

ROUNDING: Final = 1e-9
"""Keeps 0.9 · 80 at 72, where floating point would make it a little more or less."""

DIGITS: Final = 1_000
"""Shares are stated in thousandths, recall rounded down."""


class Step(BaseModel):
    """So many positives, of which so many may be missed."""

    model_config = ConfigDict(frozen=True)

    positives: int = Field(ge=1)
    spared: int = Field(ge=0)


class Plan(BaseModel):
    """What a sweep promises, and when it may say that it kept it. Fixed before the sample is read."""

    model_config = ConfigDict(frozen=True)

    target: float = Field(0.9, gt=0, lt=1, description="Share of what violates that must be found.")
    confidence: float = Field(0.95, gt=0.5, lt=1)
    rule_level: float = Field(description="How often the order statistic may be wrong.")
    universe_level: float = Field(description="How often the bound on what violates at all may be wrong.")
    golden_level: float = Field(description="How often the bound on the readers may be wrong.")
    settled_at: int = Field(SETTLED_AT, ge=1)
    largest_share: float = Field(LARGEST_SHARE, gt=0, le=1)
    readers_miss: float = Field(0.0, ge=0, lt=1, description="Share that the main readers are known to miss.")
    steps: tuple[Step, ...] = Field(description="Pairs for a very large universe; a small one needs fewer.")


Word = Literal["violates", "does_not_violate"]


class Reading(BaseModel):
    """What one person said about a post of the certify sample, not knowing what others said."""

    model_config = ConfigDict(frozen=True)

    reader: int = Field(ge=1, description="A number within the sweep, never a name.")
    verdict: Literal["violates", "does_not_violate", "unsure"]


class SampleRow(BaseModel):
    """One post of the certify sample: what its readers said, and whether the main reading found it."""

    model_config = ConfigDict(frozen=True)

    item: str
    key: int
    language: str
    form: str
    window: int = 1
    verdict: Word | None = Field(None, description="What `agreed` makes of the readings.")
    readings: tuple[Reading, ...] = ()
    alone: bool = Field(False, description="One person reads its language, so that one reading has to do.")
    found: bool = False


class StratumCount(BaseModel):
    """One part of the universe, and how far the main reading is in it."""

    model_config = ConfigDict(frozen=True)

    language: str
    form: str
    posts: int = Field(ge=0)
    read: int = Field(ge=0)
    found: int = Field(ge=0, description="Posts whose standing decision is that they violate.")


class Golden(BaseModel):
    """Items known to violate that the certify readers met unawares, and how many they caught."""

    model_config = ConfigDict(frozen=True)

    violating: int = Field(0, ge=0)
    caught: int = Field(0, ge=0)


class Residual(BaseModel):
    """What a stratum may still hold: violating posts that the main reading did not find."""

    model_config = ConfigDict(frozen=True)

    language: str
    form: str
    posts: int
    read: int
    found: int
    drawn: int = Field(description="Posts of it in the sample.")
    missed: int = Field(description="Those of them that violate and were not found.")
    missing_at_most: int


class Kind(StrEnum):
    """How a sweep stands to its target."""

    open = "open"
    reached = "reached"
    complete = "complete"


class Standing(BaseModel):
    """What is known at this moment. Shares are in thousandths, rounded so that the bound still holds."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    universe: int
    read: int
    found: int
    sampled: int = Field(description="Posts of the certify sample read, without a gap, in the order of keys.")
    positives: int = Field(description="Those of them that violate, up to the number wanted.")
    positives_found: int
    positives_wanted: int
    spared: int = Field(description="How many of the positives wanted may be missed.")
    overturned: int = Field(description="Posts of the sample that were found and that its readers clear.")
    recall_at_least: float
    sensitivity_at_least: float | None
    recall_at_least_corrected: float | None
    missing: int | None = Field(description="Best estimate of what violates and was not found.")
    missing_at_most: int | None
    needed_more: int = Field(description="Posts of the certify sample still to read, about.")
    residuals: tuple[Residual, ...]


class Proof(NamedTuple):
    """What the sample proves by itself, whatever part of the universe was read."""

    step: Step
    used: Sequence[SampleRow]
    """The rows that count: up to the first that is not read yet, and up to the last positive wanted."""
    recall: float
    """The highest that is proven, in thousandths, rounded down."""
    needed_more: int
    """Posts of the sample still to read, about, as long as the target is not reached."""


def agreed(readings: Sequence[Reading], *, alone: bool = False) -> Word | None:
    """The verdict of a double reading: what the first two say, and the third where they differ.

    None while it is open: fewer than two have read, or they differ and nobody has decided between them.
    `alone`: one person reads the language, and decides. Whoever decides and is unsure has not cleared the
    post: it counts as violating, so that doubt lowers what is claimed.
    """
    said = [reading.verdict for reading in readings[:3]]
    if alone and said:
        return _decided(said[0])
    if len(said) >= 2 and said[0] == said[1] and said[0] != "unsure":
        return said[0]
    return _decided(said[2]) if len(said) > 2 else None


def _decided(verdict: Word | Literal["unsure"]) -> Word:
    return "does_not_violate" if verdict == "does_not_violate" else "violates"


def plan_for(target: float = 0.9, confidence: float = 0.95, *, readers_miss: float = 0.0) -> Plan:
    """The rule for a target, with the table of its pairs: for the log, before anything is read.

    `readers_miss` is the share of violating posts that golden items have shown the main readers to miss.
    What they miss counts as missing, so that a sample which may spare none would never be content.
    """
    error = 1 - confidence
    level = round(error * RULE_SHARE, 12)
    return Plan(
        target=target,
        confidence=confidence,
        rule_level=level,
        universe_level=round(error * UNIVERSE_SHARE, 12),
        golden_level=round(error * GOLDEN_SHARE, 12),
        readers_miss=readers_miss,
        steps=tuple(Step(positives=positives_for(c, target, level, None), spared=c) for c in SPARED),
    )


def chance_of_luck(missed: int, positives: int, recall: float, violating: int | None) -> float:
    """The probability of `missed` or fewer among the positives while less than `recall` is found.

    The worst over every number of posts that may violate, up to `violating`; None where that is any
    number. With many, each positive is missed by itself: that is never less likely than drawing without
    replacement (Uhlmann, Metrika 10, 1966), and is the limit.
    """
    if violating is None or violating > MANY:
        return float(bdtr(missed, positives, 1 - recall))
    numbers = np.arange(positives, violating + 1)
    if not numbers.size:
        return 0.0
    not_found = numbers - np.ceil(numbers * recall - ROUNDING).astype(int) + 1
    return float(np.max(hits_at_most(missed, numbers, not_found, positives)))


@cache
def positives_for(spared: int, target: float, level: float, violating: int | None) -> int:
    """The fewest positives of which so many may be missed when the target is claimed."""

    def enough(positives: int) -> bool:
        return chance_of_luck(spared, positives, target, violating) <= level

    high = spared + 1
    while not enough(high):
        high *= 2
    return first_where(enough, spared + 1, high)


def step_for(plan: Plan, violates: Sequence[bool], universe: int) -> tuple[Step, int | None]:
    """How many positives are wanted and how many may be missed; and how many posts violate at most.

    `violates` is the verdict of each post of the sample read, in the order of keys. Before the plan's
    `settled_at`-th positive it is the first pair of the table, and nothing is known of how many violate.
    Pairs that spare fewer than readers are expected to miss are passed over: they would not be reached.
    """
    bearable = [step for step in plan.steps if step.spared >= plan.readers_miss * step.positives]
    steps = bearable or plan.steps[-1:]
    length = _length_of(violates, plan.settled_at)
    if length is None:
        return steps[0], None
    most = marked_at_most(plan.settled_at, population=universe, drawn=length, level=plan.universe_level)
    pairs = [
        Step(positives=positives_for(step.spared, plan.target, plan.rule_level, most), spared=step.spared)
        for step in steps
    ]
    rate = plan.settled_at / length
    affordable = [pair for pair in pairs if pair.positives / rate <= plan.largest_share * universe]
    return (affordable or pairs[:1])[-1], most


def judge(
    plan: Plan,
    rows: Sequence[SampleRow],
    strata: Sequence[StratumCount],
    golden: Golden | None = None,
) -> Standing:
    """What is known now: `rows` of the certify sample in the order of keys, `strata` of the whole universe.

    Rows count up to the first that is not read yet, and up to the last positive wanted.
    """
    proof = proven(plan, rows, sum(stratum.posts for stratum in strata))
    unread = sum(stratum.posts - stratum.read for stratum in strata)
    if not proof.used and not unread:
        # Everything was read, and nobody beside the main readers says what they missed.
        proof = proof._replace(recall=1.0)
    return _standing(plan, proof, strata, golden or Golden())


def proven(plan: Plan, rows: Sequence[SampleRow], universe: int) -> Proof:
    """What the sample proves by itself, of a universe of so many posts."""
    read = rows_read(rows)
    verdicts = [row.verdict == "violates" for row in read]
    step, most = step_for(plan, verdicts, universe)
    used = read[: _length_of(verdicts, step.positives)]
    positives = [row for row in used if row.verdict == "violates"]
    hits = sum(row.found for row in positives)
    if used and len(used) == universe:
        recall = _share(hits, len(positives))
    else:
        recall = _recall_at_least(plan, step, hits, most)
    return Proof(step, used, recall, _needed_more(step, used, universe))


def rows_read(rows: Sequence[SampleRow]) -> Sequence[SampleRow]:
    """The rows before the first without a verdict: only those are a random sample."""
    unread = (place for place, row in enumerate(rows) if row.verdict is None)
    return rows[: next(unread, len(rows))]


def _length_of(violates: Sequence[bool], positives: int) -> int | None:
    """How many posts hold so many positives; None where all of them hold fewer."""
    places = [place for place, positive in enumerate(violates, start=1) if positive]
    return places[positives - 1] if len(places) >= positives else None


def _recall_at_least(plan: Plan, step: Step, hits: int, most: int | None) -> float:
    """The highest recall that the sample proves. Positives that are not read yet count as missed."""
    missed = step.positives - hits

    def unproven(thousandths: int) -> bool:
        return chance_of_luck(missed, step.positives, thousandths / DIGITS, most) > plan.rule_level

    return max(first_where(unproven, 0, DIGITS) - 1, 0) / DIGITS


def _share(hits: int, of: int) -> float:
    return floor(DIGITS * hits / of) / DIGITS if of else 1.0


def _standing(plan: Plan, proof: Proof, strata: Sequence[StratumCount], golden: Golden) -> Standing:
    step, used, recall, needed_more = proof
    universe, read, found = (
        sum(getattr(stratum, name) for stratum in strata) for name in ("posts", "read", "found")
    )
    positives = [row for row in used if row.verdict == "violates"]
    hits = sum(row.found for row in positives)
    sensitivity = _sensitivity(golden, plan.golden_level)
    kind = _kind(plan, recall, unread=universe - read)
    return Standing(
        kind=kind,
        universe=universe,
        read=read,
        found=found,
        sampled=len(used),
        positives=len(positives),
        positives_found=hits,
        positives_wanted=step.positives,
        spared=step.spared,
        overturned=sum(row.found and row.verdict == "does_not_violate" for row in used),
        recall_at_least=recall,
        sensitivity_at_least=sensitivity,
        recall_at_least_corrected=None if sensitivity is None else _down(recall * sensitivity),
        missing=round((len(positives) - hits) * universe / len(used)) if used else None,
        missing_at_most=_missing_at_most(found, recall, universe),
        needed_more=needed_more if kind is Kind.open else 0,
        residuals=residuals(used, strata, plan.rule_level),
    )


def _kind(plan: Plan, recall: float, unread: int) -> Kind:
    if not unread:
        return Kind.complete
    return Kind.reached if recall >= plan.target else Kind.open


def _sensitivity(golden: Golden, level: float) -> float | None:
    return _down(share_at_least(golden.caught, golden.violating, level)) if golden.violating else None


def _missing_at_most(found: int, recall: float, universe: int) -> int | None:
    return min(floor(found * (1 - recall) / recall + ROUNDING), universe - found) if recall else None


def _needed_more(step: Step, used: Sequence[SampleRow], universe: int) -> int:
    """About how many posts hold the positives that are still wanted; as many again where none was seen."""
    positives = sum(row.verdict == "violates" for row in used)
    about = (step.positives - positives) * len(used) / positives if positives else max(len(used), FIRST_READS)
    return min(ceil(about), universe - len(used))


def residuals(used: Sequence[SampleRow], strata: Sequence[StratumCount], level: float) -> tuple[Residual, ...]:
    """What each stratum may still hold, each bound by itself; all that is not found where none was drawn."""
    return tuple(_residual(used, stratum, level) for stratum in strata)


def _residual(used: Sequence[SampleRow], stratum: StratumCount, level: float) -> Residual:
    drawn = [row for row in used if (row.language, row.form) == (stratum.language, stratum.form)]
    not_found = [row for row in drawn if not row.found]
    missed = sum(row.verdict == "violates" for row in not_found)
    most = marked_at_most(missed, population=stratum.posts - stratum.found, drawn=len(not_found), level=level)
    counts = {name: getattr(stratum, name) for name in ("language", "form", "posts", "read", "found")}
    return Residual(**counts, drawn=len(drawn), missed=missed, missing_at_most=most)


def _down(share: float) -> float:
    return floor(share * DIGITS + ROUNDING) / DIGITS


class StillToWin(BaseModel):
    """What some more reading would buy, if it goes on as it went lately."""

    model_config = ConfigDict(frozen=True)

    posts: int
    expected: float = Field(description="Violating posts, at the recent rate.")
    at_most: int = Field(description="What the recent rate may be at most, at the level 0.05.")
    recall_if: float = Field(description="What would be proven if as much of the sample were found.")
    posts_to_target: int | None = Field(description="About, at the recent rate; None where that is nothing.")


def still_to_win(
    plan: Plan, standing: Standing, *, posts: int, recent_read: int, recent_found: int
) -> StillToWin:
    """What reading `posts` more would buy, judged from the last `recent_read` posts of the main reading.

    A forecast, not a bound: the rate falls as the ranking runs dry. Nobody stops by it.
    """
    posts = min(posts, standing.universe - standing.read)
    hits = standing.positives_found
    rate = recent_found / recent_read if recent_read else 0.0
    each = hits / standing.found if standing.found else 0.0
    missed = standing.positives_wanted - hits
    more = min(floor(rate * posts * each), standing.positives - hits)
    step = Step(positives=standing.positives_wanted, spared=standing.spared)
    per_post = rate * each
    return StillToWin(
        posts=posts,
        expected=round(rate * posts, 1),
        at_most=ceil(posts * share_at_most(recent_found, recent_read, 0.05)),
        recall_if=max(standing.recall_at_least, _recall_at_least(plan, step, hits + more, None)),
        posts_to_target=ceil(max(missed - standing.spared, 0) / per_post) if per_post else None,
    )
