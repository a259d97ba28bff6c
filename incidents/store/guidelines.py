"""What partner teams are to enforce today: versions of the guideline, each in force from a moment on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.errors import BadInput
from incidents.people import Act, Person
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import guidelines
from incidents.timeline import Event


class Guideline(BaseModel):
    """One version of a guideline in one language."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    incident_id: str
    version: int
    language: str
    title: str
    body: str
    policy: str | None
    policy_version: int | None
    effective_from: datetime
    superseded_at: datetime | None
    published_by: str


def publish_guideline(
    work: Work,
    incident: str,
    bodies: Mapping[str, str],
    *,
    title: str,
    policy: tuple[str, int] | None,
    effective_from: datetime,
    by: Person,
    now: datetime,
) -> int:
    """Publish the next version, in one language or several; the version before is superseded from then on.

    `bodies` is Markdown by language. `policy` is the id and version of the policy it applies. Returns the
    version's number. BadInput for an empty text.
    """
    find_for(work, incident, by, Act.write_guideline)
    if not bodies or not all(body.strip() for body in bodies.values()):
        raise BadInput(f"The guideline of {incident} has no text. Write what is allowed and what is not.")
    version = work.next_number(f"guideline:{incident}")
    work.execute(
        sa.update(guidelines)
        .where(guidelines.c.incident_id == incident, guidelines.c.superseded_at.is_(None))
        .values(superseded_at=effective_from)
    )
    shared: dict[str, Any] = {
        "incident_id": incident,
        "version": version,
        "title": title,
        "policy": policy[0] if policy else None,
        "policy_version": policy[1] if policy else None,
        "effective_from": effective_from,
        "published_at": now,
        "published_by": by.id,
    }
    work.execute(guidelines.insert(), [shared | {"language": k, "body": v} for k, v in sorted(bodies.items())])
    facts = {"version": version, "languages": sorted(bodies), "title": title}
    entry = timeline.append(work, incident, Event.guideline_published, actor=by.id, now=now, facts=facts)
    timeline.reach_milestone(work, entry, "guideline_published")
    return version


def guideline_in_force(work: Work, incident: str, *, language: str | None, now: datetime) -> Guideline | None:
    """The newest version in force, in the language asked for or else in the first one it was written in."""
    statement = (
        sa.select(guidelines)
        .where(guidelines.c.incident_id == incident, guidelines.c.effective_from <= now)
        .order_by(
            guidelines.c.version.desc(), (guidelines.c.language == (language or "")).desc(), guidelines.c.id
        )
        .limit(1)
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else Guideline.model_validate(row)


def guidelines_of(work: Work, incident: str) -> list[Guideline]:
    """Every version of an incident's guideline, in every language, oldest first."""
    statement = sa.select(guidelines).where(guidelines.c.incident_id == incident)
    rows = work.execute(statement.order_by(guidelines.c.version, guidelines.c.language))
    return [Guideline.model_validate(row) for row in rows]
