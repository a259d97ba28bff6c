"""A crisis as large as they come: told through the store's own functions, but for its decisions.

People who decide a hundred thousand posts one after the other would take a test too long. So the store freezes
the posts and ends the sweep, and the batches between are put there as rows.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from incidents.store import lifecycle, timeline
from incidents.store.ending import finish
from incidents.store.engine import Work
from incidents.store.freezing import freeze
from incidents.store.schema import batches, decisions, items, places, sweeps
from incidents.store.sweeps import request_sweep
from incidents.timeline import Event
from tests.incidents.reading_rows import PLAIN
from tests.incidents.stories import READERS, Story, matching
from tests.incidents.sweep_rows import ADA, POLICY, SCOPE, SOURCE, frozen

READING: Final = timedelta(hours=20)
TEAMS: Final = {"de": "german", "tr": "turkish"}

OTHER_ENTRIES: Final = 30
"""About so many entries are not about batches."""


class _Taken(NamedTuple):
    """A batch, by whom it was read, and when."""

    number: int
    language: str
    items: list[str]
    begun: datetime
    done: datetime

    @property
    def reader(self) -> str:
        return READERS[TEAMS[self.language]][self.number % 3].id


def add_large(work: Work, *, decided: int, entries: int) -> str:
    """An incident with so many decisions and about so many entries; every eighth post violates. Its id.

    Each batch has two entries: when it was claimed, and when it was finished.
    """
    story = Story(work, datetime(2026, 11, 20, 6, 0, tzinfo=UTC))
    story.open("Forged video of a riot", began=-30, sources=("user-reports", "trusted-flagger"))
    story.declare(12, reason="It is everywhere", heard={"german": 3, "turkish": 35})
    sweep = _freeze(story, decided)
    for taken in _batches(work, sweep, begun=story.at(60), most=max((entries - OTHER_ENTRIES) // 2, 2)):
        _read(work, sweep, taken)
    work.execute(sa.update(items).where(items.c.sweep_id == sweep).values(state="taken"))
    ended = story.at(60) + READING
    assert finish(work, sweep, now=ended)
    lifecycle.start_monitoring(work, story.incident, now=ended)
    story.end(60 + READING / timedelta(minutes=1) + 240, reason="No new posts for four hours")
    return story.incident


def _freeze(story: Story, posts: int) -> str:
    """A sweep of so many posts. Nothing of it is read by chance, or twice: that is not what is large here."""
    work = story.work
    sweep = request_sweep(work, story.incident, SCOPE, SOURCE, by=ADA, now=story.at(55), goal=PLAIN).id
    found = matching({"de": posts - posts // 3, "tr": posts // 3}, story.at(-30))
    assert freeze(work, sweep, frozen(found), now=story.at(58))
    work.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(plan=None, certify_wanted=0))
    return sweep


def _batches(work: Work, sweep: str, *, begun: datetime, most: int) -> Iterator[_Taken]:
    """All its posts in at most so many batches, which follow each other evenly."""
    found = work.execute(sa.select(items.c.language, items.c.item).where(items.c.sweep_id == sweep)).all()
    size = ceil(len(found) / (most - 1))
    parts = []
    for language in TEAMS:
        ids = sorted(row.item for row in found if row.language == language)
        parts += [(language, ids[start : start + size]) for start in range(0, len(ids), size)]
    each = READING / len(parts)
    for place, (language, some) in enumerate(parts):
        yield _Taken(place + 1, language, some, begun + place * each, begun + (place + 1) * each)


def _read(work: Work, sweep: str, taken: _Taken) -> None:
    batch, incident, reader = f"{sweep}-B{taken.number}", sweep.rpartition("-")[0], taken.reader
    row = {"id": batch, "sweep_id": sweep, "incident_id": incident, "number": taken.number}
    row |= {
        "team": TEAMS[taken.language],
        "language": taken.language,
        "size": len(taken.items),
        "state": "done",
    }
    row |= {
        "leased_to": reader,
        "leased_at": taken.begun,
        "lease_expires_at": taken.done,
        "done_at": taken.done,
    }
    work.execute(batches.insert().values(**row))
    here = {"batch_id": batch, "sweep_id": sweep}
    said = [here | _word(item) | {"person": reader, "decided_at": taken.done} for item in taken.items]
    rows = [here | {"place": n, "item": item, "purpose": "rank"} for n, item in enumerate(taken.items, start=1)]
    work.execute(places.insert(), rows)
    work.execute(decisions.insert(), said)
    facts = {"batch": batch, "person": reader}
    claimed = timeline.append(work, incident, Event.batch_claimed, actor=reader, now=taken.begun, facts=facts)
    timeline.reach_milestone(work, claimed, "first_decision", at=taken.done)
    counted = {"items": len(said), "violates": sum(each["verdict"] == "violates" for each in said)}
    timeline.append(work, incident, Event.batch_finished, actor=reader, now=taken.done, facts=facts | counted)


def _word(item: str) -> dict[str, Any]:
    """What is said of a post: by its number, so that it is the same each time."""
    if int(item[2:]) % 8:
        said = {"verdict": "does_not_violate", "policy": None, "clause": None, "policy_version": None}
        return {"item": item, "action": "keep", "guideline_version": 1} | said
    said = {"verdict": "violates", "policy": POLICY.id, "clause": "call-to-act"}
    return {"item": item, "action": "remove", "guideline_version": 1, "policy_version": POLICY.version} | said
