"""A sweep is requested, frozen once, worked, and finished once, with a plan."""

import pytest

from incidents.errors import NotAllowed, NotAuthorised, NotFound
from incidents.incident.phases import Phase
from incidents.store import lifecycle, outbox
from incidents.store.batches import batches_of, claim, items_of
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import finish, is_over
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.incidents import find
from incidents.store.post_source import TableSource
from incidents.store.progress import progress
from incidents.store.sweeps import (
    Goal,
    find_sweep,
    find_sweep_for,
    plan_of,
    request_sweep,
    sweeps_of,
)
from incidents.store.timeline import entries, milestones_of, verify
from incidents.sweeps.stopping import plan_for
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CERTIFY_SEED,
    DEV,
    POLICIES,
    SCOPE,
    SIX,
    SOURCE,
    STEER_SEED,
    add_assessed,
    add_crisis,
    add_sweep,
    after,
    at_once,
    frozen,
    harmless,
    pile,
    requested,
    split,
    violating,
)


def work_all(work: Work, sweep: str) -> None:
    """Bo and Dev decide everything: p1 violates, the rest does not."""
    for batch in batches_of(work, sweep):
        by = DEV if batch.team == "turkish" else BO
        claim(work, batch.id, by=by, now=after(10), lease_minutes=60)
        said = [
            violating(item.item, by) if item.item == "p1" else harmless(item.item, by)
            for item in items_of(work, batch.id, by)
        ]
        decide(work, batch.id, said, by=by, policies=POLICIES, now=after(11))
        finish_batch(work, batch.id, by=by, now=after(12))


def test_a_request_starts_the_flow_by_an_event(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = requested(work, incident)
    with store.read() as work:
        parcel = next(p for p in outbox.undelivered(work) if p.kind is outbox.Kind.event)
        last = entries(work, incident)[-1]
        assert sweeps_of(work, incident) == [sweep]
    assert (sweep.id, sweep.state, sweep.scope) == (f"{incident}-S1", "requested", SCOPE)
    assert parcel.payload == {"event": "sweep.scope.requested", "incident": incident, "sweep": sweep.id}
    assert (last.event, last.actor) == (Event.sweep_requested, "ada")
    assert last.facts == {"sweep": sweep.id, "scope_hash": SCOPE.fingerprint()} | Goal().model_dump()


def test_a_sweep_is_requested_during_a_response_only(store: Store) -> None:
    with store.begin() as work:
        assessed = add_assessed(work)
        with pytest.raises(NotAllowed) as refused:
            requested(work, assessed)
        assert refused.value.codes == ("SWEEP_NOT_OPEN",)
    with store.begin() as work, pytest.raises(NotAuthorised):
        request_sweep(work, assessed, SCOPE, SOURCE, by=BO, now=after(4))


def test_a_sweep_that_is_requested_while_monitoring_takes_the_incident_back_to_its_response(
    store: Store,
) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        lifecycle.start_monitoring(work, incident, now=after(4))
        sweep = requested(work, incident)
        assert find(work, incident).phase is Phase.responding
        last = entries(work, incident)[-1]
    assert (last.event, last.facts) == (Event.response_started, {"again": f"{sweep.id} was requested"})


def test_the_password_of_a_source_is_kept_and_never_shown(store: Store) -> None:
    source = TableSource(url="postgresql://reader:hunter2@db/posts?sslpassword=deep", table="posts")
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = request_sweep(work, incident, SCOPE, source, by=ADA, now=after(4))
        found = find_sweep(work, sweep.id)
        told = str([entry.facts for entry in entries(work, incident)])
    assert found.source == source
    shown = f"{found!r} {found.model_dump_json()} {source.shown} {told}"
    assert "hunter2" not in shown
    assert "deep" not in shown


def test_a_sweep_is_frozen_once(store: Store) -> None:
    universe = frozen(SIX)
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = requested(work, incident).id

    def run() -> bool:
        with store.begin() as work:
            return freeze(work, sweep, universe, now=after(5))

    won, failed = split(at_once(run, run, run))
    assert (sorted(won), failed) == ([False, False, True], [])
    with store.read() as work:
        found = find_sweep(work, sweep)
        parts = progress(work, sweep).parts
        told = {entry.event: entry.facts for entry in entries(work, incident)}
    assert (found.state, found.posts_seen, found.posts_matched) == ("working", 6, 6)
    assert found.universe_hash == universe.hash
    assert found.plan == plan_for(0.9, 0.95)
    assert found.terms is not None
    assert (found.terms[0].term, found.terms[0].posts, found.terms[0].alone) == ("term:alarm", 6, 6)
    assert [(part.team, part.items, part.to_read) for part in parts] == [("german", 4, 4), ("turkish", 2, 2)]
    seeds = {"steer_seed": STEER_SEED, "certify_seed": CERTIFY_SEED}
    counted = {"sweep": sweep, "window": 1, "posts": 6, "matched": 6, "universe": universe.hash}
    assert told[Event.universe_frozen] == counted | seeds
    opened = {"sweep": sweep, "to_read": 6, "covered": 0, "by_team": {"german": 4, "turkish": 2}}
    assert told[Event.reading_opened] == opened
    assert told[Event.plan_fixed]["plan"] == found.plan.model_dump(mode="json")


def test_a_sweep_that_matched_nothing_ends_at_once(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work), pile(("p1", "de"), text="nothing"))
        found = find_sweep(work, sweep)
        assert (found.posts_seen, found.posts_matched) == (1, 0)
        assert is_over(work, sweep)
        assert finish(work, sweep, now=after(6))
        assert plan_of(work, sweep) == []


def test_a_sweep_finishes_when_every_batch_is_done(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = add_sweep(work, incident)
        assert not finish(work, sweep, now=after(12))
        assert not is_over(work, sweep)
        work_all(work, sweep)
        assert is_over(work, sweep)

    def run() -> bool:
        with store.begin() as work:
            return finish(work, sweep, now=after(13))

    won, failed = split(at_once(run, run))
    assert (sorted(won), failed) == ([False, True], [])
    with store.read() as work:
        plan = plan_of(work, sweep)
        told = [(entry.event, entry.facts) for entry in entries(work, incident)][-2:]
        reached = {m["name"]: m["at"] for m in milestones_of(work, incident)}
        assert list(verify(work)) == []
    assert [(a.key, a.action, a.policy_version, a.decided_by) for a in plan] == [
        (f"action:{sweep}:p1", "remove", 2, ("bo",))
    ]
    assert told == [
        (Event.sweep_finished, {"sweep": sweep, "decided": 6, "violates": 1, "escalated": 0}),
        (Event.plan_made, {"sweep": sweep, "actions": 1}),
    ]
    assert (reached["first_decision"], reached["sweep_finished"]) == (after(11), after(13))


def test_a_sweep_that_is_not_frozen_is_not_worked_off(store: Store) -> None:
    with store.begin() as work:
        sweep = requested(work, add_crisis(work)).id
        assert not is_over(work, sweep)
        assert not finish(work, sweep, now=after(5))


def test_progress_is_told_by_team_and_language(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        claim(work, f"{sweep}-B1", by=BO, now=after(10), lease_minutes=60)
        decide(work, f"{sweep}-B1", [violating("p1")], by=BO, policies=POLICIES, now=after(11))
        decide(work, f"{sweep}-B1", [harmless("p1")], by=BO, policies=POLICIES, now=after(12))
        told = progress(work, sweep)
    german, turkish = told.parts
    assert (german.team, german.language, german.items, german.decided, german.violates) == (
        ("german", "de", 4, 1, 0)
    )
    assert (german.batches_open, german.batches_leased, german.batches_done) == (1, 1, 0)
    assert (turkish.items, turkish.decided, turkish.batches_open) == (2, 0, 1)
    assert (told.items, told.decided, told.violates, told.unsure) == (6, 1, 0, 0)
    assert told.of_team("turkish").parts == (turkish,)


def test_who_may_not_see_an_incident_does_not_see_its_sweep(store: Store) -> None:
    with store.begin() as work:
        incident = add_crisis(work)
        sweep = requested(work, incident).id
        assert find_sweep_for(work, sweep, BO).id == sweep
        lifecycle.restrict(work, incident, restricted=True, by=ADA, reason="A leak.", now=after(5))
        with pytest.raises(NotAuthorised):
            find_sweep_for(work, sweep, BO)
        with pytest.raises(NotFound, match="INC-9-S9"):
            find_sweep(work, "INC-9-S9")
