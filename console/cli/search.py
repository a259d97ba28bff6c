"""What is written anywhere about this?"""

from typing import Annotated, Any

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import example
from incidents.reviews.search import Hit, Kind, read_query
from incidents.store.engine import Store
from incidents.store.search import find_passages, is_behind, settle

COLUMNS = ["incident", "where", "at", "excerpt"]
EXAMPLES = example(
    "watchfloor search 'mirrored copies'",
    "watchfloor search '\"mirrored copies\" telegram*' --kind factor --kind action --as noor",
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
    drills: Annotated[bool, typer.Option("--drills", help="Drills, too.")] = False,
    most: Annotated[int, typer.Option(min=1, max=500, help="How many answers at most.")] = 20,
) -> None:
    """Search titles, retrospectives, guidelines' titles, factors and action items, as far as you may read them.

    The newest incident stands first. Case and accents do not count.
    """
    door = Door.of(ctx)
    query = read_query(words)
    _catch_up(door.store)
    with door.store.read() as work:
        found = find_passages(
            work, query, by=door.person, kinds=kind or tuple(Kind), drills=drills, most=most + 1
        )
    rows = [_row(hit) for hit in found[:most]]
    if door.as_json:
        printing.print_json({"hits": rows, "more": len(found) > most})
        return
    printing.print_table(rows, COLUMNS, empty="Nothing that you may read holds all of these words.")
    if len(found) > most:
        printing.print_lines([f"There is more: search for more words, or say --most {2 * most}."])


def _catch_up(store: Store) -> None:
    """Have indexed what was written since the last search; mostly that is nothing, and no writer waits."""
    while _is_behind(store):
        with store.begin() as work:
            settle(work)


def _is_behind(store: Store) -> bool:
    with store.read() as work:
        return is_behind(work)


def _row(hit: Hit) -> dict[str, Any]:
    return hit.model_dump(mode="json") | {"where": _where(hit), "at": hit.at}


def _where(hit: Hit) -> str:
    match hit.kind:
        case Kind.incident:
            return hit.key
        case Kind.retrospective:
            return f"retrospective, version {hit.key}: {hit.part}"
        case Kind.action:
            return hit.key
    return f"{hit.kind} {hit.key}"
