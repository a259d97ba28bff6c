"""What a drill is run on, how far it is, and what came of it, held against the truth."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
from prefect import task

from incidents.drills.golden import golden_items
from incidents.drills.measure import Measured, measure_sweep
from incidents.drills.request import START, DrillRequest
from incidents.drills.scenarios import Pile, generate, pile_from_posts
from incidents.errors import WatchfloorError
from incidents.incident.phases import Phase
from incidents.people import Person
from incidents.signals.signal import NewSignal
from incidents.store import drills
from incidents.store.gates import GateKind, open_gates
from incidents.store.golden import GoldenItem, add_golden
from incidents.store.incidents import find
from incidents.store.signals import signals_reported, take_signal
from incidents.store.standing import current_decisions
from incidents.store.sweeps import matched_items, sweeps_of
from incidents.sweeps.posts import read_posts, write_posts
from tasks.world import catalogue, settings, store

PATIENCE_SECONDS = 180.0
"""How long a drill waits for a flow to come to its next gate. `watch` mends what it can within a minute."""
LOOK_SECONDS = 0.25
LONGEST_THOUGHT_SECONDS = 10.0
"""In a live drill a simulated person takes this long at most: nobody watches one until tomorrow."""
BEFORE = timedelta(minutes=10)
"""The clock of a drill starts this long before its first signal."""


class DrillStuck(WatchfloorError):
    """A flow did not come to where the drill waits for it."""


class NothingNoticed(WatchfloorError):
    """Every signal was handed in, and no rule of detection.yaml opened a candidate for them."""

    def __init__(self, drill: str) -> None:
        super().__init__(f"{drill}: {self.__doc__}")


@cache
def request_of(drill: str) -> DrillRequest:
    """What was asked for; it never changes."""
    with store().read() as work:
        return DrillRequest.model_validate(drills.find_drill(work, drill).request)


def drill_time(drill: str, machine_now: datetime) -> datetime:
    """What the drill's clock shows."""
    with store().read() as work:
        return drills.find_drill(work, drill).clock.tell(machine_now)


def actor(name: str) -> Person:
    """One of the cast."""
    return catalogue().person(name, drill=True)


@cache
def pile_of(drill: str) -> Pile:
    """The posts of a drill with the truth about them: the same request, the same pile."""
    asked = request_of(drill)
    if asked.posts_file is None:
        return generate(asked.scenario, posts=asked.posts, seed=asked.seed, start=START)
    posts = read_posts(asked.posts_file)
    return pile_from_posts(posts, name=asked.posts_file.stem.split(".")[0], seed=asked.seed, start=START)


def posts_file(drill: str) -> Path:
    """Where the posts lie that the drill's sweep reads: without their labels, as in earnest."""
    return (settings().home / "drills" / drill / "posts.parquet").absolute()


@cache
def golden_of(drill: str) -> list[GoldenItem]:
    """Golden items of a generated drill; of recorded posts nobody has settled any."""
    asked = request_of(drill)
    if asked.posts_file is not None:
        return []
    return golden_items(asked.scenario, asked.seed, policy=pile_of(drill).policy, start=START)


@task(persist_result=False)
def prepare_pile(drill: str) -> int:
    """Write the posts to where the sweep will read them, and set the clock to their time; return how many.

    Golden items are added as somebody who writes policy would have done long before.
    """
    pile = pile_of(drill)
    path = posts_file(drill)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_posts(pile.posts.with_columns(label=pl.lit(None, dtype=pl.String)), path)
    first = min(signal.event_at for signal in pile.signals)
    with store().begin() as work:
        drills.set_clock(work, drill, first - BEFORE)
        add_golden(work, golden_of(drill), by=actor("cleo"), now=first - BEFORE, drill=drill)
    return pile.posts.height


def signals_left(drill: str, clock: Callable[[], datetime]) -> list[datetime]:
    """When each of the signals that were not handed in yet happens; none of them before now."""
    with store().read() as work:
        reported = signals_reported(work, drill)
    times = sorted(signal.event_at for signal in pile_of(drill).signals)[reported:]
    now = drill_time(drill, clock())
    return [now for _ in times] if request_of(drill).live else [max(now, time) for time in times]


@task(persist_result=False)
def report_signal(drill: str, clock: Callable[[], datetime]) -> bool:
    """Hand the next signal in, when it happened, through everybody's door; False where there is none left."""
    pile = pile_of(drill)
    with store().read() as work:
        reported = signals_reported(work, drill)
    if reported == len(pile.signals):
        return False
    told = sorted(pile.signals, key=lambda signal: signal.event_at)[reported]
    now = move_on(drill, told.event_at, clock)
    fields = told.model_dump() | {"kind": "drill", "payload": {**told.payload, "topic": pile.name}}
    if request_of(drill).live:
        fields["event_at"] = now
    with store().begin() as work:
        take_signal(work, NewSignal.model_validate(fields), by=actor("ada"), now=now, drill=drill)
    return True


def move_on(drill: str, to: datetime, clock: Callable[[], datetime]) -> datetime:
    """Let the time pass that people take: at once in a fast drill, really in a live one. Returns the time."""
    if request_of(drill).live:
        time.sleep(max(0.0, min((to - drill_time(drill, clock())).total_seconds(), LONGEST_THOUGHT_SECONDS)))
    else:
        with store().begin() as work:
            drills.move_clock(work, drill, to)
    return drill_time(drill, clock())


@task(task_run_name="await {kind.value}", persist_result=False)
def await_gate(incident: str, kind: GateKind) -> None:
    """Wait until the flow has come to a gate. DrillStuck, with where it is, where it does not come."""
    _await(lambda: _is_open(incident, kind), f"{incident} did not come to its gate {kind.value}")


@task(task_run_name="await {phase.value}", persist_result=False)
def await_phase(incident: str, phase: Phase) -> None:
    """Wait until the incident is in a phase. DrillStuck where it does not come to it."""
    _await(lambda: _phase(incident) is phase, f"{incident} did not come to the phase {phase.value}")


def _await(reached: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise DrillStuck(
                f"{otherwise} within {PATIENCE_SECONDS:.0f} s."
                " Look at its flow run in Prefect, and at `watchfloor doctor`."
            )
        time.sleep(LOOK_SECONDS)


def _is_open(incident: str, kind: GateKind) -> bool:
    with store().read() as work:
        return any(gate.kind is kind for gate in open_gates(work, incident))


def _phase(incident: str) -> Phase:
    with store().read() as work:
        return find(work, incident).phase


@task(persist_result=False)
def measure(drill: str, incident: str, reviewers: int) -> Measured:
    """Hold the decisions against the truth, and keep the result for the retrospective."""
    pile, asked = pile_of(drill), request_of(drill)
    with store().begin() as work:
        sweep = sweeps_of(work, incident)[0].id
        measured = measure_sweep(
            pile.posts, pile.truth, matched=matched_items(work, sweep), decisions=current_decisions(work, sweep)
        )
        told = {
            "scenario": pile.name,
            "seed": asked.seed,
            "error_rate": asked.error_rate,
            "reviewers": reviewers,
        }
        drills.keep_results(work, drill, told | measured.model_dump(mode="json"))
    return measured


def reach_stage(drill: str, stage: str, incident: str | None = None) -> None:
    """Say how far the drill is, to whoever follows it."""
    with store().begin() as work:
        drills.reach_stage(work, drill, stage, incident=incident)


def end_drill(drill: str) -> None:
    """Say that the drill came to its end."""
    with store().begin() as work:
        drills.end_drill(work, drill)


def fail_drill(drill: str, why: str) -> None:
    """Say that the drill failed, and why."""
    with store().begin() as work:
        drills.end_drill(work, drill, failure=why)
