"""What the timeline of a retrospective shows: starred entries, and a zone beside UTC."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, example
from incidents.store import stars
from incidents.store.reviews import choose_zone

Number = Annotated[int, typer.Argument(min=1, metavar="ENTRY", help="The entry's number: 7 of INC-12#7.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of the review."""
    for command, lines in (
        (star, ("watchfloor review star INC-12 7",)),
        (unstar, ("watchfloor review unstar INC-12 7",)),
        (zone, ("watchfloor review zone INC-12 Europe/Berlin", "watchfloor review zone INC-12 UTC")),
    ):
        app.command(epilog=example(*lines))(command)


def star(ctx: typer.Context, incident: IncidentId, entry: Number) -> None:
    """Have the timeline of the retrospective tell an entry that it would leave to the full log."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        new = stars.star(work, incident, entry, by=by, now=now)
    door.say(f"{incident}#{entry} is starred.", incident=incident, entry=entry, starred=True, new=new)


def unstar(ctx: typer.Context, incident: IncidentId, entry: Number) -> None:
    """Take the star of an entry away."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, _now = door.acting(work, incident)
        new = stars.unstar(work, incident, entry, by=by)
    door.say(f"{incident}#{entry} has no star.", incident=incident, entry=entry, starred=False, new=new)


def zone(
    ctx: typer.Context,
    incident: IncidentId,
    name: Annotated[str, typer.Argument(metavar="ZONE", help="An IANA zone; UTC for none beside it.")],
) -> None:
    """Show the times of the timeline and of milestones in a zone, too; the full log keeps UTC alone."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, _now = door.acting(work, incident)
        choose_zone(work, incident, name, by=by)
    door.say(f"The next draft of {incident} shows its times in {name}.", incident=incident, zone=name)
