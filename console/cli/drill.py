"""Run a whole crisis as an exercise, follow it, and leave its results in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from console import stack
from console.cli import printing
from console.cli.door import Door
from console.cli.failures import REFUSED, complain, note
from console.cli.following import FollowedDrill, follow, in_words
from console.cli.options import Out, example
from console.drilling import check_drill, start_drill
from console.results import check_writable, export_results
from incidents.drills.request import DrillRequest
from incidents.drills.scenarios import SCENARIOS
from incidents.errors import WatchfloorError
from incidents.people import Act, authorise

STANDARD = DrillRequest()


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        epilog=example(
            "watchfloor drill --out results",
            "watchfloor drill --scenario election --size 20000 --seed 7 --out results",
            "watchfloor drill --posts posts.csv --out results",
        )
    )(drill)


def drill(
    ctx: typer.Context,
    posts: Annotated[
        Path | None, typer.Option(help="Recorded posts: CSV, JSONL (gzip too) or Parquet with a column `text`.")
    ] = None,
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")] = STANDARD.scenario,
    size: Annotated[int, typer.Option(min=100, max=1_000_000, help="Posts to make up.")] = STANDARD.posts,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same drill.")] = STANDARD.seed,
    live: Annotated[
        bool, typer.Option("--live/--fast", help="By the machine's clock, or by one that jumps (default).")
    ] = False,
    error_rate: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of verdicts that simulated reviewers get wrong.")
    ] = STANDARD.error_rate,
    out: Out = Path("drill-results"),
    deadline: Annotated[int, typer.Option(min=1, help="Minutes after which it counts as stuck.")] = 60,
) -> None:
    """Run a whole crisis on recorded or made-up posts, with simulated partner teams.

    The results: incident.json, timeline.jsonl, retrospective.md and .html, decisions.csv. The exit code
    is 1 if any stage failed. Nothing of it counts in any metric.
    """
    door = Door.of(ctx)
    request = DrillRequest(
        scenario=scenario,
        posts=size,
        posts_file=posts.absolute() if posts else None,
        seed=seed,
        error_rate=error_rate,
        live=live,
    )
    authorise(door.person, Act.hand_in_signal)
    check_drill(request)
    check_writable(out)
    with _stack(door):
        started = start_drill(door.settings, door.store, request, by=door.person)
        _conclude(door, follow(door, started, minutes=deadline), out)


@contextmanager
def _stack(door: Door) -> Iterator[None]:
    """The running stack, or one for the time of the drill."""
    # The store is opened first: of processes that start at once, one should make the tables.
    assert door.store
    if stack.is_up(door.settings):
        yield
        return
    note("Watchfloor does not run, so it is started for the time of the drill.")
    with stack.running_stack(door.settings, complain):
        yield


def _conclude(door: Door, followed: FollowedDrill, out: Path) -> None:
    """Export what there is, also of a drill that failed: that is when somebody wants to read it."""
    files: list[Path] = []
    if followed.incident is not None:
        try:
            files = export_results(door.store, followed.incident, out)
        except WatchfloorError:
            complain(f"The drill itself {followed.ended}; only its results could not be written.")
            raise
    if door.as_json:
        printing.print_json(followed.summary | {"results": files})
    else:
        printing.print_facts(in_words(followed.summary) | {"results": out if files else "none"})
    if followed.failure:
        complain(f"The drill failed at the stage “{followed.stage}”: {followed.failure}")
        note(f"The logs of its flows are in {door.settings.home / 'logs'}.")
        raise typer.Exit(REFUSED)
