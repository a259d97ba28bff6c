"""Do people who read the same item say the same, and how sure can we be of that?"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.coefficients import Coefficients, Floats, Ints, Marks, Scale, coefficients
from incidents.sweeps.quality.proportions import CONFIDENCE, UNMEASURED, Estimate, effective_size, share

NAMES = ("raw", "kappa", "alpha", "ac1")
RESAMPLES = 1_000
AT_ONCE = 1_000_000
"""Items drawn in one block of resamples: 8 MB."""
SCALE = (Verdict.does_not_violate, Verdict.unsure, Verdict.violates)
"""The verdicts as categories; in this order where they are taken for ranks."""


class Reading(NamedTuple):
    """What one person said about one item without knowing what others said."""

    item: str
    person: str
    verdict: Verdict
    language: str
    team: str
    guideline_version: int | None = None
    probability: float = 1.0
    """With which the item was drawn to be read again; a rare kind counts for all that were not drawn."""


class Key(StrEnum):
    """What readings are told apart by."""

    language = "language"
    team = "team"
    guideline_version = "guideline_version"


class Agreement(BaseModel):
    """How far people agree, as four numbers that are read together."""

    model_config = ConfigDict(frozen=True)

    items: int = Field(ge=0, description="Items that at least two people read.")
    pairs: int = Field(ge=0, description="Pairs of readings of the same item.")
    raw: Estimate = Field(UNMEASURED, description="Share of pairs that say the same.")
    kappa: Estimate = Field(UNMEASURED, description="Cohen's kappa; Conger's for more than two people.")
    alpha: Estimate = Field(UNMEASURED, description="Krippendorff's alpha.")
    ac1: Estimate = Field(UNMEASURED, description="Gwet's AC1.")


def agreement_by(
    readings: Sequence[Reading], key: Key, *, seed: str, confidence: float = CONFIDENCE
) -> dict[str, Agreement]:
    """Agreement within each language, team or version of the guideline, sorted by name.

    Readings are compared within their group alone: what two versions make of one item is drift and no
    disagreement of people. No version goes by the name `none`.
    """
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[_name(reading, key)].append(reading)
    return {
        name: agreement(groups[name], seed=f"{seed}:{key}:{name}", confidence=confidence)
        for name in sorted(groups)
    }


def agreement(
    readings: Sequence[Reading],
    *,
    seed: str,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    scale: Scale = Scale.nominal,
) -> Agreement:
    """How far people agree on the items that at least two of them read, each with its interval.

    The intervals are percentiles of bootstrap resamples of the items. Where nobody disagrees, or everybody,
    resampling sees no spread: raw agreement then has the exact interval of Clopper and Pearson, the others
    have none. A coefficient is None where it is not defined: kappa and alpha where all gave one verdict.

    A person who read an item under two versions of the guideline counts once, with the newer one. BadInput
    where somebody said two things about an item under one version: somebody has to find out which holds.
    """
    items = [marks for marks in _latest(readings) if len(marks) >= 2]
    if not items:
        return Agreement(items=0, pairs=0)
    marks, times, weights = _patterns(items)
    found = coefficients(marks, (times * weights)[None, :], scale)
    resampled = _resampled(marks, times, weights, resamples, seed, scale)
    estimates = _estimates(found, resampled, confidence)
    if float(found.raw[0]) in (0.0, 1.0):
        size = effective_size(np.full(len(items), found.raw[0]), np.repeat(weights, times))
        estimates = _without_spread(found, size, confidence)
    pairs = sum(len(each) * (len(each) - 1) // 2 for each in items)
    return Agreement(items=len(items), pairs=pairs, **estimates)


def _name(reading: Reading, key: Key) -> str:
    value = getattr(reading, key.value)
    return "none" if value is None else str(value)


def _latest(readings: Sequence[Reading]) -> list[list[Reading]]:
    """The readings of each item, one a person; items by id, people by name."""
    said: dict[str, dict[str, Reading]] = defaultdict(dict)
    for reading in readings:
        held = said[reading.item].get(reading.person)
        said[reading.item][reading.person] = reading if held is None else _newer(held, reading)
    return [[people[person] for person in sorted(people)] for _, people in sorted(said.items())]


def _newer(held: Reading, other: Reading) -> Reading:
    versions = (held.guideline_version or 0, other.guideline_version or 0)
    if versions[0] == versions[1] and held.verdict is not other.verdict:
        raise BadInput(
            f"{held.person} said two things about item {held.item} under one version of the guideline:"
            f" {held.verdict} and {other.verdict}. Keep the one that stands."
        )
    return other if versions[1] > versions[0] else held


def _patterns(items: Sequence[Sequence[Reading]]) -> tuple[Marks, Ints, Floats]:
    """The distinct ways in which items were read and weigh, how many items each stands for, its weight.

    Thousands of items make few patterns, which is why resampling them is quick.
    """
    names = {name: n for n, name in enumerate(sorted({each.person for item in items for each in item}))}
    category = {verdict: n for n, verdict in enumerate(SCALE)}
    counted = Counter(
        (1 / item[0].probability, tuple((names[each.person], category[each.verdict]) for each in item))
        for item in items
    )
    patterns = sorted(counted)
    marks = Marks.of([pattern for _, pattern in patterns], len(names), len(SCALE))
    weights = np.asarray([weight for weight, _ in patterns])
    times = np.asarray([counted[each] for each in patterns], dtype=np.int64)
    # As heavy together as there are items: alpha corrects for the size of the sample.
    return marks, times, weights * len(items) / float(times @ weights)


def _resampled(
    marks: Marks, times: Ints, weights: Floats, resamples: int, seed: str, scale: Scale
) -> Coefficients:
    drawn = _drawn(times, resamples, seed)
    parts = [coefficients(marks, block * weights, scale) for block in drawn]
    return Coefficients(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))


def _drawn(times: Ints, resamples: int, seed: str) -> Iterator[Ints]:
    """Blocks of resamples: how often each pattern comes up when as many items are drawn, with replacement."""
    dice = np.random.Generator(np.random.PCG64(int.from_bytes(sha256(seed.encode()).digest()[:16], "big")))
    pattern, patterns = np.repeat(np.arange(len(times)), times), len(times)
    at_once = max(1, AT_ONCE // len(pattern))
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        picked = pattern[dice.integers(len(pattern), size=(rows, len(pattern)))]
        picked += np.arange(rows)[:, None] * patterns
        yield np.bincount(picked.ravel(), minlength=rows * patterns).reshape(rows, patterns)


def _estimates(found: Coefficients, resampled: Coefficients, confidence: float) -> dict[str, Estimate]:
    return {name: _estimate(getattr(found, name), getattr(resampled, name), confidence) for name in NAMES}


def _estimate(found: Floats, resampled: Floats, confidence: float) -> Estimate:
    """Resamples that do not define the number are left out; none is given where they are the most."""
    value = _or_none(found[0])
    defined = resampled[np.isfinite(resampled)]
    if value is None or 2 * len(defined) < len(resampled):
        return Estimate(value=value)
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value=value, low=float(low), high=float(high))


def _without_spread(found: Coefficients, size: float, confidence: float) -> dict[str, Estimate]:
    raw = float(found.raw[0])
    rest = {name: Estimate(value=_or_none(getattr(found, name)[0])) for name in ("kappa", "alpha", "ac1")}
    return {"raw": share(raw * size, size, confidence), **rest}


def _or_none(number: np.float64) -> float | None:
    return float(number) if np.isfinite(number) else None
