"""Carry out what a sweep planned: on its platform, once a commander says so, or report that you did."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import Reason, SweepId, example
from console.cli.printing import print_json, print_lines, print_table
from console.cli.proposals import say_proposed
from console.second_person import take_or_propose
from incidents import words
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.acting import Line, Ordered, count_states, orderable, take_report
from incidents.store.sweeps import find_sweep
from incidents.sweeps.acting import read_report

MEASURES = ["measure", "policy", "posts"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    ordering = "watchfloor sweep act INC-12-S1 --actions 412 --reason 'The plan was read by two of us'"
    app.command(epilog=example("watchfloor sweep act INC-12-S1", ordering))(act)
    app.command(epilog=example("watchfloor sweep acted INC-12-S1 plan.csv"))(acted)


def act(
    ctx: typer.Context,
    sweep: SweepId,
    actions: Annotated[
        int | None, typer.Option(min=1, help="How many you have read and want carried out: all of them.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Have the platform carry out the plan of a finished sweep. Without `--actions`, say what that would be.

    It takes a commander, and WATCHFLOOR_PLATFORM_ACTIONS=true; no flow ever does it by itself, and a drill
    cannot. What people have to look at first (escalate) is left out. A decision that is undone later is
    taken back there by itself. What the platform refused is ordered again by saying it again. Where so many
    posts take a second person by the protocol, this proposes it: see `watchfloor proposals`.
    """
    door = Door.of(ctx)
    if actions is None:
        _tell(door, sweep)
        return
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        wanted = Wanted(step=Step.act, incident=incident, sweep=sweep, actions=actions)
        ordered = take_or_propose(work, door, wanted, by=by, reason=reason, now=now)
    door.hand_over(incident)
    if isinstance(ordered, Proposal):
        say_proposed(door, ordered)
        return
    assert isinstance(ordered, Ordered)
    deliveries = words.counted(ordered.deliveries, "delivery", "deliveries")
    verb = "is" if actions == 1 else "are"
    sentence = f"{words.counted(actions, 'action')} of {sweep} {verb} ordered of the platform, in {deliveries}."
    then = f"`watchfloor sweep act {sweep}` says how far it is."
    door.say(f"{sentence} {then}", sweep=sweep, **ordered.model_dump())


def _tell(door: Door, sweep: str) -> None:
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        lines = orderable(work, sweep, by=by)
        states = count_states(work, sweep)
    counted = Counter(map(_kind, lines))
    rows = [
        {"measure": measure, "policy": policy, "posts": posts}
        for (measure, policy), posts in sorted(counted.items())
    ]
    if door.as_json:
        print_json({"sweep": sweep, "to_order": len(lines), "measures": rows, "states": states})
        return
    so_far = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "nothing was ordered yet"
    todo = f" Say `--actions {len(lines)}` and a reason to have them carried out." if lines else ""
    can = words.counted(len(lines), "action")
    print_lines([f"{can} can be ordered of the platform.{todo}", f"So far: {so_far}."])
    print_table(rows, MEASURES, title="To be ordered")


def _kind(line: Line) -> tuple[str, str]:
    return line.measure.value, line.planned.policy or ""


def acted(
    ctx: typer.Context,
    sweep: SweepId,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The plan as exported, ACTED_AT filled in where it was done.")
    ],
) -> None:
    """Report what you carried out of a plan by tools of your own, when, and at which reach; all rows or none.

    REACH_AT_ACTION is how many people had seen the post by then, as the platform counts; empty where nobody
    knows. The retrospective tells from it how far posts got before anybody acted. A file of CSV or XLSX has
    10,000 rows at most: report a longer plan in pieces.
    """
    door = Door.of(ctx)
    rows = read_report(file)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        changed = take_report(work, sweep, rows, by=by, now=now)
    door.hand_over(incident)
    known = len(rows) - changed
    verb = "is" if changed == 1 else "are"
    sentence = f"{words.counted(changed, 'action')} of {sweep} {verb} reported; {known:,} were known."
    door.say(sentence, sweep=sweep, reported=changed, known=known)
