"""What is written anywhere about this?"""

from typing import Annotated, Any

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import example
from console.searching import among_typed, look_up, where
from incidents.reviews.search import Hit, Kind, read_query

COLUMNS = ["incident", "where", "at", "excerpt"]
EXAMPLES = example(
    "watchfloor search 'mirrored copies'",
    "watchfloor search '\"mirrored copies\" telegram*' --kind factor --kind action --as noor",
    "watchfloor search clinic --incident INC-12 --since 2026-11-01",
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog=EXAMPLES)(search)


def search(
    ctx: typer.Context,
    words: Annotated[
        str, typer.Argument(metavar="WORDS", help='All of them; "side by side" in quotes; `mirror*` may go on.')
    ],
    kind: Annotated[list[Kind] | None, typer.Option(help="Only in these; may be given again.")] = None,
    incident: Annotated[str, typer.Option(help="Only about this incident, e.g. INC-12.")] = "",
    since: Annotated[str, typer.Option(help="Written on this day or later (UTC), as 2026-11-23.")] = "",
    until: Annotated[str, typer.Option(help="Written on this day or before (UTC), as 2026-11-23.")] = "",
    drills: Annotated[bool, typer.Option("--drills", help="Drills, too.")] = False,
    most: Annotated[int, typer.Option(min=1, max=500, help="How many answers at most.")] = 20,
) -> None:
    """Search titles, retrospectives, guidelines' titles, factors and action items, as far as you may read them.

    The newest incident stands first. Case and accents do not count.
    """
    door = Door.of(ctx)
    among = among_typed(kind, incident, since, until, drills=drills)
    hits, more = look_up(door.store, read_query(words), by=door.person, among=among, most=most)
    rows = [_row(hit) for hit in hits]
    if door.as_json:
        printing.print_json({"hits": rows, "more": more})
        return
    printing.print_table(rows, COLUMNS, empty="Nothing that you may read holds all of these words.")
    if more:
        printing.print_lines([f"There is more: search for more words, or say --most {2 * most}."])


def _row(hit: Hit) -> dict[str, Any]:
    return hit.model_dump(mode="json") | {"where": where(hit), "at": hit.at}
