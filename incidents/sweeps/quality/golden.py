"""Which items with a known answer are hidden in a batch, and what do they say about those who read it?"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from enum import StrEnum
from math import floor
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.draws import chance, shuffled
from incidents.sweeps.quality.proportions import CONFIDENCE, UNMEASURED, Estimate, share


class Golden(NamedTuple):
    """An item whose verdict experts have agreed on: violates, or does not."""

    item: str
    language: str
    truth: Verdict


class GoldenReading(NamedTuple):
    """What a person said about a golden item."""

    item: str
    person: str
    language: str
    team: str
    truth: Verdict
    verdict: Verdict


class GoldenKey(StrEnum):
    """What golden readings are told apart by."""

    person = "person"
    language = "language"
    team = "team"


class GoldenRecord(BaseModel):
    """How well golden items were read. Unsure is no catch, and no acquittal either."""

    model_config = ConfigDict(frozen=True)

    violating: int = Field(ge=0)
    caught: int = Field(ge=0)
    harmless: int = Field(ge=0)
    cleared: int = Field(ge=0)
    sensitivity: Estimate = Field(UNMEASURED, description="Share of the violating ones that were caught.")
    specificity: Estimate = Field(UNMEASURED, description="Share of the harmless ones that were cleared.")


def hide(
    batch: str,
    size: int,
    person: str,
    pool: Sequence[Golden],
    *,
    language: str,
    seen: Collection[str],
    rate: float,
    seed: str,
) -> list[Golden]:
    """The golden items for a batch of `size` items.

    On average `rate` for each item of the batch. A person meets a golden item once, in the language that
    they read, about as many violating as harmless ones. Where the pool is used up there are fewer. The same
    arguments hide the same items.
    """
    fresh = [each for each in pool if each.language == language and each.item not in seen]
    due = golden_due(batch, size, rate, seed)
    return _mixed(fresh, min(due, len(fresh)), seed, person, batch)


def golden_due(batch: str, size: int, rate: float, seed: str) -> int:
    """How many golden items a batch gets: size × rate, the fraction rounded up as often as it is large."""
    if rate < 0 or size < 0:
        raise ValueError("a rate and a size are 0 or more")
    due = size * rate
    return floor(due) + (chance(seed, "golden-due", batch) < due - floor(due))


def _mixed(fresh: Sequence[Golden], count: int, seed: str, person: str, batch: str) -> list[Golden]:
    """Violating and harmless ones by turns as far as they reach, in an order that chance gives them."""
    by_id = {each.item: each for each in fresh}
    order = [by_id[item] for item in shuffled(by_id, seed, "golden", person, batch)]
    first = Verdict.violates if chance(seed, "golden-first", person, batch) < 0.5 else Verdict.does_not_violate
    turns: dict[bool, int] = {True: 0, False: 0}
    ranked = []
    for each in order:
        leads = each.truth is first
        ranked.append((turns[leads], not leads, each))
        turns[leads] += 1
    picked = [each for *_, each in sorted(ranked, key=lambda row: row[:2])[:count]]
    return [each for each in order if each in picked]


def golden_record(readings: Sequence[GoldenReading], confidence: float = CONFIDENCE) -> GoldenRecord:
    """Sensitivity and specificity with their exact intervals; the first reading of an item a person counts.

    The lower end of the sensitivity is what a certificate may rely on.
    """
    first = list({(each.person, each.item): each for each in reversed(readings)}.values())
    violating = [each for each in first if each.truth is Verdict.violates]
    harmless = [each for each in first if each.truth is Verdict.does_not_violate]
    caught = sum(each.verdict is Verdict.violates for each in violating)
    cleared = sum(each.verdict is Verdict.does_not_violate for each in harmless)
    return GoldenRecord(
        violating=len(violating),
        caught=caught,
        harmless=len(harmless),
        cleared=cleared,
        sensitivity=share(caught, len(violating), confidence),
        specificity=share(cleared, len(harmless), confidence),
    )


def golden_records_by(
    readings: Sequence[GoldenReading], key: GoldenKey, confidence: float = CONFIDENCE
) -> dict[str, GoldenRecord]:
    """The record of each person, language or team, sorted by name."""
    groups: dict[str, list[GoldenReading]] = defaultdict(list)
    for reading in readings:
        groups[getattr(reading, key.value)].append(reading)
    return {name: golden_record(groups[name], confidence) for name in sorted(groups)}
