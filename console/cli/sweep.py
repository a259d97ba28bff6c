"""Sweeps at the command line: start one, see how far it is, and work its batches in spreadsheets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import batches as batch_commands
from console.cli.batches import Words, batch_row
from console.cli.door import Door, is_staff
from console.cli.failures import writing_to
from console.cli.options import IncidentId, SweepId, example
from console.cli.printing import print_json
from console.cli.scopes import read_scope_options
from console.cli.sources import read_source_options
from incidents.errors import NotFound
from incidents.people import Act
from incidents.store.batches import batches_of
from incidents.store.incidents import find_for
from incidents.store.progress import Part, progress
from incidents.store.sweeps import find_sweep, find_sweep_for, plan_of, request_sweep
from incidents.sweeps.plan import write_plan

app = typer.Typer(help="Sweeps: find what is already there, and decide it item by item.", no_args_is_help=True)

PARTS = ["team", "language", "items", "decided", "violates", "unsure", "open", "leased", "done"]

batch_commands.add_to(app)


@app.command(
    epilog=example(
        "watchfloor sweep start INC-12 --term 'storm the clinic' --hashtag clinicnow --posts posts.parquet",
        "watchfloor sweep start INC-12 --scope scope.yaml --sql-url postgresql://db/posts --table posts",
        "watchfloor sweep start INC-12 --term alarm --platform https://platform.example --secret platform",
    )
)
def start(
    ctx: typer.Context,
    incident: IncidentId,
    term: Annotated[Words, typer.Option(help="A word or phrase; may be given again, as all of these.")] = None,
    hashtag: Annotated[Words, typer.Option(help="A hashtag, with or without its #.")] = None,
    domain: Annotated[Words, typer.Option(help="A host, with all its subdomains.")] = None,
    pattern: Annotated[Words, typer.Option(help="A regular expression.")] = None,
    language: Annotated[Words, typer.Option(help="Only this language (BCP 47).")] = None,
    excluded: Annotated[Words, typer.Option("--exclude", help="A word whose posts are left out.")] = None,
    since: Annotated[str | None, typer.Option(help="First moment, e.g. 2026-01-15T08:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="First moment after it.")] = None,
    scope: Annotated[
        Path | None, typer.Option(help="A YAML file with these fields; options add to it.")
    ] = None,
    posts: Annotated[
        Path | None, typer.Option(help="The posts: a file of CSV, JSONL or Parquet, or a folder of such files.")
    ] = None,
    sql_url: Annotated[
        str | None, typer.Option(help="Or a database that holds them, as SQLAlchemy URL.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Its table or view.")] = None,
    column: Annotated[
        Words, typer.Option(metavar="OURS=THEIRS", help="A column that is named otherwise.")
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(help="Or a platform's API, by the protocol of docs/reference/platform.md."),
    ] = None,
    query: Annotated[str | None, typer.Option(help="What the platform itself narrows the posts by.")] = None,
    secret: Annotated[str | None, typer.Option(help="Secret that holds the platform's token.")] = None,
) -> None:
    """Request a sweep: its posts are frozen, shared out by language, and wait for the partner teams."""
    source = read_source_options(posts, sql_url, table, column or [], platform, query, secret)
    entries = {
        "terms": term,
        "hashtags": hashtag,
        "domains": domain,
        "patterns": pattern,
        "languages": language,
        "excluded_terms": excluded,
    }
    wanted = read_scope_options(scope, {**entries, "since": since, "until": until})
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        sweep = request_sweep(work, incident, wanted, source, by=by, now=now)
    door.hand_over(incident)
    sentence = f"{sweep.id} is requested. `watchfloor sweep status {sweep.id}` shows how far it is."
    door.say(sentence, sweep=sweep.id, incident=incident, scope_hash=sweep.scope_hash)


@app.command(epilog=example("watchfloor sweep status INC-12-S1"))
def status(ctx: typer.Context, sweep: SweepId) -> None:
    """Show how far a sweep is, by team and language. A partner sees the part of their own team."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        found = find_sweep_for(work, sweep, by)
        told = progress(work, sweep)
        batches = batches_of(work, sweep)
    if not is_staff(by):
        told, batches = told.of_team(by.team or ""), [batch for batch in batches if batch.team == by.team]
    head = found.model_dump(mode="json", exclude={"source", "terms"})
    if door.as_json:
        print_json(head | {"parts": told.parts, "batches": batches})
        return
    door.say(_sentence(found.state, told.decided, told.items, sweep))
    door.rows([_part(part) for part in told.parts], PARTS, empty="No post matched yet.")
    rows = [batch_row(batch) for batch in batches if not batch.is_done]
    door.rows(rows, ["batch", "team", "language", "size", "state", "held_by", "until"], empty="")


@app.command(epilog=example("watchfloor sweep plan INC-12-S1 --out plan.csv"))
def plan(
    ctx: typer.Context,
    sweep: SweepId,
    out: Annotated[Path, typer.Option(help="The file, as CSV.")],
) -> None:
    """Write the action plan in which a sweep ended. It is executed by nobody but you."""
    door = Door.of(ctx)
    with door.store.read() as work:
        found = find_sweep(work, sweep)
        by, _now = door.acting(work, found.incident_id)
        find_for(work, found.incident_id, by, Act.start_sweep)
        actions = plan_of(work, sweep)
    if not found.is_finished:
        raise NotFound(f"{sweep} is {found.state}, so it has no plan yet. `watchfloor sweep status {sweep}`.")
    with writing_to(out, "write it again, elsewhere"):
        write_plan(actions, out)
    door.say(
        f"{len(actions)} actions of {sweep} are in {out}.", sweep=sweep, actions=len(actions), file=str(out)
    )


def _sentence(state: str, decided: int, items: int, sweep: str) -> str:
    return f"{sweep} is {state}: {decided:,} of {items:,} items are decided."


def _part(part: Part) -> dict[str, Any]:
    batches = {"open": part.batches_open, "leased": part.batches_leased, "done": part.batches_done}
    return part.model_dump() | batches
