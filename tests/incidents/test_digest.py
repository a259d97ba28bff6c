"""A month is told as it was at its end, with its n, inert, and to those who may read it.

`make golden` (WATCHFLOOR_RECORD=1) records the document anew.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.errors import BadInput, NotAuthorised
from incidents.people import Person, Role
from incidents.reviews.across import Spread
from incidents.reviews.digest import FEWEST, Digest, digest, read_month, to_markdown
from incidents.reviews.retrospective import to_html
from incidents.store import timeline
from incidents.store.action_items import change_action, file_action
from incidents.store.digests import read_material
from incidents.store.engine import Store, Work
from incidents.store.reviews import start_review
from incidents.store.schema import factors, incidents
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, BO, CLEO, EVE, add_incident, add_review
from tests.incidents.test_retrospective import golden
from tests.incidents.test_words import HOSTILE

NOVEMBER = read_month("2026-11")
ROOT = Person(id="root", roles=frozenset({Role.administrator}))


def day(month: int, number: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "since", "until", "year_before"),
    [
        ("2026-11", day(11, 1, 0), day(12, 1, 0), day(11, 1, 0, 2025)),
        ("2026-12", day(12, 1, 0), day(1, 1, 0, 2027), day(12, 1, 0, 2025)),
        ("2026-01", day(1, 1, 0), day(2, 1, 0), day(1, 1, 0, 2025)),
    ],
)
def test_a_month_is_that_of_the_calendar(
    name: str, since: datetime, until: datetime, year_before: datetime
) -> None:
    month = read_month(name)
    assert (month.name, month.since, month.until) == (name, since, until)
    assert month.earlier(12).since == year_before
    assert month.earlier(1).until == month.since


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "0000-01", "26-11", "2026-11-01", "x" * 9_999]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is no month"):
        read_month(text)


def happen(work: Work, number: int, opened: datetime, hours: float | None = None, **changes: Any) -> str:
    """An incident that was opened then, declared an hour later, and stood down after so many hours."""
    known: dict[str, Any] = {"phase": "closed", "title": f"Crisis {number}", "opened_at": opened}
    incident = add_incident(work, number, **known | changes)
    entry = timeline.append(
        work, incident, Event.crisis_declared, actor="ada", now=opened, facts={"reason": "r"}
    )
    timeline.reach_milestone(work, entry, "first_signal", at=opened)
    if hours is not None:
        declared = opened + timedelta(hours=1)
        timeline.reach_milestone(work, entry, "declared", at=declared)
        timeline.reach_milestone(work, entry, "stood_down", at=declared + timedelta(hours=hours))
    return incident


def contribute(
    work: Work, incident: str, rule: str, state: str = "proposed", number: int = 1, part: str = "contributing"
) -> None:
    row = {"incident_id": incident, "number": number, "category": "tooling", "sentence": "s", "state": state}
    work.execute(factors.insert().values(**row, part=part, evidence={"rule": rule}))


def promise(work: Work, incident: str, title: str, due: datetime, *moves: tuple[datetime, str]) -> None:
    """An action item that was filed at the incident's opening, and how it went on."""
    filed = work.execute(sa.select(incidents.c.opened_at).where(incidents.c.id == incident)).scalar_one()
    item = file_action(
        work,
        incident,
        title=title,
        kind="prevent",
        owner="maria",
        success="Seen",
        due_at=due,
        by=ROOT,
        now=filed,
    )
    for at, state in moves:
        change_action(work, item.id, state=state, note="n", by=ROOT, now=at)


def done(claimed: datetime, verified: datetime) -> tuple[tuple[datetime, str], ...]:
    return ((claimed, "in_progress"), (claimed, "done_claimed"), (verified, "verified"))


def add_year(work: Work) -> None:
    """Five incidents of November beside six before it, a drill, a restricted one, and one of December."""
    for number in range(1, 7):
        happen(work, number, day(number + 2, 10), hours=2 * number)
    for number, hours in enumerate((1, 2, 3, 40), start=7):
        happen(work, number, day(11, number), hours=hours)
    happen(work, 11, day(11, 20), phase="responding")
    happen(work, 12, day(11, 21), hours=9, drill="DRILL-1", title="Rehearsal")
    happen(work, 13, day(11, 22), hours=90, restricted=True, title="Names of victims")
    happen(work, 14, day(12, 1, 0), hours=9)
    happen(work, 15, day(10, 31, 0, 2025), hours=9)
    for incident, state in (("INC-2", "accepted"), ("INC-7", "proposed"), ("INC-8", "rejected")):
        contribute(work, incident, f"flooding_term:{incident}-S1:word", state)
    contribute(work, "INC-7", "flooding_term:INC-7-S1:other", number=2)
    for incident in ("INC-2", "INC-7"):
        contribute(work, incident, "asks_in_time", number=3, part="mitigator")
    for incident in ("INC-12", "INC-13"):
        contribute(work, incident, "flooding_term:x")
    for incident in ("INC-3", "INC-4"):
        contribute(work, incident, "leaderless")
    promise(work, "INC-1", "In time", day(11, 5), *done(day(11, 1), day(11, 4)))
    promise(work, "INC-1", "Too late", day(11, 5), *done(day(11, 1), day(11, 6)))
    promise(work, "INC-1", "Verified in December", day(11, 5), *done(day(11, 1), day(12, 2)))
    promise(work, "INC-1", "Will not be", day(11, 5), (day(11, 4), "wont_do"))
    promise(work, "INC-1", "Not yet due", day(12, 24))
    promise(work, "INC-13", "Of a restricted one", day(11, 25))
    add_review(work, "INC-7", owner="eve")
    start_review(work, "INC-8", owner="bo", due_at=day(11, 29), now=day(11, 9))


@pytest.fixture
def year(store: Store) -> Store:
    with store.begin() as work:
        add_year(work)
    return store


def told(store: Store, person: Person = BO, month: str = "2026-11") -> Digest:
    with store.read() as work:
        return digest(read_month(month), read_material(work, read_month(month), person))


def test_a_month_reads_as_recorded(year: Store) -> None:
    text = to_markdown(told(year))
    golden("digest-2026-11.md", text)
    assert to_markdown(told(year)) == text


def test_the_incidents_of_the_month_are_told_and_drills_apart(year: Store) -> None:
    found = told(year)
    assert [(each.id, each.seconds) for each in found.incidents] == [
        ("INC-7", 3_600),
        ("INC-8", 7_200),
        ("INC-9", 10_800),
        ("INC-10", 144_000),
        ("INC-11", None),
    ]
    assert [(each.id, each.seconds) for each in found.drills] == [("INC-12", 32_400)]


def test_what_recurs_was_seen_in_two_incidents_one_of_them_of_the_month(year: Store) -> None:
    [found] = told(year).recurring
    assert (found.category, found.rule, found.incidents) == ("tooling", "flooding_term", ("INC-2", "INC-7"))
    assert found.accepted == 1


def test_promises_are_told_as_they_stood_at_the_end_of_the_month(year: Store) -> None:
    found = told(year)
    assert found.on_time.model_dump() == {"value": 1 / 3, "numerator": 1, "denominator": 3}
    assert found.overdue.model_dump() == {"value": 1 / 2, "numerator": 1, "denominator": 2}
    assert [each.title for each in found.overdue_items] == ["Verified in December"]
    assert told(year, month="2026-09").on_time.model_dump() == {"value": None, "numerator": 0, "denominator": 0}


def spread(found: Digest, name: str) -> tuple[Spread, Spread]:
    [trend] = [each for each in found.trends if each.now.name == name]
    return trend.now, trend.before


def test_a_median_stands_beside_that_of_twelve_months_with_n(year: Store) -> None:
    now, before = spread(told(year), "TTDec")
    assert (now.n, now.of, before.n, before.of) == (4, 5, 6, 6)
    now, before = spread(told(year), "TTR")
    assert before.median == 7 * 3_600
    text = to_markdown(told(year))
    assert "| TTR | too few to say | 4 of 5 | 7 h 0 min | 6 of 6 |" in text
    assert not re.search("[↑↓↗↘▲▼]", text)


def test_from_five_on_there_is_a_median(year: Store) -> None:
    with year.begin() as work:
        happen(work, 16, day(11, 30, 23), hours=5)
    assert spread(told(year), "TTR")[0].n == FEWEST
    assert "| TTR | 3 h 0 min | 5 of 6 |" in to_markdown(told(year))


def test_late_reviews_wait(year: Store) -> None:
    assert [(each.incident, each.owner) for each in told(year).late_reviews] == [
        ("INC-7", "eve"),
        ("INC-8", "bo"),
    ]
    assert [each.incident for each in told(year, month="2026-10").late_reviews] == []


def test_what_is_restricted_is_told_to_those_who_may_read_it(year: Store) -> None:
    for person in (BO, EVE, ADA):
        assert "INC-13" not in to_markdown(told(year, person))
    shown = told(year, ROOT)
    assert "INC-13" in [each.id for each in shown.incidents]
    assert "Of a restricted one" in [each.title for each in shown.overdue_items]
    assert spread(shown, "TTR")[0].n == FEWEST
    with pytest.raises(NotAuthorised, match="cleo may not see incidents"):
        told(year, CLEO)


def test_of_an_empty_month_it_says_so(store: Store) -> None:
    text = to_markdown(told(store))
    for sentence in ("None was opened", "No kind of factor was seen in two", "No retrospective was late"):
        assert f"*{sentence}" in text
    assert "| Due in the month and verified in time | not measurable |" in text


def test_what_people_wrote_is_inert(year: Store) -> None:
    hostile = HOSTILE.replace("\x00", "")  # PostgreSQL keeps no such character
    with year.begin() as work:
        work.execute(sa.update(incidents).where(incidents.c.id != "INC-1").values(title=hostile * 400))
        promise(work, "INC-1", hostile, day(11, 6))
        contribute(work, "INC-9", hostile)
        contribute(work, "INC-10", hostile)
    text = to_markdown(told(year))
    assert len(text) < 20_000
    page = to_html(text, "D")
    assert page.count("alert(1)") > 5
    assert not re.search(r"<(script>alert|img)|href=.(http|javascript)", page)
    assert "49" not in text.split("## Durations")[0]


def test_as_many_statements_for_many_incidents_as_for_few(year: Store) -> None:
    asked: list[str] = []
    sa.event.listen(year.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    told(year)
    few = len(asked)
    with year.begin() as work:
        for number in range(100, 130):
            contribute(work, happen(work, number, day(11, 3), hours=2), "leaderless")
    asked.clear()
    told(year)
    assert len(asked) == few == 6
