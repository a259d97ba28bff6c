"""Is Watchfloor well?"""

from dataclasses import asdict

import typer

from console.cli.door import Door
from console.cli.failures import REFUSED
from console.cli.options import example
from console.doctor import State, examine

COLUMNS = ["name", "state", "what", "what_to_do"]


def add_to(app: typer.Typer, *, panel: str) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel=panel, epilog=example("watchfloor doctor", "watchfloor doctor --json"))(doctor)


def doctor(ctx: typer.Context) -> None:
    """Say what is configured, reachable and healthy, and what to do about what is not (exit 1)."""
    door = Door.of(ctx)
    findings = examine(door.settings)
    rows = [asdict(finding) | {"state": finding.state.value} for finding in findings]
    door.rows(rows, COLUMNS, empty="There was nothing to look at.")
    if any(finding.state is State.bad for finding in findings):
        raise typer.Exit(REFUSED)
