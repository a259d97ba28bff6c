"""What a commander does to a running sweep: have items read first, take decisions back, close it."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import Reason, SweepId, example
from console.cli.proposals import say_proposed
from console.second_person import take_or_propose
from incidents import words
from incidents.proposals import Proposal, Step, Wanted
from incidents.store.sweeps import find_sweep
from incidents.store.turns import urge as urge_items


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    app.command(epilog=example("watchfloor sweep urge INC-12-S1 184467 184468 --reason 'The press has it'"))(
        urge
    )
    app.command(epilog=example("watchfloor sweep undo INC-12-S1 184467 --reason 'It is a news report'"))(undo)
    app.command(epilog=example("watchfloor sweep close INC-12-S1 --reason 'The platform took all of it down'"))(
        close
    )


def urge(
    ctx: typer.Context,
    sweep: SweepId,
    item: Annotated[list[str], typer.Argument(metavar="ITEM...", help="The ids of the posts.")],
    reason: Reason,
) -> None:
    """Have posts read before all others. A copy is read as the head of its cluster."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        urged = urge_items(work, sweep, item, by=by, reason=reason, now=now)
    door.hand_over(incident)
    sentence = (
        f"{words.counted(urged, 'post')} of {sweep} will be read first, by whoever asks for a batch next."
    )
    door.say(sentence, sweep=sweep, items=urged)


def undo(
    ctx: typer.Context,
    sweep: SweepId,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The id of the post.")],
    reason: Reason,
) -> None:
    """Take the decision about a post back, and with it that of all its copies; it is read again.

    What was planned because of it is marked as reversed. A commander undoes any decision, a partner lead
    those of their own team. Where the platform is to take back so much that the protocol asks for a second
    person, this proposes it: see `watchfloor proposals`.
    """
    door = Door.of(ctx)
    with door.store.begin() as work:
        found = find_sweep(work, sweep)
        by, now = door.acting(work, found.incident_id)
        wanted = Wanted(step=Step.undo, incident=found.incident_id, sweep=sweep, item=item)
        copies = take_or_propose(work, door, wanted, by=by, reason=reason, now=now)
    door.hand_over(found.incident_id)
    if isinstance(copies, Proposal):
        say_proposed(door, copies)
        return
    assert isinstance(copies, int)
    then = "It waits to be read again."
    if found.is_finished:
        then = f"{sweep} has ended: `watchfloor sweep plan {sweep} --out plan.csv` says what is to be reversed."
    sentence = (
        f"The decision about {item} is undone, and with it that of {words.counted(copies, 'copy', 'copies')}."
    )
    door.say(f"{sentence} {then}", sweep=sweep, item=item, copies=copies, finished=found.is_finished)


def close(ctx: typer.Context, sweep: SweepId, reason: Reason) -> None:
    """End a sweep before its target is reached. Its certificate will say so, with who and why.

    Where the protocol asks for a second person, this proposes it: see `watchfloor proposals`.
    """
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        wanted = Wanted(step=Step.close, incident=incident, sweep=sweep)
        done = take_or_propose(work, door, wanted, by=by, reason=reason, now=now)
    door.hand_over(incident)
    if isinstance(done, Proposal):
        say_proposed(door, done)
        return
    sentence = (
        f"{sweep} is closed. What was decided in it stays, and its certificate says that you waived the rest."
    )
    door.say(sentence, sweep=sweep, closed_by=by.id)
