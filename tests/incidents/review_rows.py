"""Incidents for the tests of reviews, written row by row: a crisis of one evening, as Ada led it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.people import Person, Role
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.schema import incidents, reviews, roles
from incidents.timeline import GENESIS, Entry, Event

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

ADA = Person(id="ada", roles=frozenset({Role.commander}))
BO = Person(id="bo", roles=frozenset({Role.reviewer}))
CLEO = Person(id="cleo", roles=frozenset({Role.partner_lead}), team="legal")
DEV = Person(id="dev", roles=frozenset({Role.partner_reviewer}), team="german")
EVE = Person(id="eve", roles=frozenset({Role.reviewer, Role.analyst}))


def after(minutes: float) -> datetime:
    """So many minutes into the story."""
    return T0 + timedelta(minutes=minutes)


def incident_row(number: int = 12, **changes: Any) -> dict[str, Any]:
    """A row of `incidents` with this number."""
    return {
        "id": f"INC-{number}",
        "number": number,
        "title": "Attack footage, re-uploaded in copies",
        "phase": "responding",
        "phase_since": T0,
        "severity": "sev2",
        "impact": {"harm": 3, "reach": 3, "velocity": 3, "vulnerability": 1, "jurisdictions": ["DE", "TR"]},
        "priority_rule": "serious-and-spreading",
        "policy": "violence.incitement",
        "protocol": "default",
        "protocol_version": 1,
        "catalogue_version": "c0ffee",
        "grouping_key": f"key-{number}",
        "opened_by": "watchfloor",
        "opened_at": T0,
        "head": GENESIS,
    } | changes


def add_incident(work: Work, number: int = 12, **changes: Any) -> str:
    """Insert an incident and return its id."""
    row = incident_row(number, **changes)
    work.execute(incidents.insert().values(**row))
    return str(row["id"])


def tell(work: Work, minutes: float, event: Event, actor: str = "watchfloor", **facts: Any) -> Entry:
    """Append an entry to INC-12."""
    return timeline.append(work, "INC-12", event, actor=actor, now=after(minutes), facts=facts)


def add_review(work: Work, incident: str = "INC-12", owner: str = "eve") -> None:
    """A review that is being drafted, of an incident that Ada commanded."""
    role = {"incident_id": incident, "role": "commander", "person": "ada", "taken_at": T0}
    work.execute(roles.insert().values(**role))
    row = {"incident_id": incident, "owner": owner, "state": "drafting", "due_at": after(9000)}
    work.execute(reviews.insert().values(**row, started_at=T0))
