"""Run Watchfloor in this terminal."""

import typer

from console import stack
from console.cli import printing
from console.cli.door import Door
from console.cli.options import example

PANEL = "Run it"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel=PANEL, epilog=example("watchfloor up"))(up)


def up(ctx: typer.Context) -> None:
    """Run the server, the worker, the task worker and the API in this terminal, until Ctrl-C.

    Nothing is lost by stopping it: at the next start everything goes on where it was.
    """
    stack.serve(Door.of(ctx).settings, _say)


def _say(line: str) -> None:
    printing.print_lines([line])
