"""Golden items: texts of which it was settled whether they violate, hidden in batches."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.options import Reason, example
from incidents import words
from incidents.people import Act, authorise
from incidents.store.golden import add_golden, golden_counts, retire_golden
from incidents.store.golden_files import read_golden

app = typer.Typer(
    help="Golden items: known texts, hidden in batches to measure how well people read.", no_args_is_help=True
)

COUNTS = ["policy", "language", "violating", "harmless", "retired", "read"]


@app.command("import", epilog=example("watchfloor golden import golden.csv"))
def import_golden(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet: policy, language, text, violates, clause."),
    ],
) -> None:
    """Add golden items, all of a file or none. The same text under the same policy is kept once.

    `violates` is yes or no: what people could not agree on is no golden item.
    """
    door = Door.of(ctx)
    authorise(door.person, Act.write_guideline)
    found = read_golden(file, {policy.id: policy for policy in door.catalogue.policies})
    with door.store.begin() as work:
        added = add_golden(work, found, by=door.person, now=door.now)
    known = len(found) - added
    sentence = f"{words.counted(added, 'golden item')} were added; {known:,} were known already."
    door.say(sentence, added=added, known=known)


@app.command("list", epilog=example("watchfloor golden list"))
def list_golden(ctx: typer.Context) -> None:
    """Show how many golden items there are, by policy and language. Their texts are shown to nobody."""
    door = Door.of(ctx)
    authorise(door.person, Act.see_incidents)
    with door.store.read() as work:
        counts = golden_counts(work)
    rows = [count.model_dump() for count in counts]
    door.rows(rows, COUNTS, empty="There is no golden item yet: `watchfloor golden import FILE` adds some.")


@app.command(epilog=example("watchfloor golden retire 1844674407370955161 --reason 'The policy has changed'"))
def retire(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ID", help="Its id, as the item in a batch.")],
    reason: Reason,
) -> None:
    """Hand a golden item out no more. What people said about it stays, and counts."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        retired = retire_golden(work, item, by=door.person, why=reason, now=door.now)
    sentence = f"{item} is handed out no more." if retired else f"{item} was retired before."
    door.say(sentence, item=item, retired=retired)
