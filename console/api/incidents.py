"""Incidents: which there are, how one stands, and what happened."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from console.api.asking import Calls
from console.api.asks import AskTold
from console.api.examples import ASK, ENTRY, INCIDENT
from console.api.ground import room, shows
from console.api.pages import NUMBER, After, Limit, Page, page, read_cursor
from incidents.incident.incident import Incident
from incidents.incident.phases import Phase
from incidents.incident.severity import Impact
from incidents.people import Act
from incidents.store import timeline
from incidents.store.asks import asks_of
from incidents.store.incidents import find_for, visible_incidents
from incidents.timeline import Entry
from incidents.words import plain, sentence

router = room("incidents")


class IncidentTold(BaseModel):
    """A candidate or a crisis."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    number: int
    title: str
    phase: Phase
    phase_since: datetime
    severity: str = Field(description="sev1 to sev4.")
    impact: Impact
    policy: str | None
    protocol: str
    restricted: bool = Field(description="Only those who hold a role on it see it.")
    drill: str = Field(description="Empty, or the id of the drill that it belongs to.")
    opened_by: str
    opened_at: datetime
    round: int = Field(description="1, and one more with each reopening.")
    entries: int = Field(description="Of its timeline.")
    is_open: bool
    is_drill: bool


class IncidentWithAsks(IncidentTold):
    """An incident, and what partner teams were asked."""

    asks: list[AskTold]


class EntryTold(BaseModel):
    """One entry of a timeline, as a sentence."""

    seq: int
    ref: str = Field(description="How documents cite it.")
    at: datetime
    event: str
    actor: str
    sentence: str
    hash: str = Field(description="SHA-256 over the entry and the hash of the one before.")


@router.get("/incidents", responses=shows({"items": [INCIDENT], "next": "MTI"}))
def list_incidents(
    calls: Calls,
    phase: Annotated[list[Phase] | None, Query(description="These phases alone.")] = None,
    drills: Annotated[bool, Query(description="Exercises too.")] = True,
    after: After = None,
    limit: Limit = 100,
) -> Page[IncidentTold]:
    """The incidents that the caller may see, newest first."""
    before = read_cursor(after, NUMBER)
    with calls.store.read() as work:
        seen = visible_incidents(work, calls.person(), phases=phase, drills=drills)
    older = [incident for incident in seen if before is None or incident.number < before]
    return page(older, limit, incident_told, _number)


@router.get("/incidents/{incident}", responses=shows(INCIDENT | {"asks": [ASK]}))
def show_incident(calls: Calls, incident: str) -> IncidentWithAsks:
    """One incident, with the asks to partner teams."""
    with calls.store.read() as work:
        found = find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        asked = asks_of(work, incident)
    asks = [AskTold.model_validate(ask) for ask in asked]
    return IncidentWithAsks(**incident_told(found).model_dump(), asks=asks)


@router.get("/incidents/{incident}/timeline", responses=shows({"items": [ENTRY], "next": "NDE"}))
def show_timeline(calls: Calls, incident: str, after: After = None, limit: Limit = 100) -> Page[EntryTold]:
    """What happened, in order, one sentence an entry."""
    since = read_cursor(after, NUMBER) or 0
    with calls.store.read() as work:
        find_for(work, incident, calls.person_in(work, incident), Act.see_incidents)
        found = timeline.entries(work, incident, after=since, limit=limit + 1)
    return page(found, limit, _entry_told, _seq)


def incident_told(incident: Incident) -> IncidentTold:
    """An incident as the API shows it."""
    return IncidentTold.model_validate(incident)


def _number(incident: Incident) -> int:
    return incident.number


def _seq(entry: Entry) -> int:
    return entry.seq


def _entry_told(entry: Entry) -> EntryTold:
    told = entry.model_dump(include={"seq", "at", "event", "actor", "hash"})
    return EntryTold(**told, ref=entry.ref, sentence=plain(sentence(entry)))
