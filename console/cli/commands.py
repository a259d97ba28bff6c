"""Put the commands of `watchfloor` together, and read the options that count for all of them."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from console.cli import (
    accounts,
    actions,
    asks,
    assess,
    certificate,
    channels,
    db,
    digest,
    doctor,
    drill,
    golden,
    guideline,
    incidents,
    moves,
    oncall,
    outbox,
    platform,
    proposals,
    review,
    review_factors,
    review_timeline,
    review_versions,
    review_words,
    search,
    senders,
    signal,
    stack,
    sweep,
    templates,
    tokens,
    verify,
)
from console.cli.door import Door
from console.cli.failures import Guarded

HELP = """Crisis response for trust and safety teams, from the first signal to the retrospective.

Begin with `watchfloor drill`: a whole crisis on made-up posts, in about a minute. `watchfloor up` starts
the real thing, `watchfloor doctor` says what is missing.

Exit codes: 0 done, 1 refused (the reason is printed), 2 the command was typed wrongly. In a pipe every
answer is plain lines, and with --json it is JSON. --as and --json may stand anywhere in the line.
"""

app = typer.Typer(
    cls=Guarded,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Boxes are for people; a pipe gets the same words as plain lines.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"watchfloor {version('watchfloor')}")
        raise typer.Exit


@app.callback()
def watchfloor(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who acts. Default: WATCHFLOOR_PERSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Open the door that every command is given."""
    ctx.obj = Door(name=name, as_json=as_json)
    ctx.call_on_close(ctx.obj.close)


drill.add_to(app)
stack.add_to(app)
doctor.add_to(app, panel=stack.PANEL)
signal.add_to(app)
app.add_typer(incidents.app, name="incidents")
moves.add_to(app)
assess.add_to(app, panel=moves.LEAD)
app.add_typer(guideline.app, name="guideline")
asks.add_to(app)
app.add_typer(oncall.app, name="oncall")
app.add_typer(sweep.app, name="sweep")
app.add_typer(certificate.app, name="certificate")
app.add_typer(golden.app, name="golden")
app.add_typer(proposals.app, name="proposals")
review_factors.add_to(review.app)
review_timeline.add_to(review.app)
review_versions.add_to(review.app)
review_words.add_to(review.app)
app.add_typer(review.app, name="review")
app.add_typer(actions.app, name="actions")
search.add_to(app)
digest.add_to(app)
app.add_typer(templates.app, name="templates")
app.add_typer(channels.app, name="channels")
app.add_typer(outbox.app, name="outbox")
app.add_typer(platform.app, name="platform")
verify.add_to(app)
app.add_typer(accounts.app, name="accounts")
app.add_typer(tokens.app, name="tokens")
app.add_typer(senders.app, name="senders")
app.add_typer(db.app, name="db")
