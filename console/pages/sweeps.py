"""A sweep on its pages: what is known of it, who works on it, what was decided, and what leads it on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse, Response

from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.second_person import take_or_propose
from console.sources import chosen, named_sources, names_of
from console.sweeping import Looked, largest_clusters, look_at, look_within, looks_of, sums_of, team_of
from incidents.errors import BadInput, NotFound, WatchfloorError
from incidents.people import Act, Person, is_allowed, is_staff
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.post_source import Source
from incidents.store.sweep_views import (
    copies_of,
    decision_about,
    find_post,
    in_hands,
    recent_decisions,
    show_text,
)
from incidents.store.sweeps import Sweep, find_sweep, find_sweep_for, request_window, sweeps_of, windows_of
from incidents.store.turns import urge
from incidents.sweeps.knowledge import outlook, sentences
from incidents.sweeps.scope import BRINGING_IN

router = APIRouter(include_in_schema=False)

DECISIONS: Final = 50
"""Decisions on one page; earlier ones are a link away."""

Item = Annotated[str, Query(max_length=500, description="Id of a post.")]


@dataclass(frozen=True)
class Refused:
    """A form that was refused: why, which one, and what was typed."""

    why: WatchfloorError | None = None
    move: str = ""
    typed: Form = field(default_factory=lambda: Form({}))

    @property
    def status(self) -> int:
        """Of the page that says so."""
        return 422 if self.why else 200

    def because(self, why: WatchfloorError) -> "Refused":
        """The same form, refused for this reason."""
        return replace(self, why=why)


NOTHING: Final = Refused()


@router.get("/incidents/{incident}/sweeps")
def show_sweeps(visits: Visits, incident: str) -> HTMLResponse:
    """The sweeps of an incident."""
    with visits.store.read() as work:
        found = find_for(work, incident, visits.person_in(work, incident), Act.see_sweep)
        listed = sweeps_of(work, incident)
        now = visits.now_in(work, incident)
    return visits.page("sweeps", incident=found, sweeps=listed, its_now=now)


@router.get("/sweeps/{sweep}")
def show_sweep(visits: Visits, sweep: str, after: BackgroundTasks) -> HTMLResponse:
    """What is known of a sweep, what is not, and who works on it."""
    return _progress_page(visits, sweep, after)


@router.get("/sweeps/{sweep}/decisions")
def show_decisions(
    visits: Visits,
    sweep: str,
    before: Annotated[int | None, Query(ge=1, description="Decisions made earlier than this one.")] = None,
    item: Item = "",
) -> HTMLResponse:
    """The last decisions, or the one about a post, each with the form that undoes it."""
    return _decisions_page(visits, sweep, before=before, item=item)


@router.get("/sweeps/{sweep}/clusters")
def show_clusters(visits: Visits, sweep: str, after: BackgroundTasks) -> HTMLResponse:
    """The largest clusters of copies, without a word of them."""
    looked = look_at(visits, sweep)
    counted = largest_clusters(visits, looked.sweep, looked.by, after)
    return page_of(visits, "sweep_clusters", looked, clusters=counted.value, counted=counted)


@router.get("/sweeps/{sweep}/quality")
def show_quality(visits: Visits, sweep: str, after: BackgroundTasks) -> HTMLResponse:
    """How far people agree, how often decisions hold, how golden items were read."""
    looked = look_at(visits, sweep)
    counted = looks_of(visits, looked.sweep, looked.by, after)
    return page_of(visits, "sweep_quality", looked, looks=counted.value, counted=counted)


@router.get("/sweeps/{sweep}/charts/{name}")
def show_sweep_chart(visits: Visits, sweep: str, name: str, after: BackgroundTasks) -> Response:
    """One picture: `recall.svg` is drawn, `recall.json` its Vega-Lite specification. For staff."""
    looked = look_at(visits, sweep, Act.see_incidents)
    stem, _, kind = name.rpartition(".")
    if stem == "agreement":
        drawn = looks_of(visits, looked.sweep, looked.by, after).value.chart
    else:
        charts = sums_of(visits, looked.sweep, looked.by, looked.now, after).value.charts
        drawn = next((each for each in charts if each.name == stem), None)
    if drawn is None or kind not in {"svg", "json"}:
        raise NotFound(f"{sweep} has no chart {name}.")
    if kind == "svg":
        return Response(drawn.svg(), media_type="image/svg+xml")
    return Response(drawn.json(), media_type="application/json")


@router.get("/sweeps/{sweep}/post")
def show_post(visits: Visits, sweep: str, item: Item = "") -> HTMLResponse:
    """All that is known of a post but its text, which is shown for a reason."""
    return _post_page(visits, sweep, item)


@router.post("/sweeps/{sweep}/look", response_model=None)
def look_into(visits: Visits, form: OwnForm, sweep: str) -> Answer:
    """The text of a post, for staff, with a reason that is written down."""
    item = form.text("item")

    def done() -> Answer:
        with visits.store.begin() as work:
            incident = find_sweep(work, sweep).incident_id
            by, now = visits.person_in(work, incident), visits.now_in(work, incident)
            text = show_text(work, sweep, item, by=by, reason=form.text("reason"), now=now)
        return _post_page(visits, sweep, item, text=text)

    return attempt(done, lambda why: _post_page(visits, sweep, item, Refused(why, "look", form)))


@router.post("/sweeps/{sweep}/{move}", response_model=None)
def move_sweep(visits: Visits, form: OwnForm, sweep: str, move: str, after: BackgroundTasks) -> Answer:
    """Make one of the moves. What refuses it is said beside its button, and what was typed stays."""
    if move not in MOVES:
        raise BadInput(f"{sweep} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        with visits.store.read() as work:
            found = find_sweep(work, sweep)
        with visits.moving(found.incident_id, after) as (work, by, now):
            done = MOVES[move](visits, work, found, form, by, now)
        if isinstance(done, Proposal):
            return go(f"/proposals/{done.id}")
        return go(f"/sweeps/{sweep}{'/decisions' if move == 'undo' else ''}")

    def shown(why: WatchfloorError) -> HTMLResponse:
        refused = Refused(why, move, form)
        if move == "undo":
            return _decisions_page(visits, sweep, item=form.text("item"), refused=refused)
        return _progress_page(visits, sweep, after, refused)

    return attempt(done, shown)


def page_of(
    visits: Visitor,
    name: str,
    looked: Looked,
    refused: Refused = NOTHING,
    **facts: Any,  # noqa: ANN401
) -> HTMLResponse:
    """A page of a sweep, with what all of them show."""
    return visits.page(
        name,
        status=refused.status,
        sweep=looked.sweep,
        incident=looked.incident,
        its_now=looked.now,
        staff=is_staff(looked.by),
        refused=refused.why,
        move=refused.move,
        typed=refused.typed,
        **facts,
    )


def _progress_page(
    visits: Visitor, sweep: str, after: BackgroundTasks, refused: Refused = NOTHING
) -> HTMLResponse:
    with visits.store.read() as work:
        looked = look_within(visits, work, sweep, Act.see_sweep)
        held = in_hands(work, sweep, team=team_of(looked.by))
        windows = windows_of(work, sweep)
    counted = sums_of(visits, looked.sweep, looked.by, looked.now, after)
    known = counted.value.known
    return page_of(
        visits,
        "sweep",
        looked,
        refused,
        counted=counted,
        known=known,
        progress=counted.value.progress,
        languages={each.language: each for each in known.languages},
        surfaces=[each for each in counted.value.surfaces if each.surface is not None],
        charts=counted.value.charts if is_staff(looked.by) else (),
        told=sentences(known) if is_staff(looked.by) else (),
        outlook=outlook(known) if is_staff(looked.by) else (),
        held=held,
        places=_places(visits, looked),
        windows=list(zip(windows, _called(visits, looked, [each.source for each in windows]), strict=True)),
        entries=[(name, getattr(looked.sweep.scope, name)) for name in (*BRINGING_IN, *NARROWING)],
    )


def _places(visits: Visitor, looked: Looked) -> list[str]:
    """Where later posts may come from, for whoever may add them."""
    if looked.sweep.is_finished or looked.sweep.closed_by or not is_allowed(looked.by, Act.start_sweep):
        return []
    try:
        return list(named_sources(visits.settings.home))
    except BadInput:  # Where a sweep is begun it is said what is wrong; what is known of this one is shown.
        return []


def _called(visits: Visitor, looked: Looked, places: list[Source]) -> list[str | None]:
    """What each place is called: its name; where it has none, staff alone see how it was given."""
    names = names_of(visits.settings.home, places)
    staff = is_staff(looked.by)
    return [name or (place.shown if staff else None) for name, place in zip(names, places, strict=True)]


NARROWING: Final = ("languages", "regions", "excluded_terms")
"""Fields of a scope that keep posts out."""


def _decisions_page(
    visits: Visitor, sweep: str, *, before: int | None = None, item: str = "", refused: Refused = NOTHING
) -> HTMLResponse:
    with visits.store.read() as work:
        looked = look_within(visits, work, sweep, Act.undo)
        team = team_of(looked.by)
        if item:
            about = decision_about(work, sweep, item)
            made = [about] if about is not None and team in {None, about.team} else []
        else:
            made = recent_decisions(work, sweep, team=team, before=before, most=DECISIONS)
    return page_of(
        visits,
        "sweep_decisions",
        looked,
        refused,
        made=made,
        item=item,
        older=made[-1].id if len(made) == DECISIONS else None,
        titles={policy.id: policy.title for policy in visits.catalogue.policies},
    )


def _post_page(
    visits: Visitor, sweep: str, item: str, refused: Refused = NOTHING, text: str | None = None
) -> HTMLResponse:
    with visits.store.read() as work:
        looked = look_within(visits, work, sweep, Act.see_incidents)
        post = find_post(work, sweep, item)
        made = decision_about(work, sweep, item)
        copies = copies_of(work, sweep, item)
    return page_of(visits, "sweep_post", looked, refused, post=post, made=made, copies=copies, text=text)


Move = Callable[[Visitor, Work, Sweep, Form, Person, datetime], object]
"""What one form does with a sweep; where that takes a second person, the proposal of it."""


def _undo(visits: Visitor, work: Work, sweep: Sweep, form: Form, by: Person, now: datetime) -> object:
    wanted = Wanted(step=Step.undo, incident=sweep.incident_id, sweep=sweep.id, item=form.text("item"))
    return take_or_propose(work, visits, wanted, by=by, reason=form.text("reason"), now=now)


def _urge(_: Visitor, work: Work, sweep: Sweep, form: Form, by: Person, now: datetime) -> None:
    wanted = form.text("items", 100_000).split()
    if not wanted:
        raise BadInput("Name the posts that cannot wait, by their ids.")
    urge(work, sweep.id, wanted, by=by, reason=form.text("reason"), now=now)


def _close(visits: Visitor, work: Work, sweep: Sweep, form: Form, by: Person, now: datetime) -> object:
    wanted = Wanted(step=Step.close, incident=sweep.incident_id, sweep=sweep.id)
    return take_or_propose(work, visits, wanted, by=by, reason=form.text("reason"), now=now)


def _widen(visits: Visitor, work: Work, sweep: Sweep, form: Form, by: Person, now: datetime) -> None:
    find_sweep_for(work, sweep.id, by, Act.start_sweep)  # before the site's sources are looked into
    source = chosen(named_sources(visits.settings.home), form.text("source"))
    request_window(work, sweep.id, source, by=by, now=now)


MOVES: dict[str, Move] = {"undo": _undo, "urge": _urge, "close": _close, "widen": _widen}
"""Form → what it does. Who may is decided in the store."""
