"""A sweep that was begun before there were windows, places and samples is finished after the upgrade."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.people import Person, Role
from incidents.store.batches import batches_of, claim, claim_batch, find_batch, items_of
from incidents.store.certificates import draft_certificate
from incidents.store.decisions import FIRST_DECISION, decide, finish_batch
from incidents.store.ending import finish, is_over
from incidents.store.engine import Store, Work
from incidents.store.incidents import NewCandidate, open_candidate
from incidents.store.progress import progress
from incidents.store.schema import incidents, items, places, windows
from incidents.store.standing import counts, decisions_of
from incidents.store.sweeps import find_sweep, plan_of, windows_of
from incidents.store.timeline import entries, reach_milestone, verify
from incidents.store.turns import skip_item
from incidents.store.upgrade import newest_revision, upgrade
from incidents.sweeps.decisions import Decision
from incidents.sweeps.desk import Desk
from tests.incidents.sweep_rows import (
    CLEO,
    DEV,
    POLICIES,
    SCOPE,
    SOURCE,
    T0,
    after,
    harmless,
    violating,
)

OLD_BATCHES = {1: ("german", "de"), 2: ("german", "de"), 3: ("turkish", "tr")}
HASH = "a" * 64
GIL = Person(id="gil", roles=frozenset({Role.partner_reviewer}), team="german")


@pytest.fixture(params=["sqlite", "postgresql"])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store at revision 0002."""
    if request.param == "sqlite":
        with closing(Store.open(f"sqlite:///{tmp_path / 'old.db'}")) as store:
            upgrade(store, "0002")
            yield store
        return
    empty = request.getfixturevalue("postgres").database(migrated=False)
    with empty as url, closing(Store.open(url)) as store:
        upgrade(store, "0002")
        yield store


def rows_of(store: Store) -> sa.MetaData:
    """The tables as they are now."""
    old = sa.MetaData()
    with store.engine.connect() as connection:
        old.reflect(connection)
    return old


def add_old_sweeps(store: Store) -> None:
    """One sweep in the middle of its work, and one that nobody has frozen, as revision 0002 kept them.

    B1 is finished by Bo: p1 violates, p2 does not. B2 is leased to Cleo, with p3 decided and p4 not. B3 is
    open, with p5 and p6 in Turkish.
    """
    with store.begin() as work:
        add_old_incident(work)
    old = rows_of(store)
    at = {"requested_at": after(4), "requested_by": "ada"}
    sweep: dict[str, Any] = {
        "incident_id": "INC-1",
        "scope": SCOPE.model_dump(mode="json"),
        "scope_hash": SCOPE.fingerprint(),
        "source": SOURCE.kept(),
        **at,
    }
    first = {
        "id": "INC-1-S1",
        "number": 1,
        "state": "working",
        "frozen_at": after(5),
        "universe_hash": HASH,
    }
    seen = {"posts_seen": 9, "posts_matched": 6, "terms": [{"term": "term:alarm", "posts": 6, "alone": 6}]}
    with store.engine.begin() as connection:
        connection.execute(old.tables["sweeps"].insert(), sweep | first | seen)
        later = {"id": "INC-1-S2", "number": 2, "state": "requested"}
        connection.execute(old.tables["sweeps"].insert(), sweep | later)
        connection.execute(old.tables["batches"].insert(), [old_batch(number) for number in OLD_BATCHES])
        connection.execute(old.tables["items"].insert(), [old_item(number) for number in range(1, 7)])
        connection.execute(
            old.tables["decisions"].insert(),
            [
                old_decision(1, violating("p1")),
                old_decision(1, harmless("p2")),
                old_decision(2, harmless("p3", CLEO)),
            ],
        )
        counter = {"name": "sweep:INC-1", "value": 2}
        connection.execute(old.tables["counters"].insert(), counter)


def add_old_incident(work: Work) -> None:
    new = {
        "title": "Attack footage",
        "grouping_key": "footage",
        "impact": {"harm": 3},
        "priority": {"severity": "sev2", "rule": "serious", "sentence": "Serious harm."},
        "policy": "violence.incitement",
        "protocol": "default",
        "protocol_version": 1,
        "catalogue_version": "c0ffee",
    }
    assert open_candidate(work, NewCandidate.model_validate(new), by="watchfloor", now=T0)
    work.execute(sa.update(incidents).values(phase="responding"))
    reach_milestone(work, entries(work, "INC-1")[-1], FIRST_DECISION, at=after(11))


def old_batch(number: int) -> dict[str, Any]:
    team, language = OLD_BATCHES[number]
    held: dict[str, Any] = {"state": "open", "leased_to": None, "leased_at": None}
    ends: dict[str, datetime | None] = {"lease_expires_at": None, "done_at": None}
    if number == 1:
        held |= {"state": "done", "leased_to": "bo", "leased_at": after(6)}
        ends["done_at"] = after(12)
    if number == 2:
        held |= {"state": "leased", "leased_to": "cleo", "leased_at": after(6)}
        ends["lease_expires_at"] = after(120)
    row = {"id": f"INC-1-S1-B{number}", "sweep_id": "INC-1-S1", "incident_id": "INC-1", "number": number}
    return {**row, "team": team, "language": language, "size": 2, **held, **ends}


def old_item(number: int) -> dict[str, Any]:
    return {
        "sweep_id": "INC-1-S1",
        "item": f"p{number}",
        "batch_id": f"INC-1-S1-B{(number + 1) // 2}",
        "place": 2 - number % 2,
        "text": "an alarm",
        "language": "tr" if number > 4 else "de",
        "posted_at": T0,
        "reach": number,
        "matched": ["term:alarm"],
    }


def old_decision(batch: int, said: Decision) -> dict[str, Any]:
    told = said.model_dump(mode="python") | {"verdict": said.verdict.value, "action": said.action.value}
    return told | {"sweep_id": "INC-1-S1", "batch_id": f"INC-1-S1-B{batch}"}


def test_places_teams_and_states_are_what_they_were(old_store: Store) -> None:
    add_old_sweeps(old_store)
    assert upgrade(old_store) == newest_revision()
    with old_store.read() as work:
        kept = sa.select(places).order_by(places.c.batch_id, places.c.place)
        stood = [(row.batch_id[-2:], row.place, row.item, row.purpose) for row in work.execute(kept)]
        found = work.execute(sa.select(items).order_by(items.c.item)).all()
    assert stood == [
        ("B1", 1, "p1", "rank"),
        ("B1", 2, "p2", "rank"),
        ("B2", 1, "p3", "rank"),
        ("B2", 2, "p4", "rank"),
        ("B3", 1, "p5", "rank"),
        ("B3", 2, "p6", "rank"),
    ]
    assert [(row.item, row.read_as, row.team, row.state) for row in found] == [
        (f"p{n}", f"p{n}", "turkish" if n > 4 else "german", "taken") for n in range(1, 7)
    ]
    assert {(row.window, row.copies, row.kind, row.look, row.matched[0]) for row in found} == {
        (1, 1, "alone", None, "term:alarm")
    }


def test_each_sweep_has_its_first_window(old_store: Store) -> None:
    add_old_sweeps(old_store)
    upgrade(old_store)
    with old_store.read() as work:
        (first,), (later,) = windows_of(work, "INC-1-S1"), windows_of(work, "INC-1-S2")
        assert work.execute(sa.select(sa.func.count()).select_from(windows)).scalar_one() == 2
    assert (first.number, first.posts_seen, first.posts_matched) == (1, 9, 6)
    assert (first.frozen_at, first.universe_hash, first.languages) == (after(5), HASH, {"de": 4, "tr": 2})
    assert (first.source, first.requested_by) == (SOURCE, "ada")
    assert (later.frozen_at, later.languages) == (None, None)


def test_the_sweep_goes_on_where_it_was_and_is_finished(old_store: Store) -> None:
    add_old_sweeps(old_store)
    upgrade(old_store)
    sweep = "INC-1-S1"
    with old_store.begin() as work:
        assert (counts(work, sweep).decided, counts(work, sweep).violates) == (3, 1)
        assert progress(work, sweep).to_read == 0
        assert find_sweep(work, sweep).plan is None
        assert not is_over(work, sweep)
        # Cleo goes on with what she holds.
        assert [item.item for item in items_of(work, f"{sweep}-B2", CLEO)] == ["p3", "p4"]
        said = [each.decision and each.decision.person for each in decisions_of(work, f"{sweep}-B2", by=CLEO)]
        assert said == ["cleo", None]
        claim(work, f"{sweep}-B2", by=CLEO, now=after(20), lease_minutes=60)
        decide(work, f"{sweep}-B2", [harmless("p4", CLEO, 21)], by=CLEO, policies=POLICIES, now=after(21))
        finish_batch(work, f"{sweep}-B2", by=CLEO, now=after(21))
        # Dev takes the open one.
        taken = claim_batch(work, Desk(team="turkish"), by=DEV, now=after(22))
        assert taken is not None
        assert taken.id == f"{sweep}-B3"
        sent = [violating("p5", DEV, 23), harmless("p6", DEV, 23)]
        decide(work, taken.id, sent, by=DEV, policies=POLICIES, now=after(23))
        finish_batch(work, taken.id, by=DEV, now=after(23))
        assert is_over(work, sweep)
        assert finish(work, sweep, now=after(24))
        assert [action.item for action in plan_of(work, sweep)] == ["p1", "p5"]
        assert draft_certificate(work, sweep, now=after(25)) is None
        assert list(verify(work)) == []


def test_what_somebody_skips_in_an_old_batch_goes_to_another_in_a_new_one(old_store: Store) -> None:
    add_old_sweeps(old_store)
    upgrade(old_store)
    with old_store.begin() as work:
        skip_item(work, "INC-1-S1-B2", "p4", by=CLEO, reason="I know the author.", now=after(20))
        assert find_batch(work, "INC-1-S1-B2").size == 1
        taken = claim_batch(work, Desk(team="german"), by=GIL, now=after(21))
        assert taken is not None
        assert (taken.id, taken.size) == ("INC-1-S1-B4", 1)
        assert [item.item for item in items_of(work, taken.id, GIL)] == ["p4"]
        assert [batch.number for batch in batches_of(work, "INC-1-S1")] == [1, 2, 3, 4]


def test_a_store_without_sweeps_is_upgraded_too(old_store: Store) -> None:
    assert upgrade(old_store) == newest_revision()
    with old_store.read() as work:
        assert work.execute(sa.select(windows)).all() == []
