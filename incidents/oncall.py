"""Who is on call at a moment, and who comes next: turns by the wall clock, and what people changed of them.

Rotations come from the catalogue and change seldom; that somebody takes a shift for another is said by
people and lies in the store. Later words overrule earlier ones. All here is computed from both, and not kept.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.rotations import WEEK, Rotation
from incidents.errors import BadInput, NotAllowed, NotAuthorised, Refusal
from incidents.people import Person, Role, is_staff

LONGEST_TAKEN = timedelta(days=35)
"""The most that is taken at once: a holiday. Whoever leaves for longer leaves the rotation."""

A_DAY = timedelta(days=1)
A_YEAR = timedelta(days=366)


class Taken(BaseModel):
    """That somebody is on call from one moment to another, whatever the turns say."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    rotation: str
    person: str
    starts_at: datetime
    ends_at: datetime
    said_by: str
    said_at: datetime
    reason: str


class Shift(BaseModel):
    """One person on call from one moment to another."""

    model_config = ConfigDict(frozen=True)

    rotation: str
    person: str
    starts_at: datetime
    ends_at: datetime
    reason: str = Field("", description="Why it was taken; empty: it is their turn.")

    def holds(self, at: datetime) -> bool:
        """Whether it goes on at that moment."""
        return self.starts_at <= at < self.ends_at


class OnCall(BaseModel):
    """Who is on call in a rotation, and whose shift is the next."""

    model_config = ConfigDict(frozen=True)

    rotation: Rotation
    now: Shift | None
    next: Shift | None


class Span(NamedTuple):
    """From one moment to another."""

    starts_at: datetime
    ends_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.starts_at


def on_call(rotation: Rotation, taken: Sequence[Taken], at: datetime) -> OnCall:
    """Who is on call at a moment, and whose shift comes after it."""
    ahead = shifts(rotation, taken, at, at + timedelta(days=rotation.turn_days + len(WEEK)))
    now = next((shift for shift in ahead if shift.holds(at)), None)
    after = next((shift for shift in ahead if shift.starts_at > at), None)
    return OnCall(rotation=rotation, now=now, next=after)


def on_duty(
    rotations: Sequence[Rotation], taken: Sequence[Taken], duty: str, at: datetime
) -> list[tuple[Rotation, Shift]]:
    """Everybody who is on call for a role or a team at a moment, in the order of the file."""
    found = [on_call(each, taken, at) for each in rotations if each.duty == duty]
    return [(each.rotation, each.now) for each in found if each.now is not None]


def shifts(rotation: Rotation, taken: Sequence[Taken], start: datetime, end: datetime) -> list[Shift]:
    """The shifts that go on between two moments, whole, in order of time."""
    # A day more on both sides: whoever takes a part of a shift leaves the rest of it as it was.
    found = list(_turns(rotation, start - A_DAY, end + A_DAY))
    for each in sorted(taken, key=lambda one: one.id):
        if each.rotation == rotation.id:
            found = [part for shift in found for part in _without(shift, each)]
            found.append(
                Shift(
                    rotation=rotation.id,
                    person=each.person,
                    starts_at=each.starts_at,
                    ends_at=each.ends_at,
                    reason=each.reason,
                )
            )
    within = [shift for shift in found if shift.ends_at > start and shift.starts_at < end]
    return sorted(within, key=lambda shift: shift.starts_at)


def uncovered(
    rotations: Sequence[Rotation],
    taken: Sequence[Taken],
    start: datetime,
    end: datetime,
    *,
    gone: Collection[str] = (),
) -> list[Span]:
    """When nobody is on call in any of these rotations, between two moments. Who is `gone` is not there."""
    found = [shift for each in rotations for shift in shifts(each, taken, start, end)]
    gaps, until = [], start
    for shift in sorted((one for one in found if one.person not in gone), key=lambda one: one.starts_at):
        if shift.starts_at > until:
            gaps.append(Span(until, shift.starts_at))
        until = max(until, shift.ends_at)
    return [*gaps, Span(until, end)] if until < end else gaps


def check_taking(rotation: Rotation, person: Person, span: Span, *, by: Person, now: datetime) -> None:
    """Return if this person may be on call then because `by` says so. BadInput, NotAllowed or NotAuthorised.

    - it ends after it begins and after now, begins within a year, and is no longer than `LONGEST_TAKEN`
    - whoever is on call holds the role, or is of the team, that the rotation is for
    - people take shifts themselves; commanders and administrators give them, and leads those of their team
    """
    fits = timedelta() < span.length <= LONGEST_TAKEN
    if not fits or span.ends_at <= now or span.starts_at > now + A_YEAR:
        raise BadInput(
            f"A shift ends after it begins and after now, begins within a year, and lasts {LONGEST_TAKEN.days}"
            " days at most. Nothing was changed."
        )
    if not _can_do(person, rotation.duty):
        reason = f"{rotation.title} is for {rotation.duty}, which {person.id} is not."
        raise NotAllowed(f"{person.id} cannot be on call there.", [Refusal("DUTY_MISSING", reason)])
    if person.id != by.id and not _may_give(by, rotation.duty):
        sentence = "You can take a shift yourself. A commander gives one to somebody else, or a team's lead."
        raise NotAuthorised(f"{by.id} may not put {person.id} on call.", [Refusal("OTHERS_SHIFT", sentence)])


def may_see(person: Person, rotation: Rotation) -> bool:
    """Whether the person sees who is on call there: staff all, a partner's people their own team."""
    return is_staff(person) or person.team == rotation.duty


def can_take(people: Sequence[Person], rotation: Rotation) -> list[Person]:
    """Those who may be on call in a rotation, in their order."""
    return [person for person in people if _can_do(person, rotation.duty)]


def _can_do(person: Person, duty: str) -> bool:
    return duty in person.roles or person.team == duty


def _may_give(by: Person, duty: str) -> bool:
    leads = Role.partner_lead in by.roles and by.team == duty
    return leads or bool(by.roles & {Role.commander, Role.administrator})


def _turns(rotation: Rotation, start: datetime, end: datetime) -> Iterator[Shift]:
    """What the file alone says, from before `start` until after `end`."""
    days = (start.astimezone(UTC).date() - rotation.starts).days
    number = max(0, days // rotation.turn_days - 1)
    while (turn := _turn(rotation, number)).starts_at < end:
        person = rotation.people[number % len(rotation.people)]
        for part in _within_hours(rotation, turn):
            if part.ends_at > start:
                yield Shift(rotation=rotation.id, person=person, starts_at=part.starts_at, ends_at=part.ends_at)
        number += 1


def _turn(rotation: Rotation, number: int) -> Span:
    first = rotation.starts + timedelta(days=number * rotation.turn_days)
    after = first + timedelta(days=rotation.turn_days)
    return _span(rotation, first, rotation.handover, after, rotation.handover)


def _within_hours(rotation: Rotation, turn: Span) -> Iterator[Span]:
    hours = rotation.hours
    if hours is None:
        yield turn
        return
    day = turn.starts_at.date() - A_DAY
    while day <= turn.ends_at.date() + A_DAY:
        if WEEK[day.weekday()] in hours.days:
            last = day if hours.begin < hours.end else day + A_DAY
            there = _span(rotation, day, hours.begin, last, hours.end)
            part = Span(max(there.starts_at, turn.starts_at), min(there.ends_at, turn.ends_at))
            if part.starts_at < part.ends_at:
                yield part
        day += A_DAY


def _span(rotation: Rotation, first: date, begin: str, last: date, end: str) -> Span:
    # In UTC at once: two aware times of one zone are compared by their wall clocks, changes left out.
    return Span(rotation.wall(first, begin).astimezone(UTC), rotation.wall(last, end).astimezone(UTC))


def _without(shift: Shift, taken: Taken) -> Iterator[Shift]:
    """What is left of a shift when somebody takes a part of it, or all."""
    if taken.ends_at <= shift.starts_at or taken.starts_at >= shift.ends_at:
        yield shift
        return
    if shift.starts_at < taken.starts_at:
        yield shift.model_copy(update={"ends_at": taken.starts_at})
    if taken.ends_at < shift.ends_at:
        yield shift.model_copy(update={"starts_at": taken.ends_at})
