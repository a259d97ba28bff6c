"""Begin a sweep: request it, and add later posts to it."""

from typing import Annotated

import typer

from console.cli.door import Door
from console.cli.option_groups import with_groups
from console.cli.options import IncidentId, SweepId, example
from console.cli.scopes import read_scope_options
from console.cli.sources import read_source_options
from console.cli.sweep_options import ScopeOptions, SourceOptions
from incidents.store.sweeps import Goal, find_sweep, request_sweep, request_window

EXAMPLE = "--term 'storm the clinic' --hashtag clinicnow --posts posts.parquet"


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    started = (
        f"watchfloor sweep start INC-12 {EXAMPLE}",
        "watchfloor sweep start INC-12 --scope scope.yaml --sql-url postgresql://db/posts --table posts",
        "watchfloor sweep start INC-12 --scope scope.yaml --platform https://api.example --secret platform",
    )
    app.command(epilog=example(*started))(start)
    app.command(epilog=example("watchfloor sweep widen INC-12-S1 --posts later.parquet"))(widen)


@with_groups
def start(
    ctx: typer.Context,
    incident: IncidentId,
    wanted: ScopeOptions,
    source: SourceOptions,
    target: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="Share of what violates that must be found, 0.5 to 0.99.")
    ] = 0.9,
    confidence: Annotated[
        float, typer.Option(min=0.8, max=0.99, help="Of the certificate's bounds, 0.8 to 0.99.")
    ] = 0.95,
) -> None:
    """Request a sweep: its posts are frozen, shared out by language, and wait for the partner teams.

    `watchfloor sweep try` says beforehand what it would bring in. It ends once its random sample shows, with
    that confidence, that the target is reached; its certificate says so.
    """
    scope, posts = read_scope_options(wanted), read_source_options(source)
    goal = Goal(target=target, confidence=confidence)
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        sweep = request_sweep(work, incident, scope, posts, by=by, now=now, goal=goal)
    door.hand_over(incident)
    sentence = f"{sweep.id} is requested. `watchfloor sweep status {sweep.id}` shows how far it is."
    door.say(sentence, sweep=sweep.id, incident=incident, scope_hash=sweep.scope_hash, goal=goal)


@with_groups
def widen(
    ctx: typer.Context,
    sweep: SweepId,
    source: SourceOptions,
) -> None:
    """Add later posts to a sweep that people work on. They are searched by the same scope, as a new window."""
    posts = read_source_options(source)
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id
        by, now = door.acting(work, incident)
        window = request_window(work, sweep, posts, by=by, now=now)
    door.hand_over(incident)
    sentence = (
        f"Window {window} of {sweep} is requested. `watchfloor sweep status {sweep}` shows how far it is."
    )
    door.say(sentence, sweep=sweep, window=window)
