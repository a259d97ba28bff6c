"""For administrators: which systems hand in signals over HTTP, and their secrets."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from console.sender_key import newest_secret
from incidents.access.senders import Sender
from incidents.errors import WatchfloorError
from incidents.store import senders

router = APIRouter(prefix="/administration/senders", include_in_schema=False)


@router.get("")
def show_senders(visits: Visits) -> HTMLResponse:
    """Which senders there are."""
    return _page(visits)


@router.post("/make", response_model=None)
def make(visits: Visits, form: OwnForm) -> Answer:
    """Let a system hand in signals, and show its secret."""

    def done() -> HTMLResponse:
        with visits.store.begin() as work:
            made = senders.make_sender(work, form.text("sender"), by=visits.person(), now=visits.machine_now)
        return _page(visits, given=made)

    return attempt(done, lambda refused: _page(visits, refused=refused, typed=form))


@router.post("/renew", response_model=None)
def renew(visits: Visits, form: OwnForm) -> Answer:
    """Give a sender another secret, and show it."""

    def done() -> HTMLResponse:
        with visits.store.begin() as work:
            renewed = senders.renew_sender(
                work, form.text("sender"), by=visits.person(), now=visits.machine_now
            )
        return _page(visits, given=renewed)

    return attempt(done, lambda refused: _page(visits, refused=refused))


@router.post("/end", response_model=None)
def end(visits: Visits, form: OwnForm) -> Answer:
    """Take nothing from a sender any more."""
    with visits.store.begin() as work:
        senders.end_sender(work, form.text("sender"), by=visits.person(), now=visits.machine_now)
    return go("/administration/senders")


def _page(
    visits: Visitor,
    *,
    given: Sender | None = None,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    with visits.store.read() as work:
        found = senders.all_senders(work, by=visits.person())
    return visits.page(
        "senders",
        status=422 if refused else 200,
        senders=found,
        given=given,
        secret=newest_secret(visits.settings, given) if given else "",
        refused=refused,
        typed=typed or Form({}),
    )
