"""What the timeline of a retrospective tells: stars beside what it chooses itself, and a zone beside UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from incidents.errors import BadInput, NotFound
from incidents.reviews.checking import check
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import choose_zone
from incidents.store.stars import star, starred, unstar
from incidents.timeline import Event
from incidents.words import local
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.review_rows import BO, EVE, after, tell


@pytest.fixture
def store(store: Store) -> Store:
    with store.begin() as work:
        add_crisis(work)
    return store


def read(store: Store) -> Record:
    with store.read() as work:
        return read_record(work, "INC-12")


def section(document: str, name: str) -> list[str]:
    return document.split(f"## {name}\n")[1].split("\n## ")[0].splitlines()


def test_a_starred_entry_is_told_and_marked(store: Store) -> None:
    before = compose(read(store), generator=GENERATOR)
    with store.begin() as work:
        assert star(work, "INC-12", 23, by=EVE, now=after(1600))
        assert star(work, "INC-12", 24, by=EVE, now=after(1600))
        assert not star(work, "INC-12", 23, by=BO, now=after(1601))
        assert starred(work, "INC-12") == (23, 24)
    record = read(store)
    document = compose(record, generator=GENERATOR)
    new = set(section(document, "Timeline")) - set(section(before, "Timeline"))
    returned = next(line for line in new if "`INC-12#23`" in line)
    assert returned.startswith("| 2026-11-22 20:10 UTC | ★ INC-12-S1-B2 was returned to the queue")
    assert sum("★ " in line for line in new) == 2
    assert section(document, "Full log") == section(before, "Full log")
    assert check(document, record, generator=GENERATOR) == []
    with store.begin() as work:
        assert unstar(work, "INC-12", 23, by=BO)
        assert not unstar(work, "INC-12", 23, by=BO)
        assert unstar(work, "INC-12", 24, by=BO)
    assert compose(read(store), generator=GENERATOR) == before


def test_a_star_takes_an_entry_that_the_document_tells(store: Store) -> None:
    with store.begin() as work:
        about_it = tell(work, 1600, Event.draft_written, version=1, input_hash="f" * 64).seq
    for seq in (0, about_it, about_it + 1):
        with pytest.raises(NotFound, match="tells no entry"), store.begin() as work:
            star(work, "INC-12", seq, by=EVE, now=after(1601))


def test_a_chosen_zone_stands_beside_utc_in_timeline_and_milestones_alone(store: Store) -> None:
    before = compose(read(store), generator=GENERATOR)
    with store.begin() as work:
        choose_zone(work, "INC-12", "Asia/Kolkata", by=EVE)
    record = read(store)
    document = compose(record, generator=GENERATOR)
    assert "| 2026-11-22 18:55 UTC | 2026-11-23 00:25 +05:30 | The incident commander declared" in document
    assert "| 2026-11-22 18:55 UTC | 2026-11-23 00:25 +05:30 | recorded | `INC-12#9` |" in document
    assert "| 2026-11-22 20:40 UTC | 2026-11-23 02:10 +05:30 | **Nothing is recorded for" in document
    assert "| not recorded |  |  |  |" in document
    assert section(document, "Full log") == section(before, "Full log")
    assert check(document, record, generator=GENERATOR) == []
    wrong = document.replace("2026-11-23 00:25 +05:30 | recorded", "2026-11-23 01:25 +05:30 | recorded", 1)
    assert [each.fault for each in check(wrong, record, generator=GENERATOR)] == ["NUMBER_DIFFERS"]
    with store.begin() as work:
        choose_zone(work, "INC-12", "UTC", by=EVE)
    assert compose(read(store), generator=GENERATOR) == before


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "localtime", "Europe/berlin "])
def test_a_zone_is_one_of_the_iana_database(store: Store, zone: str) -> None:
    with pytest.raises(BadInput, match="no zone of the IANA database"), store.begin() as work:
        choose_zone(work, "INC-12", zone, by=EVE)


@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        ("2026-10-25 00:30", "2026-10-25 02:30 +02:00"),
        ("2026-10-25 01:30", "2026-10-25 02:30 +01:00"),
        ("2026-03-29 00:59", "2026-03-29 01:59 +01:00"),
        ("2026-03-29 01:00", "2026-03-29 03:00 +02:00"),
        ("2026-12-31 23:30", "2027-01-01 00:30 +01:00"),
    ],
)
def test_a_local_time_is_right_across_a_change_of_the_clocks(utc: str, shown: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert local(at, "Europe/Berlin") == shown
    assert local(at.astimezone(ZoneInfo("Asia/Tokyo")), "Europe/Berlin") == shown


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Europe"])
def test_a_zone_that_this_machine_does_not_have_is_unknown(zone: str) -> None:
    assert local(after(0), zone) == "unknown"
