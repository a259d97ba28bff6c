"""Who is on call: show it, and take a shift or give one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import Reason, example
from console.cli.times import read_time
from console.oncall import colleague, on_call_now, rotation_for, rotations_for
from incidents.oncall import OnCall, Shift, Span, shifts
from incidents.people import Act, authorise
from incidents.store.shifts import take_shift, taken_since
from incidents.words import utc

app = typer.Typer(help="Who is on call, by oncall.yaml and by what people said.", no_args_is_help=True)

NOW = ["rotation", "duty", "person", "until", "next", "from"]
COMING = ["rotation", "person", "starts_at", "ends_at", "reason"]
EMPTY = "No roster that you may see is written. The site's oncall.yaml is the place; the shipped one shows how."


@app.command(epilog=example("watchfloor oncall show", "watchfloor oncall show --days 14"))
def show(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=0, max=92, help="List the shifts of as many days; 0: now.")] = 0,
) -> None:
    """Show who is on call now, until when, and who comes next; or all shifts of the coming days."""
    door = Door.of(ctx)
    seen = rotations_for(door.catalogue, door.person)
    with door.store.read() as work:
        if not days:
            now = on_call_now(work, door.catalogue, door.person, door.now)
            door.rows([_now(each) for each in now], NOW, empty=EMPTY)
            return
        taken = taken_since(work, door.now)
    until = door.now + timedelta(days=days)
    coming = [shift for each in seen for shift in shifts(each, taken, door.now, until)]
    door.rows([_coming(each) for each in coming], COMING, empty=EMPTY)


@app.command(
    epilog=example(
        "watchfloor oncall take commander --hours 8 --reason 'Noor is ill'",
        "watchfloor oncall take commander --from 2026-11-28T18:00+01:00 --hours 24 --for noor --reason Agreed",
    )
)
def take(
    ctx: typer.Context,
    rotation: Annotated[str, typer.Argument(metavar="ROTATION", help="Its id, e.g. commander.")],
    reason: Reason,
    hours: Annotated[float, typer.Option(min=0.25, max=840, help="For how long, in hours.")],
    start: Annotated[
        str | None, typer.Option("--from", help="When it begins; without a zone it is UTC. Default: now.")
    ] = None,
    person: Annotated[str, typer.Option("--for", help="Who is on call then. Default: you.")] = "",
) -> None:
    """Take a shift, whoever's turn it is, or give it to somebody; what is said later overrules."""
    door = Door.of(ctx)
    authorise(door.person, Act.take_shift)
    found = rotation_for(door.catalogue, door.person, rotation)
    whom = colleague(door.catalogue, door.person, person)
    starts = _start(start, door.now)
    span = Span(starts, starts + timedelta(hours=hours))
    with door.store.begin() as work:
        taken = take_shift(work, found, whom, span, by=door.person, reason=reason, now=door.now)
    door.say(
        f"{whom.id} is on call for {found.title} from {utc(span.starts_at)} to {utc(span.ends_at)}.",
        **taken.model_dump(mode="json"),
    )


def _start(text: str | None, now: datetime) -> datetime:
    return now if text is None else read_time(text)


def _now(each: OnCall) -> dict[str, Any]:
    return {
        "rotation": each.rotation.id,
        "duty": each.rotation.duty,
        "person": each.now.person if each.now else None,
        "until": each.now.ends_at if each.now else None,
        "next": each.next.person if each.next else None,
        "from": each.next.starts_at if each.next else None,
    }


def _coming(shift: Shift) -> dict[str, Any]:
    return shift.model_dump(mode="json") | {"starts_at": shift.starts_at, "ends_at": shift.ends_at}
