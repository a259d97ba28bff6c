"""The sample that certifies a sweep: two people read each post of it, and nothing else hears of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest
import sqlalchemy as sa

from incidents.people import Person
from incidents.store.certify import sample_rows
from incidents.store.certify_schema import certify_readings, certify_sample
from incidents.store.decisions import decide
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.judging import judge_sweep
from incidents.store.schema import decisions, items, sweeps
from incidents.store.standing import counts
from incidents.store.sweeps import find_sweep, request_window
from incidents.store.timeline import entries
from incidents.sweeps.samples import sample_key
from incidents.timeline import Event
from tests.incidents.reading_rows import (
    GIL,
    add_reading,
    german,
    purposes_of,
    read_all,
    read_next,
    settle,
    take,
    taken,
)
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CERTIFY_SEED,
    CLEO,
    POLICIES,
    SOURCE,
    after,
    at_once,
    frozen,
    harmless,
    pile,
    split,
    violating,
)


def in_order(*ids: str) -> list[str]:
    """Posts as the sample orders them."""
    return sorted(ids, key=lambda item: sample_key(item, CERTIFY_SEED))


def certified_in(work: Work, batch: str) -> list[str]:
    return [item for item, purpose in purposes_of(work, batch).items() if purpose == "certify"]


def readers_of(work: Work, sweep: str) -> dict[str, list[str]]:
    """Post of the sample → who read it, in the order of reading."""
    found: dict[str, list[str]] = defaultdict(list)
    statement = sa.select(certify_readings).where(certify_readings.c.sweep_id == sweep)
    for row in work.execute(statement.order_by(certify_readings.c.decided_at, certify_readings.c.batch_id)):
        found[row.item].append(row.person)
    return dict(found)


def verdict_of(work: Work, sweep: str, item: str) -> tuple[str | None, int]:
    """What its readers agreed on, and how many are wanted."""
    mine = sa.and_(certify_sample.c.sweep_id == sweep, certify_sample.c.item == item)
    row = work.execute(sa.select(certify_sample.c.verdict, certify_sample.c.wanted).where(mine)).one()
    return row.verdict, row.wanted


def reread(work: Work, item: str, *people: tuple[Person, bool], sweep_minutes: Iterator[int]) -> list[bool]:
    """Let people read until each met the item for the sample; True where they were given it."""
    met = []
    for person, violates in people:
        minutes = next(sweep_minutes)
        found = read_next(work, person, size=1, violates=[item] if violates else [], minutes=minutes)
        met.append(found.get(item) == "certify")
    return met


@pytest.fixture
def minutes() -> Iterator[int]:
    """Moments that go on."""
    return count(10, 2)


def test_the_sample_is_read_in_the_order_of_its_keys(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30), certify=30)
        first, second = taken(work, BO, size=10), taken(work, CLEO, size=10)
        order = in_order(*(f"p{n:02}" for n in range(1, 31)))
        # Three of ten places, and both get the same posts: two are wanted.
        assert sorted(certified_in(work, first.id)) == sorted(order[:3])
        assert sorted(certified_in(work, second.id)) == sorted(order[:3])
        third = taken(work, GIL, size=10)
        assert sorted(certified_in(work, third.id)) == sorted(order[3:6])


def test_each_post_is_read_by_two_people_and_by_nobody_twice(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(9), certify=9)
        read_all(work, BO, CLEO, GIL, violates=["p03"])
        readers = readers_of(work, sweep)
        order = in_order(*(f"p{n:02}" for n in range(1, 10)))
        assert sorted(readers) == sorted(order)
        assert {len(people) for people in readers.values()} == {2}
        assert all(len(set(people)) == 2 for people in readers.values())
        found = sample_rows(work, sweep)
    assert [row.item for row in found] == order
    assert [row.verdict for row in found] == [
        "violates" if item == "p03" else "does_not_violate" for item in order
    ]
    assert [row.key for row in found] == sorted(row.key for row in found)


def test_a_third_reads_where_two_differ_and_decides(store: Store, minutes: Iterator[int]) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(9), certify=1)
        (item,) = in_order(*(f"p{n:02}" for n in range(1, 10)))[:1]
        assert reread(work, item, (BO, True), (CLEO, False), sweep_minutes=minutes) == [True, True]
        assert verdict_of(work, sweep, item) == (None, 3)
        # Nobody who read it is asked again.
        assert reread(work, item, (BO, True), (GIL, True), sweep_minutes=minutes) == [False, True]
        assert verdict_of(work, sweep, item) == ("violates", 3)
        assert reread(work, item, (CLEO, True), sweep_minutes=minutes) == [False]


@pytest.mark.parametrize("doubt", ["first", "both"])
def test_who_is_unsure_leaves_it_to_a_third(store: Store, doubt: str, minutes: Iterator[int]) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(9), certify=1)
        (item,) = in_order(*(f"p{n:02}" for n in range(1, 10)))[:1]
        read_next(work, BO, size=1, unsure=[item], minutes=next(minutes))
        read_next(work, CLEO, size=1, unsure=[item] if doubt == "both" else [], minutes=next(minutes))
        assert verdict_of(work, sweep, item) == (None, 3)
        read_next(work, GIL, size=1, minutes=next(minutes))
        assert verdict_of(work, sweep, item) == ("does_not_violate", 3)


def test_a_language_with_one_reader_is_read_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6), certify=6, readers={"de": 1})
        read_all(work, BO)
        assert {len(people) for people in readers_of(work, sweep).values()} == {1}
        found = sample_rows(work, sweep)
    assert [row.alone for row in found] == [True] * 6
    assert {row.verdict for row in found} == {"does_not_violate"}


def test_who_decided_an_item_reads_it_blind_only_where_nobody_else_is_left(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4), readers={"de": 2})
        read_next(work, BO)
        assert counts(work, sweep).decided == 4
        # Asked for afterwards, as when the rule wants more.
        values = {"certify_wanted": 4}
        work.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(**values))
        assert set(read_next(work, CLEO, minutes=13).values()) == {"certify"}
        assert set(read_next(work, BO, minutes=16).values()) == {"certify"}
        assert {tuple(people) for people in readers_of(work, sweep).values()} == {("cleo", "bo")}


def test_more_of_the_sample_is_handed_out_when_the_rule_wants_more(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(40), certify=3)
        incident = sweep.rpartition("-")[0]
        # Nothing was read: the rule wants as much as it starts with, or all there is.
        judge_sweep(work, sweep, now=after(10))
        assert find_sweep(work, sweep).certify_wanted == 40
        told = [entry.facts for entry in entries(work, incident) if entry.event is Event.sample_extended]
        assert told == [{"sweep": sweep, "posts": 40}]
        # It is never taken back.
        work.execute(sa.update(sweeps).values(certify_wanted=90))
        judge_sweep(work, sweep, now=after(11))
        assert find_sweep(work, sweep).certify_wanted == 90


def test_posts_of_a_later_window_fall_into_place(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6), certify=5)
        request_window(work, sweep, SOURCE, by=ADA, now=after(6))
        later = pile(*((f"q{n:02}", "de") for n in range(1, 7)))
        assert freeze(work, sweep, frozen(later, window=2), now=after(7))
        ids = [*(f"p{n:02}" for n in range(1, 7)), *(f"q{n:02}" for n in range(1, 7))]
        assert [row.item for row in sample_rows(work, sweep)] == in_order(*ids)[:5]
        windows = {row.item: row.window for row in sample_rows(work, sweep)}
    assert windows == {item: 1 if item.startswith("p") else 2 for item in in_order(*ids)[:5]}
    assert set(windows.values()) == {1, 2}


def test_copies_are_in_the_sample_themselves(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4), copies={"p02": "p01", "p03": "p01"}, certify=4)
        read_all(work, BO, CLEO, violates=["p01"])
        found = {row.item: (row.verdict, row.found) for row in sample_rows(work, sweep)}
    # p02 and p03 inherit that p01 violates; whoever read them for the sample saw no harm in them.
    assert found == {
        "p01": ("violates", True),
        "p02": ("does_not_violate", True),
        "p03": ("does_not_violate", True),
        "p04": ("does_not_violate", False),
    }


def test_what_the_readers_of_the_sample_say_changes_no_decision_and_no_rank(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(12), certify=12)
        batch = taken(work, BO, size=10)
        for_sample = certified_in(work, batch.id)
        assert len(for_sample) == 3
        others = [item for item in purposes_of(work, batch.id) if item not in for_sample]

        def ranked() -> list[tuple[object, ...]]:
            kept = (items.c.item, items.c.score, items.c.priority, items.c.state, items.c.look, items.c.read_as)
            return [tuple(row) for row in work.execute(sa.select(*kept).order_by(items.c.item))]

        before = ranked()
        sent = [violating(item) for item in for_sample]
        decide(work, batch.id, sent, by=BO, policies=POLICIES, now=after(11))
        assert work.execute(sa.select(decisions)).all() == []
        assert counts(work, sweep).decided == 0
        settle(work, batch, BO, minutes=12)
        assert {row.item for row in work.execute(sa.select(decisions))} == set(others)
        assert ranked() == before
        assert find_sweep(work, sweep).ranked_at_decisions is None


def test_a_later_word_in_the_same_batch_replaces_the_earlier_one(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4), certify=4)
        batch = taken(work, BO, size=4)
        item = certified_in(work, batch.id)[0]
        for word in (violating(item), harmless(item, minutes=12)):
            recorded = decide(work, batch.id, [word], by=BO, policies=POLICIES, now=after(12))
        assert (recorded.new, recorded.superseded) == (0, 1)
        rows = work.execute(sa.select(certify_readings.c.item, certify_readings.c.verdict)).all()
        assert [tuple(row) for row in rows] == [(item, "does_not_violate")]
        assert sweep


def test_many_who_read_for_the_sample_at_once_are_never_more_than_are_wanted(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(40), certify=6)

    def run(by: Person) -> list[str]:
        with store.begin() as work:
            batch = take(work, by, size=5)
            return certified_in(work, batch.id) if batch else []

    people = [Person(id=f"gil{n}", roles=BO.roles, team="german") for n in range(8)]
    won, failed = split(at_once(*(partial(run, person) for person in people)))
    assert failed == []
    given = Counter(item for got in won for item in got)
    assert given
    assert max(given.values()) <= 2
    assert all(len(set(got)) == len(got) for got in won)
