"""What people wrote in a retrospective: each save is a version of its own, and none is ever changed."""

from datetime import datetime

import sqlalchemy as sa

from incidents.errors import Conflict
from incidents.people import Act, Person
from incidents.reviews.record import SectionRecord
from incidents.reviews.sections import Section, tidied
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for, lock
from incidents.store.reviews import refuse_signed
from incidents.store.schema import review_sections
from incidents.timeline import Event


def write_section(
    work: Work, incident: str, section: Section, text: str, *, was: int, by: Person, now: datetime
) -> int:
    """Keep a person's words as the next version of a section, and return its number.

    `was` is the version that the person read, 0 for none: Conflict, with who and when, where there is
    another. NotAllowed (`REVIEW_SIGNED`) once the retrospective is signed. BadInput as `tidied` says.
    """
    find_for(work, incident, by, Act.write_review)
    lock(work, incident)
    refuse_signed(work, incident)
    found = _newest(work, incident, section)
    if (found.version if found else 0) != was:
        raise _written_already(incident, section, found)
    named: dict[str, str | int] = {"section": section.value, "version": was + 1}
    kept = tidied(section, text)
    entry = timeline.append(work, incident, Event.section_written, actor=by.id, now=now, facts=named)
    row = {"incident_id": incident, **named, "text": kept, "author": by.id, "written_at": now, "seq": entry.seq}
    work.execute(review_sections.insert().values(**row))
    return was + 1


def sections_of(work: Work, incident: str) -> list[SectionRecord]:
    """Every version of every section, in the order of the document, the newest version last."""
    statement = sa.select(review_sections).where(review_sections.c.incident_id == incident)
    found = [
        SectionRecord.model_validate({**row._mapping, "name": row.section})
        for row in work.execute(statement.order_by(review_sections.c.version))
    ]
    return sorted(found, key=lambda each: list(Section).index(each.name))


def newest_sections(work: Work, incident: str) -> tuple[SectionRecord, ...]:
    """The newest version of each section that somebody wrote, in the order of the document."""
    return tuple({each.name: each for each in sections_of(work, incident)}.values())


def _newest(work: Work, incident: str, section: Section) -> SectionRecord | None:
    return next((each for each in newest_sections(work, incident) if each.name is section), None)


def _written_already(incident: str, section: Section, found: SectionRecord | None) -> Conflict:
    if found is None:
        return Conflict(f"Nobody wrote the section {section} of {incident} yet: its first version is was 0.")
    return Conflict(
        f"Version {found.version} of the section {section} of {incident} was written by {found.author}"
        f" at {found.written_at:%Y-%m-%d %H:%M:%S} UTC. Nothing of it was changed: read it, then write"
        f" with --was {found.version}."
    )
