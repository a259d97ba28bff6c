"""How it went over several incidents: each number with its n, and every incident behind it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from fastapi import BackgroundTasks, Depends, Query
from pydantic import BaseModel, Field, TypeAdapter

from console.api.asking import Calls
from console.api.ground import room, shows
from console.api.pages import After, Limit, Page, page, read_cursor
from console.measuring import (
    MOST_BEHIND,
    Row,
    find_measure,
    look_at,
    measure_missing,
    measured,
    rows_behind,
    span_of,
)
from incidents.reviews.across import Pooled, Spread
from incidents.store.measures import Looked

router = room("trends")

PLACE: Final = TypeAdapter(tuple[float, int])
"""In a list that begins with the largest value: its negative, and the incident's number."""

Filter = Annotated[str, Query(max_length=100)]
Day = Annotated[date | None, Query(description="In UTC; the day counts.", examples=["2026-11-23"])]


@dataclass(frozen=True)
class Chosen:
    """Which incidents are looked at."""

    severity: Filter = ""
    protocol: Filter = ""
    since: Day = None
    until: Day = None
    drills: Annotated[bool, Query(description="Exercises, and nothing else.")] = False


class DurationTold(BaseModel):
    """One duration over several incidents, in seconds."""

    name: str
    sentence: str
    n: int = Field(description="Incidents in which it could be measured.")
    of: int = Field(description="Incidents that were looked at.")
    median: float | None
    p90: float | None = Field(description="The smallest value that nine of ten do not exceed; null below ten.")


class ShareTold(BaseModel):
    """One share or rate over several incidents: of the sums, not a mean of shares."""

    name: str
    sentence: str
    n: int
    of: int
    value: float | None = Field(description="Of a share 0 to 1; null of nothing.")
    numerator: int
    denominator: int
    unit: str = Field(description="Of a rate, what it counts by what; empty for a share.")


class TrendsTold(BaseModel):
    """Every number over the incidents that were chosen."""

    looked: int = Field(description="Incidents that were looked at.")
    missing: int = Field(description="Those not measured yet: they are now, behind this answer.")
    durations: list[DurationTold]
    shares: list[ShareTold]


class Behind(BaseModel):
    """One incident behind a number."""

    incident: str
    title: str
    severity: str
    opened_at: datetime
    value: float = Field(description="Seconds of a duration; else the share or the rate.")


_DURATION: Final = {
    "name": "TTR",
    "sentence": "From declaring to standing down",
    "n": 11,
    "of": 12,
    "median": 21600.0,
    "p90": 50400.0,
}
_SHARE: Final = {
    "name": "Graphic",
    "sentence": "Decisions about graphic posts",
    "n": 10,
    "of": 12,
    "value": 0.25,
    "numerator": 400,
    "denominator": 1600,
    "unit": "",
}
_TRENDS: Final = {"looked": 12, "missing": 0, "durations": [_DURATION], "shares": [_SHARE]}
_BEHIND: Final = {
    "incident": "INC-12",
    "title": "Calls to storm a clinic",
    "severity": "sev2",
    "opened_at": "2026-11-23T07:12:00Z",
    "value": 21600.0,
}

Choice = Annotated[Chosen, Depends()]


@router.get("/trends", responses=shows(_TRENDS))
def show_trends(calls: Calls, chosen: Choice, after: BackgroundTasks) -> TrendsTold:
    """Durations, shares and rates over ended incidents that the caller may see, each with its n."""
    looked = _looked(calls, chosen)
    missing = [each for each in looked if each.measured is None]
    after.add_task(measure_missing, calls.store, missing[:MOST_BEHIND])
    durations, shares = measured(looked, drills=chosen.drills)
    return TrendsTold(
        looked=len(looked),
        missing=len(missing),
        durations=[_duration_told(each) for each in durations],
        shares=[_share_told(each) for each in shares],
    )


@router.get("/trends/{name}", responses=shows({"items": [_BEHIND], "next": None}))
def show_trend(
    calls: Calls, name: str, chosen: Choice, after: After = None, limit: Limit = 100
) -> Page[Behind]:
    """Every incident behind one number, the largest value first."""
    looked = _looked(calls, chosen)
    rows = rows_behind(find_measure(name, looked, drills=chosen.drills), looked)
    since = read_cursor(after, PLACE)
    later = rows if since is None else [row for row in rows if _place(row) > since]
    return page(later, limit, _behind, _place)


def _looked(calls: Calls, chosen: Chosen) -> list[Looked]:
    since, until = (day.isoformat() if day else "" for day in (chosen.since, chosen.until))
    span = span_of(chosen.severity, chosen.protocol, since, until, drills=chosen.drills)
    return look_at(calls.store, calls.person(drill=True), span)


def _duration_told(found: Spread) -> DurationTold:
    return DurationTold.model_validate(found.model_dump(exclude={"values"}))


def _share_told(found: Pooled) -> ShareTold:
    return ShareTold.model_validate(found.model_dump(exclude={"values"}))


def _behind(row: Row) -> Behind:
    about = row.incident
    named = about.model_dump(include={"title", "severity", "opened_at"})
    return Behind(incident=about.id, value=row.value, **named)


def _place(row: Row) -> tuple[float, int]:
    return -row.value, row.incident.number
