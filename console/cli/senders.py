"""Senders of signals over HTTP: make one, list them, renew a secret, end one."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import example
from console.sender_key import newest_secret
from incidents.store import senders

app = typer.Typer(help="Senders: systems that hand in signals over HTTP, signed.", no_args_is_help=True)

COLUMNS = ["name", "renewed_at", "seen_at", "ended_at", "made_by"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="As its signals call their source.")]


@app.command(epilog=example("watchfloor senders make user-reports"))
def make(ctx: typer.Context, name: Name) -> None:
    """Let a system hand in signals, and print the secret that it signs with."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        made = senders.make_sender(work, name, by=door.person, now=door.now)
    secret = newest_secret(door.settings, made)
    door.say(f"{name} signs with {secret}", name=name, secret=secret)


@app.command("list", epilog=example("watchfloor senders list"))
def list_senders(ctx: typer.Context) -> None:
    """List the senders, when each got its secret, and when it last handed something in."""
    door = Door.of(ctx)
    with door.store.read() as work:
        found = senders.all_senders(work, by=door.person)
    rows = [each.model_dump(mode="json") for each in found]
    door.rows(rows, COLUMNS, empty="There is none. `watchfloor senders make NAME` makes one.")


@app.command(epilog=example("watchfloor senders renew user-reports"))
def renew(ctx: typer.Context, name: Name) -> None:
    """Print another secret for the sender; the one before counts a day longer.

    Where the old one is in wrong hands, end the sender first: then it counts no longer.
    """
    door = Door.of(ctx)
    with door.store.begin() as work:
        renewed = senders.renew_sender(work, name, by=door.person, now=door.now)
    secret = newest_secret(door.settings, renewed)
    door.say(f"{name} signs with {secret}", name=name, secret=secret)


@app.command(epilog=example("watchfloor senders end user-reports"))
def end(ctx: typer.Context, name: Name) -> None:
    """Take nothing from the sender any more, with no secret that it has."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        ended = senders.end_sender(work, name, by=door.person, now=door.now)
    door.say(f"{name} is heard no more.", **ended.model_dump(mode="json"))
