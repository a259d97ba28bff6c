"""How it went over several incidents: each number with its n and the list of incidents behind it."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Response
from fastapi.responses import HTMLResponse

from console.measuring import look_at, measure_missing, span_of
from console.pages.door import Visits
from incidents.errors import NotFound
from incidents.reviews.across import P90_FROM, Pooled, Spread, pooled, spreads
from incidents.reviews.chart import Chart
from incidents.reviews.trend_chart import Point, trend
from incidents.store.measures import Looked
from incidents.words import duration, share

router = APIRouter(include_in_schema=False)

MOST_BEHIND = 20
"""Incidents that are measured behind one page, after it was sent."""

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


class Row(NamedTuple):
    """One incident behind a number."""

    incident: Looked
    value: float
    told: str


@router.get("/trends")
def show_trends(visits: Visits, after: BackgroundTasks, chosen: Annotated[Chosen, Depends()]) -> HTMLResponse:
    """Durations with median, ninth decile and n; shares and rates with their sums."""
    looked = _looked(visits, chosen)
    missing = [each for each in looked if each.measured is None]
    after.add_task(measure_missing, visits.store, missing[:MOST_BEHIND])
    durations, shares = _measured(looked, chosen)
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
    found = _find(name, looked, chosen)
    rows = _rows(found, looked)
    more = chosen.query + ("&" if chosen.query else "")
    return visits.page(
        "trend",
        found=found,
        is_duration=isinstance(found, Spread),
        chosen=chosen,
        rows=rows[start : start + SHOWN],
        chart=_chart(found, rows),
        fewest=P90_FROM,
        following=f"{more}start={start + SHOWN}" if len(rows) > start + SHOWN else "",
    )


@router.get("/trends/{name}/chart.svg")
def draw_trend(visits: Visits, name: str, chosen: Annotated[Chosen, Depends()]) -> Response:
    """The same as a picture."""
    looked = _looked(visits, chosen)
    found = _find(name, looked, chosen)
    drawn = _chart(found, _rows(found, looked))
    if drawn is None:
        raise NotFound(f"{name} was measured in fewer than two of these incidents: there is nothing to draw.")
    return Response(drawn.svg(), media_type="image/svg+xml")


def _looked(visits: Visits, chosen: Chosen) -> list[Looked]:
    span = span_of(chosen.severity, chosen.protocol, chosen.since, chosen.until, drills=bool(chosen.drills))
    return look_at(visits.store, visits.person(drill=True), span)


def _measured(looked: list[Looked], chosen: Chosen) -> tuple[list[Spread], list[Pooled]]:
    measured = [each.measured for each in looked if each.measured is not None]
    drills = bool(chosen.drills)
    return spreads(measured, drills=drills), pooled(measured, drills=drills)


def _find(name: str, looked: list[Looked], chosen: Chosen) -> Spread | Pooled:
    durations, shares = _measured(looked, chosen)
    known: list[Spread | Pooled] = [*durations, *shares]
    for each in known:
        if each.name == name:
            return each
    raise NotFound(f"Nothing that is measured is called {name!r}. The page of trends lists all.")


def _rows(found: Spread | Pooled, looked: list[Looked]) -> list[Row]:
    known = {each.id: each for each in looked}
    if isinstance(found, Spread):
        rows = [Row(known[id], value, duration(value)) for id, value in found.values.items()]
    else:
        rows = [
            Row(known[id], part / whole, share(part, whole, found.unit))
            for id, (part, whole) in found.values.items()
        ]
    return sorted(rows, key=lambda row: (-row.value, row.incident.number))


def _chart(found: Spread | Pooled, rows: list[Row]) -> Chart | None:
    points = [Point(row.incident.id, row.incident.opened_at, row.value) for row in rows]
    middle = found.median if isinstance(found, Spread) else found.value
    if middle is None:
        return None
    return trend(found.name, points, middle=middle, unit=_unit(found))


def _unit(found: Spread | Pooled) -> str:
    return "s" if isinstance(found, Spread) else found.unit or "%"
