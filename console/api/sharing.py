"""A retrospective as a file, what an audience would be given of it, and giving it to them."""

from typing import Annotated, Final

from fastapi import BackgroundTasks, Query, Response
from fastapi import Body as InBody
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.bodies import Sent, Short
from console.api.ground import ONCE, hands_out, room, shows
from console.api.proposals import SHARED, WAITS, SharedTold, shared_told, waits
from console.problems import CodedReason, coded
from console.proving import prove
from console.reviewing import approvers_of, find_to_read
from console.second_person import take_or_propose
from console.shared import MEDIA, Ending, version_file
from incidents.proposals import Proposal, Step, Wanted
from incidents.reviews.approvals import Approval, approval_refusals
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import Finding
from incidents.reviews.sharing import Shared, seen_by
from incidents.store import approvals
from incidents.store.reviews import read_draft

router = room("retrospectives")

Version = Annotated[int | None, Query(ge=1, lt=2**31, description="Without it: the newest.")]
Team = Annotated[str | None, Query(max_length=100, description="For partners: which team.")]


class Proven(BaseModel):
    """What the record does not bear out of a version."""

    version: int
    of_now: bool = Field(description="Held against the record as it is now, and not as it was then.")
    findings: list[Finding]


class ForAudience(BaseModel):
    """A version as an audience would read it, and whose word is missing before it does."""

    audience: Audience
    team: str | None
    version: int
    markdown: str
    given: list[Approval]
    missing: list[CodedReason]


class Share(Sent):
    """To whom a retrospective is given, and why."""

    team: str | None = Field(None, max_length=100, description="For partners: which team.")
    reason: Short = ""


_PROVEN: Final = {"version": 2, "of_now": False, "findings": []}
_FOR: Final[dict[str, object]] = {
    "audience": "public",
    "team": None,
    "version": 2,
    "markdown": "# Calls to storm a clinic\n",
    "given": [],
    "missing": [],
}
_FILES: Final = {"text/markdown": "# INC-12", "text/html": "<!doctype html>", "application/pdf": "%PDF-1.7"}


@router.get("/retrospectives/{incident}/file.{ending}", response_class=Response, responses=hands_out(_FILES))
def download_version(calls: Calls, incident: str, ending: Ending, version: Version = None) -> Response:
    """A version as Markdown, as one page of HTML with its charts, or as PDF where that is installed."""
    name, content = version_file(calls, incident, version, ending)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[ending], headers=headers)


@router.get("/retrospectives/{incident}/findings", responses=shows(_PROVEN))
def check_version(
    calls: Calls,
    incident: str,
    version: Version = None,
    now: Annotated[bool, Query(description="Against the record as it is now.")] = False,
) -> Proven:
    """What the record does not bear out of a version; nothing: every statement has its evidence."""
    with calls.store.read() as work:
        by = calls.person_in(work, incident)
        find_to_read(work, calls.catalogue, incident, Audience.internal, by)
        draft = read_draft(work, incident, version)
        proof = prove(work, draft, now=now)
    return Proven(version=draft.version, of_now=proof.of_now, findings=list(proof.findings))


@router.get("/retrospectives/{incident}/audiences/{audience}", responses=shows(_FOR))
def show_for_audience(
    calls: Calls, incident: str, audience: Audience, version: Version = None, team: Team = None
) -> ForAudience:
    """What an audience would read, for whoever approves that it does, and for staff."""
    with calls.store.read() as work:
        by = calls.person_in(work, incident)
        found = find_to_read(work, calls.catalogue, incident, audience, by)
        draft = read_draft(work, incident, version)
        markdown = seen_by(work, incident, draft.version, audience, team)
        given = approvals.approvals_of(work, incident)
    asked = approvers_of(calls.catalogue, found, audience)
    return ForAudience(
        audience=audience,
        team=team,
        version=draft.version,
        markdown=markdown,
        given=[each for each in given if each.audience is audience],
        missing=coded(approval_refusals(audience, draft.version, approvers=asked, given=given)),
    )


@router.post(
    "/retrospectives/{incident}/audiences/{audience}/share",
    dependencies=[ONCE],
    response_model=SharedTold,
    responses=shows(SHARED) | WAITS,
)
def share_review(
    calls: Calls,
    incident: str,
    audience: Audience,
    said: Annotated[Share, InBody(examples=[{"reason": "The press asked"}])],
    after: BackgroundTasks,
) -> SharedTold | Response:
    """Hand the signed version out, and record it. Where it takes two, 202 with what was proposed."""
    wanted = Wanted(step=Step.share, incident=incident, audience=audience, team=said.team)
    with calls.moving(incident, after) as (work, by, now):
        taken = take_or_propose(work, calls, wanted, by=by, reason=said.reason, now=now)
    if isinstance(taken, Proposal):
        return waits(taken)
    assert isinstance(taken, Shared)
    return shared_told(taken)
