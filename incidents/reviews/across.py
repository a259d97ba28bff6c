"""How did it go over several incidents? Medians with their n, and pooled shares; never a bare mean.

Durations of incidents are skewed, and few: a mean says nothing, and a trend of five numbers is none
(Davidovič, Incident Metrics in SRE, 2021; the VOID report, 2022). So every number comes with how many
incidents it rests on, and with the list.
"""

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from incidents.reviews.metrics import METRICS, measure
from incidents.reviews.record import Record
from incidents.reviews.shares import RATES, SHARES

P90_FROM: Final = 10
"""Incidents below which the ninth decile is the largest value, and says nothing of its own."""


class Spread(BaseModel):
    """One duration over several incidents. Values are in seconds."""

    model_config = ConfigDict(frozen=True)

    name: str
    sentence: str
    n: int = Field(description="Incidents in which it could be measured.")
    of: int = Field(description="Incidents that were looked at.")
    median: float | None = Field(description="None where it could be measured in none.")
    p90: float | None = Field(description="The smallest value that nine of ten do not exceed; None below ten.")
    values: dict[str, float] = Field(description="Incident → its value, the shortest first.")


class Pooled(BaseModel):
    """One share or rate over several incidents: of the sums, not a mean of shares."""

    model_config = ConfigDict(frozen=True)

    name: str
    sentence: str
    n: int = Field(description="Incidents that it could be measured in.")
    of: int
    value: float | None = Field(description="Of a share 0 to 1; None of nothing.")
    numerator: int
    denominator: int
    values: dict[str, tuple[int, int]] = Field(description="Incident → its part and its whole.")
    unit: str = Field("", description="Of a rate, what it counts by what; empty for a share.")


class Measures(BaseModel):
    """All that is measured of one incident, by the names of `METRICS`, `SHARES` and `RATES`."""

    model_config = ConfigDict(frozen=True)

    incident: str
    is_drill: bool
    durations: dict[str, float | None] = Field(description="In seconds; None where it cannot be measured.")
    shares: dict[str, tuple[int, int]] = Field(description="Part and whole; of nothing the whole is 0.")


def measures_of(record: Record) -> Measures:
    """What one record measures. Of a reopened incident, the first round in which it could be measured."""
    return Measures(
        incident=record.incident.id,
        is_drill=bool(record.incident.drill),
        durations={each.metric.name: each.value for each in measure(record)},
        shares={share.name: share.count(record)[:2] for share in (*SHARES, *RATES)},
    )


def spreads(measured: Sequence[Measures], *, drills: bool = False) -> list[Spread]:
    """Every duration over these incidents, in the order of `METRICS`: of drills alone, or of all but drills."""
    real = [each for each in measured if each.is_drill is drills]
    return [
        _spread(metric.name, metric.sentence, {each.incident: each.durations.get(metric.name) for each in real})
        for metric in METRICS
    ]


def pooled(measured: Sequence[Measures], *, drills: bool = False) -> list[Pooled]:
    """Every share and rate over these incidents, in the order of `SHARES` and `RATES`. Drills as above."""
    real = [each for each in measured if each.is_drill is drills]
    found = []
    for share in (*SHARES, *RATES):
        counts = {each.incident: each.shares.get(share.name, (0, 0)) for each in real}
        measurable = {id: (part, whole) for id, (part, whole) in counts.items() if whole}
        part, whole = (sum(each) for each in zip((0, 0), *measurable.values(), strict=True))
        found.append(
            Pooled(
                name=share.name,
                sentence=share.sentence,
                n=len(measurable),
                of=len(real),
                value=part / whole if whole else None,
                numerator=part,
                denominator=whole,
                values=measurable,
                unit=share.unit,
            )
        )
    return found


def _spread(name: str, sentence: str, values: dict[str, float | None]) -> Spread:
    known = sorted(((value, id) for id, value in values.items() if value is not None))
    seconds = [value for value, _ in known]
    return Spread(
        name=name,
        sentence=sentence,
        n=len(known),
        of=len(values),
        median=median(seconds) if seconds else None,
        p90=seconds[ceil(0.9 * len(seconds)) - 1] if len(seconds) >= P90_FROM else None,
        values={id: value for value, id in known},
    )
