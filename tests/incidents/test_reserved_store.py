"""The next batch is put aside for whoever still reads one; nothing begins with it before they open it."""

from functools import partial

import pytest
import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed
from incidents.people import Person
from incidents.store.at_work import read_ahead
from incidents.store.batches import (
    Batch,
    claim,
    claim_batch,
    find_batch,
    items_of,
    let_go_reserved,
    reserve_batch,
)
from incidents.store.decisions import decide, finish_batch
from incidents.store.engine import Store, Work
from incidents.store.returns import return_batch
from incidents.store.schema import batches, exposures, places
from incidents.store.timeline import entries
from incidents.sweeps.desk import Desk
from incidents.sweeps.exposure import ExposureBudget
from tests.incidents.reading_rows import GIL, add_reading, german, taken
from tests.incidents.sweep_rows import BO, CLEO, POLICIES, after, at_once, harmless, leased, split

DESK = Desk(team="german", lease_minutes=60, batch_size=2)


def put_aside(work: Work, by: Person = BO, minutes: float = 10, desk: Desk = DESK) -> Batch:
    found = reserve_batch(work, desk, by=by, now=after(minutes))
    assert found is not None
    return found


def ask(work: Work, by: Person = BO, minutes: float = 10, desk: Desk = DESK) -> Batch | None:
    return claim_batch(work, desk, by=by, now=after(minutes))


def test_nothing_begins_with_what_is_put_aside_until_it_is_opened(store: Store) -> None:
    held = leased(store)
    with store.begin() as work:
        told = entries(work, held.incident_id)
        put = put_aside(work)
        assert (put.state, put.leased_to) == ("open", None)
        # Asking again puts the same one aside for longer.
        assert put_aside(work, minutes=12).reserved_until == after(22)
        seen = work.execute(sa.select(exposures.c.batch_id).where(exposures.c.person == "bo")).scalars().all()
        assert (seen, entries(work, held.incident_id)) == ([held.id], told)

        return_batch(work, held.id, by=BO, why="enough of it", now=after(13))
        opened = ask(work, minutes=13)
        assert opened is not None
        assert (opened.id, opened.leased_at, opened.reserved_for) == (put.id, after(13), None)


def test_who_holds_nothing_has_nothing_put_aside(store: Store) -> None:
    leased(store)
    with store.begin() as work:
        assert reserve_batch(work, DESK, by=CLEO, now=after(10)) is None


def test_nobody_else_is_given_it_or_reads_it_until_its_time_is_over(store: Store) -> None:
    leased(store)
    with store.begin() as work:
        put = put_aside(work)
        assert ask(work, CLEO, minutes=19.9) is None
        with pytest.raises(Conflict, match=r"put aside for bo until"):
            claim(work, put.id, by=CLEO, now=after(19.9), lease_minutes=60)
        with pytest.raises(NotAllowed) as refused:
            read_ahead(work, put.id, by=CLEO, now=after(11))
        assert refused.value.codes == ("LEASE_MISSING",)
        ahead = [post.item for post in read_ahead(work, put.id, by=BO, now=after(11)).posts]

        given = ask(work, CLEO, minutes=20)
        assert given is not None
        assert given.id == put.id
        assert ahead == items_of(work, put.id, CLEO)
        # Whoever it was put aside for neither opens it any more nor reads on.
        with pytest.raises(Conflict, match="held by cleo"):
            read_ahead(work, put.id, by=BO, now=after(21))


def test_who_stops_lets_go_of_it(store: Store) -> None:
    leased(store)
    with store.begin() as work:
        put = put_aside(work)
        let_go_reserved(work, BO)
        assert claim(work, put.id, by=CLEO, now=after(11), lease_minutes=60).leased_to == "cleo"


def test_two_tabs_and_two_people_at_once_have_one_put_aside_each(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(12))
        taken(work, BO, size=2)
        taken(work, CLEO, size=2)

    def put(by: Person) -> tuple[str, str]:
        with store.begin() as work:
            return by.id, put_aside(work, by).id

    won, failed = split(at_once(*(partial(put, by) for by in (BO, CLEO, BO, CLEO))))
    assert failed == []
    assert len(set(won)) == 2
    with store.read() as work:
        handed_out = work.execute(sa.select(places.c.item)).scalars().all()
    assert len(handed_out) == len(set(handed_out)) == 8


def test_a_break_is_asked_about_when_it_is_opened(store: Store) -> None:
    desk = DESK.model_copy(update={"budget": ExposureBudget(work_minutes_before_break=30)})
    with store.begin() as work:
        add_reading(work, german(8))
        held = taken(work, BO, size=2)
        put = put_aside(work, minutes=15, desk=desk)
        said = [harmless(item.item, BO) for item in items_of(work, held.id, BO)]
        decide(work, held.id, said, by=BO, policies=POLICIES, now=after(45))
        finish_batch(work, held.id, by=BO, now=after(45))
        with pytest.raises(NotAllowed) as refused:
            ask(work, minutes=45, desk=desk)
        assert refused.value.codes == ("BREAK_DUE",)
        assert find_batch(work, put.id).leased_to is None


def test_who_takes_what_was_put_aside_for_another_reads_no_post_of_the_sample_twice(store: Store) -> None:
    with store.begin() as work:
        add_reading(work, german(4), certify=2)
        first = taken(work, BO, size=2)
        sampled = {item.item for item in items_of(work, first.id, BO)}
        decide(
            work, first.id, [harmless(item, BO) for item in sampled], by=BO, policies=POLICIES, now=after(11)
        )
        held = taken(work, GIL, size=2)
        twice = sampled & {item.item for item in items_of(work, held.id, GIL)}
        assert twice, "Gil reads for the sample what Bo read for it"
        return_batch(work, held.id, by=GIL, why="not mine", now=after(12))
        # As if it had been put aside and never opened: nobody has begun it.
        work.execute(exposures.delete().where(exposures.c.batch_id == held.id))
        work.execute(sa.update(batches).where(batches.c.id == held.id).values(reserved_for="gil"))
        finish_batch(work, first.id, by=BO, now=after(12))
        given = claim(work, held.id, by=BO, now=after(40), lease_minutes=60)
        assert not twice & {item.item for item in items_of(work, given.id, BO)}
