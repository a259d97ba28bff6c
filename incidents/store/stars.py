"""Entries that people starred: the curated timeline of a retrospective tells them, too.

A star says what is worth reading, not what happened, so that no entry of the timeline says who gave it.
"""

from datetime import datetime

import sqlalchemy as sa

from incidents.errors import NotFound
from incidents.people import Act, Person
from incidents.reviews.record import told_of
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.reviews import refuse_signed
from incidents.store.schema import stars


def star(work: Work, incident: str, seq: int, *, by: Person, now: datetime) -> bool:
    """Star an entry; False where it is starred already. NotFound where the retrospective has no such entry."""
    find_for(work, incident, by, Act.write_review)
    refuse_signed(work, incident)
    named = timeline.entries(work, incident, after=seq - 1, limit=1)
    if not told_of(entry for entry in named if entry.seq == seq):
        raise NotFound(f"The retrospective of {incident} tells no entry {seq}. Its full log has all.")
    row = {"incident_id": incident, "seq": seq, "person": by.id, "starred_at": now}
    return work.insert_once(stars, row)


def unstar(work: Work, incident: str, seq: int, *, by: Person) -> bool:
    """Take the star of an entry away, whoever gave it; False where it has none."""
    find_for(work, incident, by, Act.write_review)
    refuse_signed(work, incident)
    here = (stars.c.incident_id == incident, stars.c.seq == seq)
    return work.execute(sa.delete(stars).where(*here)).rowcount == 1


def starred(work: Work, incident: str) -> tuple[int, ...]:
    """The numbers of the starred entries, in order."""
    statement = sa.select(stars.c.seq).where(stars.c.incident_id == incident).order_by(stars.c.seq)
    return tuple(work.execute(statement).scalars())
