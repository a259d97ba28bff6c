"""How long each step took, as pairs of milestones. The same letters mean other things elsewhere.

A metric is None where a milestone is missing, and where the two came in the other order: a negative
duration is a question to people, not a number. Both milestones are of one round: what would begin with a
declaration begins in a later round with its reopening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.reviews.record import Milestone, Record
from incidents.reviews.rounds import Round, rounds
from incidents.timeline import Event

MILESTONES: dict[str, str] = {
    "started": "The harm began",
    "first_signal": "The first signal reached us",
    "detected": "A candidate incident was opened",
    "acknowledged": "A person first did something about it",
    "reopened": "The incident was reopened: another round began",
    "declared": "A commander declared a crisis",
    "commander_assigned": "An incident commander took the role",
    "guideline_published": "The first guideline was published",
    "first_decision": "The first item was decided",
    "first_action": "The first decision was carried out on the platform",
    "sweep_finished": "The first sweep was finished",
    "sweep_certified": "The first certificate was issued",
    "contained": "Every sweep had ended",
    "stood_down": "The commander ended the crisis",
    "review_published": "The retrospective was published",
}
"""Milestone → what it means, in the order in which a crisis usually reaches them."""

_BEFORE_DECLARING = ("started", "first_signal", "detected", "acknowledged")
_SWEEPING = frozenset({"first_decision", "sweep_finished", "sweep_certified"})
_NEVER_EXPECTED = frozenset({"first_action", "review_published", "reopened"})
"""Not everybody who acts says so; a draft cannot know when it is published; few reopen."""

_EXPECTED_AGAIN = ("contained", "stood_down")
"""What a later round of a crisis comes to, too."""

_FROM_THE_REOPENING = frozenset({"first_signal", "declared"})
"""Where a later round has none of these, what would begin with it begins with the reopening."""


@dataclass(frozen=True)
class Metric:
    """A duration between two milestones."""

    name: str
    start: str
    end: str
    sentence: str


METRICS: tuple[Metric, ...] = (
    Metric("TTD", "started", "detected", "Time to detect: from the harm's beginning to the candidate."),
    Metric("TTA", "first_signal", "acknowledged", "Time to acknowledge: from the first signal to a person."),
    Metric("TTDec", "first_signal", "declared", "Time to declare: from the first signal to the decision."),
    Metric("TTG", "declared", "guideline_published", "Time to guideline: what partners enforce is written."),
    Metric("TTFD", "declared", "first_decision", "Time to first decision: a reviewer judges the first item."),
    Metric("TTFA", "declared", "first_action", "Time to first action: it shows on the platform."),
    Metric("TTM", "declared", "contained", "Time to mitigate: every sweep has ended."),
    Metric("TTM from start", "started", "contained", "Exposure: from the harm's beginning to its end."),
    Metric("TTR", "declared", "stood_down", "Time to resolve: the commander ends the crisis."),
    Metric("Review lag", "stood_down", "review_published", "From the end to the published retrospective."),
)
"""Definitions as in the field's guides, anchored; see docs/reference for what others call them."""


@dataclass(frozen=True)
class Measured:
    """One metric of one incident. `value` is in seconds, None where it cannot be measured."""

    metric: Metric
    value: float | None
    start: Milestone | None
    end: Milestone | None
    round: int = 1

    @property
    def why(self) -> str:
        """Why there is no value; empty where there is one."""
        missing = [n for n, m in ((self.metric.start, self.start), (self.metric.end, self.end)) if m is None]
        if missing:
            return "not recorded"
        return "" if self.value is not None else "not measurable: the end came before the start"

    @property
    def is_estimated(self) -> bool:
        """Whether one of its two times is an estimate."""
        return any(each is not None and each.certainty != "recorded" for each in (self.start, self.end))


def measure(record: Record) -> list[Measured]:
    """Every metric in the order of `METRICS`, each of the first round in which it could be measured."""
    found = [[_measure(metric, each) for each in rounds(record)] for metric in METRICS]
    return [next((each for each in one if each.value is not None), one[0]) for one in found]


def shown(record: Record) -> list[Measured]:
    """The metrics that a document tells, round by round: those with a value, and those that could have one."""
    return [
        measured
        for each in rounds(record)
        for metric in METRICS
        for measured in [_measure(metric, each)]
        if measured.value is not None or metric.end in _expected_in(each, record, metric.start)
    ]


def milestones_shown(record: Record) -> list[tuple[int, str, Milestone | None]]:
    """Round, name and time of the milestones that a document tells; None for one that is missing."""
    return [
        (each.number, name, each.milestone(name))
        for each in rounds(record)
        for name in MILESTONES
        if each.milestone(name) is not None or name in _expected_in(each, record)
    ]


def expected_milestones(record: Record) -> list[str]:
    """The milestones that this incident's course could have reached before its review.

    A dismissed candidate has no commander; without a sweep nothing is decided.
    """
    if record.milestone("declared") is None and record.incident.phase in ("detected", "assessing", "dismissed"):
        return list(_BEFORE_DECLARING)
    skipped = _NEVER_EXPECTED | (frozenset() if record.sweeps else _SWEEPING)
    return [name for name in MILESTONES if name not in skipped]


def _expected_in(one: Round, record: Record, start: str = "declared") -> Sequence[str]:
    """The milestones that this round could have reached; `start` is where they would be measured from."""
    declared = record.milestone("declared")
    if one.is_first:
        was_dismissed = record.of(Event.record_reopened) and one.milestone("declared") is None
        return _BEFORE_DECLARING if was_dismissed else expected_milestones(record)
    return _EXPECTED_AGAIN if declared is not None and start == "declared" else ()


def grade(record: Record) -> tuple[str, int, int]:
    """How complete the record is, then milestones reached and expected. A: 9 of 10; B: 3 of 4; C: half; D."""
    expected = expected_milestones(record)
    reached = sum(record.milestone(name) is not None for name in expected)
    for letter, bound in (("A", 0.9), ("B", 0.75), ("C", 0.5)):
        if reached >= bound * len(expected):
            return letter, reached, len(expected)
    return "D", reached, len(expected)


def _measure(metric: Metric, one: Round) -> Measured:
    start, end = one.milestone(metric.start), one.milestone(metric.end)
    if start is None and metric.start in _FROM_THE_REOPENING:
        start = one.milestone("reopened")
    value = None
    if start is not None and end is not None and end.at - start.at >= timedelta():
        value = (end.at - start.at).total_seconds()
    return Measured(metric, value, start, end, one.number)
