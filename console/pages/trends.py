"""How it went over several incidents: each number with its n and the list of incidents behind it."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Response
from fastapi.responses import HTMLResponse

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
from console.pages.door import Visits
from incidents.errors import NotFound
from incidents.reviews.across import P90_FROM, Pooled, Spread
from incidents.reviews.chart import Chart
from incidents.reviews.trend_chart import Point, trend
from incidents.store.measures import Looked
from incidents.words import duration, share

router = APIRouter(include_in_schema=False)

SHOWN = 200
"""Rows of one page; the next ones are a link away."""

Filter = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Chosen:
    """Which incidents the visitor looks at, as it was typed."""

    severity: Filter = ""
    protocol: Filter = ""
    since: Filter = ""
    until: Filter = ""
    drills: Filter = ""

    @property
    def query(self) -> str:
        """The same for the address of a page; empty where nothing was chosen."""
        return urlencode({name: value for name, value in vars(self).items() if value})


@router.get("/trends")
def show_trends(visits: Visits, after: BackgroundTasks, chosen: Annotated[Chosen, Depends()]) -> HTMLResponse:
    """Durations with median, ninth decile and n; shares and rates with their sums."""
    looked = _looked(visits, chosen)
    missing = [each for each in looked if each.measured is None]
    after.add_task(measure_missing, visits.store, missing[:MOST_BEHIND])
    durations, shares = measured(looked, drills=bool(chosen.drills))
    return visits.page(
        "trends",
        chosen=chosen,
        severities=[each.id for each in visits.catalogue.severities],
        protocols=[each.id for each in visits.catalogue.protocols],
        looked=len(looked),
        missing=len(missing),
        durations=durations,
        shares=shares,
        fewest=P90_FROM,
    )


@router.get("/trends/{name}")
def show_trend(
    visits: Visits,
    name: str,
    chosen: Annotated[Chosen, Depends()],
    start: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """One number, with every incident behind it: the largest value first."""
    looked = _looked(visits, chosen)
    found = find_measure(name, looked, drills=bool(chosen.drills))
    rows = rows_behind(found, looked)
    more = chosen.query + ("&" if chosen.query else "")
    return visits.page(
        "trend",
        found=found,
        is_duration=isinstance(found, Spread),
        chosen=chosen,
        rows=[(row, _told(found, row)) for row in rows[start : start + SHOWN]],
        chart=_chart(found, rows),
        fewest=P90_FROM,
        following=f"{more}start={start + SHOWN}" if len(rows) > start + SHOWN else "",
    )


@router.get("/trends/{name}/chart.svg")
def draw_trend(visits: Visits, name: str, chosen: Annotated[Chosen, Depends()]) -> Response:
    """The same as a picture."""
    looked = _looked(visits, chosen)
    found = find_measure(name, looked, drills=bool(chosen.drills))
    drawn = _chart(found, rows_behind(found, looked))
    if drawn is None:
        raise NotFound(f"{name} was measured in fewer than two of these incidents: there is nothing to draw.")
    return Response(drawn.svg(), media_type="image/svg+xml")


def _looked(visits: Visits, chosen: Chosen) -> list[Looked]:
    span = span_of(chosen.severity, chosen.protocol, chosen.since, chosen.until, drills=bool(chosen.drills))
    return look_at(visits.store, visits.person(drill=True), span)


def _told(found: Spread | Pooled, row: Row) -> str:
    """The value of one incident, as people read it."""
    if isinstance(found, Spread):
        return duration(row.value)
    part, whole = found.values[row.incident.id]
    return share(part, whole, found.unit)


def _chart(found: Spread | Pooled, rows: list[Row]) -> Chart | None:
    points = [Point(row.incident.id, row.incident.opened_at, row.value) for row in rows]
    middle = found.median if isinstance(found, Spread) else found.value
    if middle is None:
        return None
    return trend(found.name, points, middle=middle, unit=_unit(found))


def _unit(found: Spread | Pooled) -> str:
    return "s" if isinstance(found, Spread) else found.unit or "%"
