"""A month is summed up once, into a file and for a channel, without what is restricted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from incidents.reviews.digest import month_before
from incidents.store import outbox, timeline
from incidents.store.schema import incidents
from tasks import digests, world
from tasks.outbox import deliver, send
from tests.incidents.test_digest import add_year, day, happen
from tests.tasks.fresh_world import fresh_world

FIRST = datetime(2026, 12, 1, 6, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a year of incidents."""
    with fresh_world(tmp_path, monkeypatch):
        with world.store().begin() as work:
            add_year(work)
        yield tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue has a channel for the digest."""
    known = world.catalogue()
    channel = known.channels[0].model_copy(update={"id": "digest", "folder": Path("for-the-board")})
    with_channel = known.model_copy(update={"channels": (channel,)})
    monkeypatch.setattr(digests, "catalogue", lambda: with_channel)
    monkeypatch.setattr("tasks.outbox.catalogue", lambda: with_channel)
    monkeypatch.setattr("tasks.outbox.send", send.fn)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (FIRST, "2026-11"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-11"),
        (datetime(2027, 1, 1, 6, tzinfo=UTC), "2026-12"),
        (datetime.fromisoformat("2026-12-01T01:00+02:00"), "2026-10"),
    ],
)
def test_the_month_that_was_over_last_is_that_of_the_calendar_in_utc(now: datetime, month: str) -> None:
    assert month_before(now).name == month


def test_a_month_is_written_once_and_without_a_channel_told_to_nobody(home: Path) -> None:
    file = Path(digests.write_last_digest.fn(FIRST))
    assert file == home / "digests" / "2026-11.md"
    text = file.read_text(encoding="utf-8")
    with world.store().begin() as work:
        happen(work, 90, day(11, 30), title="Found out later")
        assert outbox.undelivered(work) == []
    assert digests.write_last_digest.fn(FIRST.replace(day=9)) == str(file)
    assert file.read_text(encoding="utf-8") == text


def test_drills_and_restricted_incidents_are_not_told(home: Path) -> None:
    with world.store().begin() as work:
        happen(work, 90, day(11, 20), title="C4N4RY exercise", drill="DRILL-9")
        happen(work, 91, day(11, 21), title="C4N4RY victims", restricted=True)
        happen(work, 92, day(11, 22), title="Everybody may know")
    text = Path(digests.write_last_digest.fn(FIRST)).read_text(encoding="utf-8")
    assert "Everybody may know" in text
    assert "C4N4RY victims" not in text
    assert "INC-91" not in text


@pytest.mark.usefixtures("told")
def test_the_channel_is_told_once_a_month_and_no_timeline_says_so(home: Path) -> None:
    with world.store().read() as work:
        before = work.execute(sa.select(sa.func.sum(incidents.c.entries))).scalar_one()
    for now in (FIRST, FIRST, FIRST.replace(day=2)):
        digests.write_last_digest.fn(now)
    with world.store().read() as work:
        (parcel,) = outbox.undelivered(work)
    assert (parcel.key, parcel.incident_id, parcel.channel) == ("digest:2026-11>digest", None, "digest")
    assert parcel.payload["text"] == (home / "digests" / "2026-11.md").read_text(encoding="utf-8")
    assert deliver.fn(parcel.id, FIRST)
    digests.write_last_digest.fn(datetime(2027, 1, 1, 6, tzinfo=UTC))
    with world.store().read() as work:
        assert [each.key for each in outbox.undelivered(work)] == ["digest:2026-12>digest"]
        assert work.execute(sa.select(sa.func.sum(incidents.c.entries))).scalar_one() == before
        assert not list(timeline.verify(work))
    assert len(list((home / "for-the-board").iterdir())) == 1
