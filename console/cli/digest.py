"""What did a month bring?"""

from pathlib import Path
from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.failures import writing_to
from console.cli.options import example
from incidents.files import write_whole
from incidents.reviews.digest import digest, read_month, to_markdown
from incidents.store.digests import read_material

EXAMPLES = example("watchfloor digest --month 2026-11", "watchfloor digest --month 2026-11 --out digest.md")


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("digest", epilog=EXAMPLES)(write_digest)


def write_digest(
    ctx: typer.Context,
    month: Annotated[str, typer.Option(help="The month, as 2026-11; it is taken in UTC.")],
    out: Annotated[Path | None, typer.Option(help="A file for the Markdown. Default: print it.")] = None,
) -> None:
    """Write what a month brought, in Markdown, as far as you may read it.

    Its incidents, factors that recur, what became of action items, durations beside those of the twelve
    months before, and retrospectives that are late.
    """
    door = Door.of(ctx)
    wanted = read_month(month)
    with door.store.read() as work:
        found = digest(wanted, read_material(work, wanted, door.person))
    text = to_markdown(found)
    if out is not None:
        with writing_to(out, "write it elsewhere"):
            write_whole(out, text)
        door.say(f"The digest of {month} is in {out}.", month=month, file=str(out))
    elif door.as_json:
        printing.print_json(found)
    else:
        printing.print_lines(text.splitlines())
