"""Briefs: short reports to the teams that were asked for something, and the clock by which they are due."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.errors import BadInput, NotAllowed, Refusal
from incidents.incident.briefs import BRIEFED, BriefClock
from incidents.incident.incident import SYSTEM
from incidents.message import Message
from incidents.people import Act, Person
from incidents.store import outbox, timeline
from incidents.store.drills import keeps_machine_time
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.store.schema import UtcDateTime, incidents, metadata
from incidents.timeline import Entry, Event
from incidents.words import render

LONGEST = 2_000
"""Characters of one brief. What is longer is nobody's brief."""

brief_clocks = sa.Table(
    "brief_clocks",
    metadata,
    sa.Column("incident_id", sa.String, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("since", UtcDateTime, nullable=False, comment="The last brief, or when it was declared"),
    sa.Column("sent", sa.Integer, nullable=False, comment="Briefs so far"),
    sa.Column("reminders", sa.Integer, nullable=False, comment="Missed briefs that were told of, since"),
)


def start_brief_clock(work: Work, incident: str, *, now: datetime) -> None:
    """Count the time to the next brief from now on: the crisis was declared, or reopened."""
    row = {"incident_id": incident, "since": now, "sent": 0, "reminders": 0}
    if not work.insert_once(brief_clocks, row):
        of_it = sa.update(brief_clocks).where(brief_clocks.c.incident_id == incident)
        work.execute(of_it.values(since=now, reminders=0))


def send_brief(
    work: Work, incident: str, text: str, *, channels: Sequence[str], by: Person, now: datetime
) -> Entry:
    """Send a brief through these channels, and count the time to the next one anew.

    BadInput for an empty one, or one that is too long; NotAllowed for an incident that nobody is briefed of.
    """
    found = find_for(work, incident, by, Act.ask_partner)
    if not text.strip() or len(text) > LONGEST:
        raise BadInput(f"A brief has 1 to {LONGEST:,} characters. Nothing was sent.")
    if found.phase not in BRIEFED:
        reason = Refusal("NOT_IN_CRISIS", "Briefs go out from the declaration until it is stood down.")
        raise NotAllowed(f"{incident} is {found.phase}.", [reason])
    moved = sa.update(brief_clocks).where(brief_clocks.c.incident_id == incident)
    changed = moved.values(since=now, sent=brief_clocks.c.sent + 1, reminders=0)
    number = int(work.execute(changed.returning(brief_clocks.c.sent)).scalar_one())
    facts = {"number": number, "text": text.strip(), "channels": list(channels)}
    entry = timeline.append(work, incident, Event.brief_sent, actor=by.id, now=now, facts=facts)
    message = Message(
        key=f"brief:{incident}:{number}",
        event=Event.brief_sent.value,
        subject=f"{incident}: brief {number}",
        text=render("notes/brief.md.j2", incident=found, number=number, text=text.strip(), by=by.id, now=now),
        at=now,
    )
    for channel in channels:
        outbox.post_message(work, incident, channel, message)
    return entry


def brief_clock(work: Work, incident: str) -> BriefClock | None:
    """The clock of an incident's briefs; None before it was declared."""
    row = work.execute(sa.select(brief_clocks).where(brief_clocks.c.incident_id == incident)).one_or_none()
    return None if row is None else BriefClock.model_validate(row)


def ticking_clocks(work: Work) -> list[tuple[BriefClock, str]]:
    """The clocks of all crises that go on by the machine's time, each with its severity."""
    statement = (
        sa.select(brief_clocks, incidents.c.severity)
        .join(incidents, incidents.c.id == brief_clocks.c.incident_id)
        .where(incidents.c.phase.in_([phase.value for phase in BRIEFED]), keeps_machine_time())
        .order_by(incidents.c.number)
    )
    return [(BriefClock.model_validate(row), row.severity) for row in work.execute(statement)]


def miss_brief(work: Work, clock: BriefClock, missed: int, *, due_at: datetime, now: datetime) -> bool:
    """Record that a brief was not sent; False where one was meanwhile, or another process recorded it."""
    statement = (
        sa.update(brief_clocks)
        .where(
            brief_clocks.c.incident_id == clock.incident_id,
            brief_clocks.c.sent == clock.sent,
            brief_clocks.c.reminders == clock.reminders,
        )
        .values(reminders=missed)
    )
    if work.execute(statement).rowcount != 1:
        return False
    facts = {"since": clock.since.isoformat(), "due_at": due_at.isoformat(), "missed": missed}
    timeline.append(work, clock.incident_id, Event.brief_missed, actor=SYSTEM.id, now=now, facts=facts)
    return True
