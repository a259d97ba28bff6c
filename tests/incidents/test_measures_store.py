"""What an ended incident measures is kept for as long as nothing happens in it, and told to whom may see it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from incidents.errors import NotAuthorised
from incidents.people import Person
from incidents.reviews.across import measures_of
from incidents.store import timeline
from incidents.store.engine import Store
from incidents.store.measures import Looked, Span, ended, keep_measures, measure_anew
from incidents.store.records import read_record
from incidents.store.schema import incidents
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import ADA, BO, CLEO, T0, add_incident, after

RULES = "watchfloor 1"


@pytest.fixture
def store(store: Store) -> Store:
    """The evening's crisis INC-12 under review, a drill INC-13, and INC-14, which goes on."""
    with store.begin() as work:
        add_crisis(work)
        work.execute(incidents.update().values(phase="reviewing"))
        add_incident(work, 13, phase="closed", drill="DRILL-1")
        add_incident(work, 14, phase="responding")
    return store


def look(store: Store, span: Span | None = None, *, by: Person = BO, rules: str = RULES) -> list[Looked]:
    with store.read() as work:
        return ended(work, by, span or Span(), rules=rules)


def measure(store: Store, incident: str = "INC-12") -> None:
    with store.begin() as work:
        head, found = measure_anew(work, incident)
        keep_measures(work, head, found, rules=RULES)


def test_what_was_measured_is_kept_and_is_what_the_record_says(store: Store) -> None:
    [before] = look(store)
    assert (before.id, before.measured) == ("INC-12", None)
    measure(store)
    [kept] = look(store)
    with store.read() as work:
        assert kept.measured == measures_of(read_record(work, "INC-12"))


def test_it_counts_no_more_once_something_happens_or_another_version_measures(store: Store) -> None:
    measure(store)
    assert [each.measured for each in look(store, rules="watchfloor 2")] == [None]
    with store.begin() as work:
        facts = {"code": "GUIDELINE_MISSING", "reason": "x"}
        timeline.append(work, "INC-12", Event.reason_waived, actor="ada", now=after(3000), facts=facts)
    assert [each.measured for each in look(store)] == [None]
    measure(store)
    assert all(each.measured is not None for each in look(store))


def test_only_what_the_person_may_see_is_looked_at(store: Store) -> None:
    with pytest.raises(NotAuthorised):
        look(store, by=CLEO)
    with store.begin() as work:
        work.execute(sa.update(incidents).where(incidents.c.id == "INC-12").values(restricted=True))
    assert look(store) == []
    assert [each.id for each in look(store, by=ADA)] == ["INC-12"]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span(), ["INC-12"]),
        (Span(drills=True), ["INC-13"]),
        (Span(severity="sev4"), []),
        (Span(protocol="default"), ["INC-12"]),
        (Span(protocol="gifct"), []),
        (Span(since=T0 + timedelta(days=1)), []),
        (Span(until=T0), []),
        (Span(since=T0 - timedelta(days=1), until=T0 + timedelta(days=1)), ["INC-12"]),
    ],
)
def test_a_span_says_which(store: Store, span: Span, found: list[str]) -> None:
    assert [each.id for each in look(store, span)] == found
