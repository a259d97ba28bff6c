"""Append to an incident's timeline, read it, and check that nobody changed it."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from incidents.errors import NotFound
from incidents.store.engine import Work
from incidents.store.schema import incidents, milestones, stars, timeline
from incidents.timeline import GENESIS, Break, Chosen, Entry, Event, entry_hash, first_break

# Put together once: an entry is appended at every claim, and that takes longer than running them.
_HERE: Final = incidents.c.id == sa.bindparam("incident")
_TAKE_PLACE: Final = (
    sa.update(incidents)
    .where(_HERE)
    .values(entries=incidents.c.entries + 1)
    .returning(incidents.c.entries, incidents.c.head)
)
_INSERT: Final = timeline.insert()
_MOVE_HEAD: Final = sa.update(incidents).where(_HERE).values(head=sa.bindparam("hash"))


def append(
    work: Work, incident: str, event: Event, *, actor: str, now: datetime, facts: dict[str, Any] | None = None
) -> Entry:
    """Add one entry. The incident's row is locked until the transaction ends, so the chain cannot fork."""
    seq, previous = _take_place(work, incident)
    told: dict[str, Any] = {
        "incident": incident,
        "seq": seq,
        "at": now,
        "event": event,
        "actor": actor,
        "facts": facts or {},
        "previous": previous,
    }
    entry = Entry(**told, hash=entry_hash(**told))
    row = entry.model_dump(exclude={"incident"}) | {"incident_id": incident, "event": event.value}
    work.execute(_INSERT, row)
    work.execute(_MOVE_HEAD, {"incident": incident, "hash": entry.hash})
    return entry


def _take_place(work: Work, incident: str) -> tuple[int, str]:
    row = work.execute(_TAKE_PLACE, {"incident": incident}).one_or_none()
    if row is None:
        raise NotFound(f"There is no incident {incident}. `watchfloor incidents` lists them.")
    return int(row.entries), str(row.head)


def entries(work: Work, incident: str, *, after: int = 0, limit: int | None = None) -> list[Entry]:
    """The timeline of an incident in its order, from the entry behind `after`."""
    statement = (
        sa.select(timeline)
        .where(timeline.c.incident_id == incident, timeline.c.seq > after)
        .order_by(timeline.c.seq)
        .limit(limit)
    )
    return [_entry(row) for row in work.execute(statement)]


def entries_of(work: Work, incident: str, events: Collection[Event]) -> list[Entry]:
    """The entries of these kinds, in their order, however long the rest of the timeline is."""
    statement = (
        sa.select(timeline)
        .where(timeline.c.incident_id == incident, timeline.c.event.in_([e.value for e in events]))
        .order_by(timeline.c.seq)
    )
    return [_entry(row) for row in work.execute(statement)]


def newest_entries(
    work: Work, incident: str, chosen: Chosen, *, before: int | None = None, limit: int
) -> list[Entry]:
    """The newest entries that somebody chose, newest first; those before an entry where one is named."""
    statement = sa.select(timeline).where(timeline.c.incident_id == incident, *_conditions(chosen))
    if before is not None:
        statement = statement.where(timeline.c.seq < before)
    return [_entry(row) for row in work.execute(statement.order_by(timeline.c.seq.desc()).limit(limit))]


def actors_of(work: Work, incident: str) -> list[str]:
    """Everybody who did something in an incident, Watchfloor itself included, in order of their names."""
    statement = sa.select(timeline.c.actor).where(timeline.c.incident_id == incident).distinct()
    return list(work.execute(statement.order_by(timeline.c.actor)).scalars())


def _conditions(chosen: Chosen) -> Iterator[sa.ColumnElement[bool]]:
    if chosen.subject is not None:
        yield timeline.c.event.startswith(f"{chosen.subject.value}.", autoescape=True)
    if chosen.actor:
        yield timeline.c.actor == chosen.actor
    if chosen.starred:
        here = (stars.c.incident_id == timeline.c.incident_id, stars.c.seq == timeline.c.seq)
        yield sa.exists().where(*here)
    if chosen.words:
        # Facts lie there as JSON; whether what is no ASCII is escaped is the driver's choice.
        told = sa.func.lower(sa.cast(timeline.c.facts, sa.Text))
        spelt = {json.dumps(chosen.words, ensure_ascii=escaped)[1:-1].lower() for escaped in (True, False)}
        yield sa.or_(*(told.contains(each, autoescape=True) for each in sorted(spelt)))


def last_entry(work: Work, incident: str, events: tuple[Event, ...]) -> Entry | None:
    """The newest entry of one of these kinds: who did it last, and when."""
    statement = (
        sa.select(timeline)
        .where(timeline.c.incident_id == incident, timeline.c.event.in_([e.value for e in events]))
        .order_by(timeline.c.seq.desc())
        .limit(1)
    )
    row = work.execute(statement).one_or_none()
    return None if row is None else _entry(row)


def verify(work: Work, incident: str | None = None) -> Iterator[Break]:
    """Recompute the chain of one incident, or of all, and yield the first break of each that has one."""
    statement = sa.select(incidents.c.id, incidents.c.entries, incidents.c.head).order_by(incidents.c.number)
    if incident is not None:
        statement = statement.where(incidents.c.id == incident)
    rows = work.execute(statement).all()
    if incident is not None and not rows:
        raise NotFound(f"There is no incident {incident}. `watchfloor incidents` lists them.")
    for row in rows:
        if (found := _break_of(work, row)) is not None:
            yield found


def _break_of(work: Work, row: sa.Row[Any]) -> Break | None:
    try:
        told = entries(work, row.id)
    except ValueError:
        return _unreadable(work, row.id)
    return first_break(row.id, told, count=row.entries, head=row.head)


def _unreadable(work: Work, incident: str) -> Break | None:
    """The first break of a timeline in which a value was put that no entry can hold; entry by entry."""
    told: list[Entry] = []
    numbers = sa.select(timeline.c.seq).where(timeline.c.incident_id == incident).order_by(timeline.c.seq)
    for seq in work.execute(numbers).scalars().all():
        try:
            told += entries(work, incident, after=seq - 1, limit=1)
        except ValueError:
            head = told[-1].hash if told else GENESIS
            before = first_break(incident, told, count=len(told), head=head)
            return before or Break(incident=incident, seq=seq, why="it holds what no entry can hold")
    return None


def reach_milestone(
    work: Work, entry: Entry, name: str, *, at: datetime | None = None, certainty: str = "recorded"
) -> None:
    """Record a milestone once, with the entry behind it. The first one stays: a second changes nothing."""
    work.insert_once(
        milestones,
        {
            "incident_id": entry.incident,
            "name": name,
            "at": at or entry.at,
            "seq": entry.seq,
            "source": entry.actor,
            "certainty": certainty,
        },
    )


def reach_earlier(work: Work, entry: Entry, name: str, *, at: datetime, certainty: str = "recorded") -> None:
    """Record a milestone whose time is the earliest that anybody knows of: an earlier one takes its place."""
    reach_milestone(work, entry, name, at=at, certainty=certainty)
    earlier = sa.update(milestones).where(
        milestones.c.incident_id == entry.incident, milestones.c.name == name, milestones.c.at > at
    )
    work.execute(earlier.values(at=at, seq=entry.seq, source=entry.actor, certainty=certainty))


def milestones_of(work: Work, incident: str) -> list[dict[str, Any]]:
    """What an incident reached: name, at, seq, source, certainty; in order of time, then of entries."""
    statement = (
        sa.select(milestones)
        .where(milestones.c.incident_id == incident)
        .order_by(milestones.c.at, milestones.c.seq, milestones.c.name)
    )
    return [dict(row) for row in work.execute(statement).mappings()]


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        incident=row.incident_id,
        seq=row.seq,
        at=row.at,
        event=Event(row.event),
        actor=row.actor,
        facts=row.facts,
        previous=row.previous,
        hash=row.hash,
    )
