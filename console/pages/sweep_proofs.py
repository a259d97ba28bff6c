"""What a sweep ended in: its certificate, computed again where somebody asks, and its plan, carried out."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse, Response

from console.lately import Counted
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.pages.sweeps import NOTHING, Refused, page_of
from console.proofs import (
    PLAN_FILE,
    Table,
    as_file,
    check_again,
    plan_file,
    read_issued,
    refuse_unfinished,
    universe_file,
)
from console.second_person import take_or_propose
from console.sweeping import Looked, look_at, orders_of, sums_of
from incidents.errors import NotFound
from incidents.people import Act, is_allowed
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.acting import count_states, take_report
from incidents.store.certificates import find_certificate
from incidents.store.sweep_views import Planned, count_planned
from incidents.sweeps.acting import Reported, read_report
from incidents.sweeps.certificate import Certificate
from incidents.sweeps.certificate_files import CERTIFICATE_FILE

router = APIRouter(prefix="/sweeps/{sweep}", include_in_schema=False)

LONGEST_REPORT: Final = 2_000_000
"""Characters of a plan that is pasted; a longer one is reported in pieces."""


@router.get("/certificate")
def show_certificate(
    visits: Visits,
    sweep: str,
    after: BackgroundTasks,
    check: Annotated[bool, Query(description="Compute it again from its posts and decisions.")] = False,
) -> HTMLResponse:
    """What it says; before there is one, what stands against it."""
    looked = look_at(visits, sweep, Act.verify)
    issued = _issued(visits, sweep)
    return page_of(
        visits,
        "sweep_certificate",
        looked,
        issued=issued,
        checked=check_again(visits, issued) if issued and check else None,
        known=sums_of(visits, looked.sweep, looked.by, looked.now, after).value.known,
    )


@router.get("/certificate.json")
def download_certificate(visits: Visits, sweep: str) -> Response:
    """The document, byte for byte as it was signed."""
    look_at(visits, sweep, Act.verify)
    with visits.store.read() as work:
        document = find_certificate(work, sweep).document
    return as_file(f"{sweep}-{CERTIFICATE_FILE}", document.encode())


@router.get("/universe.{ending}")
def download_evidence(visits: Visits, sweep: str, ending: str) -> Response:
    """Ids, hashes and verdicts of the whole universe, and no texts: what a certificate is checked against."""
    look_at(visits, sweep, Act.verify)
    if ending not in set(Table):
        raise NotFound(f"The universe is had as {' or '.join(Table)}, not as {ending!r}.")
    with visits.store.read() as work:
        return as_file(f"{sweep}-universe.{ending}", universe_file(work, sweep, Table(ending)))


@router.get("/plan")
def show_plan(visits: Visits, sweep: str, after: BackgroundTasks) -> HTMLResponse:
    """What is to be done about what violates, how far that is, and what a platform can be told to do."""
    return _plan_page(visits, sweep, after)


@router.get("/plan.csv")
def download_plan(visits: Visits, sweep: str) -> Response:
    """The plan, with what was carried out of it."""
    looked = look_at(visits, sweep, Act.start_sweep)
    refuse_unfinished(looked.sweep)
    with visits.store.read() as work:
        return as_file(f"{sweep}-{PLAN_FILE}", plan_file(work, sweep))


@router.post("/act", response_model=None)
def act(visits: Visits, form: OwnForm, sweep: str, after: BackgroundTasks) -> Answer:
    """Have the platform carry out everything that can be ordered of it, as many as were named."""

    def done(looked: Looked) -> str:
        with visits.moving(looked.incident.id, after) as (work, by, now):
            actions = form.number("actions")
            wanted = Wanted(step=Step.act, incident=looked.incident.id, sweep=sweep, actions=actions)
            taken = take_or_propose(work, visits, wanted, by=by, reason=form.text("reason"), now=now)
        return f"/proposals/{taken.id}" if isinstance(taken, Proposal) else f"/sweeps/{sweep}/plan"

    return _moved(visits, sweep, after, Refused(move="act", typed=form), Act.command, done)


@router.post("/acted", response_model=None)
def report_acted(visits: Visits, form: OwnForm, sweep: str, after: BackgroundTasks) -> Answer:
    """Take a report of what was carried out by tools of the site's own; all rows or none."""

    def done(looked: Looked) -> str:
        rows = _read_report(form)
        with visits.moving(looked.incident.id, after) as (work, by, now):
            take_report(work, sweep, rows, by=by, now=now)
        return f"/sweeps/{sweep}/plan"

    return _moved(visits, sweep, after, Refused(move="acted", typed=form), Act.start_sweep, done)


def _moved(
    visits: Visitor,
    sweep: str,
    after: BackgroundTasks,
    asked: Refused,
    needed: Act,
    done: Callable[[Looked], str],
) -> Answer:
    looked = look_at(visits, sweep, needed)

    def answer() -> Answer:
        refuse_unfinished(looked.sweep)
        return go(done(looked))

    return attempt(answer, lambda why: _plan_page(visits, sweep, after, asked.because(why)))


def _read_report(form: Form) -> list[Reported]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / PLAN_FILE
        path.write_text(form.text("plan", LONGEST_REPORT), encoding="utf-8")
        return read_report(path)


def _issued(visits: Visitor, sweep: str) -> Certificate | None:
    with visits.store.read() as work:
        try:
            return read_issued(work, sweep)
        except NotFound:
            return None


def _plan_page(visits: Visitor, sweep: str, after: BackgroundTasks, refused: Refused = NOTHING) -> HTMLResponse:
    looked = look_at(visits, sweep, Act.start_sweep)
    orders: Counted[Counter[tuple[str, str]]] = Counted(Counter())
    planned: list[Planned] = []
    states: dict[str, int] = {}
    if looked.sweep.is_finished:
        with visits.store.read() as work:
            planned, states = count_planned(work, sweep), count_states(work, sweep)
        if is_allowed(looked.by, Act.command):
            orders = orders_of(visits, looked.sweep, looked.by, after)
    return page_of(
        visits,
        "sweep_plan",
        looked,
        refused,
        planned=planned,
        states=states,
        counted=orders,
        orders=sorted(orders.value.items()),
        to_order=orders.value.total(),
        switched_on=visits.settings.platform_actions,
        longest=LONGEST_REPORT,
    )
