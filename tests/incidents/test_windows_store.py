"""A sweep grows by windows, ends when enough was found, and hands out nothing after that but further looks."""

from collections.abc import Callable
from functools import partial

import polars as pl
import pytest
import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed, NotAuthorised
from incidents.four_eyes import ALONE
from incidents.store.batches import batches_of, claim, find_batch
from incidents.store.certificates import evidence_of
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import close_sweep, end_if_over, finish, is_over, reach
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.gates import GateKind, current_gate
from incidents.store.looks import ask_for
from incidents.store.returns import return_batch, return_expired
from incidents.store.schema import sweeps
from incidents.store.standing import counts
from incidents.store.sweeps import find_sweep, request_window, windows_of
from incidents.store.timeline import entries, verify
from incidents.sweeps.batches import Purpose
from incidents.sweeps.fingerprint import fingerprint
from incidents.sweeps.samples import sample_key
from incidents.timeline import Event
from tests.incidents.reading_rows import (
    GIL,
    add_reading,
    ask_at,
    german,
    purposes_of,
    read_all,
    read_next,
    settle,
    states_of,
    take,
    taken,
)
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    POLICIES,
    SOURCE,
    STEER_SEED,
    after,
    at_once,
    frozen,
    harmless,
    pile,
    split,
)

LATER = pile(("q1", "de"), ("q2", "de"), ("q3", "fr"))


def add_window(
    work: Work, sweep: str, posts: pl.DataFrame = LATER, copies: dict[str, str] | None = None
) -> int:
    """Ask for later posts and freeze them."""
    number = request_window(work, sweep, SOURCE, by=ADA, now=after(6))
    assert freeze(work, sweep, frozen(posts, window=number, copies=copies), now=after(7))
    return number


def reached(work: Work, sweep: str) -> None:
    """Say that the target is reached."""
    assert reach(work, sweep, facts={"recall_at_least": 0.9}, now=after(30))


# Windows


def test_a_window_is_frozen_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        assert request_window(work, sweep, SOURCE, by=ADA, now=after(6)) == 2

    def run() -> bool:
        with store.begin() as work:
            return freeze(work, sweep, frozen(LATER, window=2), now=after(7))

    won, failed = split(at_once(run, run, run))
    assert (sorted(won), failed) == ([False, False, True], [])
    with store.read() as work:
        assert len(states_of(work, sweep)) == 5


def test_counts_add_up_and_the_universe_is_that_of_the_union(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        add_window(work, sweep, LATER.vstack(pile(("x", "de"), text="all calm")))
        found, (first, second) = find_sweep(work, sweep), windows_of(work, sweep)
        whole = frozen(german(2).vstack(LATER))
        evidence = evidence_of(work, sweep)
    assert (found.posts_seen, found.posts_matched) == (6, 5)
    assert (second.posts_seen, second.posts_matched, second.languages) == (4, 3, {"de": 2, "fr": 1})
    assert (first.posts_seen, first.languages) == (2, {"de": 2})
    assert found.universe_hash == whole.hash == fingerprint(evidence["item"], evidence["content_hash"])
    assert found.universe_hash not in {first.universe_hash, second.universe_hash}
    assert found.terms is not None
    assert [(term.term, term.posts) for term in found.terms] == [("term:alarm", 5)]


def test_what_was_drawn_once_stays(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2), certify=2)
        before = find_sweep(work, sweep)
        add_window(work, sweep)
        found = find_sweep(work, sweep)
        told = [entry.event for entry in entries(work, found.incident_id)]
    kept = ("plan", "steer_seed", "certify_seed", "certify_wanted", "frozen_at")
    assert [getattr(found, name) for name in kept] == [getattr(before, name) for name in kept]
    assert told.count(Event.universe_frozen) == 2
    assert told.count(Event.plan_fixed) == 1


def test_copies_of_a_later_window_join_their_head(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        read_next(work, BO, violates=["p01"])
        add_window(work, sweep, copies={"q1": "p01", "q2": "p01"})
        assert states_of(work, sweep, "read_as")["q1"] == "p01"
        assert states_of(work, sweep, "copies")["p01"] == 3
        assert states_of(work, sweep)["q1"] == "covered"
        # They need no reading, and have the decision at once.
        assert (counts(work, sweep).decided, counts(work, sweep).violates) == (4, 3)
        first = min(sample_key(item, STEER_SEED) for item in ("p01", "q1", "q2"))
        assert states_of(work, sweep, "steer_key")["p01"] == first


def test_a_later_window_is_read_like_the_first(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        read_all(work, BO)
        assert is_over(work, sweep)
        add_window(work, sweep)
        assert not is_over(work, sweep)
        read_all(work, BO, minutes=20)
        assert counts(work, sweep).decided == 5
        assert is_over(work, sweep)


def test_a_sweep_waits_for_a_window_that_was_asked_for(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        incident = ask_at(work, sweep)
        request_window(work, sweep, SOURCE, by=ADA, now=after(6))
        read_all(work, BO)
        assert not is_over(work, sweep)
        assert not finish(work, sweep, now=after(12))
        nothing = frozen(pile(("q1", "de"), text="all calm"), window=2)
        assert freeze(work, sweep, nothing, now=after(13))
        assert is_over(work, sweep)
        assert current_gate(work, incident, GateKind.sweep_work, sweep).is_answered


def test_a_window_after_the_end_is_refused(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        with pytest.raises(NotAuthorised):
            request_window(work, sweep, SOURCE, by=BO, now=after(6))
        read_all(work, BO)
        assert finish(work, sweep, now=after(12))
        with pytest.raises(NotAllowed) as refused:
            request_window(work, sweep, SOURCE, by=ADA, now=after(13))
        assert refused.value.codes == ("SWEEP_ENDED",)
        assert len(windows_of(work, sweep)) == 1


def test_a_window_that_comes_after_the_target_was_reached_is_read_too(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4), certify=4)
        reached(work, sweep)
        assert take(work, BO) is None
        add_window(work, sweep)
        # What was shown of four posts has not been shown of seven.
        assert find_sweep(work, sweep).reached_at is None
        assert not is_over(work, sweep)
        assert take(work, BO) is not None


# Enough


def test_once_the_target_is_reached_no_more_posts_are_handed_out(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(8))
        reached(work, sweep)
        assert not reach(work, sweep, facts={}, now=after(31))
        assert take(work, BO) is None
        assert is_over(work, sweep)
        told = [
            entry for entry in entries(work, sweep.rpartition("-")[0]) if entry.event is Event.target_reached
        ]
    assert [entry.facts for entry in told] == [{"sweep": sweep, "recall_at_least": 0.9}]


def test_further_looks_are_still_handed_out(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(8))
        read_next(work, BO, size=3, unsure=["p01"])
        doubted = [item for item, look in states_of(work, sweep, "look").items() if look]
        ask_for(work, sweep, Purpose.second, dict.fromkeys(set(counted(work, sweep)) - set(doubted), 0.5))
        reached(work, sweep)
        assert not is_over(work, sweep)
        read = read_next(work, CLEO, size=10, minutes=31)
        assert len(read) == 3
        assert set(read.values()) <= {"second", "adjudicate"}
        assert is_over(work, sweep)


def counted(work: Work, sweep: str) -> list[str]:
    """What was decided so far."""
    return [row["item"] for row in evidence_of(work, sweep).drop_nulls("verdict").to_dicts()]


def test_open_batches_dissolve_and_leased_ones_may_be_finished(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(8))
        leased, given_back = taken(work, BO, size=3), taken(work, CLEO, size=3)
        item = next(iter(purposes_of(work, given_back.id)))
        decide(work, given_back.id, [harmless(item, CLEO)], by=CLEO, policies=POLICIES, now=after(11))
        return_batch(work, given_back.id, by=CLEO, why="late", now=after(12))
        reached(work, sweep)
        ended = find_batch(work, given_back.id)
        assert (ended.state, ended.size, ended.leased_to, ended.done_at) == ("done", 1, None, after(30))
        assert counts(work, sweep).decided == 1  # what she had decided stays
        assert list(states_of(work, sweep).values()).count("waiting") == 4
        assert not is_over(work, sweep)
        settle(work, leased, BO, minutes=40)
        assert (is_over(work, sweep), counts(work, sweep).decided) == (True, 4)


def test_a_batch_that_comes_back_after_the_target_was_reached_ends(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(8))
        incident = ask_at(work, sweep)
        one, two = taken(work, BO, size=3), taken(work, CLEO, size=3)
        reached(work, sweep)
        return_batch(work, one.id, by=BO, why="late", now=after(31))
        assert find_batch(work, one.id).is_done
        assert not is_over(work, sweep)
        # Nobody takes over what the other one left lying, and the watch ends it.
        assert take(work, GIL, minutes=500) is None
        assert return_expired(work, lambda _: after(500)) == [two.id]
        assert is_over(work, sweep)
        assert current_gate(work, incident, GateKind.sweep_work, sweep).is_answered


def test_a_late_decision_on_a_dissolved_batch_is_refused_in_words(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(4))
        batch = taken(work, BO)
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason="The source was wrong.", now=after(20))
        item = next(iter(states_of(work, sweep)))
        said = partial(
            decide, work, batch.id, [harmless(item, BO, 21)], by=BO, policies=POLICIES, now=after(21)
        )
        with pytest.raises(Conflict, match=r"ended with the reading of its sweep, at 2026-11-22 18:20:00 UTC"):
            said()
        with pytest.raises(Conflict, match="ended with the reading of its sweep"):
            finish_batch(work, batch.id, by=BO, now=after(22))
        with pytest.raises(Conflict, match="ended with the reading of its sweep"):
            claim(work, batch.id, by=CLEO, now=after(22), lease_minutes=60)


def test_closing_takes_leases_back_and_keeps_what_was_decided(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6))
        incident = ask_at(work, sweep)
        batch = taken(work, BO, size=3)
        item = next(iter(purposes_of(work, batch.id)))
        decide(work, batch.id, [harmless(item, BO)], by=BO, policies=POLICIES, now=after(11))
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason=" The source was wrong. ", now=after(20))
        found = find_sweep(work, sweep)
        assert (found.closed_by, found.closed_because) == ("ada", "The source was wrong.")
        assert [(each.state, each.size) for each in batches_of(work, sweep)] == [("done", 1)]
        assert counts(work, sweep).decided == 1
        assert take(work, CLEO) is None
        assert current_gate(work, incident, GateKind.sweep_work, sweep).is_answered
        assert end_if_over(work, sweep, now=after(21))
        assert finish(work, sweep, now=after(21))
        assert list(verify(work)) == []


def test_a_sweep_is_closed_with_a_reason_by_who_leads_and_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(2))
        with pytest.raises(NotAllowed) as refused:
            close_sweep(work, sweep, by=ADA, consent=ALONE, reason=" ", now=after(20))
        assert refused.value.codes == ("REASON_MISSING",)
        with pytest.raises(NotAuthorised):
            close_sweep(work, sweep, by=CLEO, consent=ALONE, reason="Enough.", now=after(20))
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason="Enough.", now=after(20))
        with pytest.raises(NotAllowed) as again:
            close_sweep(work, sweep, by=ADA, consent=ALONE, reason="Enough.", now=after(21))
    assert again.value.codes == ("SWEEP_NOT_WORKED",)


def test_who_closes_a_sweep_and_who_works_it_do_not_wait_for_each_other_for_ever(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(12))
        batches = [(taken(work, by, size=2), by) for by in (BO, CLEO, GIL)]

    def close() -> None:
        with store.begin() as work:
            close_sweep(work, sweep, by=ADA, consent=ALONE, reason="Enough.", now=after(20))

    def work_on(number: int) -> None:
        batch, by = batches[number]
        with store.begin() as work:
            settle(work, batch, by, minutes=19)

    jobs: list[Callable[[], None]] = [close, *(partial(work_on, number) for number in range(3))]
    _, failed = split(at_once(*jobs))
    # Who came too late is told so; nobody is told that the store failed.
    assert all(isinstance(error, Conflict | NotAllowed) for error in failed), failed
    with store.begin() as work:
        assert is_over(work, sweep)
        assert work.execute(sa.select(sweeps.c.closed_by)).scalar_one() == "ada"
