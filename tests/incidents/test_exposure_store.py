"""The queue keeps people to their budgets: breaks, the length of a shift, and enough that is graphic."""

from collections.abc import Callable, Collection
from datetime import timedelta

import pytest
import sqlalchemy as sa

from incidents.errors import NotAllowed
from incidents.people import Person
from incidents.store import exposure
from incidents.store.batches import Batch, batches_of, claim, find_batch
from incidents.store.decisions import decide
from incidents.store.engine import Store, Work
from incidents.store.golden import GoldenItem, add_golden
from incidents.store.incidents import find
from incidents.store.returns import return_batch, return_expired
from incidents.store.schema import exposures, incidents, items
from incidents.store.sweeps import Goal
from incidents.store.timeline import entries
from incidents.sweeps.exposure import ExposureBudget
from tests.incidents.reading_rows import (
    add_reading,
    german,
    purposes_of,
    rank,
    read_next,
    settle,
    states_of,
    take,
    taken,
    without_steer,
)
from tests.incidents.sweep_rows import BO, CLEO, EVE, POLICIES, POLICY, add_crisis, after, harmless, violating

BUDGET = ExposureBudget(
    graphic_items_a_shift=6,
    graphic_items_7_days=10,
    severe_in_a_row=100,
    work_minutes_before_break=50,
    break_minutes=10,
    shift_hours=8,
)


def graphic(work: Work, minutes: float, size: int = 4) -> Batch | None:
    """Bo asks for more, under his budget, of what is hard to look at."""
    return take(work, BO, size=size, minutes=minutes, budget=BUDGET, graphic=True)


def read(work: Work, began: float, ended: float, size: int = 4) -> None:
    batch = graphic(work, began, size)
    assert batch is not None
    settle(work, batch, BO, minutes=ended)


def refused(ask: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(NotAllowed) as told:
        ask()
    return told.value.codes


def test_what_a_person_looked_at_is_noted_when_the_batch_is_finished(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4))
        batch = taken(work)
        settle(work, batch, BO, violates=["p01", "p02"], minutes=30)
        row = work.execute(sa.select(exposures)).one()
    assert (row.person, row.batch_id, row.looked_at, row.severe) == ("bo", batch.id, 4, 2)
    assert (row.began_at, row.ended_at) == (after(10), after(30))


def test_a_break_that_is_due_is_kept(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30))
        read(work, 10, 40, 2)
        read(work, 41, 61, 2)
        assert refused(lambda: graphic(work, 62)) == ("BREAK_DUE",)
        assert refused(lambda: graphic(work, 70.9)) == ("BREAK_DUE",)
        assert graphic(work, 71, 2) is not None


def test_a_shift_ends(store: Store) -> None:
    hours = ExposureBudget(shift_hours=1, work_minutes_before_break=90, graphic_items_a_shift=100)
    with store.begin() as work:
        add_reading(work, german(30))
        for minutes in (10, 40):
            batch = take(work, size=2, minutes=minutes, budget=hours)
            assert batch is not None
            settle(work, batch, BO, minutes=minutes + 25)
        assert refused(lambda: take(work, minutes=71, budget=hours)) == ("SHIFT_OVER",)
        # Six hours without work begin another shift.
        assert take(work, minutes=65 + 361, budget=hours) is not None


def test_what_is_left_of_the_budget_is_the_size_of_the_batch(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30))
        read(work, 10, 12)
        batch = graphic(work, 13)
        assert batch is not None
        assert batch.size == 2
        settle(work, batch, BO, minutes=14)
        assert refused(lambda: graphic(work, 15)) == ("EXPOSURE_SHIFT",)
        # Tomorrow four are left of the seven days, and none after that.
        read(work, 15 + 24 * 60, 16 + 24 * 60, 9)
        assert refused(lambda: graphic(work, 15 + 48 * 60)) == ("EXPOSURE_WEEK",)
        assert graphic(work, 15 + 8 * 24 * 60) is not None


def test_a_refused_claim_changes_nothing(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(30))
        read(work, 10, 12, 6)
        told, states = entries(work, find(work, sweep.rpartition("-")[0]).id), states_of(work, sweep)
        assert refused(lambda: graphic(work, 13)) == ("EXPOSURE_SHIFT",)
        assert entries(work, sweep.rpartition("-")[0]) == told
        assert states_of(work, sweep) == states
        assert [batch.state for batch in batches_of(work, sweep)] == ["done"]


def test_other_work_goes_on_when_the_budget_is_spent(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30))
        calm = add_crisis(work, "calm")
        work.execute(sa.update(incidents).where(incidents.c.id == calm).values(policy="spam"))
        other = add_reading(work, german(10), incident=calm)
        read(work, 10, 12, 6)
        batch = graphic(work, 13)
        assert batch is not None
        assert (batch.sweep_id, batch.size) == (other, 4)


def test_batches_of_harmless_policies_are_not_limited(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30))
        for minutes in range(10, 24, 2):
            batch = take(work, size=4, minutes=minutes, budget=BUDGET)
            assert batch is not None
            assert batch.size == 4
            settle(work, batch, BO, minutes=minutes + 1)


def test_a_batch_that_somebody_gave_back_counts_like_a_new_one(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(12))
        given_back = take(work, CLEO, size=6, minutes=10, graphic=True)
        assert given_back is not None
        read(work, 10, 12, 3)
        return_batch(work, given_back.id, by=CLEO, why="late", now=after(13))
        # Six are too many now: he gets three others.
        batch = graphic(work, 14, 6)
        assert batch is not None
        assert (batch.id != given_back.id, batch.size) == (True, 3)
        settle(work, batch, BO, minutes=15)
        assert refused(lambda: graphic(work, 80)) == ("EXPOSURE_SHIFT",)
        assert find_batch(work, given_back.id).state == "open"


def test_a_break_is_kept_from_a_batch_that_somebody_gave_back(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(12))
        given_back = take(work, CLEO, size=2, minutes=10)
        assert given_back is not None
        read(work, 10, 61, 2)
        return_batch(work, given_back.id, by=CLEO, why="late", now=after(13))
        assert refused(lambda: graphic(work, 62)) == ("BREAK_DUE",)


def test_who_went_away_has_looked_at_what_they_decided(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(6))
        batch = taken(work, size=6)
        ids = list(purposes_of(work, batch.id))[:3]
        sent = [violating(ids[0], BO, 20), harmless(ids[1], BO, 20), harmless(ids[2], BO, 20)]
        decide(work, batch.id, sent, by=BO, policies=POLICIES, now=after(20))
        assert return_expired(work, lambda _: after(500)) == [batch.id]
        row = work.execute(sa.select(exposures)).one()
    assert (row.looked_at, row.severe, row.ended_at) == (3, 1, after(20))


def test_whoever_takes_over_leaves_the_other_s_looks_as_they_were(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4))
        batch = taken(work)
        ids = list(purposes_of(work, batch.id))
        decide(work, batch.id, [harmless(ids[0], BO, 20)], by=BO, policies=POLICIES, now=after(20))
        claim(work, batch.id, by=CLEO, now=after(90), lease_minutes=60)
        settle(work, batch, CLEO, minutes=95)
        rows = {row.person: (row.looked_at, row.ended_at) for row in work.execute(sa.select(exposures))}
    assert rows == {"bo": (1, after(20)), "cleo": (3, after(95))}


def test_looks_are_spread_over_the_time_of_their_batch(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4))
        batch = take(work, size=4, graphic=True)
        assert batch is not None
        settle(work, batch, BO, violates=["p01"], minutes=30)
        seen = exposure.seen_by(work, "bo", after(31), BUDGET)
    assert (seen.graphic_items_shift, seen.graphic_items_7_days, seen.severe_run) == (4, 4, 1)
    assert seen.graphic_seconds_shift == 20 * 60
    assert seen.shift_began == after(10)
    assert seen.last_at == after(10) + timedelta(minutes=20)


ROWS = ExposureBudget(severe_in_a_row=2, calm_between=3)


def score(work: Work, sweep: str, likely: Collection[str]) -> None:
    """These posts are taken to violate and are ranked first, the others are not."""
    rank(work, sweep, *likely)
    mine = items.c.sweep_id == sweep
    work.execute(sa.update(items).where(mine).values(score=0.1))
    work.execute(sa.update(items).where(mine, items.c.item.in_(likely)).values(score=0.9))
    without_steer(work, sweep)


def severe(work: Work, minutes: float, size: int = 4, by: Person = BO) -> Batch | None:
    """Somebody asks for more, under a budget that minds rows of severe items alone."""
    return take(work, by, size=size, minutes=minutes, budget=ROWS, graphic=True)


def test_calmer_items_from_further_down_stand_between_severe_ones(store: Store) -> None:
    likely = [f"p{n:02}" for n in range(1, 13)]
    with store.begin() as work:
        sweep = add_reading(work, german(30))
        score(work, sweep, likely)
        batch = severe(work, 10, size=10)
        assert batch is not None
        assert batch.size == 10
        shown = purposes_of(work, batch.id)
        # The likeliest come first, and no more of them than may be looked at.
        assert {item for item in shown if item in likely} == set(likely[: sum(i in likely for i in shown)])
        assert sum(item in likely for item in shown) == 4
        tally_of = [item in likely for item in shown]
        assert not any(all(tally_of[n : n + 3]) for n in range(len(tally_of)))
        waiting = {item for item, state in states_of(work, sweep).items() if state == "waiting"}
        assert waiting == {f"p{n:02}" for n in range(1, 31)} - set(shown)


def test_a_row_of_severe_items_goes_on_from_batch_to_batch_until_a_break(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6))
        score(work, sweep, [f"p{n:02}" for n in range(1, 7)])
        first = severe(work, 10)
        assert first is not None
        assert first.size == 2
        settle(work, first, BO, violates=list(purposes_of(work, first.id)), minutes=12)
        number = [batch.number for batch in batches_of(work, sweep)]
        assert refused(lambda: severe(work, 13)) == ("SEVERE_IN_A_ROW",)
        assert [batch.number for batch in batches_of(work, sweep)] == number
        # Somebody else has seen none yet, and ten minutes later he has had his break.
        assert severe(work, 13, by=CLEO) is not None
        again = severe(work, 22)
        assert again is not None
        assert again.size == 2


def test_a_batch_that_came_back_waits_for_somebody_who_may_look_at_it(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(5))
        score(work, sweep, ["p01", "p02", "p03", "p04"])
        cleo_s = severe(work, 10, size=2, by=CLEO)
        first = severe(work, 10, size=2)
        assert cleo_s is not None
        assert first is not None
        settle(work, first, BO, violates=list(purposes_of(work, first.id)), minutes=12)
        return_batch(work, cleo_s.id, by=CLEO, why="late", now=after(12))
        calm = severe(work, 13, size=2)
        assert calm is not None
        assert list(purposes_of(work, calm.id)) == ["p05"]
        settle(work, calm, BO, minutes=14)
        taken_over = severe(work, 24, size=2)
        assert taken_over is not None
        assert taken_over.id == cleo_s.id


def test_minutes_bound_a_batch_as_items_do(store: Store) -> None:
    minutes = ExposureBudget(graphic_minutes_a_shift=5)
    with store.begin() as work:
        sweep = add_reading(work, german(30))
        score(work, sweep, [])
        batch = take(work, size=20, budget=minutes, graphic=True)
        assert batch is not None
        assert batch.size == 5  # at a minute an item
        settle(work, batch, BO, minutes=14)
        rest = take(work, size=20, minutes=14, budget=minutes, graphic=True)
        assert rest is not None
        assert rest.size == 1


def test_a_shift_ends_with_what_is_calmer(store: Store) -> None:
    hours = ExposureBudget(shift_hours=1, calm_minutes_at_end=30, work_minutes_before_break=90)
    with store.begin() as work:
        sweep = add_reading(work, german(8))
        score(work, sweep, ["p01", "p02", "p03", "p04"])
        assert read_next(work, BO, size=2, minutes=10) == {"p01": "rank", "p02": "rank"}
        batch = take(work, size=4, minutes=45, budget=hours, graphic=True)
        assert batch is not None
        assert sorted(purposes_of(work, batch.id)) == ["p05", "p06", "p07", "p08"]
        settle(work, batch, BO, minutes=50)
        assert refused(lambda: take(work, minutes=51, budget=hours, graphic=True)) == ("SHIFT_ENDING",)


def test_a_golden_item_that_violates_is_as_severe_as_a_post(store: Store) -> None:
    known = [GoldenItem(policy=POLICY.id, language="de", text=f"settled {n}", violates=True) for n in range(9)]
    with store.begin() as work:
        add_golden(work, known, by=EVE, now=after(1))
        sweep = add_reading(work, german(30), goal=Goal(golden_share=0.5, second_share=0, check_share=0))
        score(work, sweep, [])
        batch = severe(work, 10, size=12)
        assert batch is not None
        shown = [purpose == "golden" for purpose in purposes_of(work, batch.id).values()]
    assert sum(shown) >= 2
    assert not any(all(shown[n : n + 3]) for n in range(len(shown)))


def test_nobody_else_s_looks_count(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(30))
        assert read_next(work, CLEO, size=20)
        assert exposure.seen_by(work, "bo", after(12), BUDGET).graphic_items_shift == 0
        assert graphic(work, 13) is not None
