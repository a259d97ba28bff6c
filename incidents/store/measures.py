"""What ended incidents measure, kept beside them: a record is read once for each change, not at each look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.incident.phases import Phase
from incidents.people import Act, Person, authorise
from incidents.reviews.across import Measures, measures_of
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.records import read_record
from incidents.store.schema import incidents, measures

AFTERWARDS = (Phase.stood_down, Phase.reviewing, Phase.closed)
"""Phases in which the crisis is over."""


class Span(BaseModel):
    """Which ended incidents are looked at; what is None is not asked."""

    model_config = ConfigDict(frozen=True)

    severity: str | None = None
    protocol: str | None = None
    since: datetime | None = None
    """Opened from then on."""
    until: datetime | None = None
    """Opened before then."""
    drills: bool = False
    """Drills, and nothing else; else everything but drills."""


class Looked(BaseModel):
    """One ended incident, and what it measures; None where nobody measured it as it is now."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: int
    title: str
    severity: str
    opened_at: datetime
    measured: Measures | None


def ended(work: Work, person: Person, span: Span, *, rules: str) -> list[Looked]:
    """The ended incidents that the person may see, the oldest first: one statement, however many.

    `rules` is the version that measures. What was measured by another, or before the timeline's last entry,
    does not count: all that a measure rests on is told there, a batch when it is handed in.
    """
    authorise(person, Act.see_incidents)
    as_it_is = sa.and_(
        measures.c.incident_id == incidents.c.id, measures.c.head == incidents.c.head, measures.c.rules == rules
    )
    statement = (
        sa.select(*_OF_AN_INCIDENT, measures.c.found)
        .outerjoin(measures, as_it_is)
        .where(incidents.c.phase.in_([each.value for each in AFTERWARDS]), readable(person), *_within(span))
        .order_by(incidents.c.number)
    )
    return [_looked_at(row) for row in work.execute(statement)]


def measure_anew(work: Work, incident: str) -> tuple[str, Measures]:
    """Measure an incident from its record: the head of its timeline before that, and what was found."""
    head: str = work.execute(sa.select(incidents.c.head).where(incidents.c.id == incident)).scalar_one()
    return head, measures_of(read_record(work, incident))


def keep_measures(work: Work, head: str, found: Measures, *, rules: str) -> None:
    """Keep what `measure_anew` found, in place of what was kept."""
    kept = {"head": head, "rules": rules, "found": found.model_dump_json()}
    if not work.insert_once(measures, kept | {"incident_id": found.incident}):
        work.execute(sa.update(measures).where(measures.c.incident_id == found.incident).values(**kept))


_OF_AN_INCIDENT = (
    *(incidents.c.id, incidents.c.number, incidents.c.title, incidents.c.severity),
    incidents.c.opened_at,
)


def _looked_at(row: sa.Row[Any]) -> Looked:
    measured = None if row.found is None else Measures.model_validate_json(row.found)
    return Looked.model_validate({**row._mapping, "measured": measured})


def _within(span: Span) -> Sequence[sa.ColumnElement[bool]]:
    found = [incidents.c.drill != "" if span.drills else incidents.c.drill == ""]
    if span.severity is not None:
        found.append(incidents.c.severity == span.severity)
    if span.protocol is not None:
        found.append(incidents.c.protocol == span.protocol)
    if span.since is not None:
        found.append(incidents.c.opened_at >= span.since)
    if span.until is not None:
        found.append(incidents.c.opened_at < span.until)
    return found
