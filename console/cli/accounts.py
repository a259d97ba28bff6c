"""Who can sign in: make somebody a link, list the accounts, take one away."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import Reason, example
from console.programs import api_url
from console.signing_in import make_link
from incidents.people import Act, authorise
from incidents.store import accounts

app = typer.Typer(help="Accounts: who can sign in to the pages.", no_args_is_help=True)

COLUMNS = ["person", "changed_at", "disabled_at", "signed_in"]

Who = Annotated[str, typer.Argument(metavar="NAME", help="Whose account; the id of a person.")]


@app.command(epilog=example("watchfloor accounts link noor"))
def link(ctx: typer.Context, person: Who) -> None:
    """Print a link with which somebody sets a password, once and within a day. Earlier links end.

    Hand it over by a way on which nobody else reads it: whoever opens it first is that person.
    """
    door = Door.of(ctx)
    authorise(door.person, Act.administer)
    named = door.person if person == door.person.id else door.catalogue.person(person)
    with door.store.begin() as work:
        path = make_link(work, named.id, by=door.person.id, now=door.now)
    address = f"{api_url(door.settings)}{path}"
    door.say(f"{named.id} sets a password at {address}", person=named.id, address=address)


@app.command("list", epilog=example("watchfloor accounts list"))
def list_accounts(ctx: typer.Context) -> None:
    """List the accounts, and in how many browsers each is signed in."""
    door = Door.of(ctx)
    authorise(door.person, Act.administer)
    with door.store.read() as work:
        found = accounts.all_accounts(work)
        live = accounts.count_live(work, now=door.now)
    rows = [
        each.model_dump(exclude={"password_hash"}) | {"signed_in": live.get(each.person, 0)} for each in found
    ]
    door.rows(
        rows, COLUMNS, empty="Nobody has an account yet. `watchfloor accounts link NAME` makes a first one."
    )


@app.command(epilog=example("watchfloor accounts disable noor --reason 'Left the team'"))
def disable(ctx: typer.Context, person: Who, reason: Reason) -> None:
    """Let somebody in no more, and end their sessions and tokens. `enable` lets them in again."""
    door = Door.of(ctx)
    authorise(door.person, Act.administer)
    with door.store.begin() as work:
        accounts.disable_account(work, person, by=door.person.id, reason=reason, now=door.now)
    door.say(f"{person} is let in no more.", person=person, reason=reason)


@app.command(epilog=example("watchfloor accounts enable noor.sso"))
def enable(ctx: typer.Context, person: Who) -> None:
    """Let somebody in again whose account was taken away, as they came in before."""
    door = Door.of(ctx)
    authorise(door.person, Act.administer)
    with door.store.begin() as work:
        accounts.enable_account(work, person, by=door.person.id, now=door.now)
    door.say(f"{person} may sign in again.", person=person)
