"""Shifts that somebody took for another, and who is on call by them and by the catalogue."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from incidents.catalogue.rotations import Rotation
from incidents.errors import NotAllowed, Refusal
from incidents.oncall import OnCall, Span, Taken, check_taking, on_call, on_duty
from incidents.people import Act, Person, authorise
from incidents.store.access_log import Access, note_access
from incidents.store.engine import Work
from incidents.store.schema import UtcDateTime, metadata
from incidents.words import utc

taken_shifts = sa.Table(
    "taken_shifts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="A later one overrules an earlier one"),
    sa.Column("rotation", sa.String, nullable=False),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("starts_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("said_by", sa.String, nullable=False),
    sa.Column("said_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Index("ix_taken_shifts_ends_at", "ends_at"),
)


def take_shift(
    work: Work, rotation: Rotation, person: Person, span: Span, *, by: Person, reason: str, now: datetime
) -> Taken:
    """Put a person on call from one moment to another, whoever's turn it is; the access log keeps who said so.

    NotAuthorised, NotAllowed or BadInput where `check_taking` refuses it, or the reason is missing.
    """
    authorise(by, Act.take_shift)
    check_taking(rotation, person, span, by=by, now=now)
    if not reason.strip():
        raise NotAllowed("To take a shift takes a reason.", [Refusal("REASON_MISSING", "The log needs it.")])
    row = {
        "rotation": rotation.id,
        "person": person.id,
        "starts_at": span.starts_at,
        "ends_at": span.ends_at,
        "said_by": by.id,
        "said_at": now,
        "reason": reason,
    }
    given = work.execute(taken_shifts.insert().values(**row).returning(*taken_shifts.c)).one()
    told = f"{reason} ({utc(span.starts_at)} to {utc(span.ends_at)})"
    target = f"{rotation.id}: {person.id}"
    note_access(work, Access.shift_taken, by=by.id, target=target, reason=told, now=now)
    return Taken.model_validate(given)


def taken_since(work: Work, since: datetime) -> list[Taken]:
    """What was taken and ends after a moment, in the order in which it was said."""
    statement = sa.select(taken_shifts).where(taken_shifts.c.ends_at > since).order_by(taken_shifts.c.id)
    return [Taken.model_validate(row) for row in work.execute(statement)]


def who_is_on_call(work: Work, rotations: Sequence[Rotation], at: datetime) -> list[OnCall]:
    """Who is on call in each rotation, and who comes next. Without rotations the store is not asked."""
    taken = taken_since(work, at) if rotations else []
    return [on_call(each, taken, at) for each in rotations]


def people_on_duty(work: Work, rotations: Sequence[Rotation], duty: str, at: datetime) -> list[str]:
    """The ids of those who are on call for a role or a team, in the order of the file."""
    wanted = [each for each in rotations if each.duty == duty]
    taken = taken_since(work, at) if wanted else []
    return list(dict.fromkeys(shift.person for _, shift in on_duty(wanted, taken, duty, at)))
