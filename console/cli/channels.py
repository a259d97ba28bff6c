"""Where are partner teams reached, does it work, and a test that shows it."""

from typing import Annotated, Any

import typer

from console.channels import Connected, connected, send_test
from console.cli.door import Door
from console.cli.options import example

app = typer.Typer(help="Channels: where partner teams and people are reached.", no_args_is_help=True)

COLUMNS = ["id", "kind", "place", "reaches", "gets", "delivered_at", "waiting", "failed", "test", "last_error"]


@app.command("list", epilog=example("watchfloor channels list"))
def list_channels(ctx: typer.Context) -> None:
    """List the channels: whom each reaches with what, its last delivery, what fails, and its last test."""
    door = Door.of(ctx)
    with door.store.read() as work:
        found = connected(work, door.catalogue, by=door.person)
    door.rows([_row(each) for each in found], COLUMNS, empty="There is none in channels.yaml.")


@app.command("test", epilog=example("watchfloor channels test legal"))
def test_channel(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(metavar="ID", help="Its id in `channels list`.")],
) -> None:
    """Send a test, on the way that every message takes. `channels list` says what became of it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        sent = send_test(work, door.catalogue, channel, by=door.person, now=door.now)
    door.hand_over(None)
    door.say(f"Delivery {sent.id} is a test of {channel}.", delivery=sent.id, channel=channel)


def _row(each: Connected) -> dict[str, Any]:
    standing = each.standing
    return {
        "id": each.channel.id,
        "kind": each.channel.kind,
        "place": each.place,
        "reaches": ", ".join(each.teams + each.people),
        "gets": ", ".join(each.gets),
        "delivered_at": standing.delivered_at,
        "waiting": standing.waiting,
        "failed": standing.failed,
        "test": standing.test.state if standing.test else "never",
        "last_error": standing.last_error,
    }
