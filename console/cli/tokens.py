"""Tokens with which tools ask the API: make one, list them, revoke one."""

from datetime import timedelta
from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import example
from console.tokens import make_token
from incidents.access.tokens import LONGEST
from incidents.people import Act
from incidents.store import tokens

app = typer.Typer(help="Tokens: with which tools ask the API in somebody's name.", no_args_is_help=True)

COLUMNS = ["number", "person", "name", "scope", "expires_at", "seen_at", "revoked_at"]

Whose = Annotated[
    str | None, typer.Option("--for", metavar="NAME", help="Whose token it is. Default: who acts.")
]


@app.command(
    epilog=example(
        "watchfloor tokens make tracker --may 'change an action item' --days 90",
        "watchfloor tokens make 'user reports' --for reports --may 'hand in a signal' --days 365 --as root",
    )
)
def make(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What uses it.")],
    may: Annotated[list[Act], typer.Option("--may", help="What may be done with it; may be given again.")],
    days: Annotated[int, typer.Option(min=1, max=LONGEST.days, help="How many days it lasts.")],
    person: Whose = None,
) -> None:
    """Make a token, and print it this once. Only its fingerprint is kept.

    It may never do more than its person; an administrator makes one for anybody, without the acts that must
    be somebody's own word.
    """
    door = Door.of(ctx)
    owner = door.person if person in {None, door.person.id} else door.catalogue.person(str(person))
    with door.store.begin() as work:
        made, secret = make_token(
            work, owner, name, may, lasts=timedelta(days=days), by=door.person, now=door.now
        )
    sentence = f"Token {made.number} of {made.person}, until {made.expires_at:%Y-%m-%d %H:%M} UTC: {secret}"
    door.say(sentence, token=secret, **made.model_dump(mode="json"))


@app.command("list", epilog=example("watchfloor tokens list --all"))
def list_tokens(
    ctx: typer.Context,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's, for an administrator.")] = False,
) -> None:
    """List one's own tokens, the newest first, with their last use to the minute."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by = door.person
        found = tokens.all_tokens(work, by=by) if everybody else tokens.tokens_of(work, by.id)
    door.rows([each.model_dump(mode="json") for each in found], COLUMNS, empty="There is no token.")


@app.command(epilog=example("watchfloor tokens revoke 7"))
def revoke(
    ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` shows it.")]
) -> None:
    """Have a token let nobody in any more: one's own, or anybody's as an administrator."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        gone = tokens.revoke_token(work, number, by=door.person, now=door.now)
    door.say(f"Token {number} of {gone.person} lets nobody in any more.", **gone.model_dump(mode="json"))
