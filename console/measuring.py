"""Trends for every door: which incidents are looked at, and what they measure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from console.days import stretch
from incidents.errors import NotFound
from incidents.people import Person
from incidents.reviews.across import Measures, Pooled, Spread, pooled, spreads
from incidents.reviews.drafting import GENERATOR
from incidents.store.engine import Store
from incidents.store.measures import Looked, Span, ended, keep_measures, measure_anew

MOST_BEHIND: Final = 20
"""Incidents that are measured behind one answer, after it was sent."""


class Row(NamedTuple):
    """One incident behind a number."""

    incident: Looked
    value: float
    """Seconds of a duration; else the share or the rate."""


def look_at(store: Store, person: Person, span: Span) -> list[Looked]:
    """The ended incidents that the person may see, with what is kept of their measures."""
    with store.read() as work:
        return ended(work, person, span, rules=GENERATOR)


def measure_missing(store: Store, looked: Sequence[Looked]) -> list[Measures]:
    """What all of them measure. Those of which nothing is kept are measured now, and it is kept."""
    return [each.measured or _measured(store, each.id) for each in looked]


def measured(looked: Sequence[Looked], *, drills: bool) -> tuple[list[Spread], list[Pooled]]:
    """Every duration, and every share and rate, over those of them that were measured."""
    known = [each.measured for each in looked if each.measured is not None]
    return spreads(known, drills=drills), pooled(known, drills=drills)


def find_measure(name: str, looked: Sequence[Looked], *, drills: bool) -> Spread | Pooled:
    """What is measured under that name. NotFound where nothing is."""
    durations, shares = measured(looked, drills=drills)
    every: list[Spread | Pooled] = [*durations, *shares]
    for each in every:
        if each.name == name:
            return each
    raise NotFound(f"Nothing that is measured is called {name!r}. The list of trends has all names.")


def rows_behind(found: Spread | Pooled, looked: Sequence[Looked]) -> list[Row]:
    """Every incident behind a number, the largest value first."""
    known = {each.id: each for each in looked}
    if isinstance(found, Spread):
        values = dict(found.values)
    else:
        values = {id: part / whole for id, (part, whole) in found.values.items()}
    rows = [Row(known[id], value) for id, value in values.items()]
    return sorted(rows, key=lambda row: (-row.value, row.incident.number))


def span_of(severity: str, protocol: str, since: str, until: str, *, drills: bool) -> Span:
    """What somebody typed, as a span; both days count. BadInput where a day is none."""
    first, end = stretch(since, until)
    return Span(
        severity=severity or None,
        protocol=protocol or None,
        since=first,
        until=end,
        drills=drills,
    )


def _measured(store: Store, incident: str) -> Measures:
    # A large record takes seconds to read: no writer waits for that.
    with store.read() as work:
        head, found = measure_anew(work, incident)
    with store.begin() as work:
        keep_measures(work, head, found, rules=GENERATOR)
    return found
