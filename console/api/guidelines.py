"""Guidelines: what partner teams are to enforce."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import BackgroundTasks, Response
from fastapi import Body as InBody
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.ground import ONCE, IfMatch, Newer, Numbered, Older, refuse_outdated, room, shows, tag_of
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from console.guiding import LARGEST, publish_by_hand
from incidents.errors import NotFound
from incidents.guidelines.changes import changes
from incidents.people import Act
from incidents.store.engine import Work
from incidents.store.guidelines import Guideline, guideline_in_force, guidelines_of
from incidents.store.incidents import find_for

router = room("guidelines")

Tag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=100)]
"""A language (BCP 47)."""


class NewGuideline(BaseModel):
    """The next version of a guideline."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=300, description="Without it: the title of the incident's policy.")
    bodies: dict[Tag, Annotated[str, Field(min_length=1, max_length=LARGEST)]] = Field(
        min_length=1, max_length=50, description="Language → Markdown."
    )
    effective_from: AwareDatetime | None = Field(None, description="Without it: now.")


class VersionTold(BaseModel):
    """One version of a guideline, in its languages."""

    version: int
    title: str
    languages: list[str]
    effective_from: datetime
    superseded_at: datetime | None
    published_by: str


class Texts(VersionTold):
    """A version with its texts."""

    bodies: dict[str, str] = Field(description="Language → Markdown.")


class Line(BaseModel):
    """A line that came, or went."""

    kind: str = Field(description="added or removed.")
    line: str


class Compared(BaseModel):
    """What changed between two versions."""

    older: int
    newer: int
    changes: dict[str, list[Line]] = Field(description="By language that both have.")
    only_in_one: list[str] = Field(description="Languages that one of them has.")


_VERSION: Final = {
    "version": 2,
    "title": "Calls to storm clinics",
    "languages": ["de", "en"],
    "effective_from": "2026-11-23T08:00:00Z",
    "superseded_at": None,
    "published_by": "ada-l",
}
_TEXTS: Final = {"de": "Entfernen, was eine Uhrzeit nennt.", "en": "Remove what names a time."}
_NEW: Final = {"title": "Calls to storm clinics", "bodies": _TEXTS}
_LISTED: Final = {"items": [_VERSION], "next": None}
_COMPARED: Final = {
    "older": 1,
    "newer": 2,
    "changes": {"en": [{"kind": "added", "line": "Remove what names a time."}]},
    "only_in_one": ["de"],
}


@router.get("/incidents/{incident}/guidelines", responses=shows(_LISTED, tagged=True))
def list_guidelines(
    calls: Calls, incident: str, response: Response, after: After = None, limit: Limit = 100
) -> Page[VersionTold]:
    """Every version, the oldest first. Publishing the next one carries the ETag as If-Match."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        found = _versions(work, incident)
    response.headers["ETag"] = tag_of(_newest(found))
    later = [each for each in found if each.version > since]
    return page(later, limit, _without_texts, _number)


@router.get("/incidents/{incident}/guidelines/in-force", responses=shows(_VERSION | {"bodies": _TEXTS}))
def show_in_force(calls: Calls, incident: str) -> Texts:
    """The version that is in force now. Partner teams read it, too."""
    with calls.store.read() as work:
        by, now = calls.person_in(work, incident), calls.now_in(work, incident)
        # Partner teams enforce it, so they read it; see_sweep is the act that staff and partners share.
        find_for(work, incident, by, Act.see_sweep)
        holds = guideline_in_force(work, incident, language=None, now=now)
        found = _versions(work, incident)
    if holds is None:
        raise NotFound(f"No guideline of {incident} is in force.")
    return _one(found, incident, holds.version)


@router.get("/incidents/{incident}/guidelines/changes", responses=shows(_COMPARED))
def compare_guidelines(
    calls: Calls,
    incident: str,
    older: Older = None,
    newer: Newer = None,
) -> Compared:
    """What changed between two versions, else the newest two, in each language that both have."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        found = _versions(work, incident)
    newer = newer or _newest(found)
    older = older or newer - 1
    before, now = _one(found, incident, older).bodies, _one(found, incident, newer).bodies
    told = {
        language: [Line(kind=each.kind, line=each.line) for each in changes(before[language], now[language])]
        for language in sorted(before.keys() & now.keys())
    }
    return Compared(older=older, newer=newer, changes=told, only_in_one=sorted(before.keys() ^ now.keys()))


@router.get("/incidents/{incident}/guidelines/{version}", responses=shows(_VERSION | {"bodies": _TEXTS}))
def show_guideline(calls: Calls, incident: str, version: Numbered) -> Texts:
    """One version with its texts."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        return _one(_versions(work, incident), incident, version)


@router.post(
    "/incidents/{incident}/guidelines",
    status_code=201,
    dependencies=[ONCE],
    responses=shows(_VERSION | {"bodies": _TEXTS}, status=201),
)
def publish_guideline(
    calls: Calls,
    incident: str,
    new: Annotated[NewGuideline, InBody(examples=[_NEW])],
    response: Response,
    after: BackgroundTasks,
    if_match: IfMatch = None,
) -> Texts:
    """Publish the next version; the one before is superseded from then on."""
    with calls.moving(incident, after) as (work, by, now):
        find_for(work, incident, by, Act.write_guideline)
        newest = _newest(_versions(work, incident))
        refuse_outdated(if_match, newest, f"/api/v1/incidents/{incident}/guidelines")
        version = publish_by_hand(
            work,
            calls.catalogue,
            incident,
            new.bodies,
            title=new.title,
            effective_from=new.effective_from or now,
            by=by,
            now=now,
        )
        published = _one(_versions(work, incident), incident, version)
    response.headers["Location"] = f"/api/v1/incidents/{incident}/guidelines/{version}"
    return published


def _versions(work: Work, incident: str) -> list[Texts]:
    by_number: dict[int, list[Guideline]] = {}
    for each in guidelines_of(work, incident):
        by_number.setdefault(each.version, []).append(each)
    return [_texts(by_number[number]) for number in sorted(by_number)]


def _texts(rows: list[Guideline]) -> Texts:
    bodies = {each.language: each.body for each in sorted(rows, key=lambda each: each.language)}
    told = rows[0].model_dump(include={"version", "title", "effective_from", "superseded_at", "published_by"})
    return Texts(**told, languages=list(bodies), bodies=bodies)


def _one(found: list[Texts], incident: str, version: int) -> Texts:
    for each in found:
        if each.version == version:
            return each
    raise NotFound(f"The guideline of {incident} has no version {version}.")


def _newest(found: list[Texts]) -> int:
    return max((each.version for each in found), default=0)


def _without_texts(texts: Texts) -> VersionTold:
    return VersionTold.model_validate(texts.model_dump(exclude={"bodies"}))


def _number(texts: Texts) -> int:
    return texts.version
