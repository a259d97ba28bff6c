"""Begin a sweep: say what it looks for, see what each entry brings in and what reading that costs, start."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.sources import chosen, named_sources
from console.tries import AT_MOST, AT_MOST_FETCHED, Try
from incidents.errors import BadInput, WatchfloorError
from incidents.incident.incident import Incident
from incidents.people import Act
from incidents.store.incidents import find_for
from incidents.store.post_source import HttpSource, Source
from incidents.store.sweeps import OPEN_FOR_SWEEPS, Goal, request_sweep
from incidents.store.trials import Told
from incidents.sweeps.scope import BRINGING_IN, Scope, read_scope
from incidents.sweeps.staffing import Cost, cost_of

router = APIRouter(prefix="/incidents/{incident}/sweeps", include_in_schema=False)

LONGEST: Final = 500_000
"""Characters of one field of a scope."""

BY_LINE: Final = (*BRINGING_IN, "excluded_terms")
"""Fields of a scope that take an entry a line."""

BY_WORD: Final = ("languages", "regions")
MOMENTS: Final = ("since", "until")

Tried = Annotated[str, Query(alias="try", max_length=50, description="Name of a count that was begun.")]


@router.get("/new")
def show_editor(visits: Visits, incident: str, tried: Tried = "") -> HTMLResponse:
    """The form, and what the scope in it would bring in, as far as it is counted."""
    if not tried:
        return _page(visits, incident, Form({}))
    begun = visits.tries.find(tried, visits.session.person, incident)
    return _page(visits, incident, Form(begun.fields), tried=tried, begun=begun)


@router.post("/try", response_model=None)
def try_out(visits: Visits, form: OwnForm, incident: str) -> Answer:
    """Begin to count what the scope would bring in; the page that is sent back tells how far that is."""
    _find(visits, incident)

    def done() -> Answer:
        begun = Try(visits.session.person, incident, _typed(form), _scope(form), _source(visits, form))
        return go(f"/incidents/{incident}/sweeps/new?try={visits.tries.begin(visits.settings, begun)}#counts")

    return attempt(done, lambda why: _page(visits, incident, form, refused=why, move="try"))


@router.post("/start", response_model=None)
def start(visits: Visits, form: OwnForm, incident: str, after: BackgroundTasks) -> Answer:
    """Ask for the sweep. What refuses it is said beside the button, and nothing that was typed is lost."""
    _find(visits, incident)

    def done() -> Answer:
        scope, source, goal = _scope(form), _source(visits, form), _goal(form)
        with visits.moving(incident, after) as (work, by, now):
            requested = request_sweep(work, incident, scope, source, by=by, now=now, goal=goal)
        return go(f"/sweeps/{requested.id}")

    return attempt(done, lambda why: _page(visits, incident, form, refused=why, move="start"))


def _find(visits: Visitor, incident: str) -> Incident:
    with visits.store.read() as work:
        return find_for(work, incident, visits.person_in(work, incident), Act.start_sweep)


def _page(
    visits: Visitor,
    incident: str,
    typed: Form,
    *,
    tried: str = "",
    begun: Try | None = None,
    refused: WatchfloorError | None = None,
    move: str = "",
) -> HTMLResponse:
    found = _find(visits, incident)
    told = begun.told if begun else None
    return visits.page(
        "sweep_start",
        status=422 if refused else 200,
        incident=found,
        is_open=found.phase in OPEN_FOR_SWEEPS,
        places=list(named_sources(visits.settings.home)),
        fields=BY_LINE,
        typed=typed,
        longest=LONGEST,
        goal=Goal(),
        tried=tried,
        is_over=begun is None or begun.is_over,
        told=told,
        at_most=AT_MOST_FETCHED if begun and isinstance(begun.source, HttpSource) else AT_MOST,
        cost=_cost(visits, found, told),
        refused=refused,
        move=move,
    )


def _cost(visits: Visitor, found: Incident, told: Told | None) -> Cost | None:
    """What reading what was counted would cost the teams."""
    if told is None or told.counted is None:
        return None
    graphic = found.policy is not None and visits.catalogue.policy(found.policy).graphic
    return cost_of(visits.catalogue, told.counted.dry.languages, graphic=graphic)


def _typed(form: Form) -> Mapping[str, list[str]]:
    return {name: values for name, values in form.fields.items() if name != "csrf"}


def _source(visits: Visitor, form: Form) -> Source:
    return chosen(named_sources(visits.settings.home), form.text("source"))


def _scope(form: Form) -> Scope:
    return read_scope(dict(_entries(form)))


def _entries(form: Form) -> Iterator[tuple[str, object]]:
    for name in BY_LINE:
        yield name, [line.strip() for line in form.text(name, LONGEST).splitlines() if line.strip()]
    for name in BY_WORD:
        yield name, form.text(name, LONGEST).replace(",", " ").split()
    for name in MOMENTS:
        if given := form.text(name):
            yield name, _moment(name, given)


def _moment(name: str, given: str) -> str:
    """A time as a browser sends it, in UTC."""
    try:
        return f"{datetime.fromisoformat(given).replace(tzinfo=None).isoformat()}Z"
    except ValueError:
        raise BadInput(f"{name} is no time. Write it as 2026-01-15T08:00.") from None


def _goal(form: Form) -> Goal:
    try:
        return Goal.model_validate({name: form.text(name) for name in ("target", "confidence")})
    except ValidationError:
        bounds = "a target is 0.5 to 0.99, a confidence 0.8 to 0.99"
        raise BadInput(f"A share is a number: {bounds}. Nothing was started.") from None
