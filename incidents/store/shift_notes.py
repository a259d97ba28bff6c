"""Notes from one shift to the next."""

from datetime import datetime

import sqlalchemy as sa

from incidents.incident.incident import SYSTEM
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.schema import shift_notes
from incidents.timeline import Entry, Event


def keep(work: Work, incident: str, *, key: str, markdown: str, now: datetime) -> bool:
    """Keep a note and tell the timeline; False where the note of that key was written before."""
    row = {"key": key, "incident_id": incident, "at": now, "markdown": markdown}
    if not work.insert_once(shift_notes, row):
        return False
    timeline.append(work, incident, Event.shift_noted, actor=SYSTEM.id, now=now, facts={"at": now.isoformat()})
    return True


def last_note(work: Work, incident: str) -> Entry | None:
    """The entry of the newest note."""
    return timeline.last_entry(work, incident, (Event.shift_noted,))


def notes_of(work: Work, incident: str) -> list[str]:
    """The notes of an incident as Markdown, oldest first."""
    statement = sa.select(shift_notes.c.markdown).where(shift_notes.c.incident_id == incident)
    return list(work.execute(statement.order_by(shift_notes.c.at)).scalars())
