"""For administrators: where partner teams are reached, whether it works, and a test that shows it."""

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse

from console.channels import connected, send_test
from console.pages.door import Answer, OwnForm, Visitor, Visits, attempt, go
from incidents.errors import WatchfloorError

router = APIRouter(prefix="/administration/channels", include_in_schema=False)


@router.get("")
def show_channels(visits: Visits) -> HTMLResponse:
    """Every channel, whom it reaches, and how it fares."""
    return _page(visits)


@router.post("/test", response_model=None)
def test(visits: Visits, form: OwnForm, after: BackgroundTasks) -> Answer:
    """Send a test to a channel, on the way that every message takes."""

    def done() -> Answer:
        with visits.store.begin() as work:
            send_test(work, visits.catalogue, form.text("channel"), by=visits.person(), now=visits.machine_now)
        after.add_task(visits.hand_over, None)
        return go("/administration/channels")

    return attempt(done, lambda refused: _page(visits, refused=refused))


def _page(visits: Visitor, *, refused: WatchfloorError | None = None) -> HTMLResponse:
    with visits.store.read() as work:
        found = connected(work, visits.catalogue, by=visits.person())
    return visits.page("channels", status=422 if refused else 200, channels=found, refused=refused)
