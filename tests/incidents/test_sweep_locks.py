"""Who changes a sweep while somebody else is at it waits, and then sees what the other did.

On PostgreSQL the second one is met waiting for a lock; on SQLite a writer has the whole store to itself.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import TypeVar

import pytest
import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed
from incidents.four_eyes import ALONE
from incidents.store.batches import claim, find_batch, lock_batch
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import close_sweep, finish
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.looks import ask_for
from incidents.store.pool import Wanted, make_batch
from incidents.store.ranking import keep_ranking
from incidents.store.schema import items, places, sweeps
from incidents.store.sweeps import find_sweep, request_window, windows_of
from incidents.store.turns import urge
from incidents.store.undo import undo_decision
from incidents.sweeps.batches import Purpose
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    NOTHING_AGAIN,
    POLICIES,
    SOURCE,
    add_batch,
    add_crisis,
    after,
    frozen,
    harmless,
    pile,
    requested,
    violating,
)

T = TypeVar("T")

PATIENCE = 10
"""Seconds until a test says that nobody waits."""


class Beside:
    """Somebody else, who begins a job while we are in the middle of ours."""

    def __init__(self, store: Store, threads: ThreadPoolExecutor) -> None:
        self._store = store
        self._threads = threads

    def begins(self, work: Work, job: Callable[[Work], T]) -> Future[T]:
        """Begin the job in a transaction of its own; come back once it waits for ours."""

        def run() -> T:
            with self._store.begin() as theirs:
                return job(theirs)

        other = self._threads.submit(run)
        until = monotonic() + PATIENCE
        while work.is_postgresql and not other.done():
            if work.execute(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
                break
            assert monotonic() < until, "nobody waits"
            sleep(0.01)
        return other


@pytest.fixture
def beside(store: Store) -> Iterator[Beside]:
    with ThreadPoolExecutor(1) as threads:
        yield Beside(store, threads)


def read(work: Work) -> str:
    """A sweep of four posts: p1 and p2 are decided in a batch that is done, p3 and p4 wait."""
    sweep = requested(work, add_crisis(work)).id
    assert freeze(work, sweep, frozen(pile(*((f"p{n}", "de") for n in range(1, 5)))), now=after(5))
    unplanned = {"plan": None, "certify_wanted": 0, "goal": NOTHING_AGAIN}
    work.execute(sweeps.update().where(sweeps.c.id == sweep).values(**unplanned))
    finish_with(work, sweep, ["p1", "p2"])
    return sweep


def finish_with(work: Work, sweep: str, ids: list[str]) -> None:
    batch = add_batch(work, sweep, "german", "de", ids)
    claim(work, batch, by=BO, now=after(10), lease_minutes=60)
    decide(work, batch, [violating(item) for item in ids], by=BO, policies=POLICIES, now=after(11))
    finish_batch(work, batch, by=BO, now=after(12))


def handed_out(work: Work, sweep: str) -> str:
    made = make_batch(work, sweep, Wanted(team="german", person="cleo", size=5, languages=None))
    assert made is not None
    return made


def test_a_sweep_does_not_end_while_a_window_is_asked_for(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
        finish_with(work, sweep, ["p3", "p4"])
    with store.begin() as work:
        request_window(work, sweep, SOURCE, by=ADA, now=after(20))
        ended = beside.begins(work, lambda work: finish(work, sweep, now=after(20)))
    assert ended.result() is False
    with store.begin() as work:
        assert find_sweep(work, sweep).state == "working"
        assert windows_of(work, sweep)[-1].frozen_at is None


def test_a_sweep_that_just_ended_takes_no_window(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
        finish_with(work, sweep, ["p3", "p4"])
    with store.begin() as work:
        assert finish(work, sweep, now=after(20))
        asked = beside.begins(work, lambda work: request_window(work, sweep, SOURCE, by=ADA, now=after(20)))
    with pytest.raises(NotAllowed) as refused:
        asked.result()
    assert refused.value.codes == ("SWEEP_ENDED",)


def test_a_sweep_that_is_just_closed_takes_no_window_and_urges_nothing(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
    with store.begin() as work:
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason="Enough.", now=after(20))
        urged = beside.begins(
            work, lambda work: urge(work, sweep, ["p3"], by=ADA, reason="Soon.", now=after(20))
        )
    with pytest.raises(NotAllowed) as refused:
        urged.result()
    assert refused.value.codes == ("SWEEP_ENDED",)
    with store.begin() as work, pytest.raises(NotAllowed):
        request_window(work, sweep, SOURCE, by=ADA, now=after(21))


def test_what_is_just_handed_out_is_not_urged(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
    with store.begin() as work:
        handed_out(work, sweep)
        urged = beside.begins(
            work, lambda work: urge(work, sweep, ["p3"], by=ADA, reason="Soon.", now=after(20))
        )
    with pytest.raises(NotAllowed) as refused:
        urged.result()
    assert refused.value.codes == ("ITEM_READ",)


def test_a_ranking_waits_for_who_takes_a_batch_and_leaves_it_alone(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
        finish_with(work, sweep, ["p3"])

    def rank(_work: Work) -> None:
        keep_ranking(store, sweep, [("p3", 0.9, 0.9), ("p4", 0.8, 0.8)], decided=3)

    with store.begin() as work:
        batch = handed_out(work, sweep)
        ranked = beside.begins(work, rank) if work.is_postgresql else None
    if ranked is not None:
        ranked.result()
    with store.read() as work:
        here = sa.select(places.c.item).where(places.c.batch_id == batch)
        assert work.execute(here).scalars().all() == ["p4"]
        assert work.execute(sa.select(items.c.priority).where(items.c.item == "p4")).scalar_one() == 0.0


def test_who_undoes_a_decision_and_who_reads_it_again_do_not_wait_for_ever(
    store: Store, beside: Beside
) -> None:
    with store.begin() as work:
        sweep = read(work)
        ask_for(work, sweep, Purpose.second, {"p1": 1.0})
        work.execute(sa.update(items).where(items.c.state == "waiting").values(state="taken"))
        batch = handed_out(work, sweep)
        claim(work, batch, by=CLEO, now=after(13), lease_minutes=60)
        decide(work, batch, [harmless("p1", CLEO, 14)], by=CLEO, policies=POLICIES, now=after(14))
    with store.begin() as work:
        lock_batch(work, batch, CLEO)
        undone = beside.begins(work, lambda work: undo(work, sweep))
        # They differ, so that p1 is to be looked at by a third.
        assert finish_batch(work, batch, by=CLEO, now=after(15)).is_done
    assert undone.result() == 0
    with store.read() as work:
        row = work.execute(sa.select(items.c.state, items.c.look).where(items.c.item == "p1")).one()
        assert (row.state, row.look, find_batch(work, batch).size) == ("waiting", None, 1)


def test_what_is_just_handed_out_to_be_looked_at_is_not_undone(store: Store, beside: Beside) -> None:
    with store.begin() as work:
        sweep = read(work)
        ask_for(work, sweep, Purpose.second, {"p1": 1.0})
    with store.begin() as work:
        handed_out(work, sweep)
        undone = beside.begins(work, lambda work: undo(work, sweep))
        waited = work.is_postgresql
    if waited:
        with pytest.raises(Conflict, match="handed out"):
            undone.result()
        with store.begin() as work:
            assert undo(work, sweep) == 0
    else:
        assert undone.result() == 0
    with store.read() as work:
        looked_at = sa.select(places.c.item).where(places.c.purpose == Purpose.second.value)
        assert work.execute(looked_at).all() == []


def undo(work: Work, sweep: str) -> int:
    return undo_decision(work, sweep, "p1", by=ADA, consent=ALONE, reason="Read wrongly.", now=after(20))


def urge_p3(work: Work, sweep: str) -> int:
    return urge(work, sweep, ["p3"], by=ADA, reason="It is on the news.", now=after(20))
