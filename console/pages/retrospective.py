"""One retrospective: read a version with its evidence, and take the review to its end."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse, Response

from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from console.pages.review_comments import with_marks
from console.proving import figures_of, happened_since, prove
from console.reviewing import approvers_of, draft_anew, find_to_read, read_steps
from console.shared import MEDIA, Ending, version_file
from incidents.errors import BadInput, NotFound, WatchfloorError
from incidents.people import Person
from incidents.reviews.audiences import Audience
from incidents.reviews.publishing import sign_checked
from incidents.reviews.retrospective import to_body
from incidents.reviews.steps import SENTENCES, TOLD_BY_PEOPLE, Step
from incidents.reviews.versions import changes, differences
from incidents.store import approvals, review_steps, reviews
from incidents.store.comments import threads_of
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.reviews import Draft, Review, find_review, read_draft
from incidents.store.versions import Version as Written
from incidents.store.versions import versions_of

router = APIRouter(include_in_schema=False)

Version = Annotated[int | None, Query(ge=1, description="Which version. Default: the newest.")]

Move = Callable[[Visits, Work, str, Form, Person, datetime], None]
"""What one form does with a review."""

# A version never changes, and it takes a tenth of a second to make a page of a long one.
body_of = lru_cache(maxsize=32)(to_body)


@router.get("/retrospectives/{incident}")
def show_retrospective(
    visits: Visits,
    incident: str,
    version: Version = None,
    against: Annotated[str, Query(max_length=10, description="`now`: the record as it is now.")] = "",
) -> HTMLResponse:
    """A version with its charts, its evidence and what the review waits for."""
    return _page(visits, incident, version, now=against == "now")


@router.post("/retrospectives/{incident}/{move}", response_model=None)
def move_review(visits: Visits, form: OwnForm, incident: str, move: str, after: BackgroundTasks) -> Answer:
    """Take the review a step on. What refuses it is said beside its button."""
    if move not in MOVES:
        raise BadInput(f"The review of {incident} cannot be asked to {move!r}. Go back and choose a button.")

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            MOVES[move](visits, work, incident, form, by, now)
        return go(f"/retrospectives/{incident}")

    version = _version(form)
    return attempt(done, lambda why: _page(visits, incident, version, refused=why, typed=form, move=move))


@router.get("/retrospectives/{incident}/changes")
def show_changes(
    visits: Visits,
    incident: str,
    older: Annotated[int | None, Query(alias="from", ge=1)] = None,
    newer: Annotated[int | None, Query(alias="to", ge=1)] = None,
) -> HTMLResponse:
    """What changed between two versions, by section and line by line."""
    with visits.store.read() as work:
        found = find_to_read(
            work, visits.catalogue, incident, Audience.internal, visits.person_in(work, incident)
        )
        after = read_draft(work, incident, newer)
        if older is None and after.version == 1:
            raise NotFound(f"Version 1 of the retrospective of {incident} has none before it.")
        before = read_draft(work, incident, older or after.version - 1)
        versions = versions_of(work, incident)
    names = (f"version {before.version}", f"version {after.version}")
    return visits.page(
        "retrospective_changes",
        incident=found,
        before=before,
        after=after,
        versions=versions,
        changes=changes(before.markdown, after.markdown),
        lines=differences(before.markdown, after.markdown, names=names),
    )


@router.get("/retrospectives/{incident}/charts/{name}.svg")
def draw_chart(visits: Visits, incident: str, name: str, version: Version = None) -> Response:
    """One picture of the record that a version was made of."""
    with visits.store.read() as work:
        find_to_read(work, visits.catalogue, incident, Audience.internal, visits.person_in(work, incident))
        drawn = figures_of(work, read_draft(work, incident, version))
    for each in drawn:
        if each.name == name:
            return Response(each.svg(), media_type="image/svg+xml")
    raise NotFound(f"The retrospective of {incident} has no chart {name!r}.")


@router.get("/retrospectives/{incident}/file.{ending}")
def download(visits: Visits, incident: str, ending: str, version: Version = None) -> Response:
    """A version as a file: Markdown, a page of its own, or PDF where that is installed."""
    if ending not in list(Ending):
        raise NotFound(f"A retrospective is had as {', '.join(Ending)}, not as {ending!r}.")
    name, content = version_file(visits, incident, version, Ending(ending))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[Ending(ending)], headers=headers)


def _page(
    visits: Visits,
    incident: str,
    version: int | None,
    *,
    now: bool = False,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
    move: str = "",
) -> HTMLResponse:
    with visits.store.read() as work:
        by = visits.person_in(work, incident)
        found = find_to_read(work, visits.catalogue, incident, Audience.internal, by)
        its_now = visits.now_in(work, incident)
        review, versions = find_review(work, incident), versions_of(work, incident)
        draft = read_draft(work, incident, version) if versions or version else None
        proof = prove(work, draft, now=now) if draft else None
        since = _since(work, review, draft, versions)
        threads = threads_of(work, incident)
        steps = read_steps(work, visits.catalogue, found)
        given = approvals.approvals_of(work, incident)
    asked = {each: approvers_of(visits.catalogue, found, each) for each in Audience}
    return visits.page(
        "retrospective",
        status=422 if refused else 200,
        incident=found,
        review=review,
        draft=draft,
        body=with_marks(body_of(draft.markdown), incident, threads) if draft else None,
        threads=threads,
        open=[each for each in threads if each.is_open],
        versions=versions,
        proof=proof,
        since=since,
        steps=steps,
        sentences=SENTENCES,
        told_by_people=TOLD_BY_PEOPLE,
        asked={audience: names for audience, names in asked.items() if names},
        given=given,
        people=visits.catalogue.cast(drill=found.is_drill),
        its_now=its_now,
        refused=refused,
        typed=typed or Form({}),
        move=move,
    )


def _since(work: Work, review: Review, draft: Draft | None, versions: list[Written]) -> int:
    """How many entries came behind a version that somebody may still sign."""
    if draft is None or review.signed_at or draft.version != versions[-1].version:
        return 0
    return happened_since(work, draft.incident_id, versions[-1])


def _version(form: Form) -> int | None:
    """The version that a form was sent from; None for one that tells of none."""
    return form.number("version") if form.text("version") else None


def _draft(_: Visits, work: Work, incident: str, _form: Form, by: Person, now: datetime) -> None:
    draft_anew(work, incident, by=by, now=now)


def _sign(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    asked = _internal(visits, work, incident)
    version, reason = form.number("version"), form.text("reason")
    sign_checked(work, incident, version, approvers=asked, by=by, reason=reason, now=now)


def _publish(_: Visits, work: Work, incident: str, _form: Form, by: Person, now: datetime) -> None:
    reviews.publish(work, incident, by=by, now=now)


def _done(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    step, asked = form.one_of("step", Step), _internal(visits, work, incident)
    review_steps.finish_step(work, incident, step, approvers=asked, by=by, note=form.text("note"), now=now)


def _skip(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    step, asked = form.one_of("step", Step), _internal(visits, work, incident)
    review_steps.skip_step(work, incident, step, approvers=asked, by=by, reason=form.text("note"), now=now)


def _owner(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> None:
    new = visits.catalogue.person(form.text("person"), drill=find(work, incident).is_drill)
    reviews.change_owner(work, incident, new, by=by, note=form.text("note"), now=now)


def _internal(visits: Visits, work: Work, incident: str) -> tuple[str, ...]:
    return approvers_of(visits.catalogue, find(work, incident), Audience.internal)


MOVES: dict[str, Move] = {
    "draft": _draft,
    "sign": _sign,
    "publish": _publish,
    "done": _done,
    "skip": _skip,
    "owner": _owner,
}
"""Form → what it does. Who may is decided in the store."""
