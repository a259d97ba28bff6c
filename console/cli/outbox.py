"""What was promised to the world outside and is not delivered yet?"""

from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import example
from incidents.store import outbox
from incidents.store.incidents import visible_incidents
from incidents.store.outbox import Parcel

app = typer.Typer(help="Messages and pokes that are promised and not delivered yet.", no_args_is_help=True)

COLUMNS = ["id", "incident", "kind", "channel", "state", "attempts", "created_at", "last_error", "key"]


@app.command("list", epilog=example("watchfloor outbox list"))
def show_undelivered(ctx: typer.Context) -> None:
    """List what is pending or failed, oldest first, with the last error."""
    door = Door.of(ctx)
    with door.store.read() as work:
        seen = {None, *(incident.id for incident in visible_incidents(work, door.person))}
        found = [parcel for parcel in outbox.undelivered(work) if parcel.incident_id in seen]
    door.rows([_row(parcel) for parcel in found], COLUMNS, empty="Everything that was promised is delivered.")


@app.command(epilog=example("watchfloor outbox rerun 17"))
def rerun(
    ctx: typer.Context,
    delivery: Annotated[int, typer.Argument(metavar="ID", help="Its number in `outbox list`.")],
) -> None:
    """Try a failed delivery again; the message keeps its key, so nobody acts on it twice."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = outbox.find(work, delivery).incident_id
        by, now = door.acting(work, incident)
        outbox.rerun(work, delivery, by=by, now=now)
    door.hand_over(incident)
    door.say(f"Delivery {delivery} is due again.", delivery=delivery, incident=incident)


def _row(parcel: Parcel) -> dict[str, Any]:
    # The payload stays out: it holds the whole message, and a list is looked at over shoulders.
    told = parcel.model_dump(mode="json", exclude={"payload", "incident_id", "created_at"})
    return told | {"incident": parcel.incident_id, "created_at": parcel.created_at}
