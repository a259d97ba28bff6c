"""What people put into a retrospective: sections in their own words, and which factors hold."""

from typing import Annotated, Final

from fastapi import BackgroundTasks, Response
from fastapi import Body as InBody
from pydantic import BaseModel, Field

from console.api.asking import Calls
from console.api.bodies import Sent, Short
from console.api.ground import ONCE, IfMatch, Numbered, refuse_outdated, room, shows, tag_of
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from incidents.people import Act
from incidents.reviews.factors.factor import Category, Otherwise
from incidents.reviews.record import FactorPart, FactorRecord, SectionRecord
from incidents.reviews.sections import ASKED, LONGEST, Section
from incidents.reviews.writing import add_checked, change_checked, write_checked
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.records import read_record
from incidents.store.reviews import choose_zone, find_review, judge_factor
from incidents.store.sections import newest_sections

router = room("retrospectives")

Refs = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)]


class SectionTold(BaseModel):
    """One section that people write, and its newest version."""

    name: Section
    asked: str = Field(description="The question that it answers.")
    written: SectionRecord | None


class Words(Sent):
    """The next version of a section."""

    text: str = Field(
        max_length=2 * LONGEST, description="Markdown paragraphs and lists; numbers cite entries."
    )


class Zone(Sent):
    """In which zone times are shown, too."""

    zone: str = Field(max_length=100, description="Of the IANA database.")


class JudgedFactor(Sent):
    """Whether a hypothesis holds."""

    accepted: bool
    reason: Short


class NewFactor(Sent):
    """A hypothesis of a person's own."""

    category: Category
    part: FactorPart = FactorPart.contributing
    sentence: str = Field(min_length=1, max_length=1_000)
    supports: Refs = Field(description="Entries that speak for it, such as INC-12#7.")
    against: Refs = Field([])


class OtherFactor(Sent):
    """How somebody puts a factor; what is left out stays as it is."""

    category: Category | None = None
    part: FactorPart | None = None
    sentence: str | None = Field(None, max_length=1_000)
    reason: Short


_WRITTEN: Final = {
    "name": "lucky",
    "version": 1,
    "text": "It was a Monday, and everybody was there.",
    "author": "bo-r",
    "written_at": "2026-11-26T09:00:00Z",
    "seq": 212,
}
_SECTION: Final = {"name": "lucky", "asked": ASKED[Section.lucky], "written": _WRITTEN}
_FACTOR: Final = {
    "number": 2,
    "category": "staffing or language",
    "part": "contributing",
    "sentence": "Nobody on shift read Dutch (INC-12#31).",
    "supports": ["INC-12#31"],
    "against": [],
    "but": "",
    "state": "accepted",
    "judged_by": "bo-r",
    "reason": "The rota shows it",
    "proposed": None,
    "changed_by": None,
    "changed_because": None,
    "added_by": None,
}
_ADDED: Final = {
    "category": "process",
    "sentence": "The rota had a gap (INC-12#31).",
    "supports": ["INC-12#31"],
}


@router.get("/retrospectives/{incident}/sections", responses=shows({"items": [_SECTION], "next": None}))
def list_sections(calls: Calls, incident: str) -> Page[SectionTold]:
    """Every section that people write, in the order of the document."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        find_review(work, incident)
        return Page(items=[_section(work, incident, name) for name in Section], next=None)


@router.get("/retrospectives/{incident}/sections/{section}", responses=shows(_SECTION, tagged=True))
def show_section(calls: Calls, incident: str, section: Section, response: Response) -> SectionTold:
    """One section. Writing it carries the ETag as If-Match."""
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        find_review(work, incident)
        found = _section(work, incident, section)
    response.headers["ETag"] = tag_of(found)
    return found


@router.put(
    "/retrospectives/{incident}/sections/{section}",
    dependencies=[ONCE],
    responses=shows(_SECTION, tagged=True),
)
def write_section(
    calls: Calls,
    incident: str,
    section: Section,
    said: Annotated[Words, InBody(examples=[{"text": "It was a Monday, and everybody was there."}])],
    response: Response,
    after: BackgroundTasks,
    if_match: IfMatch = None,
) -> SectionTold:
    """Write the next version of a section; the ones before stay in the record."""
    with calls.moving(incident, after) as (work, by, now):
        find_for(work, incident, by, Act.write_review)
        before = _section(work, incident, section)
        refuse_outdated(if_match, before, f"/api/v1/retrospectives/{incident}/sections/{section}")
        was = before.written.version if before.written else 0
        write_checked(work, incident, section, said.text, was=was, by=by, now=now)
        written = _section(work, incident, section)
    response.headers["ETag"] = tag_of(written)
    return written


@router.put("/retrospectives/{incident}/zone", dependencies=[ONCE], responses=shows({"zone": "Europe/Berlin"}))
def set_zone(
    calls: Calls,
    incident: str,
    said: Annotated[Zone, InBody(examples=[{"zone": "Europe/Berlin"}])],
    after: BackgroundTasks,
) -> Zone:
    """Have the next version show times in a zone beside UTC; `UTC` takes that back."""
    with calls.moving(incident, after) as (work, by, _now):
        choose_zone(work, incident, said.zone, by=by)
    return said


@router.get("/retrospectives/{incident}/factors", responses=shows({"items": [_FACTOR], "next": None}))
def list_factors(calls: Calls, incident: str, after: After = None, limit: Limit = 100) -> Page[FactorRecord]:
    """The hypotheses about what contributed, by number, with what people said of them."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        find_review(work, incident)
        factors = read_record(work, incident).factors
    later = sorted((each for each in factors if each.number > since), key=_number)
    return page(later, limit, _itself, _number)


@router.post(
    "/retrospectives/{incident}/factors",
    status_code=201,
    dependencies=[ONCE],
    responses=shows(_FACTOR | {"state": "proposed"}, status=201),
)
def add_factor(
    calls: Calls,
    incident: str,
    new: Annotated[NewFactor, InBody(examples=[_ADDED])],
    after: BackgroundTasks,
) -> FactorRecord:
    """Add a hypothesis; what it says must be in the record."""
    said = Otherwise(category=new.category, part=new.part, sentence=new.sentence)
    with calls.moving(incident, after) as (work, by, now):
        find_for(work, incident, by, Act.draft_review)
        number = add_checked(work, incident, said, supports=new.supports, against=new.against, by=by, now=now)
        return _factor(work, incident, number)


@router.post("/retrospectives/{incident}/factors/{number}/judge", dependencies=[ONCE], responses=shows(_FACTOR))
def judge(
    calls: Calls,
    incident: str,
    number: Numbered,
    said: Annotated[JudgedFactor, InBody(examples=[{"accepted": True, "reason": "The rota shows it"}])],
    after: BackgroundTasks,
) -> FactorRecord:
    """Accept or reject a hypothesis. 409 where somebody judged it meanwhile."""
    with calls.moving(incident, after) as (work, by, now):
        state = "accepted" if said.accepted else "rejected"
        judge_factor(work, incident, number, state=state, reason=said.reason, by=by, now=now)
        return _factor(work, incident, number)


@router.post(
    "/retrospectives/{incident}/factors/{number}/change", dependencies=[ONCE], responses=shows(_FACTOR)
)
def put_otherwise(
    calls: Calls,
    incident: str,
    number: Numbered,
    said: Annotated[OtherFactor, InBody(examples=[{"category": "process", "reason": "It is about the rota"}])],
    after: BackgroundTasks,
) -> FactorRecord:
    """Put a factor otherwise; the wording of its rule stays beside it."""
    other = Otherwise(category=said.category, part=said.part, sentence=said.sentence)
    with calls.moving(incident, after) as (work, by, now):
        find_for(work, incident, by, Act.draft_review)
        change_checked(work, incident, number, other, reason=said.reason, by=by, now=now)
        return _factor(work, incident, number)


def _section(work: Work, incident: str, name: Section) -> SectionTold:
    written = {each.name: each for each in newest_sections(work, incident)}
    return SectionTold(name=name, asked=ASKED[name], written=written.get(name))


def _factor(work: Work, incident: str, number: int) -> FactorRecord:
    return next(each for each in read_record(work, incident).factors if each.number == number)


def _itself(factor: FactorRecord) -> FactorRecord:
    return factor


def _number(factor: FactorRecord) -> int:
    return factor.number
