"""A decision is taken back with all that followed from it, and nothing of what was decided is lost."""

import pytest
import sqlalchemy as sa

from incidents.errors import NotAllowed, NotAuthorised
from incidents.four_eyes import ALONE
from incidents.people import Person, Role
from incidents.store import looks, pool
from incidents.store.batches import batches_of, claim, find_batch
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import finish
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.schema import decisions, items, places, planned_actions, readings, skips, sweeps
from incidents.store.standing import counts, decisions_of
from incidents.store.sweep_counts import count_sweeps
from incidents.store.sweeps import plan_of
from incidents.store.timeline import entries
from incidents.store.turns import skip_item, urge
from incidents.store.undo import undo_decision
from incidents.sweeps.batches import URGENT, Purpose
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    DEV,
    POLICIES,
    add_batch,
    add_crisis,
    after,
    frozen,
    harmless,
    pile,
    requested,
    violating,
)

COPIES = {"p2": "p1", "p3": "p1"}
WHY = "The clause was read wrongly."
GIL = Person(id="gil", roles=frozenset({Role.partner_reviewer}), team="german")


def swept(work: Work) -> str:
    """A sweep of p1 with its copies p2 and p3, and of p4; B1 holds what is read. Returns its id."""
    sweep = requested(work, add_crisis(work)).id
    posts = pile(*((f"p{n}", "de") for n in range(1, 5)))
    freeze(work, sweep, frozen(posts, copies=COPIES), now=after(5))
    unplanned = {"plan": None, "certify_wanted": 0, "goal": {"second_share": 0, "check_share": 0}}
    work.execute(sweeps.update().where(sweeps.c.id == sweep).values(**unplanned))
    claim(work, add_batch(work, sweep, "german", "de", ["p1", "p4"]), by=BO, now=after(10), lease_minutes=60)
    return sweep


def decided(work: Work) -> str:
    """That sweep, with B1 finished: p1 violates and p4 does not."""
    sweep = swept(work)
    sent = [violating("p1"), harmless("p4")]
    decide(work, f"{sweep}-B1", sent, by=BO, policies=POLICIES, now=after(11))
    finish_batch(work, f"{sweep}-B1", by=BO, now=after(12))
    return sweep


def state_of(work: Work, sweep: str, item: str) -> str:
    mine = sa.and_(items.c.sweep_id == sweep, items.c.item == item)
    return str(work.execute(sa.select(items.c.state).where(mine)).scalar_one())


def undo(work: Work, sweep: str, item: str = "p1", by: Person = ADA, reason: str = WHY) -> int:
    return undo_decision(work, sweep, item, by=by, consent=ALONE, reason=reason, now=after(20))


def test_copies_lose_the_decision_with_their_head(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        assert counts(work, sweep).violates == 3
        assert undo(work, sweep) == 2
        assert (counts(work, sweep).violates, counts(work, sweep).decided) == (0, 1)
        assert [state_of(work, sweep, item) for item in ("p1", "p2", "p4")] == ["waiting", "covered", "taken"]
        kept = (
            work.execute(sa.select(decisions.c.superseded_at).where(decisions.c.item == "p1")).scalars().all()
        )
        last = entries(work, sweep.rpartition("-")[0])[-1]
    assert kept == [after(20)]
    assert (last.event, last.actor) == (Event.decision_undone, "ada")
    assert last.facts == {"sweep": sweep, "item": "p1", "copies": 2, "actions": 0, "reason": WHY}


def test_what_was_undone_is_read_and_decided_again(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        undo(work, sweep)
        wanted = pool.Wanted(team="german", person="cleo", size=5, languages=None)
        batch = pool.make_batch(work, sweep, wanted)
        assert batch is not None
        claim(work, batch, by=CLEO, now=after(21), lease_minutes=60)
        decide(work, batch, [harmless("p1", CLEO, 22)], by=CLEO, policies=POLICIES, now=after(22))
        assert (counts(work, sweep).violates, counts(work, sweep).does_not_violate) == (0, 4)


def test_planned_actions_of_it_and_its_copies_are_reversed_and_stay(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        assert finish(work, sweep, now=after(13))
        before = {action.item: action for action in plan_of(work, sweep)}
        undo(work, sweep)
        after_it = {action.item: action for action in plan_of(work, sweep)}
        kept = work.execute(sa.select(planned_actions).order_by(planned_actions.c.item)).all()
        planned = count_sweeps(work, sweep.rpartition("-")[0])[0].planned
    assert set(before) == set(after_it) == {"p1", "p2", "p3"}
    assert {action.key for action in after_it.values()} == {f"reversal:{sweep}:p{n}" for n in (1, 2, 3)}
    assert {action.action for action in after_it.values()} == {"keep"}
    assert [after_it[item].reverses for item in before] == [action.key for action in before.values()]
    assert {(row.reversed_at, row.reversed_by, row.reversed_because) for row in kept} == {
        (after(20), "ada", WHY)
    }
    assert planned == {}


def test_a_copy_that_was_split_off_keeps_its_own_decision(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        own = sa.and_(items.c.sweep_id == sweep, items.c.item == "p3")
        work.execute(sa.update(items).where(own).values(read_as="p3", state="taken"))
        row = violating("p3").model_dump(mode="python") | {"sweep_id": sweep, "batch_id": f"{sweep}-B1"}
        work.execute(decisions.insert().values(**row))
        assert undo(work, sweep) == 1
        assert counts(work, sweep).violates == 1


def test_what_somebody_has_in_hand_is_decided_again_there(store: Store) -> None:
    with store.begin() as work:
        sweep = swept(work)
        decide(work, f"{sweep}-B1", [violating("p1")], by=BO, policies=POLICIES, now=after(11))
        undo(work, sweep)
        assert state_of(work, sweep, "p1") == "taken"
        assert [each.decision for each in decisions_of(work, f"{sweep}-B1", by=BO)] == [None, None]
        again = [harmless("p1", minutes=21), harmless("p4", minutes=21)]
        decide(work, f"{sweep}-B1", again, by=BO, policies=POLICIES, now=after(21))
        finish_batch(work, f"{sweep}-B1", by=BO, now=after(22))
        assert counts(work, sweep).does_not_violate == 4


def test_blind_looks_at_it_that_go_on_are_forgotten(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        looks.ask_for(work, sweep, Purpose.check, {"p3": 0.5})
        batch = add_batch(work, sweep, "german", "de", ["p1", "p2", "p4"])
        for item, purpose in (("p1", "second"), ("p2", "check"), ("p4", "second")):
            here = sa.and_(places.c.batch_id == batch, places.c.item == item)
            work.execute(sa.update(places).where(here).values(purpose=purpose))
        claim(work, batch, by=CLEO, now=after(13), lease_minutes=60)
        decide(work, batch, [harmless("p1", CLEO, 14)], by=CLEO, policies=POLICIES, now=after(14))
        undo(work, sweep)
        assert [each.item for each in decisions_of(work, batch, by=CLEO)] == ["p4"]
        assert find_batch(work, batch).size == 1
        assert work.execute(sa.select(readings)).all() == []
        waiting = sa.select(items.c.item).where(items.c.look.is_not(None))
        assert work.execute(waiting).all() == []
        decide(work, batch, [harmless("p4", CLEO, 21)], by=CLEO, policies=POLICIES, now=after(21))
        finish_batch(work, batch, by=CLEO, now=after(22))


@pytest.mark.parametrize(
    ("item", "reason", "code"),
    [
        ("p1", " ", "REASON_MISSING"),
        ("p9", WHY, "ITEM_UNKNOWN"),
        ("p2", WHY, "DECISION_INHERITED"),
    ],
)
def test_where_there_is_nothing_to_undo_it_says_why(store: Store, item: str, reason: str, code: str) -> None:
    with store.begin() as work:
        sweep = decided(work)
        with pytest.raises(NotAllowed) as refused:
            undo(work, sweep, item, reason=reason)
        assert refused.value.codes == (code,)
        assert counts(work, sweep).decided == 4


def test_a_decision_is_undone_once(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        undo(work, sweep)
        with pytest.raises(NotAllowed) as refused:
            undo(work, sweep)
    assert refused.value.codes == ("ITEM_UNDECIDED",)


def test_the_team_lead_undoes_and_nobody_else_of_the_partners(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        lead_elsewhere = Person(id="tia", roles=frozenset({Role.partner_lead}), team="turkish")
        for person in (BO, DEV, lead_elsewhere):
            with pytest.raises(NotAuthorised):
                undo(work, sweep, by=person)
        assert undo(work, sweep, by=CLEO) == 2


def test_an_urged_item_overtakes_all_others(store: Store) -> None:
    with store.begin() as work:
        sweep = swept(work)
        work.execute(sa.update(items).values(state="waiting", priority=1.0))
        work.execute(sa.update(items).where(items.c.item.in_(["p2", "p3"])).values(state="covered"))
        # A copy is read as its head, which is what goes to the front.
        assert urge(work, sweep, ["p2", "p1"], by=ADA, reason="The press has it.", now=after(20)) == 1
        found = dict(work.execute(sa.select(items.c.item, items.c.priority)).tuples().all())
        last = entries(work, sweep.rpartition("-")[0])[-1]
        batch = pool.make_batch(work, sweep, pool.Wanted(team="german", person="cleo", size=1, languages=None))
        assert batch is not None
        assert [row["item"] for row in pool.read_places(work, batch)] == ["p1"]
    assert (found["p1"], found["p4"]) == (URGENT, 1.0)
    assert (last.event, last.facts["items"], last.facts["reason"]) == (Event.item_urged, 1, "The press has it.")


def test_what_cannot_be_urged_is_named(store: Store) -> None:
    with store.begin() as work:
        sweep = decided(work)
        with pytest.raises(NotAllowed) as refused:
            urge(work, sweep, ["p4", "p9"], by=ADA, reason="", now=after(20))
        assert refused.value.codes == ("REASON_MISSING", "ITEM_READ", "ITEM_UNKNOWN")
        with pytest.raises(NotAuthorised):
            urge(work, sweep, ["p4"], by=CLEO, reason=WHY, now=after(20))
        finish(work, sweep, now=after(21))
        with pytest.raises(NotAllowed) as ended:
            urge(work, sweep, ["p4"], by=ADA, reason=WHY, now=after(22))
    assert "SWEEP_ENDED" in ended.value.codes


def test_who_skips_an_item_is_not_asked_again(store: Store) -> None:
    with store.begin() as work:
        sweep = swept(work)
        skip_item(work, f"{sweep}-B1", "p1", by=BO, reason="I know the author.", now=after(11))
        assert [each.item for each in decisions_of(work, f"{sweep}-B1", by=BO)] == ["p4"]
        assert batches_of(work, sweep)[0].size == 1
        row = work.execute(sa.select(skips)).one()
        assert (
            pool.make_batch(work, sweep, pool.Wanted(team="german", person="bo", size=5, languages=None))
            is None
        )
        assert pool.make_batch(work, sweep, pool.Wanted(team="german", person="gil", size=5, languages=None))
        last = entries(work, sweep.rpartition("-")[0])[-1]
    assert (row.item, row.person, row.reason) == ("p1", "bo", "I know the author.")
    assert (last.event, last.facts["item"], last.facts["person"]) == (Event.item_skipped, "p1", "bo")


def test_an_item_is_skipped_by_who_holds_the_batch_before_it_is_decided(store: Store) -> None:
    with store.begin() as work:
        sweep = swept(work)
        batch = f"{sweep}-B1"
        decide(work, batch, [violating("p1")], by=BO, policies=POLICIES, now=after(11))
        found = []
        for item, reason in (("p1", WHY), ("p9", ""), ("p4", " ")):
            with pytest.raises(NotAllowed) as refused:
                skip_item(work, batch, item, by=BO, reason=reason, now=after(12))
            found.append(refused.value.codes)
        assert found == [("ITEM_DECIDED",), ("REASON_MISSING", "ITEM_ELSEWHERE"), ("REASON_MISSING",)]
        with pytest.raises(NotAllowed) as late:
            skip_item(work, batch, "p4", by=BO, reason=WHY, now=after(90))
    assert late.value.codes == ("LEASE_EXPIRED",)
