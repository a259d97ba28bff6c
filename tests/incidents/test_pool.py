"""Whoever asks gets what matters most at that moment, and nobody can tell why an item is there."""

from collections import Counter
from functools import partial
from itertools import chain, pairwise

import pytest
import sqlalchemy as sa

from incidents.people import Person
from incidents.store import lifecycle, pool
from incidents.store.batches import batches_of, claim, find_batch, items_of
from incidents.store.engine import Store, Work
from incidents.store.returns import return_batch
from incidents.store.roles import take_role
from incidents.store.schema import incidents, items, sweeps
from incidents.store.steering import Read, steer
from incidents.store.turns import skip_item, urge
from incidents.sweeps.batches import Purpose
from incidents.sweeps.steering import START
from tests.incidents.reading_rows import (
    GIL,
    add_reading,
    german,
    purposes_of,
    rank,
    read_next,
    states_of,
    take,
    taken,
    without_steer,
)
from tests.incidents.sweep_rows import ADA, BO, CLEO, POLICY, add_crisis, after, at_once, pile, split

MIXED = pile(*((f"d{n}", "de") for n in range(8)), *((f"f{n}", "fr") for n in range(8)), ("x0", "pl"))
"""Three languages, all of them the German team's."""


def reader(name: str) -> Person:
    return Person(id=name, roles=BO.roles, team="german")


def items_in(work: Work, batch: str) -> list[str]:
    return list(purposes_of(work, batch))


def test_a_batch_is_of_one_language_and_of_what_matters_most(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, MIXED)
        without_steer(work, sweep)
        rank(work, sweep, "f3", "d1", "f5", "d2")
        batch = taken(work, size=3)
        assert (batch.language, batch.size, batch.state, batch.leased_to) == ("fr", 3, "leased", "bo")
        assert sorted(items_in(work, batch.id)) == ["f0", "f3", "f5"]
        assert set(purposes_of(work, batch.id).values()) == {"rank"}
        assert states_of(work, sweep)["f3"] == "taken"
        assert states_of(work, sweep)["f1"] == "waiting"
        following = taken(work, CLEO, size=3)
        assert (following.language, following.number) == ("de", 2)


def test_a_small_rest_is_a_small_batch_and_then_there_is_none(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(3))
        assert len(read_next(work, size=2)) == 2
        assert len(read_next(work, size=2)) == 1
        assert take(work, CLEO) is None


def test_the_language_that_got_least_has_its_turn_however_low_it_ranks(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, MIXED)
        without_steer(work, sweep)
        rank(work, sweep, *(f"d{n}" for n in range(8)), *(f"f{n}" for n in range(8)))
        languages = [taken(work, reader(f"gil{n}"), size=2).language for n in range(8)]
    assert languages == ["de", "de", "de", "fr", "de", "fr", "fr", "pl"]


def test_steer_posts_come_up_to_the_key_that_is_due(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(20))
        work.execute(sa.update(items).values(steer_key=2**63 - 1))
        for place, item in enumerate(("p20", "p19", "p18")):
            # p20 and p19 are due at first, and p18 is not.
            key = int((0.4 + 0.4 * place) * START * 2**63)
            work.execute(sa.update(items).where(items.c.item == item).values(steer_key=key))
        rank(work, sweep, *(f"p{n:02}" for n in range(1, 18)))
        drawn = purposes_of(work, taken(work, size=10).id)
        assert {item for item, purpose in drawn.items() if purpose == "steer"} == {"p20", "p19"}
        assert sorted(item for item, purpose in drawn.items() if purpose == "rank") == [
            f"p{n:02}" for n in range(1, 9)
        ]
        # What was read since makes more of the order due.
        stratum = ("de", "text")
        steer(work, sweep, [Read(Purpose.rank, stratum, violates=False)] * 8)
        later = purposes_of(work, taken(work, CLEO, size=5).id)
    assert {item for item, purpose in later.items() if purpose == "steer"} == {"p18"}


def test_a_stratum_that_moved_forward_is_read_first(store: Store) -> None:
    links = pile(*((f"l{n}", "de") for n in range(6)), text="an alarm https://example.org/x")
    with store.begin() as work:
        sweep = add_reading(work, MIXED.vstack(links))
        without_steer(work, sweep)
        rank(work, sweep, *(f"f{n}" for n in range(8)), *(f"d{n}" for n in range(8)), "l4")
        # As if it were the rest of a larger one.
        work.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(posts_matched=1_000))
        steer(work, sweep, [Read(Purpose.rank, ("fr", "text"), violates=False)] * 60)
        steer(work, sweep, [Read(Purpose.steer, ("de", "link"), violates=True)] * 12)
        batch = taken(work, size=4)
        drawn = purposes_of(work, batch.id)
    assert batch.language == "de"
    assert Counter(drawn.values()) == {"forward": 4}
    assert "l4" in drawn
    assert all(item.startswith("l") for item in drawn)


def test_the_order_of_places_does_not_tell_why_an_item_is_read(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(40), certify=40)
        rank(work, sweep, *(f"p{n:02}" for n in range(1, 41)))
        batch = taken(work, size=20)
        purposes = list(purposes_of(work, batch.id).values())
        shown = items_of(work, batch.id, BO)
    assert len(set(purposes)) >= 2
    # Neither in runs of one purpose, nor by rank within it.
    runs = sum(one != other for one, other in pairwise(purposes))
    assert runs > len(set(purposes)) + 2
    ranked = [item.item for item, why in zip(shown, purposes, strict=True) if why == "rank"]
    assert ranked != sorted(ranked)
    assert {name for item in shown for name in item.model_dump()} == {
        "item",
        "place",
        "text",
        "language",
        "posted_at",
        "reach",
        "matched",
        "copies",
    }


def test_a_person_gets_the_languages_that_they_read(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, MIXED)
        rank(work, sweep, *(f"d{n}" for n in range(8)))
        french = take(work, languages=("fr", "pl"))
        assert french is not None
        assert french.language in {"fr", "pl"}
        assert take(work, CLEO, languages=("sv",)) is None
        assert take(work, CLEO, languages=()) is None


def test_a_person_gets_nothing_about_a_harm_that_they_opted_out_of(store: Store) -> None:
    spared = Person(id="gil", roles=BO.roles, team="german", opt_outs=(POLICY.id,))
    with store.begin() as work:
        add_reading(work, german(3))
        calmer = add_crisis(work, "calmer")
        work.execute(sa.update(incidents).where(incidents.c.id == calmer).values(policy=None))
        assert take(work, spared) is None
        other = add_reading(work, german(2), incident=calmer)
        batch = taken(work, spared)
        assert batch.sweep_id == other
        # Nor is a batch of it that somebody gave back.
        first = taken(work, BO)
        return_batch(work, first.id, by=BO, why="a break", now=after(11))
        return_batch(work, batch.id, by=spared, why="a break", now=after(11))
        again = taken(work, spared, minutes=12)
    assert again.id == batch.id


def test_a_restricted_incident_gives_work_to_its_circle_alone(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(3))
        incident = sweep.rpartition("-")[0]
        lifecycle.restrict(work, incident, restricted=True, by=ADA, reason="A leak.", now=after(5))
        assert take(work, BO) is None
        take_role(work, incident, "partner_reviewer", BO, now=after(6))
        assert take(work, BO) is not None


def test_the_most_severe_incident_comes_first(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(2))
        worse = add_crisis(work, "worse")
        work.execute(sa.update(incidents).where(incidents.c.id == worse).values(severity="sev1"))
        sweep = add_reading(work, german(2), incident=worse)
        assert taken(work).sweep_id == sweep


def test_urgent_items_overtake(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, MIXED)
        without_steer(work, sweep)
        rank(work, sweep, *(f"d{n}" for n in range(8)))
        urge(work, sweep, ["f7"], by=ADA, reason="It is on the news.", now=after(9))
        batch = taken(work, size=1)
        assert items_in(work, batch.id) == ["f7"]


def test_what_somebody_skipped_is_read_by_another_and_never_by_them_again(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(3))
        batch = taken(work, BO, size=3)
        skip_item(work, batch.id, "p02", by=BO, reason="I know her.", now=after(11))
        assert sorted(items_in(work, batch.id)) == ["p01", "p03"]
        assert find_batch(work, batch.id).size == 2
        return_batch(work, batch.id, by=BO, why="late", now=after(12))
        # The batch that he gave back comes back without it, and it is not in a new one.
        assert sorted(read_next(work, BO, minutes=13)) == ["p01", "p03"]
        assert read_next(work, BO, minutes=15) == {}
        assert list(read_next(work, CLEO, minutes=15)) == ["p02"]


def test_what_a_dissolved_batch_let_go_is_handed_out_again(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4))
        batch = taken(work)
        assert pool.let_go(work, batch.id) == 0
        assert set(states_of(work, sweep).values()) == {"waiting"}
        assert purposes_of(work, batch.id) == {}


def test_two_who_claim_at_once_get_other_items(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(24), certify=24)

    def run(by: Person) -> dict[str, str]:
        with store.begin() as work:
            batch = take(work, by, size=6)
            return purposes_of(work, batch.id) if batch else {}

    won, failed = split(at_once(*(partial(run, reader(f"gil{n}")) for n in range(4))))
    assert failed == []
    decided = Counter(item for got in won for item, purpose in got.items() if purpose != "certify")
    certified = Counter(item for got in won for item, purpose in got.items() if purpose == "certify")
    assert decided.most_common(1)[0][1] == 1
    assert certified.most_common(1)[0][1] <= 2
    with store.read() as work:
        assert len({batch.number for batch in batches_of(work, sweep)}) == len(batches_of(work, sweep))


def test_many_who_claim_until_nothing_is_left_get_every_item_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(60))

    def run(name: str) -> list[str]:
        got: list[str] = []
        for turn in range(60):
            with store.begin() as work:
                batch = take(work, reader(f"{name}-{turn}"), size=3)
                if batch is None:
                    break
                got += items_in(work, batch.id)
        return got

    won, failed = split(at_once(*(partial(run, f"gil{n}") for n in range(16))))
    assert failed == []
    assert sorted(chain(*won)) == [f"p{n:02}" for n in range(1, 61)]
    with store.read() as work:
        assert set(states_of(work, sweep).values()) == {"taken"}


def test_a_batch_that_is_claimed_by_two_at_once_is_made_for_one_person_each(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(8))

    def run() -> str | None:
        with store.begin() as work:
            batch = take(work, GIL, size=2)
            return batch.id if batch else None

    won, failed = split(at_once(run, run, run))
    assert failed == []
    assert len(set(won)) == 1  # the same person, in three windows of their browser


def test_what_the_next_person_knows_is_left_out_of_a_batch_that_changes_hands(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(20), certify=20)
        batch = taken(work, BO, size=8)
        read = read_next(work, CLEO, size=8)
        both = {item for item, why in purposes_of(work, batch.id).items() if why == read.get(item) == "certify"}
        assert both
        return_batch(work, batch.id, by=BO, why="late", now=after(13))
        again = claim(work, batch.id, by=CLEO, now=after(14), lease_minutes=60)
        assert again.size == batch.size - len(both)
        assert not both & set(purposes_of(work, batch.id))


@pytest.mark.parametrize("size", [1, 7])
def test_a_batch_is_never_larger_than_asked_for(store: Store, size: int) -> None:
    with store.begin() as work:
        add_reading(work, german(20), certify=20)
        assert taken(work, size=size).size == size
