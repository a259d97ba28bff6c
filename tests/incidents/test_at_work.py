"""A batch in somebody's hands, on both databases: what they read, what they say, and what waits for them."""

import pytest

from incidents.errors import NotAllowed, NotAuthorised
from incidents.store.at_work import held_by, judge, look_into, open_batch, own_day, waiting_for
from incidents.store.batches import Batch
from incidents.store.engine import Store, Work
from incidents.store.returns import return_batch
from incidents.store.turns import skip_item
from incidents.sweeps.decisions import Judgement
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import ExposureBudget
from tests.incidents.reading_rows import PLAIN, add_reading, german, settle, taken
from tests.incidents.sweep_rows import BO, CLEO, DEV, POLICIES, after, harmless

DESK = Desk(team="german", budget=ExposureBudget())


def harmless_too(work: Work, batch: Batch, item: str, minutes: float = 12) -> tuple[int, int]:
    said = Judgement.model_validate(harmless(item).model_dump(include=set(Judgement.model_fields)))
    told = judge(work, batch.id, [said], read_under=None, by=BO, policies=POLICIES, now=after(minutes))
    return told.new, told.unchanged


def test_what_waits_is_told_to_the_team_that_may_be_given_it(store: Store) -> None:
    with store.begin() as work:
        sweep = add_reading(work, german(6), goal=PLAIN)
        [row] = waiting_for(work, DESK, by=BO)
        assert (row.sweep, row.waits, row.done, row.leased, row.given_back) == (sweep, True, 0, 0, 0)
        assert [
            row.waits for row in waiting_for(work, DESK.model_copy(update={"languages": ("tr",)}), by=BO)
        ] == [False]
        batch = taken(work)
        assert [held.batch.id for held in held_by(work, BO, after(11))] == [batch.id]
        settle(work, batch, BO, minutes=20)
        second = taken(work, minutes=21)
        return_batch(work, second.id, by=BO, why="a break", now=after(22))
        [row] = waiting_for(work, DESK, by=CLEO)
        assert (row.waits, row.done, row.leased, row.given_back) == (True, 1, 0, 1)
        opted_out = BO.model_copy(update={"opt_outs": ("violence.incitement",)})
        assert waiting_for(work, DESK, by=opted_out) == []
        with pytest.raises(NotAuthorised):
            waiting_for(work, DESK, by=DEV)


def test_a_day_begins_with_the_first_batch_and_a_break_follows(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4), goal=PLAIN)
        before = own_day(work, DESK, by=BO, now=after(9))
        assert before is not None
        assert before.break_at is None
        taken(work)
        day = own_day(work, DESK, by=BO, now=after(11))
        assert day is not None
        assert day.break_at == after(60)
        assert own_day(work, DESK.model_copy(update={"budget": None}), by=BO, now=after(11)) is None


def test_posts_are_read_judged_and_skipped_by_whoever_holds_them(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4), goal=PLAIN)
        batch = taken(work)
        first, second, *_ = open_batch(work, batch.id, by=BO, now=after(11)).posts
        assert first.said is None
        assert first.item.copies == 1
        assert harmless_too(work, batch, first.item.item) == (1, 0)
        assert harmless_too(work, batch, first.item.item, minutes=500) == (0, 1)  # also after the lease
        for minutes in (13, 500):
            skip_item(work, batch.id, second.item.item, by=BO, reason="I know her", now=after(minutes))
        left = open_batch(work, batch.id, by=BO, now=after(14)).posts
        assert len(left) == 3
        with pytest.raises(NotAllowed, match="LEASE_EXPIRED"):
            open_batch(work, batch.id, by=BO, now=after(500))
        with pytest.raises(NotAuthorised):
            look_into(work, batch.id, by=CLEO, reason="I am curious", now=after(14))
