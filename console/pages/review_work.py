"""What people put into a retrospective: which factors hold, and what no record knows."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from incidents.errors import BadInput, WatchfloorError
from incidents.people import Act, Person
from incidents.reviews.factors.factor import Category, Otherwise
from incidents.reviews.record import FactorPart
from incidents.reviews.sections import ASKED, LONGEST, Section
from incidents.reviews.writing import add_checked, change_checked, write_checked
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.records import read_record
from incidents.store.reviews import choose_zone, find_review, judge_factor

router = APIRouter(include_in_schema=False)

Move = Callable[[Work, str, Form, Person, datetime], None]


@router.get("/retrospectives/{incident}/words")
def show_work(visits: Visits, incident: str) -> HTMLResponse:
    """The hypotheses about what contributed, and the sections that people write."""
    return _page(visits, incident)


@router.post("/retrospectives/{incident}/words/{move}", response_model=None)
def take_work(visits: Visits, form: OwnForm, incident: str, move: str, after: BackgroundTasks) -> Answer:
    """Keep what somebody judged or wrote. What refuses it is said beside its button; what was typed stays."""
    if move not in MOVES:
        raise BadInput(f"The review of {incident} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            MOVES[move](work, incident, form, by, now)
        return go(f"/retrospectives/{incident}/words{_place(move, form)}")

    return attempt(done, lambda why: _page(visits, incident, refused=why, typed=form, move=move))


def _page(
    visits: Visits,
    incident: str,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
) -> HTMLResponse:
    with visits.store.read() as work:
        found = find_for(work, incident, visits.person_in(work, incident), Act.see_incidents)
        review, record = find_review(work, incident), read_record(work, incident)
    written = {each.name: each for each in record.sections}
    return visits.page(
        "review_work",
        status=422 if refused else 200,
        incident=found,
        review=review,
        factors=record.factors,
        categories=list(Category),
        parts_of=list(FactorPart),
        sections=[(name, asked, written.get(name)) for name, asked in ASKED.items()],
        longest=LONGEST,
        zone=record.zone or "UTC",
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _place(move: str, form: Form) -> str:
    """The anchor of what a form was about."""
    about = {"judge": "f", "change": "f", "write": "s-"}.get(move)
    return f"#{about}{form.text('number') or form.text('section')}" if about else ""


def _judge(work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    number, state, reason = form.number("number"), form.text("state"), form.text("reason")
    judge_factor(work, incident, number, state=state, reason=reason, by=by, now=now)


def _change(work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    number, reason = form.number("number"), form.text("reason")
    change_checked(work, incident, number, _otherwise(form), reason=reason, by=by, now=now)


def _add(work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    supports, against = form.text("for").split(), form.text("against").split()
    add_checked(work, incident, _otherwise(form), supports=supports, against=against, by=by, now=now)


def _write(work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    section, was = form.one_of("section", Section), form.number("was")
    write_checked(work, incident, section, form.text("text", 2 * LONGEST), was=was, by=by, now=now)


def _zone(work: Work, incident: str, form: Form, by: Person, _now: datetime) -> None:
    choose_zone(work, incident, form.text("zone"), by=by)


def _otherwise(form: Form) -> Otherwise:
    return Otherwise(
        category=form.one_of("category", Category) if form.text("category") else None,
        part=form.one_of("part", FactorPart) if form.text("part") else None,
        sentence=form.text("sentence") or None,
    )


MOVES: dict[str, Move] = {"judge": _judge, "change": _change, "add": _add, "write": _write, "zone": _zone}
"""Form → what it does. Who may is decided in the store."""
