"""Golden items look like any other, each person meets one once, and what they say of it decides nothing."""

import pytest
import sqlalchemy as sa

from incidents.errors import NotAuthorised
from incidents.store.batches import items_of
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.golden import GoldenItem, add_golden, share_missed
from incidents.store.judging import golden_of
from incidents.store.returns import return_batch
from incidents.store.schema import decisions, golden, incidents, items, readings
from incidents.store.standing import counts
from incidents.store.sweeps import Goal, find_sweep, request_sweep
from incidents.sweeps.stopping import Golden
from tests.incidents.reading_rows import add_reading, german, purposes_of, read_all, read_next, settle, taken
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    EVE,
    POLICY,
    SCOPE,
    SOURCE,
    add_crisis,
    after,
    frozen,
    pile,
)

MANY = Goal(golden_share=0.5, second_share=0, check_share=0)


def known(number: int, *, violates: bool = True, language: str = "de", policy: str = POLICY.id) -> GoldenItem:
    text = f"a settled text, number {number}"
    return GoldenItem(policy=policy, language=language, text=text, violates=violates)


def hidden(work: Work, batch: str) -> list[str]:
    return [item for item, purpose in purposes_of(work, batch).items() if purpose == "golden"]


def test_a_golden_item_is_kept_once(store: Store) -> None:
    with store.begin() as work:
        found = [known(1), known(2, violates=False), known(1)]
        assert add_golden(work, found, by=EVE, now=after(1)) == 2
        assert add_golden(work, found, by=ADA, now=after(2)) == 0
        assert add_golden(work, found, by=EVE, now=after(2), drill="DRILL-1") == 2
        with pytest.raises(NotAuthorised):
            add_golden(work, found, by=BO, now=after(3))


def test_golden_items_look_like_any_other(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(6)], by=EVE, now=after(1))
        add_reading(work, german(8), goal=MANY)
        work.execute(sa.update(items).values(reach=sa.func.length(items.c.item) + 40))
        batch = taken(work, size=12)
        secret = set(hidden(work, batch.id))
        shown = items_of(work, batch.id, BO)
    assert len(secret) == 4
    assert len(shown) == batch.size == 12
    golden_ones = [item for item in shown if item.item in secret]
    assert {item.text for item in golden_ones} <= {f"a settled text, number {n}" for n in range(6)}
    # Its id looks like a post's of a large platform, and all else is as a neighbour's.
    assert all(item.item.isdecimal() and len(item.item) == 19 for item in golden_ones)
    assert {(item.language, item.posted_at, item.reach, item.matched) for item in golden_ones} == {
        (item.language, item.posted_at, item.reach, item.matched) for item in shown if item.item not in secret
    }
    assert [item.place for item in shown] == list(range(1, 13))
    assert not all(item.item in secret for item in shown[-4:])


def test_they_count_within_the_size_and_stand_anywhere(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n, violates=bool(n % 2)) for n in range(40)], by=EVE, now=after(1))
        add_reading(work, german(60), goal=MANY)
        places: set[int] = set()
        for minutes in range(10, 26, 2):
            batch = taken(work, size=6, minutes=minutes)
            assert batch.size == 6
            secret = hidden(work, batch.id)
            assert len(secret) == 3
            places |= {item.place for item in items_of(work, batch.id, BO) if item.item in secret}
            settle(work, batch, BO, minutes=minutes + 1)
        assert places == {1, 2, 3, 4, 5, 6}
        assert taken(work, size=1, minutes=30).size == 1


def test_a_person_meets_each_once(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n, violates=bool(n % 2)) for n in range(5)], by=EVE, now=after(1))
        add_reading(work, german(40), goal=MANY)
        met: dict[str, list[str]] = {"bo": [], "cleo": []}
        for minutes in (10, 20, 30):
            for person in (BO, CLEO):
                read = read_next(work, person, size=6, minutes=minutes)
                met[person.id] += [item for item, purpose in read.items() if purpose == "golden"]
    assert len(met["bo"]) == len(set(met["bo"])) == 5  # all there are, and then none
    assert set(met["cleo"]) == set(met["bo"])


def test_what_is_said_of_it_decides_nothing(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(3)], by=EVE, now=after(1))
        sweep = add_reading(work, german(6), goal=MANY)
        batch = taken(work, size=9)
        secret = hidden(work, batch.id)
        settle(work, batch, BO, violates=secret[:1])
        assert not {row.item for row in work.execute(sa.select(decisions))} & set(secret)
        assert counts(work, sweep).decided == 6
        assert counts(work, sweep).violates == 0
        rows = work.execute(sa.select(readings).order_by(readings.c.item)).all()
        assert {(row.item, row.expected, row.purpose) for row in rows} == {
            (item, "violates", "golden") for item in secret
        }
        assert golden_of(work, sweep) == Golden(violating=3, caught=1)


def test_a_plan_knows_what_readers_missed_before(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(30)], by=EVE, now=after(1))
        first = add_reading(work, german(60), goal=MANY)
        assert share_missed(work, first.rpartition("-")[0]) == 0.0
        for minutes in range(10, 40, 3):
            batch = taken(work, size=6, minutes=minutes)
            # One of the three golden items in each is passed over.
            settle(work, batch, BO, violates=hidden(work, batch.id)[1:], minutes=minutes + 1)
        assert share_missed(work, first.rpartition("-")[0]) == 0.333
        later = request_sweep(work, first.rpartition("-")[0], SCOPE, SOURCE, by=ADA, now=after(50))
        assert freeze(work, later.id, frozen(german(5)), now=after(51))
        plan = find_sweep(work, later.id).plan
        elsewhere = add_crisis(work, "another policy")
        work.execute(sa.update(incidents).where(incidents.c.id == elsewhere).values(policy="other.policy"))
        assert share_missed(work, elsewhere) == 0.0
    assert plan is not None
    assert plan.readers_miss == 0.333


def test_golden_items_are_of_the_policy_the_language_and_the_drill(store: Store) -> None:
    with store.begin() as work:
        others = [known(1, language="tr"), known(2, policy="other.policy")]
        add_golden(work, others, by=EVE, now=after(1))
        add_golden(work, [known(3)], by=EVE, now=after(1), drill="DRILL-1")
        add_golden(work, [known(4)], by=EVE, now=after(1))
        work.execute(sa.update(golden).where(golden.c.text.like("%4")).values(retired_at=after(2)))
        add_reading(work, german(8), goal=MANY)
        assert hidden(work, taken(work, size=8).id) == []


def test_a_sweep_of_nothing_but_golden_items_is_never_handed_out(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(9)], by=EVE, now=after(1))
        add_reading(work, german(3), goal=MANY)
        read_all(work, BO)
        assert read_next(work, CLEO, minutes=40) == {}


def test_a_golden_item_stays_in_a_batch_that_changes_hands(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(3)], by=EVE, now=after(1))
        add_reading(work, german(6), goal=MANY)
        batch = taken(work, size=9)
        secret = hidden(work, batch.id)
        return_batch(work, batch.id, by=BO, why="late", now=after(11))
        again = taken(work, CLEO, size=6, minutes=12)
        assert again.id == batch.id
        assert hidden(work, again.id) == secret
        settle(work, again, CLEO, minutes=13)
        # Another of the same sweep does not hold what she has met.
        assert read_next(work, CLEO, minutes=20) == {}


def test_a_batch_without_posts_of_its_language_tells_nothing(store: Store) -> None:
    with store.begin() as work:
        add_golden(work, [known(n) for n in range(3)], by=EVE, now=after(1))
        add_reading(work, pile(("p1", "de")), goal=MANY)
        batch = taken(work)
        for item in items_of(work, batch.id, BO):
            assert (item.posted_at, item.matched) == (after(0), ("term:alarm",))
