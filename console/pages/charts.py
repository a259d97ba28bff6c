"""The charts of an incident as it stands: as pictures, and interactive where somebody asks for it."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from console.pages.door import Visits
from incidents.errors import NotFound
from incidents.people import Act
from incidents.reviews.chart import Chart, drawing_script
from incidents.reviews.charts import charts
from incidents.store.incidents import find_for
from incidents.store.records import read_record

router = APIRouter(include_in_schema=False)

FOR_A_MINUTE = {"cache-control": "private, max-age=60"}
"""Drawing takes a while, and the incident's own page shows the crisis each time."""

FOR_A_DAY = {"cache-control": "private, max-age=86400"}
"""The script changes with a release alone."""


@router.get("/incidents/{incident}/charts")
def show_charts(visits: Visits, incident: str) -> HTMLResponse:
    """Every picture for which there is something to draw, with what is to be seen in words."""
    found = find_charts(visits, incident)
    return visits.page("charts", incident=incident, charts=found)


@router.get("/incidents/{incident}/charts/{name}")
def show_chart(visits: Visits, incident: str, name: str) -> Response:
    """One of them: `crisis.svg` is the picture, `crisis.json` its Vega-Lite specification."""
    stem, _, kind = name.rpartition(".")
    chart = next((each for each in find_charts(visits, incident) if each.name == stem), None)
    if chart is None or kind not in {"svg", "json"}:
        raise NotFound(f"{incident} has no chart {name}.")
    if kind == "svg":
        return Response(chart.svg(), media_type="image/svg+xml", headers=FOR_A_MINUTE)
    return Response(chart.json(), media_type="application/json")


@router.get("/vega.js")
def show_script(_visits: Visits) -> Response:
    """What draws a specification in a browser; fetched where somebody asks for an interactive chart."""
    return Response(drawing_script(), media_type="text/javascript", headers=FOR_A_DAY)


def find_charts(visits: Visits, incident: str) -> list[Chart]:
    """The charts of an incident that the visitor may see."""
    with visits.store.read() as work:
        find_for(work, incident, visits.person_in(work, incident), Act.see_incidents)
        return charts(read_record(work, incident))
