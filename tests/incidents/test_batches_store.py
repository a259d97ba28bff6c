"""Every batch is in one person's hands or in nobody's, however many ask at once."""

from functools import partial
from multiprocessing import get_context

import pytest

from incidents.errors import Conflict, NotAllowed, NotAuthorised, NotFound
from incidents.four_eyes import ALONE
from incidents.people import Person, Role
from incidents.store import lifecycle
from incidents.store.batches import (
    LEASE_ENDED,
    Batch,
    batches_of,
    claim,
    claim_batch,
    find_batch,
    items_of,
)
from incidents.store.engine import Store, Work
from incidents.store.returns import return_batch, return_expired
from incidents.store.roles import take_role
from incidents.store.schema import incidents
from incidents.store.timeline import entries, verify
from incidents.sweeps.desk import Desk
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    DEV,
    add_crisis,
    add_sweep,
    after,
    at_once,
    leased,
    pile,
    split,
)

ROOT = Person(id="root", roles=frozenset({Role.administrator}))


def ask(work: Work, by: Person = BO, minutes: float = 10, team: str = "german", **narrow: str) -> Batch | None:
    """Ask for the team's next batch, for an hour."""
    sweep, drill = narrow.get("sweep"), narrow.get("drill", "")
    desk = Desk(team=team, lease_minutes=60, batch_size=2)
    return claim_batch(work, desk, by=by, now=after(minutes), sweep=sweep, drill=drill)


def take_all(url: str, name: str) -> list[str]:
    """Another process: claim German batches by id, each as another person, until nothing is free."""
    store, taken = Store.open(url), []
    for number in range(40):
        with store.begin() as work:
            batch = ask(work, Person(id=f"{name}{number}", roles=BO.roles, team="german"))
        if batch is None:
            break
        taken.append(batch.id)
    store.close()
    return taken


def test_the_most_urgent_batch_comes_first(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        first, second = ask(work, BO), ask(work, CLEO)
        assert first is not None
        assert second is not None
        assert (first.id, second.id) == (f"{sweep}-B1", f"{sweep}-B2")
        assert (first.leased_to, first.leased_at, first.lease_expires_at) == ("bo", after(10), after(70))
        assert ask(work, Person(id="gil", roles=BO.roles, team="german")) is None
        last = entries(work, first.incident_id)[-1]
    assert (last.event, last.actor) == (Event.batch_claimed, "cleo")
    assert last.facts == {"batch": second.id, "person": "cleo", "until": after(70).isoformat()}


def test_two_who_ask_at_once_get_two_batches(store: Store) -> None:
    with store.begin() as work:
        add_sweep(work, add_crisis(work), pile(*((f"p{n:02}", "de") for n in range(16))))
    people = [Person(id=f"gil{n}", roles=BO.roles, team="german") for n in range(10)]

    def run(by: Person) -> str | None:
        with store.begin() as work:
            batch = ask(work, by)
            return batch.id if batch else None

    won, failed = split(at_once(*(partial(run, person) for person in people)))
    got = [batch for batch in won if batch is not None]
    assert failed == []
    assert (len(got), len(set(got)), won.count(None)) == (8, 8, 2)


def test_two_processes_share_the_batches_without_overlap(store: Store, store_url: str) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work), pile(*((f"p{n:02}", "de") for n in range(40))))
    with get_context("spawn").Pool(2) as pool:
        one, two = pool.starmap(take_all, [(store_url, "left"), (store_url, "right")])
    assert sorted(one + two) == sorted(f"{sweep}-B{n}" for n in range(1, 21))
    with store.read() as work:
        assert list(verify(work)) == []


def test_a_double_click_takes_one_batch(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))

    def run() -> str | None:
        with store.begin() as work:
            batch = ask(work, BO)
            return batch.id if batch else None

    won, failed = split(at_once(run, run, run))
    assert (won, failed) == ([f"{sweep}-B1"] * 3, [])


def test_whoever_lost_the_connection_gets_the_same_batch_back(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        again = ask(work, BO, minutes=30)
        assert again is not None
        assert (again.id, again.leased_at, again.lease_expires_at) == (batch.id, after(10), after(90))
        claimed = [e for e in entries(work, batch.incident_id) if e.event is Event.batch_claimed]
    assert len(claimed) == 1


def test_an_ended_lease_is_taken_over_by_the_next_who_asks(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        claim(work, f"{batch.sweep_id}-B2", by=CLEO, now=after(10), lease_minutes=600)
        gil = Person(id="gil", roles=BO.roles, team="german")
        assert ask(work, gil, minutes=69) is None
        taken = ask(work, gil, minutes=70)
        assert taken is not None
        assert (taken.id, taken.leased_to) == (batch.id, "gil")
        told = [(e.event, e.facts.get("person")) for e in entries(work, batch.incident_id)][-2:]
    assert told == [(Event.batch_returned, "bo"), (Event.batch_claimed, "gil")]


def test_whoever_comes_back_late_gets_the_own_batch_first(store: Store) -> None:
    batch = leased(store, number=2)
    with store.begin() as work:
        again = ask(work, BO, minutes=80)
        assert again is not None
        assert again.id == batch.id


def test_a_batch_that_somebody_holds_is_refused_with_who_and_until_when(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        with pytest.raises(Conflict, match=r"held by bo until 2026-11-22 19:10:00 UTC"):
            claim(work, batch.id, by=CLEO, now=after(11), lease_minutes=60)
        assert claim(work, batch.id, by=BO, now=after(11), lease_minutes=60).lease_expires_at == after(71)
        with pytest.raises(NotFound, match="INC-1-S1-B9"):
            claim(work, "INC-1-S1-B9", by=BO, now=after(11), lease_minutes=60)


def test_another_team_gets_nothing_of_it(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        for refused in (
            lambda: ask(work, DEV, team="german"),
            lambda: claim(work, batch.id, by=DEV, now=after(90), lease_minutes=60),
            lambda: items_of(work, batch.id, DEV),
            lambda: return_batch(work, batch.id, by=DEV, why="tired", now=after(11)),
        ):
            with pytest.raises(NotAuthorised) as error:
                refused()
            assert error.value.codes == ("OTHER_TEAM",)


def test_items_come_in_their_order(store: Store) -> None:
    batch = leased(store)
    with store.read() as work:
        found = items_of(work, batch.id, BO)
    assert [(item.item, item.place, item.text, item.matched) for item in found] == [
        ("p1", 1, "an alarm", ("term:alarm",)),
        ("p2", 2, "an alarm", ("term:alarm",)),
    ]
    assert found[0].posted_at == after(0)
    assert "alarm'" not in repr(found[0]).replace("term:alarm'", "")


def test_a_returned_batch_is_free_again(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        with pytest.raises(Conflict, match="held by bo"):
            return_batch(work, batch.id, by=CLEO, why="tidy", now=after(11))
        return_batch(work, batch.id, by=BO, why="too hard to look at", now=after(11))
        with pytest.raises(Conflict, match="nobody"):
            return_batch(work, batch.id, by=BO, why="twice", now=after(11))
        last = entries(work, batch.incident_id)[-1]
        assert find_batch(work, batch.id).state == "open"
        taken = ask(work, CLEO)
    assert taken is not None
    assert taken.id == batch.id
    assert (last.event, last.facts["person"], last.facts["why"]) == (
        (Event.batch_returned, "bo", "too hard to look at")
    )


def test_ended_leases_are_returned_by_the_clock_of_their_incident(store: Store) -> None:
    batch = leased(store)
    with store.begin() as work:
        other = add_sweep(work, add_crisis(work, "other"))
        claim(work, f"{other}-B1", by=BO, now=after(10), lease_minutes=60)
        clocks = {batch.incident_id: after(70), find_batch(work, f"{other}-B1").incident_id: after(69)}
        assert return_expired(work, clocks.__getitem__) == [batch.id]
        assert return_expired(work, clocks.__getitem__) == []
        last = entries(work, batch.incident_id)[-1]
    assert (last.event, last.actor) == (Event.batch_returned, "watchfloor")
    assert last.facts == {"batch": batch.id, "person": "bo", "why": LEASE_ENDED}


def test_watch_and_a_reviewer_do_not_both_take_an_ended_lease(store: Store) -> None:
    batch = leased(store)

    def repair() -> str | None:
        with store.begin() as work:
            return ",".join(return_expired(work, lambda _: after(80)))

    def work_on() -> str | None:
        with store.begin() as work:
            taken = ask(work, CLEO, minutes=80)
            return taken.leased_to if taken else None

    _, failed = split(at_once(repair, work_on, repair))
    assert failed == []
    with store.read() as work:
        returned = [e for e in entries(work, batch.incident_id) if e.event is Event.batch_returned]
        held = [b for b in batches_of(work, batch.sweep_id) if b.leased_to == "cleo"]
        assert list(verify(work)) == []
    assert (len(returned), len(held)) == (1, 1)


def test_languages_and_sweep_narrow_the_choice(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        first = add_sweep(work, incident, pile(("p1", "de"), ("p2", "pl")))
        second = add_sweep(work, incident)
        desk = Desk(team="german", lease_minutes=60, languages=("pl",))
        polish = claim_batch(work, desk, by=BO, now=after(10), sweep=first)
        assert polish is not None
        assert (polish.sweep_id, polish.language) == (first, "pl")
        narrowed = ask(work, CLEO, sweep=second)
        assert narrowed is not None
        assert narrowed.sweep_id == second


def test_drills_and_real_incidents_do_not_mix(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = add_sweep(work, incident)
        work.execute(incidents.update().values(drill="DRILL-1"))
        assert ask(work, BO) is None
        assert ask(work, BO, drill="DRILL-1") is not None
        assert ask(work, CLEO, sweep=sweep) is not None


def test_a_restricted_incident_gives_work_to_its_circle_alone(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        add_sweep(work, incident)
        lifecycle.restrict(work, incident, restricted=True, by=ADA, reason="A leak.", now=after(5))
        assert ask(work, BO) is None
        take_role(work, incident, "partner_reviewer", BO, now=after(6))
        assert ask(work, BO) is not None
        assert ask(work, ROOT) is not None


def test_an_ended_incident_hands_out_no_work(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = add_sweep(work, incident)
        for code in ("SWEEP_UNFINISHED", "GUIDELINE_MISSING"):
            lifecycle.waive(work, incident, code, by=ADA, consent=ALONE, reason="It is over.", now=after(6))
        lifecycle.stand_down(work, incident, by=ADA, reason="It is over.", now=after(7))
        assert ask(work, BO) is None
        with pytest.raises(NotAllowed) as refused:
            claim(work, f"{sweep}-B1", by=BO, now=after(10), lease_minutes=60)
    assert refused.value.codes == ("INCIDENT_ENDED",)
