"""Which versions of a retrospective there are, who signed them, and when they were published."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.schema import retrospectives
from incidents.timeline import Entry, Event

_OF_A_VERSION: Final = (Event.draft_written, Event.retrospective_signed, Event.retrospective_published)


class Version(BaseModel):
    """One version of a retrospective, and what became of it. After a reopening that can happen again."""

    model_config = ConfigDict(frozen=True)

    version: int
    written_at: datetime
    author: str
    input_hash: str
    signed_by: tuple[str, ...] = Field(description="Who signed it, in order.")
    published_at: tuple[datetime, ...] = Field(description="When it was published, in order.")
    entry: int = Field(description="The entry that says that it was written; 0 where none does.")


def versions_of(work: Work, incident: str) -> list[Version]:
    """Every version of an incident's retrospective, the oldest first; also those before a reopening."""
    columns = [column for column in retrospectives.c if column.name != "markdown"]
    statement = sa.select(*columns).where(retrospectives.c.incident_id == incident)
    rows = work.execute(statement.order_by(retrospectives.c.version)).all()
    told = timeline.entries_of(work, incident, _OF_A_VERSION)
    return [
        Version(
            version=row.version,
            written_at=row.written_at,
            author=row.author,
            input_hash=row.input_hash,
            signed_by=tuple(e.actor for e in _about(row.version, told, Event.retrospective_signed)),
            published_at=tuple(e.at for e in _about(row.version, told, Event.retrospective_published)),
            entry=next((e.seq for e in _about(row.version, told, Event.draft_written)), 0),
        )
        for row in rows
    ]


def _about(version: int, told: list[Entry], event: Event) -> Iterator[Entry]:
    return (entry for entry in told if entry.event is event and entry.facts.get("version") == version)
