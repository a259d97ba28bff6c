"""Nobody changes the record unseen: the database refuses, and where it was forced to, the chain tells."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from incidents.errors import BadInput, NotFound
from incidents.store import timeline
from incidents.store.engine import Store, Work
from incidents.store.incidents import find
from incidents.store.schema import metadata
from incidents.store.upgrade import current_revision, newest_revision, upgrade
from incidents.timeline import GENESIS, Chosen, Event, Subject, entry_hash
from tests.incidents.sweep_rows import T0, add_candidate, add_crisis, after, at_once, split


def unguard(work: Work) -> None:
    """Take away what keeps the table from being changed, as somebody with the database's password could."""
    if work.is_postgresql:
        work.execute(sa.text("DROP TRIGGER timeline_append_only ON timeline"))
    else:
        for verb in ("update", "delete"):
            work.execute(sa.text(f"DROP TRIGGER timeline_no_{verb}"))


def test_entries_are_chained(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        told = timeline.entries(work, incident)
        found = find(work, incident)
        assert timeline.entries(work, incident, after=1, limit=2) == told[1:3]
        last = timeline.last_entry(work, incident, (Event.crisis_declared, Event.candidate_opened))
    assert [entry.seq for entry in told] == list(range(1, found.entries + 1))
    assert [entry.previous for entry in told] == [GENESIS, *(entry.hash for entry in told[:-1])]
    assert last is not None
    assert (last.event, last.ref) == (Event.crisis_declared, f"{incident}#{last.seq}")


def test_many_who_append_at_once_make_one_chain(store: Store) -> None:
    with store.begin() as work:
        incident = add_candidate(work).id

    def run() -> int:
        with store.begin() as work:
            return timeline.append(work, incident, Event.shift_noted, actor="ada", now=after(1)).seq

    won, failed = split(at_once(*[run] * 8))
    assert (sorted(won), failed) == (list(range(2, 10)), [])
    with store.read() as work:
        assert list(timeline.verify(work)) == []


@pytest.mark.parametrize("sql", ["UPDATE timeline SET actor = 'bo'", "DELETE FROM timeline"])
def test_the_database_refuses_changes(store: Store, sql: str) -> None:
    with store.begin() as work:
        add_crisis(work)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.exec_driver_sql(sql)


@pytest.mark.parametrize(
    ("sql", "seq", "why"),
    [
        ("UPDATE timeline SET actor = 'bo' WHERE seq = 3", 3, "its content was changed"),
        ("UPDATE timeline SET facts = '{}' WHERE seq >= 3", 3, "its content was changed"),
        ("UPDATE timeline SET event = 'no.such.event' WHERE seq = 3", 3, "it holds what no entry can hold"),
        ("UPDATE timeline SET facts = '[]' WHERE seq IN (2, 4)", 2, "it holds what no entry can hold"),
        ("UPDATE timeline SET actor = 'bo', event = 'no' WHERE seq = 3", 3, "it holds what no entry"),
        ("DELETE FROM timeline WHERE seq = 2", 2, "entry 2 is missing"),
        ("UPDATE timeline SET hash = 'f00' WHERE seq = 2", 2, "its content was changed"),
        ("DELETE FROM timeline WHERE seq > 3", 4, "entries were recorded and 3 are left"),
        ("UPDATE incidents SET head = 'f00'", 6, "entries were recorded"),
    ],
)
def test_a_tampered_timeline_is_named_at_its_first_bad_entry(
    store: Store, sql: str, seq: int, why: str
) -> None:
    with store.begin() as work:
        add_crisis(work)
        unguard(work)
        work.execute(sa.text(sql))
    with store.read() as work:
        (found,) = timeline.verify(work, "INC-1")
    assert found.seq == seq
    assert why in found.why


def test_facts_that_are_no_json_are_named_too(tmp_path: Path) -> None:
    with closing(Store.open(f"sqlite:///{tmp_path / 'watchfloor.db'}")) as store:
        upgrade(store)
        with store.begin() as work:
            add_crisis(work)
            unguard(work)
            work.execute(sa.text("UPDATE timeline SET facts = 'not json' WHERE seq = 4"))
            (found,) = timeline.verify(work)
    assert (found.seq, found.why) == (4, "it holds what no entry can hold")


def test_a_changed_entry_before_an_unreadable_one_is_named_first(store: Store) -> None:
    with store.begin() as work:
        add_crisis(work)
        unguard(work)
        work.execute(sa.text("UPDATE timeline SET event = 'nonsense' WHERE seq = 4"))
        work.execute(sa.text("UPDATE timeline SET actor = 'bo' WHERE seq = 2"))
        (found,) = timeline.verify(work)
    assert found.seq == 2


def test_a_break_in_one_incident_leaves_the_others_whole(store: Store) -> None:
    with store.begin() as work:
        add_crisis(work)
        other = add_crisis(work, "other")
        unguard(work)
        work.execute(sa.text("UPDATE timeline SET actor = 'bo' WHERE incident_id = 'INC-1' AND seq = 1"))
        assert [found.incident for found in timeline.verify(work)] == ["INC-1"]
        assert list(timeline.verify(work, other)) == []
        with pytest.raises(NotFound, match="INC-404"):
            list(timeline.verify(work, "INC-404"))


def test_facts_of_every_kind_survive_the_database(store: Store) -> None:
    facts = {"z": [1, 2.5, None, True], "a": {"ü": "سلام \u200b 🙂", "b": ""}, "n": 2**53}
    with store.begin() as work:
        incident = add_candidate(work).id
        entry = timeline.append(work, incident, Event.shift_noted, actor="ada", now=after(1.00001), facts=facts)
        assert timeline.entries(work, incident)[-1] == entry
        assert list(timeline.verify(work)) == []
        with pytest.raises(NotFound):
            timeline.append(work, "INC-404", Event.shift_noted, actor="ada", now=after(1))


def test_a_milestone_is_reached_once(store: Store) -> None:
    with store.begin() as work:
        incident = add_candidate(work).id
        entry = timeline.entries(work, incident)[-1]
        for minutes in (3, 2):
            timeline.reach_milestone(work, entry, "contained", at=after(minutes))
        reached = {m["name"]: m["at"] for m in timeline.milestones_of(work, incident)}
    assert reached == {"detected": T0, "contained": after(3)}


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with store.begin() as work:
        incident = add_candidate(work).id
    naive = after(1).replace(tzinfo=None)
    with pytest.raises((ValueError, sa.exc.StatementError), match="without a zone"), store.begin() as work:
        timeline.append(work, incident, Event.shift_noted, actor="ada", now=naive)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with request.getfixturevalue("postgres").database(migrated=False) as url:
        yield url


def first_rows(store: Store) -> None:
    """An incident with one entry, written as the first revision knew the tables."""
    told: dict[str, Any] = {
        "incident": "INC-1",
        "seq": 1,
        "at": T0,
        "event": "incident.candidate.opened",
        "actor": "watchfloor",
        "facts": {"title": "Footage"},
        "previous": GENESIS,
    }
    digest = entry_hash(**told)
    with store.engine.begin() as connection:
        old = sa.MetaData()
        old.reflect(connection, only=["incidents", "timeline"])
        incident = dict.fromkeys(("title", "priority_rule", "protocol", "catalogue_version", "opened_by"), "x")
        connection.execute(
            old.tables["incidents"].insert(),
            incident
            | {"id": "INC-1", "number": 1, "phase": "detected", "severity": "sev2", "grouping_key": "footage"}
            | {"phase_since": T0, "opened_at": T0, "protocol_version": 1, "entries": 1, "head": digest}
            | {"impact": {"harm": 2}},
        )
        row = {name: value for name, value in told.items() if name != "incident"}
        connection.execute(old.tables["timeline"].insert(), row | {"incident_id": "INC-1", "hash": digest})


def test_an_upgrade_from_the_first_revision_keeps_what_is_there(empty_url: str) -> None:
    with closing(Store.open(empty_url)) as store:
        assert current_revision(store) is None
        assert upgrade(store, "0001") == "0001"
        first_rows(store)
        assert upgrade(store) == newest_revision() == current_revision(store)
        with store.begin() as work:
            assert find(work, "INC-1").impact.harm == 2
            assert list(timeline.verify(work)) == []
            timeline.append(work, "INC-1", Event.shift_noted, actor="ada", now=after(1))
            assert list(timeline.verify(work)) == []


def test_two_processes_that_start_at_once_upgrade_once(empty_url: str) -> None:
    def run() -> str:
        with closing(Store.open(empty_url)) as store:
            return upgrade(store)

    won, failed = split(at_once(run, run))
    assert (won, failed) == ([newest_revision()] * 2, [])


def test_the_revisions_make_the_tables_that_the_queries_are_written_for(store: Store) -> None:
    with store.engine.connect() as connection:
        # The index of the search is each database's own: no metadata can describe both.
        ours = {"include_name": lambda name, *_: not str(name).startswith("passages_words")}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [("nonsense", "not a database URL"), ("mysql://db/x", "not on mysql"), ("sqlite://", "needs a file")],
)
def test_the_store_says_what_it_cannot_open(url: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        Store.open(url)


def test_every_event_is_about_one_of_the_subjects() -> None:
    assert {event.value.partition(".")[0] for event in Event} == set(Subject)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (Chosen(), [3, 2, 1]),
        (Chosen(words="größe"), [2]),
        (Chosen(words='"x'), []),
        (Chosen(subject=Subject.partner, actor="ada"), [3]),
        (Chosen(starred=True), []),
    ],
)
def test_the_newest_entries_are_those_that_somebody_chose(
    store: Store, chosen: Chosen, found: list[int]
) -> None:
    with store.begin() as work:
        incident = add_candidate(work).id
        for event, facts in (
            (Event.access_restricted, {"reason": "Der größe wegen"}),
            (Event.ask_sent, {"ask": f"ask:{incident}:legal:1"}),
        ):
            timeline.append(work, incident, event, actor="ada", now=T0, facts=facts)
        entries = timeline.newest_entries(work, incident, chosen, limit=5)
        assert [entry.seq for entry in entries] == found
        assert [entry.seq for entry in timeline.newest_entries(work, incident, chosen, before=3, limit=1)] == [
            seq for seq in found if seq < 3
        ][:1]
        assert timeline.actors_of(work, incident)[0] == "ada"
