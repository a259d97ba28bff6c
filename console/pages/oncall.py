"""Who is on call in the coming days, and a form to take a shift or to give one."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from console.oncall import AHEAD_DAYS, colleague, colleagues, read_moment, rotation_for, rotations_for
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from incidents.catalogue.rotations import Rotation
from incidents.errors import WatchfloorError
from incidents.oncall import Span, Taken, can_take, on_call, shifts, uncovered
from incidents.people import Act, authorise
from incidents.store.shifts import take_shift, taken_since

router = APIRouter(prefix="/on-call", include_in_schema=False)

Typed = Annotated[str, Query(max_length=100)]


@router.get("")
def show_on_call(visits: Visits, rotation: Typed = "", starts: Typed = "", ends: Typed = "") -> HTMLResponse:
    """Who is on call. The query fills the form, as the link beside a shift has it."""
    typed = Form({"rotation": [rotation], "starts": [starts], "ends": [ends]})
    return _page(visits, typed)


@router.post("/take", response_model=None)
def take(visits: Visits, form: OwnForm) -> Answer:
    """Take a shift, or give it to somebody."""
    me = visits.person()
    authorise(me, Act.take_shift)

    def done() -> Answer:
        rotation = rotation_for(visits.catalogue, me, form.text("rotation"))
        person = colleague(visits.catalogue, me, form.text("person"))
        span = Span(read_moment(form.text("starts")), read_moment(form.text("ends")))
        with visits.store.begin() as work:
            reason = form.text("reason")
            take_shift(work, rotation, person, span, by=me, reason=reason, now=visits.machine_now)
        return go("/on-call")

    return attempt(done, lambda refused: _page(visits, form, refused=refused))


def _page(visits: Visitor, typed: Form, *, refused: WatchfloorError | None = None) -> HTMLResponse:
    me, now = visits.person(), visits.machine_now
    seen = rotations_for(visits.catalogue, me)
    people = colleagues(visits.catalogue, me)
    with visits.store.read() as work:
        taken = taken_since(work, now)
    able = {person.id for rotation in seen for person in can_take(people, rotation)}
    return visits.page(
        "oncall",
        status=422 if refused else 200,
        rows=[_row(rotation, taken, now) for rotation in seen],
        people=[person for person in people if person.id in able],
        known={person.id for person in people},
        days=AHEAD_DAYS,
        typed=typed,
        refused=refused,
    )


def _row(rotation: Rotation, taken: list[Taken], now: datetime) -> dict[str, object]:
    end = now + timedelta(days=AHEAD_DAYS)
    return {
        "on_call": on_call(rotation, taken, now),
        "shifts": shifts(rotation, taken, now, end),
        "gaps": [] if rotation.gaps_meant else uncovered([rotation], taken, now, end),
    }
