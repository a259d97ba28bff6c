"""A gate is opened once a round, answered once, and escalated while nobody answers."""

from datetime import timedelta
from functools import partial
from threading import Thread

import pytest

from incidents.drills.clock import Clock
from incidents.errors import NotAllowed, Refusal
from incidents.incident.incident import SYSTEM
from incidents.store import lifecycle, outbox
from incidents.store.attempts import beat, replace_run, rest, take_lead, unfinished
from incidents.store.drills import open_drill
from incidents.store.engine import Store, Work
from incidents.store.gates import (
    Gate,
    GateKind,
    answer_gate,
    current_gate,
    escalate_gate,
    late_gates,
    open_gate,
    open_gates,
    refuse_answer,
)
from incidents.store.incidents import lock
from incidents.store.timeline import entries
from incidents.timeline import Event
from tests.incidents.sweep_rows import ADA, add_assessed, add_candidate, after, at_once, split

SILENT = timedelta(minutes=1)


def opened(work: Work, incident: str, run: str = "run-1") -> Gate:
    """The gate at which a candidate waits, due at minute 30."""
    return open_gate(work, incident, GateKind.declare, due_at=after(30), flow_run_id=run, now=after(1))


def test_a_gate_that_is_opened_again_keeps_the_run_that_waits_now(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        first = opened(work, incident)
        second = opened(work, incident, "run-2")
        assert (second.id, second.flow_run_id, second.state) == (first.id, "run-2", "open")
        assert [e.event for e in entries(work, incident)].count(Event.gate_opened) == 1
        assert [gate.id for gate in open_gates(work, incident)] == [first.id]
        assert open_gates(work, "INC-404") == []


def test_the_answer_is_written_once_and_wakes_the_run(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        gate = opened(work, incident)
        for answer in ("declare", "dismiss"):
            answer_gate(work, incident, GateKind.declare, answer=answer, by="ada", reason="So.", now=after(2))
        found = current_gate(work, incident, GateKind.declare, incident)
        (parcel,) = outbox.undelivered(work)
        late = opened(work, incident, "run-2")
    assert (found.is_answered, found.answer, found.answered_at) == (True, "declare", after(2))
    assert (parcel.kind, parcel.payload) == (outbox.Kind.resume, {"gate": gate.id, "flow_run_id": "run-1"})
    assert (late.is_answered, late.flow_run_id) == (True, "run-1")


def test_a_refused_answer_leaves_the_question_open(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        refused = NotAllowed("Not yet.", [Refusal("SWEEP_UNFINISHED", "S1 is.")])
        gate = refuse_answer(work, opened(work, incident), refused, person="ada", now=after(2))
        last = entries(work, incident)[-1]
    assert (gate.state, gate.refusals, gate.refused_because) == ("open", 1, str(refused))
    assert last.facts == {"gate": "declare", "person": "ada", "codes": ["SWEEP_UNFINISHED"]}


def test_a_gate_is_escalated_once_for_each_time_it_is_late(store: Store) -> None:
    with store.begin() as work:
        gate = opened(work, add_assessed(work))

    def run() -> bool:
        with store.begin() as work:
            return escalate_gate(work, gate, next_due=after(60), now=after(31))

    won, failed = split(at_once(run, run))
    assert (sorted(won), failed) == ([False, True], [])


@pytest.mark.parametrize(("clock", "late"), [(Clock(), True), (Clock(stands_at=after(1)), False)])
def test_nobody_is_late_by_a_clock_that_stands_still(store: Store, clock: Clock, late: bool) -> None:
    with store.begin() as work:
        drill = open_drill(work, {}, clock=clock, by=SYSTEM).id
        incident = add_candidate(work, drill=drill).id
        lifecycle.start_assessment(work, incident, by=SYSTEM, now=after(1))
        gate = opened(work, incident)
        assert late_gates(work, now=gate.due_at - SILENT) == []
        assert late_gates(work, now=gate.due_at) == [gate] * late


def test_an_escalation_and_an_answer_do_not_wait_for_each_other(store: Store) -> None:
    with store.begin() as work:
        incident = add_assessed(work)
        gate = opened(work, incident)
    escalated: list[bool] = []

    def escalate() -> None:
        with store.begin() as work:
            escalated.append(escalate_gate(work, gate, next_due=after(60), now=after(31)))

    other = Thread(target=escalate)
    with store.begin() as work:
        lock(work, incident)
        other.start()
        # Time enough to take the gate, for which the answer below would then wait for ever.
        other.join(0.5)
        lifecycle.declare(work, incident, by=ADA, reason="It spreads.", now=after(31))
    other.join()
    assert escalated == [False]


def lead(store: Store, run: str, minutes: float = 0) -> bool:
    """Whether this run leads the crisis now."""
    with store.begin() as work:
        return take_lead(
            work,
            "crisis:INC-1",
            flow="crisis",
            incident="INC-1",
            flow_run_id=run,
            machine_now=after(minutes),
            dead_after=SILENT,
        )


def test_one_run_leads_until_it_is_silent_for_too_long(store: Store) -> None:
    with store.begin() as work:
        add_assessed(work)
    won, failed = split(at_once(*(partial(lead, store, f"run-{n}") for n in range(4))))
    assert (sorted(won), failed) == ([False, False, False, True], [])
    leader = f"run-{won.index(True)}"
    assert lead(store, leader, 0.5)
    with store.begin() as work:
        assert beat(work, "crisis:INC-1", leader, machine_now=after(1))
        assert not beat(work, "crisis:INC-1", "run-9", machine_now=after(1))
    assert not lead(store, "run-9", 1.9)
    assert lead(store, "run-9", 2.1)
    with store.read() as work:
        (attempt,) = unfinished(work)
    assert (attempt.flow_run_id, attempt.starts) == ("run-9", 3)


def test_a_run_that_waits_or_is_done_is_not_taken_over(store: Store) -> None:
    with store.begin() as work:
        add_assessed(work)
    assert lead(store, "run-1")
    with store.read() as work:
        [attempt] = unfinished(work)
    for state in ("waiting", "done"):
        with store.begin() as work:
            rest(work, "crisis:INC-1", "run-1", state, machine_now=after(0))
        assert not lead(store, "run-2", 999)
    with store.begin() as work:
        assert unfinished(work) == []
        assert replace_run(work, attempt, "run-3", machine_now=after(1000))
        assert not replace_run(work, attempt, "run-4", machine_now=after(1000))
