"""Sweeps at the command line: begin one, see what is known of it, lead it, and work its batches."""

import typer

from console.cli import (
    batches,
    sweep_acting,
    sweep_findings,
    sweep_lead,
    sweep_quality,
    sweep_start,
    sweep_status,
    sweep_try,
)

app = typer.Typer(help="Sweeps: find what is already there, and decide it item by item.", no_args_is_help=True)

for commands in (
    *(sweep_try, sweep_start, sweep_status, batches),
    *(sweep_lead, sweep_acting, sweep_quality, sweep_findings),
):
    commands.add_to(app)
