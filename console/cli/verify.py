"""Has anybody changed the record?"""

from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.failures import REFUSED
from console.cli.options import example
from incidents.people import Act, authorise
from incidents.store import timeline
from incidents.store.engine import Work
from incidents.store.incidents import find_for
from incidents.timeline import Break

EXAMPLES = example("watchfloor verify", "watchfloor verify INC-12")


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EXAMPLES)(verify)


def verify(
    ctx: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="INCIDENT", help="One incident; else all.")] = None,
) -> None:
    """Recompute the chain of every timeline, and name the first entry that does not fit (exit 1)."""
    door = Door.of(ctx)
    with door.store.read() as work:
        breaks = _breaks(work, door, incident)
    if door.as_json:
        printing.print_json({"fits": not breaks, "breaks": breaks})
    else:
        printing.print_lines(map(_sentence, breaks) if breaks else ["Every entry fits the one before it."])
    if breaks:
        raise typer.Exit(REFUSED)


def _breaks(work: Work, door: Door, incident: str | None) -> list[Break]:
    if incident is None:
        authorise(door.person, Act.verify)
    else:
        find_for(work, incident, door.acting(work, incident)[0], Act.verify)
    return list(timeline.verify(work, incident))


def _sentence(found: Break) -> str:
    return f"{found.incident}#{found.seq} does not fit: {found.why}. Keep a copy of the store as it is."
