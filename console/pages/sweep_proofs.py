"""What a sweep ended in: its certificate, computed again where somebody asks, and its plan, carried out."""

from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse, Response

from console.lately import Counted
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.pages.sweeps import NOTHING, Looked, Refused, look_at, page_of
from console.second_person import take_or_propose
from console.sweeping import orders_of, sums_of
from incidents.errors import NotFound
from incidents.people import Act, is_allowed
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.acting import count_states, take_report, taken_of
from incidents.store.certificates import evidence_of, find_certificate
from incidents.store.sweep_views import Planned, count_planned
from incidents.store.sweeps import plan_of
from incidents.sweeps.acting import Reported, read_report
from incidents.sweeps.certificate import Certificate, Check, verify
from incidents.sweeps.certificate_files import CERTIFICATE_FILE, site_key
from incidents.sweeps.plan import write_plan

router = APIRouter(prefix="/sweeps/{sweep}", include_in_schema=False)

MEDIA: Final = {"json": "application/json", "parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
PLAN_FILE: Final = "plan.csv"
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
        checked=_check(visits, issued) if issued and check else None,
        known=sums_of(visits, looked.sweep, looked.by, looked.now, after).value.known,
    )


@router.get("/certificate.json")
def download_certificate(visits: Visits, sweep: str) -> Response:
    """The document, byte for byte as it was signed."""
    look_at(visits, sweep, Act.verify)
    with visits.store.read() as work:
        document = find_certificate(work, sweep).document
    return _file(f"{sweep}-{CERTIFICATE_FILE}", document.encode())


@router.get("/universe.{ending}")
def download_evidence(visits: Visits, sweep: str, ending: str) -> Response:
    """Ids, hashes and verdicts of the whole universe, and no texts: what a certificate is checked against."""
    look_at(visits, sweep, Act.verify)
    if ending not in {"parquet", "csv"}:
        raise NotFound(f"The universe is had as parquet or csv, not as {ending!r}.")
    with visits.store.read() as work:
        find_certificate(work, sweep)
        universe = evidence_of(work, sweep)
    written = BytesIO()
    if ending == "csv":
        universe.write_csv(written)
    else:
        universe.write_parquet(written)
    return _file(f"{sweep}-universe.{ending}", written.getvalue())


@router.get("/plan")
def show_plan(visits: Visits, sweep: str, after: BackgroundTasks) -> HTMLResponse:
    """What is to be done about what violates, how far that is, and what a platform can be told to do."""
    return _plan_page(visits, sweep, after)


@router.get("/plan.csv")
def download_plan(visits: Visits, sweep: str) -> Response:
    """The plan, with what was carried out of it."""
    looked = look_at(visits, sweep, Act.start_sweep)
    _refuse_unfinished(looked)
    with visits.store.read() as work:
        lines, taken = plan_of(work, sweep), taken_of(work, sweep)
    with TemporaryDirectory() as folder:
        path = Path(folder) / PLAN_FILE
        write_plan(lines, path, taken)
        return _file(f"{sweep}-{PLAN_FILE}", path.read_bytes())


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
        _refuse_unfinished(looked)
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
            return Certificate.model_validate_json(find_certificate(work, sweep).document)
        except NotFound:
            return None


def _check(visits: Visitor, issued: Certificate) -> Check:
    with visits.store.read() as work:
        universe = evidence_of(work, issued.sweep)
    return verify(issued, universe, site_key(visits.settings.home, issued))


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


def _refuse_unfinished(looked: Looked) -> None:
    if not looked.sweep.is_finished:
        raise NotFound(f"{looked.sweep.id} is {looked.sweep.state}, so it has no plan yet.")


def _file(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)
