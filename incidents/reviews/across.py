"""How did it go over several incidents? Medians with their n, and pooled shares; never a bare mean.

Durations of incidents are skewed, and few: a mean says nothing, and a trend of five numbers is none
(Davidovič, Incident Metrics in SRE, 2021; the VOID report, 2022). So every number comes with how many
incidents it rests on, and with the list.
"""

from collections.abc import Iterable, Sequence
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


def spreads(records: Sequence[Record]) -> list[Spread]:
    """Every duration over these incidents, in the order of `METRICS`. Drills are left out.

    Of an incident that was reopened it is that of the first round in which it could be measured.
    """
    real = _real(records)
    measured = {record.incident.id: measure(record) for record in real}
    return [
        _spread(metric.name, metric.sentence, {id: found[place].value for id, found in measured.items()})
        for place, metric in enumerate(METRICS)
    ]


def pooled(records: Sequence[Record]) -> list[Pooled]:
    """Every share and rate over these incidents, in the order of `SHARES` and `RATES`. Drills are left out."""
    real = _real(records)
    found = []
    for share in (*SHARES, *RATES):
        counts = {record.incident.id: share.count(record)[:2] for record in real}
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


def _real(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if not record.incident.drill]


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
