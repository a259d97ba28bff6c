"""How often does a sweep end too early, and what does it read, beside five other rules for stopping?

    python -m benchmarks.stopping [SEEDS] [SIZE] [wide]

Each pile, of at most SIZE (4,000) posts, is ranked by our own active learning (two runs), and then read until
each rule says stop, with SEEDS (200) random samples. Every pile comes twice: as it is, and with a stratum that
the ranker cannot see (a language; posts with a link where there is one language), whose posts are left at the
end in random order.

- missed: how often less than 90 % was found by the main reading, with its exact 95 % interval
- worst: the recall of the worst stratum (language, and with or without a link), the mean over the seeds
- cost: distinct posts read, those of the samples included, as a part of the pile
- ratio: that cost over the cheaper of the two QBCB, which is read with r = 29 (its minimum) and 60

The oracle knows the truth. The rules that take no sample depend on the ranking alone, so that they have as
many runs as there are rankings. `wide` takes larger piles from crisis_posts: the posts on each event, 2 %,
among what is off-topic in all six.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom

from benchmarks.piles import CRISIS, CRISIS_PREVALENCE, RECORDED, Pile, piles
from incidents.sweeps.bounds import share_at_least, share_at_most
from incidents.sweeps.features import Features, features_of
from incidents.sweeps.ranking import refit
from incidents.sweeps.steering import HEAD, STEER, Source, Steering, Stratum
from incidents.sweeps.stopping import plan_for, step_for

try:
    from buscarpy import calculate_h0
except ImportError:
    calculate_h0 = None

Places: TypeAlias = NDArray[np.int64]
Truths: TypeAlias = NDArray[np.bool_]

TARGET = 0.9
ERROR = 0.05
RANKINGS = 2
SEEDS = 200
SIZE = 4_000
BATCH = 25
LOOK = 100
PLAN = plan_for(TARGET, 1 - ERROR)
ROW = "{:<46} {:<15} {:>6} {:>13} {:>7} {:>7} {:>7} {:>6}"


@dataclass(frozen=True, eq=False)
class Course:
    """A pile and one order in which the ranker would have it read."""

    order: Places
    violates: Truths
    strata: tuple[Stratum, ...]

    @property
    def depth_of_target(self) -> int:
        """How many posts of the order hold the target."""
        found = np.cumsum(self.violates[self.order])
        return int(np.searchsorted(found, ceil(TARGET * found[-1] - 1e-9))) + 1


@dataclass(frozen=True, eq=False)
class End:
    """What was read when a rule said stop: by the main reading, and by the certify sample."""

    main: Truths
    sample: Truths


Rule: TypeAlias = Callable[[Course, np.random.Generator], End]


def main() -> None:
    """Print a block of lines for each pile, as it is and partly hidden from the ranker."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    seeds, size = (*numbers, *(SEEDS, SIZE)[len(numbers) :])[:2]
    print(ROW.format("pile", "rule", "missed", "95 % interval", "recall", "worst", "cost", "ratio"))
    for pile in wide(size) if "wide" in sys.argv else piles(size=size):
        strata = strata_of(pile)
        for name, hidden in hidden_from(pile, strata):
            courses = [ranked(pile, strata, hidden, seed) for seed in range(RANKINGS)]
            report(f"{pile.name}{name}", courses, seeds)


def wide(size: int) -> Iterator[Pile]:
    """The posts on each event, thinned to 2 % of at most `size`, among what is off-topic in all six."""
    if not (RECORDED / CRISIS).exists():
        print(f"{CRISIS}: skipped, there is no shared/data/posts beside this checkout")
        return
    posts = pl.read_csv(RECORDED / CRISIS).with_columns(pl.col("id").cast(pl.String)).unique("id", keep="first")
    others = posts.filter(pl.col("label") != "on-topic").sort("id").sample(fraction=1, shuffle=True, seed=1)
    for event in posts["event"].unique().sort():
        topic = posts.filter((pl.col("label") == "on-topic") & (pl.col("event") == event)).sort("id")
        whole = min(size, int(others.height / (1 - CRISIS_PREVALENCE)))
        violating = round(CRISIS_PREVALENCE * whole)
        pile = pl.concat([topic.sample(violating, shuffle=True, seed=1), others.head(whole - violating)])
        labels = tuple(pile["label"] == "on-topic")
        yield Pile(f"wide {event}", tuple(pile["id"]), tuple(pile["text"]), tuple(pile["language"]), labels)


def strata_of(pile: Pile) -> tuple[Stratum, ...]:
    """The language of each post, and its form: with a link or without."""
    forms = ("link" if "http" in text else "text" for text in pile.texts)
    return tuple(zip(pile.languages, forms, strict=True))


def hidden_from(pile: Pile, strata: Sequence[Stratum]) -> Iterator[tuple[str, Truths]]:
    """Nothing, then the first language in the alphabet, or the posts with a link where there is but one."""
    yield "", np.zeros(len(strata), dtype=np.bool_)
    languages = sorted(set(pile.languages))
    if len(languages) > 1:
        yield f", {languages[0]} unseen", np.array([stratum[0] == languages[0] for stratum in strata])
    else:
        yield ", links unseen", np.array([stratum[1] == "link" for stratum in strata])


def ranked(pile: Pile, strata: tuple[Stratum, ...], hidden: Truths, seed: int) -> Course:
    """The order of active learning over what is not hidden, then the hidden posts at random."""
    violates = np.array(pile.labels)
    seen = np.flatnonzero(~hidden)
    posts = pl.DataFrame({"id": pile.ids, "text": pile.texts})[seen]
    order = seen[learned(features_of(posts), violates[seen], seed)]
    last = np.random.default_rng(seed).permutation(np.flatnonzero(hidden))
    return Course(np.concatenate([order, last]), violates, strata)


def learned(features: Features, violates: Truths, seed: int) -> Places:
    """Read at random until one violates, then what is put first after learning from all that was read.

    A batch is a tenth of what was read before, 25 at least: the ranking that people get learns more often.
    """
    scores = np.random.default_rng(seed).random(len(violates), dtype=np.float32)
    prior = np.full(len(violates), 0.5, dtype=np.float32)
    order: list[int] = []
    unread = np.ones(len(violates), dtype=np.bool_)
    while unread.any():
        left = np.flatnonzero(unread)
        batch = left[np.argsort(-scores[left], kind="stable")][: max(BATCH, len(order) // 10)]
        order.extend(batch.tolist())
        unread[batch] = False
        if violates[order].any() and unread.any():
            decided = {features.ids[at]: bool(violates[at]) for at in order}
            scores = refit(features, decided, prior, seed=seed)
    return np.array(order)


def to_depth(course: Course, depth: int) -> Truths:
    """What is read when the order is read so far."""
    read = np.zeros(len(course.order), dtype=np.bool_)
    read[course.order[:depth]] = True
    return read


def unsampled(course: Course, depth: int) -> End:
    return End(to_depth(course, depth), to_depth(course, 0))


def oracle(course: Course, _: np.random.Generator) -> End:
    """Stops at the target, knowing the truth."""
    return unsampled(course, course.depth_of_target)


def negatives_in_a_row(course: Course, _: np.random.Generator) -> End:
    """Stops at the 100th post in a row that does not violate."""
    row = 0
    for depth, violates in enumerate(course.violates[course.order], start=1):
        row = 0 if violates else row + 1
        if row == 100:
            return unsampled(course, depth)
    return unsampled(course, len(course.order))


def knee(course: Course, _: np.random.Generator) -> End:
    """Cormack and Grossman, SIGIR 2016: the slope before the knee is 156 - min(found, 150) times that after."""
    found = np.concatenate([[0], np.cumsum(course.violates[course.order])])
    for depth in range(LOOK, len(found), BATCH):
        ranks = np.arange(1, depth)
        at = int(ranks[np.argmax(found[1:depth] * depth - ranks * found[depth])])
        ratio = (found[at] / at) / ((1 + found[depth] - found[at]) / (depth - at))
        if found[depth] and ratio >= 156 - min(int(found[depth]), 150):
            return unsampled(course, depth)
    return unsampled(course, len(course.order))


def buscar(course: Course, _: np.random.Generator) -> End:
    """Callaghan and Müller-Hansen 2020, looked at 40 times, which is dear; more looks stop earlier."""
    labels = course.violates[course.order].astype(np.int64)
    for depth in range(LOOK, len(labels), max(LOOK, len(labels) // 40)):
        if calculate_h0(labels[:depth], len(labels), recall_target=TARGET) < ERROR:
            return unsampled(course, depth)
    return unsampled(course, len(labels))


def qbcb(positives: int) -> Rule:
    """Lewis, Yang and Frieder, CIKM 2021: the published rule, with a sample of so many positives."""
    below = binom.cdf(np.arange(positives), positives, TARGET)
    needed = int(np.argmax(below >= 1 - ERROR)) + 1

    def rule(course: Course, dice: np.random.Generator) -> End:
        keys = dice.permutation(len(course.order))
        sample = keys[: length_of(course.violates[keys], positives)]
        places = np.empty(len(course.order), dtype=np.int64)
        places[course.order] = np.arange(len(course.order))
        depths = np.sort(places[sample[course.violates[sample]]])
        depth = int(depths[min(needed, len(depths)) - 1]) + 1
        return End(to_depth(course, ceil(depth / BATCH) * BATCH), chosen(course, sample))

    return rule


def length_of(violates: Truths, positives: int) -> int:
    """How many posts hold so many positives; all where there are fewer."""
    return min(int(np.searchsorted(np.cumsum(violates), positives)) + 1, len(violates))


def chosen(course: Course, posts: Places) -> Truths:
    marked = np.zeros(len(course.order), dtype=np.bool_)
    marked[posts] = True
    return marked


def steered(course: Course, dice: np.random.Generator) -> End:
    """Ours: certify says when, steer says where to read on."""
    keys = dice.permutation(len(course.order))
    sample, spared = certify_sample(course.violates[keys])
    reading = Reading(course, dice.permutation(len(course.order)))
    positives = keys[:sample][course.violates[keys[:sample]]]
    while np.count_nonzero(~reading.read[positives]) > spared and not reading.read.all():
        reading.batch()
    return End(reading.read, chosen(course, keys[:sample]))


def certify_sample(violates: Truths) -> tuple[int, int]:
    """How many posts the plan has certify read, and how many of its positives may be missed."""
    step, _ = step_for(PLAN, violates.tolist(), len(violates))
    return length_of(violates, step.positives), step.spared


class Reading:
    """The main reading of one course, batch by batch, as steering orders it."""

    def __init__(self, course: Course, steer: Places) -> None:
        self.course = course
        self.read = np.zeros(len(course.order), dtype=np.bool_)
        self.steering = Steering(universe=len(course.order))
        lanes: dict[Stratum, list[int]] = {}
        for post in course.order.tolist():
            lanes.setdefault(course.strata[post], []).append(post)
        self.queues = {Source("stratum", stratum): iter(posts) for stratum, posts in lanes.items()}
        self.queues |= {HEAD: iter(course.order.tolist()), STEER: iter(steer.tolist())}
        self.left = {stratum: len(posts) for stratum, posts in lanes.items()}

    def batch(self) -> None:
        """Read one batch from where steering says."""
        source = self.steering.next_source(stratum for stratum, left in self.left.items() if left)
        posts = self.take(source, self.steering.steer_due if source is STEER else BATCH)
        verdicts = [(self.course.strata[post], bool(self.course.violates[post])) for post in posts]
        self.steering = self.steering.after(source, verdicts)

    def take(self, source: Source, size: int) -> list[int]:
        """The next unread posts of a source."""
        posts: list[int] = []
        for post in self.queues[source]:
            if not self.read[post]:
                self.read[post] = True
                self.left[self.course.strata[post]] -= 1
                posts.append(post)
                if len(posts) == size:
                    break
        return posts


def rules() -> dict[str, tuple[Rule, bool]]:
    """Each rule by its name, and whether it takes a random sample."""
    known: dict[str, tuple[Rule, bool]] = {
        "oracle": (oracle, False),
        "100 negatives": (negatives_in_a_row, False),
        "knee": (knee, False),
        "BUSCAR": (buscar, False),
        "QBCB r=29": (qbcb(29), True),
        "QBCB r=60": (qbcb(60), True),
        "ours": (steered, True),
    }
    if calculate_h0 is None:
        print("BUSCAR: skipped, buscarpy is not installed (pip install 'watchfloor[bench]')")
        del known["BUSCAR"]
    return known


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    recall: float
    worst: float
    cost: float


def outcome(course: Course, end: End) -> Outcome:
    """Recall is of the main reading alone; the cost counts the samples too."""
    found, violates = end.main & course.violates, course.violates
    groups = sorted(set(course.strata))
    member = {group: number for number, group in enumerate(groups)}
    numbers = np.array([member[stratum] for stratum in course.strata])
    each = np.bincount(numbers[violates], minlength=len(groups))
    got = np.bincount(numbers[found], minlength=len(groups))
    worst = float((got[each > 0] / each[each > 0]).min())
    return Outcome(float(found.sum() / violates.sum()), worst, float((end.main | end.sample).mean()))


def report(name: str, courses: Sequence[Course], seeds: int) -> None:
    """Print a line for each rule on one pile."""
    lines = {
        rule: [
            outcome(
                courses[seed % len(courses)], decide(courses[seed % len(courses)], np.random.default_rng(seed))
            )
            for seed in range(seeds if sampled else len(courses))
        ]
        for rule, (decide, sampled) in rules().items()
    }
    cheaper = min(cost(lines["QBCB r=29"]), cost(lines["QBCB r=60"]))
    for rule, outcomes in lines.items():
        print(line(name, rule, outcomes, cheaper), flush=True)


def cost(outcomes: Sequence[Outcome]) -> float:
    return sum(each.cost for each in outcomes) / len(outcomes)


def line(name: str, rule: str, outcomes: Sequence[Outcome], cheaper: float) -> str:
    runs = len(outcomes)
    missed = sum(each.recall < TARGET - 1e-9 for each in outcomes)
    low, high = share_at_least(missed, runs, 0.025), share_at_most(missed, runs, 0.025)
    recall, worst = (sum(getattr(each, of) for each in outcomes) / runs for of in ("recall", "worst"))
    numbers = (f"{missed / runs:.3f}", f"{low:.3f} - {high:.3f}", f"{recall:.3f}", f"{worst:.3f}")
    return ROW.format(name, rule, *numbers, f"{cost(outcomes):.3f}", f"{cost(outcomes) / cheaper:.2f}")


if __name__ == "__main__":
    main()
