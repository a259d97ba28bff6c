"""Retrospectives: which there are, what each version says, and the steps of the review to its end."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import BackgroundTasks, Query
from fastapi import Body as InBody
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.bodies import Sent, Short, VersionNumber
from console.api.ground import ONCE, Newer, Numbered, Older, room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.reviewing import StepOfReview, approvers_of, draft_anew, find_to_read, read_steps
from incidents.people import Act
from incidents.reviews.approvals import Approval, missing_approvers
from incidents.reviews.audiences import Audience
from incidents.reviews.publishing import sign_checked
from incidents.reviews.steps import Step, StepState
from incidents.reviews.versions import changes
from incidents.store import approvals, review_steps, reviews
from incidents.store.engine import Work
from incidents.store.incidents import find, find_for
from incidents.store.library import ReviewState, Shelved, Wanted, shelf
from incidents.store.reviews import Draft, Review, find_review, read_draft
from incidents.store.versions import Version, versions_of

router = room("retrospectives")


class OnShelf(BaseModel):
    """The review of one incident, as the library lists it."""

    incident: str
    title: str
    severity: str
    review: Review
    newest: int | None = Field(description="The newest version; null before the first is written.")


class StepTold(BaseModel):
    """One step of the review."""

    step: Step
    state: StepState
    due_at: datetime
    whose: list[str] = Field(description="Who is to do it.")
    person: str | None = Field(description="Who did it, or left it out.")
    at: datetime | None


class ReviewTold(BaseModel):
    """How the review of an incident stands."""

    review: Review
    steps: list[StepTold]
    versions: list[Version]
    approvals: list[Approval]


class SectionChange(BaseModel):
    """How many lines of a section are new, and how many are gone."""

    model_config = ConfigDict(from_attributes=True)

    section: str
    added: int
    removed: int


class Compared(BaseModel):
    """What changed between two versions of a retrospective."""

    older: int
    newer: int
    changes: list[SectionChange]


class Drafted(BaseModel):
    """The newest version."""

    version: int


class Signature(Sent):
    """A signature under one version: the one that was read."""

    version: VersionNumber
    reason: Short = ""


class Given(Sent):
    """An approval of one version for an audience."""

    audience: Audience
    version: VersionNumber
    note: Short = ""


class Approved(BaseModel):
    """Whose word there is for an audience, and whose is missing yet."""

    given: list[Approval]
    missing: list[str] = Field(description="Roles and teams.")


class StepWord(Sent):
    """What somebody says of a step that leaves no trace of its own."""

    skipped: bool = Field(False, description="Left out, which takes a reason; else done.")
    note: Short = ""


class NewOwner(Sent):
    """Who owns the review from now on."""

    person: str = Field(max_length=100)
    note: Short = ""


_REVIEW: Final = {
    "incident_id": "INC-12",
    "owner": "bo-r",
    "state": "drafting",
    "due_at": "2026-12-01T12:00:00Z",
    "started_at": "2026-11-24T12:00:00Z",
    "signed_version": None,
    "signed_by": None,
    "signed_at": None,
    "published_at": None,
}
_SHELVED: Final = {
    "incident": "INC-12",
    "title": "Calls to storm a clinic",
    "severity": "sev2",
    "review": _REVIEW,
    "newest": 2,
}
_STEP: Final = {
    "step": "interviews",
    "state": "open",
    "due_at": "2026-11-27T12:00:00Z",
    "whose": ["bo-r"],
    "person": None,
    "at": None,
}
_VERSION: Final = {
    "version": 2,
    "written_at": "2026-11-26T09:00:00Z",
    "author": "watchfloor",
    "input_hash": "c1df339f98c6",
    "signed_by": [],
    "published_at": [],
    "entry": 198,
}
_TEXT: Final = {
    "incident_id": "INC-12",
    "version": 2,
    "markdown": "# Calls to storm a clinic\n",
    "input_hash": "c1df339f98c6",
    "author": "watchfloor",
    "written_at": "2026-11-26T09:00:00Z",
}
_APPROVAL: Final = {
    "version": 2,
    "audience": "public",
    "approver": "legal",
    "person": "cleo-l",
    "note": "No objection",
    "at": "2026-11-27T09:00:00Z",
}
_APPROVED: Final = {"given": [_APPROVAL], "missing": ["communications"]}
_STANDING: Final = {"review": _REVIEW, "steps": [_STEP], "versions": [_VERSION], "approvals": []}
_CHANGES: Final = {"older": 1, "newer": 2, "changes": [{"section": "Impact", "added": 2, "removed": 1}]}


@router.get("/retrospectives", responses=shows({"items": [_SHELVED], "next": None}))
def list_retrospectives(
    calls: Calls,
    state: ReviewState | None = None,
    severity: Annotated[str | None, Query(max_length=100)] = None,
    policy: Annotated[str | None, Query(max_length=200)] = None,
    late: Annotated[bool, Query(description="Due, and not published.")] = False,
    drills: Annotated[bool, Query(description="Exercises, and nothing else.")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[OnShelf]:
    """The reviews that the caller may read, the newest incident first."""
    late_at = calls.machine_now if late else None
    wanted = Wanted(state=state, severity=severity, policy=policy, late_at=late_at, drills=drills)
    before = read_cursor(after, NUMBER)
    with calls.store.read() as work:
        found = shelf(work, calls.person(drill=True), wanted, before=before, most=limit + 1)
    return page(found, limit, _on_shelf, _number)


@router.get("/retrospectives/{incident}", responses=shows(_STANDING))
def show_review(calls: Calls, incident: str) -> ReviewTold:
    """How the review of an incident stands: its steps, versions and approvals."""
    with calls.store.read() as work:
        return _standing(calls, work, incident)


@router.get("/retrospectives/{incident}/versions/{version}", responses=shows(_TEXT))
def show_version(calls: Calls, incident: str, version: Numbered) -> Draft:
    """One version, as Markdown."""
    with calls.store.read() as work:
        find_to_read(work, calls.catalogue, incident, Audience.internal, calls.person_in(work, incident))
        return read_draft(work, incident, version)


@router.get("/retrospectives/{incident}/changes", responses=shows(_CHANGES))
def compare_versions(
    calls: Calls,
    incident: str,
    older: Older = None,
    newer: Newer = None,
) -> Compared:
    """What changed between two versions, else the newest two, by section."""
    with calls.store.read() as work:
        find_to_read(work, calls.catalogue, incident, Audience.internal, calls.person_in(work, incident))
        now = read_draft(work, incident, newer)
        before = read_draft(work, incident, older or max(1, now.version - 1))
    told = [SectionChange.model_validate(each) for each in changes(before.markdown, now.markdown)]
    return Compared(older=before.version, newer=now.version, changes=told)


@router.post("/retrospectives/{incident}/draft", dependencies=[ONCE], responses=shows({"version": 3}))
def draft(calls: Calls, incident: str, after: BackgroundTasks) -> Drafted:
    """Write the next version from the record as it is now; where nothing changed, it is the newest."""
    with calls.moving(incident, after) as (work, by, now):
        return Drafted(version=draft_anew(work, incident, by=by, now=now))


@router.post("/retrospectives/{incident}/sign", dependencies=[ONCE], responses=shows(_STANDING))
def sign(
    calls: Calls,
    incident: str,
    said: Annotated[Signature, InBody(examples=[{"version": 2, "reason": "Read in full"}])],
    after: BackgroundTasks,
) -> ReviewTold:
    """Sign the version that was read. 422 with each coded reason that stands against it."""
    with calls.moving(incident, after) as (work, by, now):
        asked = _approvers(calls, work, incident)
        sign_checked(work, incident, said.version, approvers=asked, by=by, reason=said.reason, now=now)
        return _standing(calls, work, incident)


@router.post("/retrospectives/{incident}/publish", dependencies=[ONCE], responses=shows(_STANDING))
def publish(calls: Calls, incident: str, after: BackgroundTasks) -> ReviewTold:
    """Publish the signed version."""
    with calls.moving(incident, after) as (work, by, now):
        reviews.publish(work, incident, by=by, now=now)
        return _standing(calls, work, incident)


@router.post("/retrospectives/{incident}/steps/{step}", dependencies=[ONCE], responses=shows(_STANDING))
def settle_step(
    calls: Calls,
    incident: str,
    step: Step,
    said: Annotated[StepWord, InBody(examples=[{"skipped": False, "note": "All four were asked"}])],
    after: BackgroundTasks,
) -> ReviewTold:
    """Say that a step is done, or left out."""
    with calls.moving(incident, after) as (work, by, now):
        asked = _approvers(calls, work, incident)
        if said.skipped:
            review_steps.skip_step(work, incident, step, approvers=asked, by=by, reason=said.note, now=now)
        else:
            review_steps.finish_step(work, incident, step, approvers=asked, by=by, note=said.note, now=now)
        return _standing(calls, work, incident)


@router.post("/retrospectives/{incident}/owner", dependencies=[ONCE], responses=shows(_STANDING))
def change_owner(
    calls: Calls,
    incident: str,
    said: Annotated[NewOwner, InBody(examples=[{"person": "noor", "note": "Bo is away"}])],
    after: BackgroundTasks,
) -> ReviewTold:
    """Make somebody else the owner of the review."""
    with calls.moving(incident, after) as (work, by, now):
        find_for(work, incident, by, Act.draft_review)
        new = calls.catalogue.person(said.person, drill=find(work, incident).is_drill)
        reviews.change_owner(work, incident, new, by=by, note=said.note, now=now)
        return _standing(calls, work, incident)


@router.post("/retrospectives/{incident}/approvals", dependencies=[ONCE], responses=shows(_APPROVED))
def approve(
    calls: Calls,
    incident: str,
    said: Annotated[Given, InBody(examples=[{"audience": "internal", "version": 2, "note": "No objection"}])],
    after: BackgroundTasks,
) -> Approved:
    """Approve the newest version for an audience, for everybody whom the caller speaks for."""
    with calls.moving(incident, after) as (work, by, now):
        asked = approvers_of(calls.catalogue, find(work, incident), said.audience)
        approvals.approve(
            work, incident, said.audience, said.version, approvers=asked, by=by, note=said.note, now=now
        )
        given = approvals.approvals_of(work, incident)
    missing = missing_approvers(said.audience, said.version, approvers=asked, given=given)
    return Approved(given=[each for each in given if each.audience is said.audience], missing=missing)


def _standing(calls: Calls, work: Work, incident: str) -> ReviewTold:
    by = calls.person_in(work, incident)
    found = find_to_read(work, calls.catalogue, incident, Audience.internal, by)
    return ReviewTold(
        review=find_review(work, incident),
        steps=[_step_told(each) for each in read_steps(work, calls.catalogue, found)],
        versions=versions_of(work, incident),
        approvals=approvals.approvals_of(work, incident),
    )


def _approvers(calls: Calls, work: Work, incident: str) -> tuple[str, ...]:
    return approvers_of(calls.catalogue, find(work, incident), Audience.internal)


def _step_told(each: StepOfReview) -> StepTold:
    standing = each.standing
    return StepTold(
        step=standing.step,
        state=standing.state,
        due_at=standing.due_at,
        whose=each.whose,
        person=standing.person,
        at=standing.at,
    )


def _on_shelf(each: Shelved) -> OnShelf:
    about = each.incident
    return OnShelf(
        incident=about.id, title=about.title, severity=about.severity, review=each.review, newest=each.newest
    )


def _number(each: Shelved) -> int:
    return each.incident.number
