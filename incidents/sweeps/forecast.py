"""When will a sweep be read, by those who are there, at the pace they are going; and can it be done at all?"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from scipy.special import bdtr

from incidents.errors import BadInput
from incidents.sweeps.exposure import ExposureBudget
from incidents.sweeps.quality.proportions import CONFIDENCE, UNMEASURED, Estimate

PAUSE = timedelta(minutes=5)
"""A longer time for an item is a break, or a conversation, and no reading."""
SLOW = 0.9
"""How sure the pessimistic forecast is that people are not slower still."""
ASSUMED_PACE = 60.0
"""Items an hour and person, until it is measured."""
SHIFTS_IN_7_DAYS = 5
HORIZON_DAYS = 14.0
"""Working days beyond which a crisis is over before its sweep is."""


class Timed(NamedTuple):
    """A decision, for the pace alone."""

    person: str
    batch: str
    language: str
    at: datetime


class Pace(BaseModel):
    """Items that one person reads in an hour, breaks left out."""

    model_config = ConfigDict(frozen=True)

    batches: int = Field(ge=0, description="Batches that it was measured on.")
    items_an_hour: Estimate = Field(UNMEASURED, description="The median of the batches.")
    slow: float | None = Field(None, description="At least this, at 90 %; None below four batches.")


class Finish(BaseModel):
    """When one language is read. Hours are those in which that many people are at work."""

    model_config = ConfigDict(frozen=True)

    language: str
    items: int = Field(ge=0, description="Items that nobody has decided yet.")
    people: float = Field(ge=0, description="Who is on shift; half of somebody who reads two languages.")
    hours_p50: float | None = Field(None, description="None where nobody reads it, or no pace is known.")
    hours_p90: float | None = Field(None, description="At the slow pace; None until it is known.")


class Forecast(BaseModel):
    """When a sweep is read, language by language; the slowest one decides."""

    model_config = ConfigDict(frozen=True)

    languages: tuple[Finish, ...]
    hours_p50: float | None = Field(None, description="Of the whole; None while one language has no end.")
    hours_p90: float | None = None
    bottleneck: str | None = Field(None, description="The language that is done last, or never.")


class Crew(NamedTuple):
    """Who reads a language, and how much of it there is."""

    candidates: int
    people: float
    graphic_share: float = 0.0
    """Of the candidates, as far as it is known, 0 to 1."""


class Prospect(BaseModel):
    """What reading all of a universe would take, in working days of the people there are."""

    model_config = ConfigDict(frozen=True)

    candidates: int
    people: float
    a_day: float = Field(ge=0, description="Items that all of them together read in a working day.")
    days: float | None = Field(None, description="Of the slowest language; None where nobody reads one.")
    bottleneck: str | None = None
    too_much: bool = Field(description="It has no end, or one beyond the horizon.")

    def __str__(self) -> str:
        posts = f"{self.candidates:,} candidate{'' if self.candidates == 1 else 's'}"
        if self.days is None:
            return f"{posts}, and nobody who reads {self.bottleneck}: give it to a team, or leave it out."
        people = f"{self.people:,g} {'person' if self.people == 1 else 'people'}"
        said = f"{posts} for {people}: {self.days:,.1f} working days to read them all"
        return f"{said}. Narrow the scope, or ask for more people." if self.too_much else f"{said}."


def pace(times: Sequence[Timed], pause: timedelta = PAUSE, confidence: float = CONFIDENCE) -> Pace:
    """The median pace of the batches, with the exact interval that order statistics give it.

    The pace of a batch is that of one person in it, from the first decision on, steps of more than `pause` an
    item left out. A batch whose decisions all came at one moment, as from a spreadsheet, says nothing.
    Few batches bound a median from neither side: 6 are needed at 95 %.
    """
    paces = sorted(_paces(times, pause))
    if not paces:
        return Pace(batches=0)
    tail = _rank(len(paces), (1 - confidence) / 2)
    low, high = (paces[tail - 1], paces[-tail]) if tail else (None, None)
    slow = _rank(len(paces), 1 - SLOW)
    return Pace(
        batches=len(paces),
        items_an_hour=Estimate(value=median(paces), low=low, high=high),
        slow=paces[slow - 1] if slow else None,
    )


def pace_by_language(times: Sequence[Timed], pause: timedelta = PAUSE) -> dict[str, Pace]:
    """The pace in each language, sorted."""
    groups: dict[str, list[Timed]] = defaultdict(list)
    for each in times:
        groups[each.language].append(each)
    return {language: pace(groups[language], pause) for language in sorted(groups)}


def _paces(times: Sequence[Timed], pause: timedelta) -> list[float]:
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for each in times:
        moments[each.person, each.batch].append(each.at)
    return [found for each in moments.values() if (found := _pace_of(each, pause)) is not None]


def _pace_of(moments: Sequence[datetime], pause: timedelta) -> float | None:
    """Items an hour; what was sent at one moment was read since the moment before."""
    sent = Counter(moments)
    steps = [(sent[later], later - earlier) for earlier, later in pairwise(sorted(sent))]
    reading = [(items, taken.total_seconds()) for items, taken in steps if taken <= items * pause]
    return 3600 * sum(items for items, _ in reading) / sum(taken for _, taken in reading) if reading else None


def _rank(count: int, tail: float) -> int:
    """The k of the k-th smallest of `count` that is above the median with probability `tail` at most; or 0."""
    return sum(float(bdtr(k, count, 0.5)) <= tail for k in range((count + 1) // 2))


def forecast(
    left: Mapping[str, int],
    people: Mapping[str, float],
    paces: Mapping[str, Pace],
    otherwise: Pace,
    *,
    readings_an_item: float = 1.0,
    reading_share: float = 1.0,
) -> Forecast:
    """Hours until what is left is read: items × readings ÷ (people × pace × reading share), by language.

    A language whose pace is not measured goes at the pace `otherwise`, e.g. of all. `readings_an_item`
    counts second readings and golden items in: with one item in ten read twice and one golden item in
    twenty it is 1.15. `reading_share` is what breaks leave of an hour (`ExposureBudget.reading_share`).
    BadInput for less than none of anything.
    """
    if readings_an_item < 0 or min([*left.values(), *people.values()], default=0) < 0:
        raise BadInput("There cannot be less than no items, people or readings.")
    if not 0 < reading_share <= 1:
        raise BadInput("The share of an hour in which people read lies above 0 and is at most 1.")
    ends = [
        _finish(
            language,
            left[language],
            people.get(language, 0.0),
            _known(paces, language, otherwise),
            readings_an_item / reading_share,
        )
        for language in sorted(left)
    ]
    return Forecast(
        languages=tuple(ends),
        hours_p50=_last([each.hours_p50 for each in ends]),
        hours_p90=_last([each.hours_p90 for each in ends]),
        bottleneck=_bottleneck({each.language: each.hours_p50 for each in ends if each.items}),
    )


def _known(paces: Mapping[str, Pace], language: str, otherwise: Pace) -> Pace:
    found = paces.get(language)
    return otherwise if found is None or found.items_an_hour.value is None else found


def _finish(language: str, items: int, people: float, known: Pace, readings: float) -> Finish:
    return Finish(
        language=language,
        items=items,
        people=people,
        hours_p50=_hours(items * readings, people, known.items_an_hour.value),
        hours_p90=_hours(items * readings, people, known.slow),
    )


def _hours(items: float, people: float, an_hour: float | None) -> float | None:
    if not items:
        return 0.0
    return items / (people * an_hour) if people and an_hour else None


def _last(ends: Sequence[float | None]) -> float | None:
    known = [end for end in ends if end is not None]
    return max(known, default=0.0) if len(known) == len(ends) else None


def _bottleneck(ends: Mapping[str, float | None]) -> str | None:
    """The language whose end is latest; one without an end comes before all, the first by name."""
    never = sorted(language for language, end in ends.items() if end is None)
    return (
        never[0]
        if never
        else min(ends, key=lambda language: (-(ends[language] or 0.0), language), default=None)
    )


def prospect(
    crews: Mapping[str, Crew],
    budget: ExposureBudget,
    *,
    items_an_hour: float = ASSUMED_PACE,
    readings_an_item: float = 1.0,
    horizon_days: float = HORIZON_DAYS,
) -> Prospect:
    """Said before a sweep starts: the working days that reading all of it would take.

    A person reads a whole shift but for the breaks, and no more graphic items than the budget allows for a
    shift, or for 7 days shared out over five shifts. Nothing is taken off for a sweep that is certified
    before all is read. BadInput for a pace that is none.
    """
    if items_an_hour <= 0 or readings_an_item <= 0:
        raise BadInput("A pace is more than no items an hour, and an item is read at all.")
    each_day = {
        name: crew.people * a_day(crew.graphic_share, budget, items_an_hour) for name, crew in crews.items()
    }
    ends = {
        name: crew.candidates * readings_an_item / each_day[name] if each_day[name] else None
        for name, crew in crews.items()
        if crew.candidates
    }
    days = _last(list(ends.values()))
    return Prospect(
        candidates=sum(crew.candidates for crew in crews.values()),
        people=sum(crew.people for crew in crews.values()),
        a_day=sum(each_day[name] for name in sorted(each_day)),
        days=days,
        bottleneck=_bottleneck(ends),
        too_much=days is None or days > horizon_days,
    )


def a_day(graphic_share: float, budget: ExposureBudget, items_an_hour: float) -> float:
    """Items that one person reads in a working day, of which a share is graphic."""
    unhurried = items_an_hour * budget.shift_hours * budget.reading_share
    if graphic_share <= 0:
        return unhurried
    graphic = min(
        budget.graphic_items_a_shift,
        budget.graphic_items_7_days / SHIFTS_IN_7_DAYS,
        budget.graphic_minutes_a_shift * items_an_hour / 60,
        budget.graphic_minutes_7_days * items_an_hour / 60 / SHIFTS_IN_7_DAYS,
    )
    return min(unhurried, graphic / graphic_share)
