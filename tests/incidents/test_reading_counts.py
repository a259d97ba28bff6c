"""What was read is counted by the database: each number here was worked out by hand."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.reviews.reading import CurvePoint, GuidelineHeard, Hour, Part, TeamHour, TeamWork
from incidents.reviews.record import CertificateRecord, Record
from incidents.reviews.retrospective import compose
from incidents.reviews.safety import (
    by_form,
    by_language,
    by_surface,
    dark_hours,
    prevalence_after,
    prevalence_before,
)
from incidents.store.engine import Store, Work
from incidents.store.reading_counts import first_decisions_since, work_of_teams
from incidents.store.records import read_record
from incidents.store.schema import asks, batches, decisions, exposures, guidelines, items, readings
from incidents.sweeps.quality.precision import Upheld
from incidents.timeline import Event
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import after, tell

SWEEP = "INC-12-S1"


@pytest.fixture
def crisis(store: Store) -> Store:
    """The evening's crisis of crisis_rows.py."""
    with store.begin() as work:
        add_crisis(work)
    return store


def read(store: Store) -> Record:
    with store.read() as work:
        return read_record(work, "INC-12")


def at(minutes: float) -> datetime:
    return after(minutes).replace(minute=0)


def test_each_language_and_form_has_its_first_moments(crisis: Store) -> None:
    seen = {"posts": 50, "decided": 50, "first_planned_at": after(241), "form": "text", "surface": None}
    german = Part(language="de", first_posted_at=after(-95), first_decided_at=after(84), **seen)
    english = Part(language="en", first_posted_at=after(-45), first_decided_at=after(160), **seen)
    record = read(crisis)
    assert record.parts == (german, english)
    told = [(each.name, each.until_decided, each.until_planned) for each in by_language(record)]
    assert told == [
        ("de", after(84) - after(55), after(241) - after(55)),
        ("en", after(160) - after(55), after(241) - after(55)),
    ]
    [text] = by_form(record)
    assert (text.posts, text.decided, text.first_decided_at) == (100, 100, after(84))


def test_each_surface_has_its_first_moments_where_the_posts_have_one(crisis: Store) -> None:
    assert by_surface(read(crisis)) == []
    unknown = "*The posts carry no surface, so where on the platform they stood is not known.*"
    assert unknown in compose(read(crisis), generator="g")
    with crisis.begin() as work:
        # p3 to p9 are German, all others of the German ones stay where nobody knows.
        live = items.c.item.in_([f"p{number}" for number in range(3, 10)])
        work.execute(items.update().where(live).values(surface="live"))
        work.execute(items.update().where(items.c.language == "en").values(surface="feed"))
    record = read(crisis)
    told = [(each.name, each.posts, each.first_decided_at) for each in by_surface(record)]
    assert told == [("unknown", 43, after(84)), ("live", 7, after(87)), ("feed", 50, after(160))]
    text = compose(record, generator="g")
    assert "How soon each surface was reached" in text
    assert unknown not in text


def test_hours_are_those_of_utc_wherever_the_database_stands(crisis: Store) -> None:
    with crisis.read() as work:
        if work.is_postgresql:
            work.execute(sa.text("SET TIME ZONE 'Asia/Kathmandu'"))
        record = read_record(work, "INC-12")
    # Posted from 16:25 to 18:04, a minute apart; decided 19:24 to 20:13 and 20:40 to 21:29.
    assert record.hours == (
        Hour(hour=16, posts=35, decisions=0),
        Hour(hour=17, posts=60, decisions=0),
        Hour(hour=18, posts=5, decisions=0),
        Hour(hour=19, posts=0, decisions=36),
        Hour(hour=20, posts=0, decisions=14 + 20),
        Hour(hour=21, posts=0, decisions=30),
    )
    assert record.work == (
        TeamHour(team="german", at=at(60), decisions=36),
        TeamHour(team="german", at=at(120), decisions=14),
        TeamHour(team="legal", at=at(120), decisions=20),
        TeamHour(team="legal", at=at(180), decisions=30),
    )
    assert dark_hours(record) == [16, 17, 18]


def test_reviewer_time_is_counted_without_long_pauses(crisis: Store) -> None:
    german = TeamWork(team="german", people=1, looked_at=50, graphic=50, severe=20, seconds=77 * 60)
    legal = TeamWork(team="legal", people=1, looked_at=50, graphic=0, severe=20, seconds=154 * 60)
    assert read(crisis).teams == (german, legal)
    overnight = {"began_at": after(300), "ended_at": after(900), "severe": 0}
    with crisis.begin() as work:
        for person, looked_at in (("fay", 3), ("gus", 0)):
            row = {"batch_id": f"{SWEEP}-B1", "person": person, "looked_at": looked_at}
            work.execute(exposures.insert().values(**row, **overnight))
        # Ten hours over three items are a night: five minutes an item are counted.
        more = {"people": 2, "looked_at": 53, "graphic": 53, "seconds": 77 * 60 + 15 * 60}
        assert work_of_teams(work, "INC-12") == (german.model_copy(update=more), legal)


def test_the_curve_counts_copies_with_what_they_copy(crisis: Store) -> None:
    # p3 violates and stands in the German batch, which ended first.
    with crisis.begin() as work:
        work.execute(items.update().where(items.c.item == "p3").values(copies=11))
    [sweep] = read(crisis).sweeps
    assert sweep.curve == (CurvePoint(read=50, found=30), CurvePoint(read=100, found=50))


def test_second_looks_are_told_by_language(crisis: Store) -> None:
    [german] = read(crisis).sweeps[0].quality
    assert (german.language, german.twice, german.raw.value, german.undone) == ("de", 25, 0.92, 0)
    # Two of the ten that violate were seen otherwise, and nobody settled these yet.
    assert german.violates == Upheld(checked=8, upheld=8, overturned=0, unsettled=0)
    assert german.does_not_violate == Upheld(checked=15, upheld=15, overturned=0, unsettled=0)
    # Clopper and Pearson: 0.025 ** (1 / 8), rounded down.
    assert (german.precision.value, german.precision.low, german.precision.high) == (1.0, 0.630, 1.0)


def replace_decision(work: Work, item: str, minutes: float, **changes: Any) -> None:
    """Let another decision stand in the place of the one about an item."""
    mine = sa.and_(decisions.c.sweep_id == SWEEP, decisions.c.item == item, decisions.c.superseded_at.is_(None))
    row = work.execute(sa.select(decisions).where(mine)).one()._asdict()
    work.execute(decisions.update().where(mine).values(superseded_at=after(minutes)))
    del row["id"]
    work.execute(decisions.insert().values(**row | {"decided_at": after(minutes)} | changes))


HARMLESS = {"verdict": "does_not_violate", "policy": None, "clause": None, "action": "keep"}


def test_overturned_settled_revised_and_undone_decisions_are_told_apart(crisis: Store) -> None:
    with crisis.begin() as work:
        replace_decision(work, "p3", 300, person="eve", **HARMLESS)  # settled, against the first reader
        replace_decision(work, "p8", 301, person="eve")  # settled, for the first reader
        replace_decision(work, "p4", 302)  # dev thought again
        mine = sa.and_(decisions.c.item == "p9", decisions.c.superseded_at.is_(None))
        work.execute(decisions.update().where(mine).values(superseded_at=after(303)))
        tell(work, 303, Event.decision_undone, "ada", sweep=SWEEP, item="p9", copies=0, actions=1, reason="x")
    record = read(crisis)
    assert (record.decisions.settled, record.decisions.revised, record.decisions.undone) == (2, 1, 1)
    [german] = record.sweeps[0].quality
    assert german.undone == 1
    assert german.violates == Upheld(checked=10, upheld=9, overturned=1, unsettled=0)
    assert german.precision.value == 0.9


def test_what_a_team_decided_before_it_heard_of_the_guideline(crisis: Store) -> None:
    first, second = "ask:INC-12:german:1", "ask:INC-12:german:2"
    with crisis.begin() as work:
        work.execute(asks.update().where(asks.c.key == first).values(acknowledged_at=None))
        row = work.execute(sa.select(asks).where(asks.c.key == first)).one()._asdict()
        told = {"key": second, "number": 2, "about": "later", "acknowledged_at": after(89.5)}
        work.execute(asks.insert().values(**row | told))
        third = {"key": "ask:INC-12:german:3", "number": 3, "about": "version 2", "guideline_version": 2}
        work.execute(asks.insert().values(**row | third | {"asked_at": after(100)}))
        version = work.execute(sa.select(guidelines).limit(1)).one()._asdict()
        del version["id"]
        work.execute(guidelines.insert().values(**version | {"version": 2, "published_at": after(100)}))
    german = [each for each in read(crisis).heard if each.team == "german"]
    team = {"team": "german", "first_decided_at": after(84), "decided": 50}
    # Of the two asks with version 1 the one that was acknowledged counts: p0 to p5 were decided by then.
    assert german == [
        GuidelineHeard(
            ask=second, version=1, published_at=after(70), acknowledged_at=after(89.5), decided_before=6, **team
        ),
        # Never acknowledged: all from the publication of version 2 on, p16 to p49.
        GuidelineHeard(
            ask="ask:INC-12:german:3",
            version=2,
            published_at=after(100),
            acknowledged_at=None,
            decided_before=34,
            **team,
        ),
    ]


def test_the_first_decision_after_a_moment(crisis: Store) -> None:
    with crisis.read() as work:
        moments = [after(0), after(100), after(1000)]
        assert first_decisions_since(work, "INC-12", moments) == (after(84), after(100), None)
        assert first_decisions_since(work, "INC-12", []) == ()


def test_nothing_is_counted_of_nothing(crisis: Store) -> None:
    with crisis.begin() as work:
        for table in (readings, exposures):
            work.execute(table.delete())
        work.execute(batches.update().values(graphic=False))
        work.execute(items.update().values(posted_at=None))
    record = read(crisis)
    assert (record.teams, record.sweeps[0].quality) == ((), ())
    assert all(part.first_posted_at is None for part in record.parts)
    text = compose(record, generator="g")
    assert "*Nothing was read a second time, so how often decisions hold is not measurable.*" in text
    assert "*How long people read, and what they were shown, is not recorded.*" in text
    assert "*The posts carry no time, so in which hours of the day they came is not known.*" in text


def sealed(**changes: Any) -> CertificateRecord:
    known = {"claim": "reached", "target": 0.8, "confidence": 0.95, "recall_at_least": 0.869}
    known |= {"recall_at_least_corrected": None, "sampled": 60, "universe_hash": "0"}
    return CertificateRecord.model_validate(
        known | {"posts": 100, "found": 40, "missing": 2, "missing_at_most": 6} | changes
    )


def test_prevalence_lies_between_what_was_found_and_what_the_bound_leaves() -> None:
    before, after_it = prevalence_before(sealed()), prevalence_after(sealed())
    assert before is not None
    assert after_it is not None
    assert (before.best, before.at_least, before.at_most, before.posts) == (42, 40, 46, 100)
    assert (after_it.best, after_it.at_least, after_it.at_most) == (2, 0, 6)


def test_without_a_bound_all_that_was_not_found_may_violate() -> None:
    before = prevalence_before(sealed(missing_at_most=None, missing=None))
    assert before is not None
    assert (before.best, before.at_least, before.at_most) == (None, 40, 100)


def test_without_a_random_sample_prevalence_is_not_measurable() -> None:
    assert prevalence_before(sealed(sampled=0)) is None
    assert prevalence_after(sealed(posts=0)) is None


def test_prevalence_is_told_with_its_confidence(crisis: Store) -> None:
    record = read(crisis)
    sweeps = tuple(each.model_copy(update={"certificate": sealed()}) for each in record.sweeps)
    text = compose(record.model_copy(update={"sweeps": sweeps}), generator="g")
    assert "How much of its universe violates, with 95.0 % confidence." in text
    assert "| before anything was done | 42.0 % (42 of 100) | 40.0 % | 46.0 % |" in text
    assert "| once its plan is carried out | 2.0 % (2 of 100) | 0.0 % | 6.0 % |" in text
