"""Sweeps at the command line: start one, see how far it is, and work its batches in spreadsheets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door, is_staff
from console.cli.failures import note, writing_to
from console.cli.options import BatchId, IncidentId, SweepId, example
from console.cli.printing import print_json
from console.cli.scopes import read_scope_options
from console.cli.sources import read_source_options
from incidents.errors import NotFound
from incidents.people import Act
from incidents.store import sheets
from incidents.store.batches import Batch, batches_of, claim_batch, find_batch
from incidents.store.incidents import find_for
from incidents.store.progress import Part, progress
from incidents.store.sweeps import find_sweep, find_sweep_for, plan_of, request_sweep
from incidents.sweeps.exchange import read_filled, write_batch
from incidents.sweeps.plan import write_plan
from incidents.words import utc

app = typer.Typer(help="Sweeps: find what is already there, and decide it item by item.", no_args_is_help=True)

PARTS = ["team", "language", "items", "decided", "violates", "unsure", "open", "leased", "done"]
Words = list[str] | None


@app.command(
    epilog=example(
        "watchfloor sweep start INC-12 --term 'storm the clinic' --hashtag clinicnow --posts posts.parquet",
        "watchfloor sweep start INC-12 --scope scope.yaml --sql-url postgresql://db/posts --table posts",
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
    posts: Annotated[Path | None, typer.Option(help="The posts: CSV, JSONL or Parquet.")] = None,
    sql_url: Annotated[
        str | None, typer.Option(help="Or a database that holds them, as SQLAlchemy URL.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Its table or view.")] = None,
    column: Annotated[
        Words, typer.Option(metavar="OURS=THEIRS", help="A column that is named otherwise.")
    ] = None,
) -> None:
    """Request a sweep: its posts are frozen, shared out by language, and wait for the partner teams."""
    source = read_source_options(posts, sql_url, table, column or [])
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
    rows = [_batch(batch) for batch in batches if not batch.is_done]
    door.rows(rows, ["batch", "team", "language", "size", "state", "held_by", "until"], empty="")


@app.command(epilog=example("watchfloor sweep claim east-asia --as yuki"))
def claim(
    ctx: typer.Context,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The partner team, e.g. east-asia.")],
    sweep: Annotated[str | None, typer.Option(help="Only of this sweep; in a drill it must be named.")] = None,
    language: Annotated[Words, typer.Option(help="Only this language; may be given again.")] = None,
) -> None:
    """Take the team's most urgent free batch; you hold it until the lease ends, or you hand it in."""
    door = Door.of(ctx)
    known = door.catalogue.team(team)
    with door.store.begin() as work:
        by, now = door.acting(work, find_sweep(work, sweep).incident_id) if sweep else (door.person, door.now)
        batch = claim_batch(
            work,
            team=team,
            by=by,
            now=now,
            lease_minutes=known.lease_minutes,
            languages=language or None,
            sweep=sweep,
        )
    if batch is None:
        raise NotFound(f"No batch of the team {team} is free. `watchfloor sweep status` shows who holds them.")
    door.hand_over(batch.incident_id)
    until = utc(batch.lease_expires_at)
    then = f"`watchfloor sweep export {batch.id} --out {batch.id}.xlsx` writes it."
    door.say(
        f"{batch.id} ({batch.size} items, {batch.language}) is yours until {until}. {then}", **_batch(batch)
    )


@app.command(epilog=example("watchfloor sweep export INC-12-S1-B3 --out b3.xlsx"))
def export(
    ctx: typer.Context,
    batch: BatchId,
    out: Annotated[Path, typer.Option(help="The file: .csv or .xlsx.")],
) -> None:
    """Write a batch to a spreadsheet, to be filled in. It holds texts of posts: keep it to your team."""
    door = Door.of(ctx)
    with door.store.read() as work:
        found = find_batch(work, batch)
        by, now = door.acting(work, found.incident_id)
        sheet = sheets.export_batch(work, batch, by=by, now=now)
    with writing_to(out, "export it again, elsewhere"):
        write_batch(sheet, out)
    if not found.is_held_by(by.id, now):
        note(f"You do not hold {batch}, so somebody else may decide the same items; claim it first.")
    door.say(
        f"{len(sheet.items)} items of {batch} are in {out}.", batch=batch, items=len(sheet.items), file=str(out)
    )


@app.command("import", epilog=example("watchfloor sweep import b3.xlsx --batch INC-12-S1-B3"))
def import_filled(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The filled-in .csv or .xlsx.")],
    batch: Annotated[str, typer.Option(help="The batch that it is about.")],
) -> None:
    """Hand in a filled-in spreadsheet: all of its decisions, or none, with every wrong row named."""
    door = Door.of(ctx)
    policies = {policy.id: policy for policy in door.catalogue.policies}
    with door.store.read() as work:
        found = find_batch(work, batch)
        by, now = door.acting(work, found.incident_id)
        expected = sheets.expected_batch(work, batch, by=by, policies=policies, now=now)
    filled = read_filled(file, expected=expected)
    minutes = door.catalogue.team(found.team).lease_minutes
    with door.store.begin() as work:
        recorded = sheets.import_decisions(
            work, batch, filled.rows, by=by, policies=policies, now=now, lease_minutes=minutes
        )
    door.hand_over(found.incident_id)
    if filled.missing:
        note(f"{len(filled.missing)} items of the batch are not in the file; nothing was decided about them.")
    left = f"{recorded.undecided} items are left" if recorded.undecided else "the batch is done"
    said = f"{recorded.new} new decisions, {recorded.superseded} changed, {recorded.unchanged} as before"
    door.say(f"{batch}: {said}; {left}.", batch=batch, **recorded.model_dump(), missing=len(filled.missing))


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


def _batch(batch: Batch) -> dict[str, Any]:
    told = {
        "batch": batch.id,
        "sweep": batch.sweep_id,
        "held_by": batch.leased_to,
        "until": batch.lease_expires_at,
    }
    return batch.model_dump(include={"team", "language", "size", "state"}) | told
