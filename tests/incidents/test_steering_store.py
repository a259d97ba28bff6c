"""What steers a sweep is kept after every batch, from the main reading and the steer sample alone."""

from math import log

import sqlalchemy as sa

from incidents.store.engine import Store
from incidents.store.schema import items, places, sweeps
from incidents.store.steering import Read, load_steering, steer
from incidents.store.timeline import entries
from incidents.sweeps.batches import Purpose
from incidents.sweeps.steering import SHARE, START, Lane
from incidents.timeline import Event
from tests.incidents.reading_rows import (
    add_reading,
    german,
    purposes_of,
    read_next,
    settle,
    taken,
    without_steer,
)
from tests.incidents.sweep_rows import BO, CLEO, at_once, split

TEXT = ("de", "text")
LINK = ("de", "link")


def test_what_is_kept_comes_back_as_it_was(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(10))
        assert load_steering(work, sweep).universe == 10
        read = [
            Read(Purpose.steer, LINK, violates=True),
            Read(Purpose.steer, TEXT, violates=False),
            Read(Purpose.rank, TEXT, violates=True),
            Read(Purpose.forward, LINK, violates=False),
        ]
        assert steer(work, sweep, read) == (LINK,)
        assert steer(work, sweep, read) == ()  # it moved forward before
    with store.read() as work:
        found = load_steering(work, sweep)
    assert (found.steer_read, found.others_read, found.head) == (4, 4, (True, True))
    assert found.lanes == {TEXT: Lane(drawn=2), LINK: Lane(drawn=2, hits=2, latest=(False, False))}


def test_more_of_the_order_is_due_the_more_was_read(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(10))
        first = load_steering(work, sweep).until
        steer(work, sweep, [Read(Purpose.rank, TEXT, violates=False)] * 5)
        later = load_steering(work, sweep).until
        work.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(posts_matched=1))
        steer(work, sweep, [Read(Purpose.rank, TEXT, violates=False)] * 500)
        last = load_steering(work, sweep).until
    assert abs(first / 2**63 - START) < 1e-9
    # With half of it read, every second key that comes up is of a post that was read.
    assert abs(later / 2**63 - (START + SHARE * log(2))) < 1e-9
    assert last == 2**63 - 1


def test_a_finished_batch_says_what_its_places_yield(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(12), certify=12)
        batch = taken(work, size=8)
        purposes = purposes_of(work, batch.id)
        work.execute(
            sa.update(places).where(places.c.batch_id == batch.id, places.c.place <= 2).values(purpose="steer")
        )
        purposes = purposes_of(work, batch.id)
        violating = [item for item, purpose in purposes.items() if purpose in {"steer", "certify"}]
        settle(work, batch, BO, violates=violating)
        found = load_steering(work, sweep)
    ranked = sum(purpose == "rank" for purpose in purposes.values())
    assert sum(purpose == "certify" for purpose in purposes.values()) >= 1
    assert found.lanes == {TEXT: Lane(drawn=2, hits=2)}
    # What was said for the certificate counts nowhere.
    assert (found.steer_read, found.others_read, found.head) == (2, ranked, (False,) * ranked)


def test_a_stratum_that_moves_forward_is_told_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(12))
        without_steer(work, sweep)
        work.execute(sa.update(items).where(items.c.item > "p06").values(form="link"))
        for minutes in (10, 20):
            batch = taken(work, size=3, minutes=minutes)
            work.execute(sa.update(places).where(places.c.batch_id == batch.id).values(purpose="forward"))
            settle(work, batch, BO, minutes=minutes + 1)
        told = [e.facts for e in entries(work, sweep.rpartition("-")[0]) if e.event is Event.stratum_boosted]
    assert told == [{"sweep": sweep, "language": "de", "form": "text"}]


def test_a_batch_of_looks_steers_nothing(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3))
        read_next(work, BO, unsure=["p01"])
        before = load_steering(work, sweep)
        assert read_next(work, CLEO, minutes=20) == {"p01": "adjudicate"}
        assert load_steering(work, sweep) == before


def test_of_two_who_steer_at_once_nobody_is_forgotten(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(10))

    def run() -> int:
        with store.begin() as work:
            steer(work, sweep, [Read(Purpose.rank, TEXT, violates=True)] * 3)
            return 3

    _, failed = split(at_once(*[run] * 6))
    assert failed == []
    with store.read() as work:
        assert load_steering(work, sweep).others_read == 18
