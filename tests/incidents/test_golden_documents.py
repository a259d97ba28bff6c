"""Whole documents as recorded: what a reader gets of a crisis that was short, long, reopened or very large.

`make golden` (WATCHFLOOR_RECORD=1) records them anew. The one evening of crisis_rows.py, the dismissed drill
and the incident of which nothing is recorded stand in test_retrospective.py.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from incidents.reviews.checking import check
from incidents.reviews.record import Record
from incidents.reviews.retrospective import compose
from incidents.store.engine import Store, Work
from incidents.store.records import read_record
from incidents.store.upgrade import upgrade
from tests.incidents import stories
from tests.incidents.large_rows import add_large
from tests.incidents.test_retrospective import GENERATOR, golden


def told(store: Store, tell: Callable[[Work], str]) -> Record:
    with store.begin() as work:
        incident = tell(work)
    with store.read() as work:
        return read_record(work, incident)


@pytest.mark.parametrize("name", ["short", "long", "reopened"])
def test_a_story_reads_as_recorded_and_passes_its_check(store: Store, name: str) -> None:
    record = told(store, getattr(stories, name))
    document = compose(record, generator=GENERATOR)
    golden(f"retrospective-{name}.md", document)
    assert check(document, record, generator=GENERATOR) == []


def test_a_long_crisis_lasts_as_long_as_it_did_while_the_clocks_changed(store: Store) -> None:
    """36 hours from the first signal; Berlin's clocks say 35 of them."""
    document = compose(told(store, stories.long), generator=GENERATOR)
    assert "| 35 h 40 min |" in document
    assert document.count("The role commander was handed from one holder to the next.") == 2 * 3


def test_a_hundred_thousand_decisions_read_as_recorded(tmp_path: Path) -> None:
    """On SQLite alone, for its size; what differs between databases shows in the small ones.

    The log of 5,000 entries is kept as its hash: nobody would read it here.
    """
    store = Store.open(f"sqlite:///{tmp_path}/watchfloor.db")
    upgrade(store)
    record = told(store, lambda work: add_large(work, decided=100_000, entries=5_000))
    store.close()
    document = compose(record, generator=GENERATOR)
    story, mark, log = document.partition("## Full log")
    digest = hashlib.sha256(log.encode()).hexdigest()
    golden("retrospective-large.md", f"{story}{mark}\n\n{len(record.entries):,} entries, SHA-256 `{digest}`\n")
    assert record.decisions.total == 100_000
    assert check(document, record, generator=GENERATOR) == []
