"""Trends for both doors: which incidents are looked at, and what they measure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from incidents.errors import BadInput
from incidents.people import Person
from incidents.reviews.across import Measures
from incidents.reviews.drafting import GENERATOR
from incidents.store.engine import Store
from incidents.store.measures import Looked, Span, ended, keep_measures, measure_anew


def look_at(store: Store, person: Person, span: Span) -> list[Looked]:
    """The ended incidents that the person may see, with what is kept of their measures."""
    with store.read() as work:
        return ended(work, person, span, rules=GENERATOR)


def measure_missing(store: Store, looked: Sequence[Looked]) -> list[Measures]:
    """What all of them measure. Those of which nothing is kept are measured now, and it is kept."""
    return [each.measured or _measured(store, each.id) for each in looked]


def span_of(severity: str, protocol: str, since: str, until: str, *, drills: bool) -> Span:
    """What somebody typed, as a span; both days count. BadInput where a day is none."""
    last = _day(until)
    return Span(
        severity=severity or None,
        protocol=protocol or None,
        since=_day(since),
        until=None if last is None else last + timedelta(days=1),
        drills=drills,
    )


def _measured(store: Store, incident: str) -> Measures:
    # A large record takes seconds to read: no writer waits for that.
    with store.read() as work:
        head, found = measure_anew(work, incident)
    with store.begin() as work:
        keep_measures(work, head, found, rules=GENERATOR)
    return found


def _day(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{typed[:40]!r} is no day. Write it as 2026-11-23.") from None
