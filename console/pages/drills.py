"""Exercises: start one, and see how far each is."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from console.drilling import check_drill, start_drill
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from incidents.drills.request import DrillRequest
from incidents.drills.scenarios import SCENARIOS
from incidents.errors import BadInput, NotFound, PartnerUnreachable, WatchfloorError
from incidents.people import Act, authorise
from incidents.store.drills import newest_drills

router = APIRouter(prefix="/drills", include_in_schema=False)

SHOWN: Final = 20
"""Drills on the page, the newest."""

TYPED: Final = ("scenario", "posts", "seed", "error_rate")


@router.get("")
def show_drills(visits: Visits) -> HTMLResponse:
    """The newest drills, and the form that starts another."""
    return _page(visits)


@router.post("", response_model=None)
def start(visits: Visits, form: OwnForm) -> Answer:
    """Start one. What refuses it is said beside the button; one that no flow can run counts as failed."""
    authorise(visits.person(), Act.declare)

    def done() -> Answer:
        request = _request(form)
        try:
            started = start_drill(visits.settings, visits.store, request, by=visits.person())
        except PartnerUnreachable as silent:
            return _page(visits, silent, form)
        return go(f"/drills#{started}")

    return attempt(done, lambda why: _page(visits, why, form))


def _request(form: Form) -> DrillRequest:
    given = {name: form.text(name) for name in TYPED if form.text(name)}
    try:
        request = DrillRequest.model_validate(given | {"live": bool(form.text("live"))})
        check_drill(request)
    except ValidationError as error:
        wrong = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise BadInput(f"The drill was not started. {wrong}.") from None
    except NotFound as unknown:
        raise BadInput(str(unknown)) from None
    return request


def _page(visits: Visitor, refused: WatchfloorError | None = None, typed: Form | None = None) -> HTMLResponse:
    with visits.store.read() as work:
        found = newest_drills(work, by=visits.person(), most=SHOWN)
    return visits.page(
        "drills",
        status=422 if refused else 200,
        drills=found,
        running=any(each.state == "running" for each in found),
        scenarios=SCENARIOS,
        standard=DrillRequest(),
        refused=refused,
        typed=typed,
    )
