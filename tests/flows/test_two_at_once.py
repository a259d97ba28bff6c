"""Two people, each in a process of their own, do the same thing at the same moment: one wins, one is told.

Ada and Gil command, Bo and Cleo review for the same team. Each act is tried on several incidents, both
processes starting from one barrier, so that either may come first.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier

import pytest

from incidents.errors import Conflict
from incidents.people import Person, Role
from incidents.store import lifecycle
from incidents.store.batches import batches_of, claim, find_batch, items_of
from incidents.store.engine import Store, Work
from incidents.store.guidelines import publish_guideline
from incidents.store.incidents import find, holder_of
from incidents.store.sheets import import_decisions
from incidents.store.standing import decisions_of
from incidents.store.timeline import entries, verify
from incidents.sweeps.exchange import FilledRow
from incidents.timeline import Event
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    POLICIES,
    POLICY,
    add_assessed,
    add_crisis,
    add_sweep,
    after,
)

GIL = Person(id="gil", roles=frozenset({Role.commander}))
TIMES = 6
"""Incidents on which each act is tried."""

Act = Callable[[Work, str, Person, datetime], object]
Outcome = tuple[str, str | None]
"""Who acted, and what they were told; None where they won."""

_barrier: Barrier


def keep(barrier: Barrier) -> None:
    """Remember, in a process of the pool, where it meets the other one."""
    global _barrier
    _barrier = barrier


def do(act: Act, url: str, subject: str, by: Person, now: datetime) -> Outcome:
    """In a process of its own: wait for the other one, act, and return what this person was told."""
    store = Store.open(url)
    try:
        with store.read() as work:
            work.connection.exec_driver_sql("SELECT 1")  # connected before the start, as the other one is
        _barrier.wait(60)
        with store.begin() as work:
            act(work, subject, by, now)
    except Conflict as told:
        return by.id, str(told)
    finally:
        store.close()
    return by.id, None


def declare(work: Work, incident: str, by: Person, now: datetime) -> object:
    return lifecycle.declare(work, incident, by=by, reason="It spreads.", now=now)


def dismiss(work: Work, incident: str, by: Person, now: datetime) -> object:
    return lifecycle.dismiss(work, incident, by=by, reason="A film trailer.", now=now)


def stand_down(work: Work, incident: str, by: Person, now: datetime) -> object:
    return lifecycle.stand_down(work, incident, by=by, reason="It is over.", now=now)


def lease(work: Work, batch: str, by: Person, now: datetime) -> object:
    return claim(work, batch, by=by, now=now, lease_minutes=60)


def decide(work: Work, batch: str, by: Person, now: datetime) -> object:
    """Hand in a filled-in spreadsheet of a batch that nobody holds."""
    said = {"verdict": "violates", "policy": POLICY.id, "clause": "call-to-act", "action": "remove"}
    rows = [
        FilledRow.model_validate({"row": n, "item": item.item, "rationale": f"says {by.id}", **said})
        for n, item in enumerate(items_of(work, batch, by), start=2)
    ]
    return import_decisions(work, batch, rows, by=by, policies=POLICIES, now=now, lease_minutes=60)


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    """Two processes that share nothing with this one but a barrier."""
    context = get_context("spawn")
    with context.Pool(2, initializer=keep, initargs=(context.Barrier(2),)) as pool:
        yield pool


@pytest.fixture
def race(processes: Pool, store_url: str) -> Callable[..., list[Outcome]]:
    """Let two people act at once on each subject; the outcomes, two in a row for each subject."""

    def run(subjects: Sequence[str], one: tuple[Act, Person], other: tuple[Act, Person]) -> list[Outcome]:
        jobs = [
            (act, store_url, subject, person, after(minute))
            for subject in subjects
            for minute, (act, person) in enumerate((one, other), start=20)
        ]
        return processes.starmap(do, jobs, chunksize=1)

    return run


def winners(outcomes: Sequence[Outcome], *, told: str) -> list[str]:
    """The winner of each pair. The other one was told who that is and when it was."""
    won = []
    for first, second in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert Counter(answer is None for _, answer in (first, second)) == {True: 1, False: 1}
        winner, loser = (first, second) if first[1] is None else (second, first)
        at = after(20 if winner is first else 21)
        assert told.format(who=winner[0], at=at) in str(loser[1])
        won.append(winner[0])
    return won


def count(work: Work, incident: str, *events: Event) -> int:
    return sum(entry.event in events for entry in entries(work, incident))


def make(store: Store, ready: Callable[[Work, str], str]) -> list[str]:
    with store.begin() as work:
        return [ready(work, f"matter-{n}") for n in range(TIMES)]


def ready_to_end(work: Work, key: str) -> str:
    incident = add_crisis(work, key)
    bodies, policy = {"en": "Remove it."}, (POLICY.id, POLICY.version)
    text = partial(publish_guideline, work, incident, bodies, title="Footage", policy=policy)
    text(effective_from=after(4), by=ADA, now=after(4))
    return incident


def first_batch(work: Work, key: str) -> str:
    return batches_of(work, add_sweep(work, add_crisis(work, key)))[0].id


def test_of_two_who_declare_one_wins(store: Store, race: Callable[..., list[Outcome]]) -> None:
    incidents = make(store, add_assessed)
    outcomes = race(incidents, (declare, ADA), (declare, GIL))
    won = winners(outcomes, told="{who} moved first, at {at:%Y-%m-%d %H:%M:%S} UTC (incident.crisis.declared)")
    with store.read() as work:
        assert [holder_of(work, incident, Role.commander) for incident in incidents] == won
        assert [count(work, incident, Event.crisis_declared) for incident in incidents] == [1] * TIMES
        assert list(verify(work)) == []


def test_of_two_who_judge_otherwise_one_wins(store: Store, race: Callable[..., list[Outcome]]) -> None:
    incidents = make(store, add_assessed)
    outcomes = race(incidents, (declare, ADA), (dismiss, GIL))
    won = winners(outcomes, told="{who} moved first, at {at:%Y-%m-%d %H:%M:%S} UTC")
    with store.read() as work:
        phases = [find(work, incident).phase.value for incident in incidents]
        assert phases == ["declared" if who == "ada" else "dismissed" for who in won]
        judged = (Event.crisis_declared, Event.candidate_dismissed)
        assert [count(work, incident, *judged) for incident in incidents] == [1] * TIMES


def test_of_two_who_stand_down_one_wins(store: Store, race: Callable[..., list[Outcome]]) -> None:
    incidents = make(store, ready_to_end)
    outcomes = race(incidents, (stand_down, ADA), (stand_down, GIL))
    winners(outcomes, told="{who} moved first, at {at:%Y-%m-%d %H:%M:%S} UTC (incident.crisis.stood-down)")
    with store.read() as work:
        assert [count(work, incident, Event.crisis_stood_down) for incident in incidents] == [1] * TIMES
        assert list(verify(work)) == []


def test_of_two_who_lease_a_batch_one_wins(store: Store, race: Callable[..., list[Outcome]]) -> None:
    batches = make(store, first_batch)
    outcomes = race(batches, (lease, BO), (lease, CLEO))
    won = winners(outcomes, told="is held by {who} until 2026-11-22 19:2")
    with store.read() as work:
        found = [find_batch(work, batch) for batch in batches]
        assert [batch.leased_to for batch in found] == won
        assert [count(work, batch.incident_id, Event.batch_claimed) for batch in found] == [1] * TIMES


def test_of_two_who_decide_the_same_items_one_wins(store: Store, race: Callable[..., list[Outcome]]) -> None:
    batches = make(store, first_batch)
    outcomes = race(batches, (decide, BO), (decide, CLEO))
    won = winners(outcomes, told="is done: {who} finished it at {at:%Y-%m-%d %H:%M:%S} UTC")
    with store.read() as work:
        for batch, who in zip(batches, won, strict=True):
            said = [current.decision for current in decisions_of(work, batch, by=BO)]
            # Not one item is decided by the other, and none is left out.
            assert [(each.person, each.rationale) for each in said if each] == [(who, f"says {who}")] * 2
            assert count(work, find_batch(work, batch).incident_id, Event.batch_finished) == 1
        assert list(verify(work)) == []
