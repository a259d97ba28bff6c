"""The review queue: take a batch, judge its posts one after the other, hand it in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from console import working
from console.pages.door import Answer, Form, OwnForm, Visitor, Visits, attempt, go
from incidents.catalogue.policies import RecommendedAction
from incidents.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotAuthorised,
    PartnerUnreachable,
    WatchfloorError,
)
from incidents.fragments import to_fragment
from incidents.guidelines.changes import changes
from incidents.people import Act, authorise
from incidents.store.at_work import Opened, held_by, own_day, waiting_for
from incidents.store.batches import find_batch_for
from incidents.store.engine import Work
from incidents.sweeps.choices import NEAREST, choices
from incidents.sweeps.decisions import MAX_RATIONALE, Verdict
from incidents.sweeps.desk import Desk, desk_for

router = APIRouter(prefix="/queue", include_in_schema=False)

SKIP = "skip"
"""What a form says of a post that is left to somebody else; else it is a verdict."""

LONGEST_TAG = 35
"""Characters of a language tag (BCP 47, RFC 5646 4.4.1)."""

Move = Callable[[Visitor, BackgroundTasks, str, Form], RedirectResponse]
"""What one form does with a batch, and where it leads."""


@dataclass(frozen=True)
class Translation:
    """A post in another language, as a machine puts it; or why there is none."""

    item: str
    into: str
    text: str = ""
    failed: str = ""


@router.get("")
def show_work(
    visits: Visits, team: Annotated[str | None, Query(description="Of which team; staff choose.")] = None
) -> HTMLResponse:
    """What one holds, what waits, and how much of it one was shown."""
    return _work_page(visits, team)


@router.post("/claim", response_model=None)
def claim(visits: Visits, form: OwnForm, after: BackgroundTasks) -> Answer:
    """Take a batch of the team, or of one sweep; whoever holds one is led back to it."""
    return _claimed(visits, after, form.text("team"), form)


@router.get("/{batch}")
def show_batch(visits: Visits, batch: str) -> HTMLResponse:
    """The posts of a batch, for whoever holds it."""
    return _batch_page(visits, batch)


@router.post("/ahead", response_model=None)
def read_ahead(visits: Visits, form: OwnForm) -> Response:
    """The page of the next batch, kept in memory by a script until it is claimed; 204 where there is none."""
    put = working.reserve(visits, form.text("team"))
    if put is None:
        return Response(status_code=204)
    return _opened_page(visits, working.read_ahead(visits, put.id), ahead=True)


@router.get("/{batch}/context")
def show_context(visits: Visits, batch: str, item: Annotated[str, Query(max_length=500)] = "") -> HTMLResponse:
    """What stands around one of its posts, for whoever holds it; `context.js` shows it beside the post."""
    return visits.page("batch_context", batch=batch, around=working.surroundings(visits, batch, item))


@router.post("/{batch}/look", response_model=None)
def look_into(visits: Visits, form: OwnForm, batch: str) -> Answer:
    """The posts of a batch that one does not hold, for staff, with a reason that is written down."""

    def done() -> Answer:
        return _opened_page(visits, working.look_into(visits, batch, form.text("reason")), looks_on=True)

    return attempt(done, lambda why: _batch_page(visits, batch, refused=why, typed=form, move="look"))


@router.post("/{batch}/translate", response_model=None)
def translate_post(visits: Visits, form: OwnForm, batch: str) -> Answer:
    """A post in another language, beside its own text, on the page that whoever holds the batch has open."""
    item, into = form.text("item", 500), form.text("into", LONGEST_TAG)

    def done() -> Answer:
        opened = working.read(visits, batch)
        try:
            told = Translation(item, into, text=working.translate(visits, batch, item, into))
        except PartnerUnreachable as silent:
            told = Translation(item, into, failed=str(silent))
        return _opened_page(visits, opened, translation=told)

    return attempt(done, lambda why: _batch_page(visits, batch, refused=why, typed=form, move="translate"))


@router.post("/{batch}/{move}", response_model=None)
def move_batch(visits: Visits, form: OwnForm, batch: str, move: str, after: BackgroundTasks) -> Answer:
    """Make one of the moves. What refuses it is said beside its button, and what was typed stays."""
    if move not in MOVES:
        raise BadInput(f"{batch} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        made = MOVES[move](visits, after, batch, form)
        return _claimed(visits, after, form.text("team"), Form({})) if form.text("next") else made

    return attempt(done, lambda why: _batch_page(visits, batch, refused=why, typed=form, move=move))


def _say(visits: Visitor, after: BackgroundTasks, batch: str, form: Form) -> RedirectResponse:
    if form.text("take"):
        working.hold(visits, after, batch)
    item, why = form.text("item"), form.text("why", MAX_RATIONALE)
    if form.text("say") == SKIP:
        working.skip(visits, batch, item, why)
    else:
        read_under = form.number("guideline") if form.text("guideline") else None
        working.judge(visits, batch, [_said(form)], read_under=read_under)
    return go(f"/queue/{batch}#p{form.number('place') + 1}")


def _take(visits: Visitor, after: BackgroundTasks, batch: str, _form: Form) -> RedirectResponse:
    working.hold(visits, after, batch)
    return go(f"/queue/{batch}")


def _return(visits: Visitor, after: BackgroundTasks, batch: str, form: Form) -> RedirectResponse:
    working.give_back(visits, after, batch, form.text("reason"))
    return go("/queue")


def _finish(visits: Visitor, after: BackgroundTasks, batch: str, _form: Form) -> RedirectResponse:
    working.finish(visits, after, batch)
    return go("/queue")


MOVES: dict[str, Move] = {"say": _say, "take": _take, "return": _return, "finish": _finish}
"""Form → what it does. Who may is decided in the store."""


def _said(form: Form) -> working.Said:
    said: dict[str, str] = {"item": form.text("item"), "verdict": form.text("say")}
    if said["verdict"] == Verdict.violates:
        policy, _, clause = (form.text("other") or form.text("clause")).partition("/")
        said |= {"policy": policy, "clause": clause}
        said |= {"action": form.text("action")} if form.text("action") else {}
    try:
        return working.Said.model_validate(said | {"rationale": form.text("why", MAX_RATIONALE)})
    except ValidationError as error:
        wrong = ", ".join(str(each["loc"][0]) for each in error.errors())
        raise BadInput(f"This cannot be said of a post: see {wrong}. Choose one of the buttons.") from None


def _claimed(visits: Visitor, after: BackgroundTasks, team: str, form: Form) -> Answer:
    def done() -> Answer:
        sweep, language = form.text("sweep") or None, form.text("language")
        taken = working.claim(visits, after, team, sweep=sweep, languages=[language] if language else [])
        return _work_page(visits, team, nothing=True) if taken is None else go(f"/queue/{taken.batch.id}")

    return attempt(done, lambda why: _work_page(visits, team, refused=why))


def _work_page(
    visits: Visitor,
    team: str | None,
    *,
    refused: WatchfloorError | None = None,
    nothing: bool = False,
) -> HTMLResponse:
    me = visits.person(drill=True)
    authorise(me, Act.work_batch)
    team = team or me.team
    desk = desk_for(visits.catalogue, me, team, drill=True) if team else None
    with visits.store.read() as work:
        held = held_by(work, me, visits.machine_now)
        waiting = waiting_for(work, desk, by=me) if desk else []
        day = _day(visits, work, desk)
    return visits.page(
        "work",
        status=422 if refused else 200,
        desk=desk,
        teams=[each for each in visits.catalogue.teams if each.languages],
        held=held,
        waiting=waiting,
        day=day,
        titles={policy.id: policy.title for policy in visits.catalogue.policies},
        refused=refused,
        nothing=nothing,
    )


def _batch_page(
    visits: Visitor,
    batch: str,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
) -> HTMLResponse:
    try:
        opened = working.read(visits, batch)
    except (NotAllowed, Conflict) as closed:
        if isinstance(closed, NotAuthorised):
            raise
        return _closed_page(visits, batch, refused or closed, typed, move)
    return _opened_page(visits, opened, refused=refused, typed=typed, move=move)


def _closed_page(
    visits: Visitor, batch: str, refused: WatchfloorError, typed: Form | None, move: str
) -> HTMLResponse:
    with visits.store.read() as work:
        found = find_batch_for(work, batch, visits.person(drill=True))
        now = visits.now_in(work, found.incident_id)
    return visits.page(
        "batch_closed",
        status=409,
        batch=found,
        its_now=now,
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _opened_page(
    visits: Visitor,
    opened: Opened,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
    looks_on: bool = False,
    ahead: bool = False,
    translation: Translation | None = None,
) -> HTMLResponse:
    batch, guideline, before = opened.batch, opened.guideline, opened.before
    me = visits.person(drill=True)
    with visits.store.read() as work:
        day = _day(visits, work, desk_for(visits.catalogue, me, batch.team, drill=True))
        now = visits.now_in(work, batch.incident_id)
    return visits.page(
        "batch",
        status=422 if refused else 200,
        opened=opened,
        batch=batch,
        day=day,
        its_now=now,
        guideline_html=to_fragment(guideline.body) if guideline else "",
        changed=changes(before.body, guideline.body) if guideline and before else [],
        choices=choices(visits.catalogue.policies, opened.policy),
        nearest=NEAREST,
        titles={policy.id: policy.title for policy in visits.catalogue.policies},
        actions=[action for action in RecommendedAction if action is not RecommendedAction.keep],
        decided=sum(post.said is not None for post in opened.posts),
        looks_on=looks_on,
        ahead=ahead,
        translates=bool(visits.settings.translate_url),
        into=next(iter(me.languages), "en"),
        translation=translation,
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _day(visits: Visitor, work: Work, desk: Desk | None) -> object:
    me = visits.person(drill=True)
    return own_day(work, desk, by=me, now=visits.machine_now) if desk else None
