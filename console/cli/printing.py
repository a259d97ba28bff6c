"""How an answer is printed: tables on a terminal, plain lines in a pipe, JSON where it was asked for.

Every value that a record holds passes `printable`, and tables are made of rich's `Text`, so neither
terminal escapes nor rich's own markup in a title do anything.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from incidents import words

Row = Mapping[str, Any]

LONGEST_LINE = 4_000
"""Characters of one line of ours: long enough for a path, short enough for a screen."""


def printable(value: object) -> str:
    """Any value as text on one line that a terminal shows and does not obey."""
    if isinstance(value, datetime):
        return words.utc(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(printable(each) for each in value)
    return words.clean(value, LONGEST_LINE)


def inert(line: str) -> str:
    """A line of text as `printable`, but with its spaces: indentation means something in Markdown."""
    return " ".join(words.clean(part, LONGEST_LINE) for part in line.split(" "))


def on_terminal() -> bool:
    """Whether a person looks at what we print, rather than a pipe or a file."""
    return sys.stdout.isatty()


def print_json(value: object) -> None:
    """Print a value as JSON. Everything beyond ASCII is escaped, which keeps it whole and inert."""
    typer.echo(json.dumps(value, default=_plain, indent=2))


def print_table(rows: Sequence[Row], columns: Sequence[str], *, title: str = "", empty: str = "") -> None:
    """Print rows as a table, or in a pipe a line each, cells apart by a tab; `empty` where there are none."""
    if not rows:
        if empty:
            typer.echo(printable(empty))
        return
    if on_terminal():
        _console().print(_table(rows, columns, title))
        return
    typer.echo("\t".join(columns))
    for row in rows:
        typer.echo("\t".join(printable(row.get(column)) for column in columns))


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print `name: value` lines, the names aligned on a terminal."""
    width = max(map(len, facts), default=0) if on_terminal() else 0
    for name, value in facts.items():
        typer.echo(f"{name + ':':<{width + 1}} {printable(value)}")


def print_lines(lines: Iterable[str], *, title: str = "") -> None:
    """Print lines, under a title where one is given."""
    if title:
        print_title(title)
    for line in lines:
        typer.echo(inert(line))


def print_title(title: str) -> None:
    """Print a heading, bold on a terminal."""
    typer.echo("")
    typer.secho(printable(title), bold=on_terminal())


def progress(counted: str, *, beside_json: bool) -> Progress:
    """A bar that says how much is `counted` by now, on a terminal alone, and gone when it ends."""
    # With --json the answer alone goes to stdout; who watches sees the rest on stderr.
    stream = sys.stderr if beside_json else sys.stdout
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(f"{{task.completed:,.0f}} {counted}"),
        TimeElapsedColumn(),
    )
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    return Progress(*columns, console=console, transient=True, disable=not stream.isatty())


def _table(rows: Sequence[Row], columns: Sequence[str], title: str) -> Table:
    table = Table(title=Text(printable(title)) if title else None, title_justify="left")
    for column in columns:
        table.add_column(Text(column.replace("_", " ")), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(row.get(column))) for column in columns))
    return table


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump is not None else str(value)
