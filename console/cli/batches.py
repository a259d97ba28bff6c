"""Work the batches of a sweep in spreadsheets: take one, write it out, hand it back in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.failures import note, writing_to
from console.cli.options import BatchId, Reason, example
from console.cli.sweep_options import Words
from incidents.errors import NotFound
from incidents.store import sheets
from incidents.store.batches import Batch, claim_batch, find_batch
from incidents.store.incidents import find
from incidents.store.returns import return_batch
from incidents.store.sweeps import find_sweep
from incidents.store.turns import skip_item
from incidents.sweeps.desk import desk_for
from incidents.sweeps.exchange import read_filled, write_batch
from incidents.words import utc


def add_to(app: typer.Typer) -> None:
    """Add the commands to `watchfloor sweep`."""
    app.command(epilog=example("watchfloor sweep claim east-asia --as yuki"))(claim)
    app.command(epilog=example("watchfloor sweep export INC-12-S1-B3 --out b3.xlsx"))(export)
    app.command("return", epilog=example("watchfloor sweep return INC-12-S1-B3 --reason 'End of shift'"))(
        give_back
    )
    app.command(epilog=example("watchfloor sweep skip INC-12-S1-B3 184467 --reason 'I know the author'"))(skip)
    app.command("import", epilog=example("watchfloor sweep import b3.xlsx --batch INC-12-S1-B3"))(import_filled)


def claim(
    ctx: typer.Context,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The partner team, e.g. east-asia.")],
    sweep: Annotated[str | None, typer.Option(help="Only of this sweep; in a drill it must be named.")] = None,
    language: Annotated[Words, typer.Option(help="Only this language; may be given again.")] = None,
) -> None:
    """Take a batch of what matters most for the team; you hold it until the lease ends, or you hand it in."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_sweep(work, sweep).incident_id if sweep else None
        by, now = door.acting(work, incident) if incident else (door.person, door.now)
        drill = bool(incident and find(work, incident).is_drill)
        desk = desk_for(door.catalogue, by, team, drill=drill)
        if language:
            desk = desk.model_copy(update={"languages": tuple(language)})
        batch = claim_batch(work, desk, by=by, now=now, sweep=sweep)
    if batch is None:
        raise NotFound(f"Nothing waits for the team {team}. `watchfloor sweep status` shows what others hold.")
    door.hand_over(batch.incident_id)
    until = utc(batch.lease_expires_at)
    then = f"`watchfloor sweep export {batch.id} --out {batch.id}.xlsx` writes it."
    door.say(
        f"{batch.id} ({batch.size} items, {batch.language}) is yours until {until}. {then}", **batch_row(batch)
    )


def give_back(ctx: typer.Context, batch: BatchId, reason: Reason) -> None:
    """Put a batch that you hold back into the queue; what you decided in it stays."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        found = find_batch(work, batch)
        by, now = door.acting(work, found.incident_id)
        return_batch(work, batch, by=by, why=reason, now=now)
    door.hand_over(found.incident_id)
    door.say(f"{batch} is back in the queue of {found.team}.", batch=batch, team=found.team)


def skip(
    ctx: typer.Context,
    batch: BatchId,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The id of the post.")],
    reason: Reason,
) -> None:
    """Leave a post of your batch to somebody else; you are not asked about it again.

    Whoever cannot tell decides `unsure` instead and says why: that is how a post is escalated, and a third
    person looks at it.
    """
    door = Door.of(ctx)
    with door.store.begin() as work:
        found = find_batch(work, batch)
        by, now = door.acting(work, found.incident_id)
        skip_item(work, batch, item, by=by, reason=reason, now=now)
    door.hand_over(found.incident_id)
    door.say(f"{item} goes to somebody else. The rest of {batch} is still yours.", batch=batch, item=item)


def export(
    ctx: typer.Context,
    batch: BatchId,
    out: Annotated[Path, typer.Option(help="The file: .csv or .xlsx.")],
    reason: Annotated[str, typer.Option(help="Why, where you do not hold the batch.")] = "",
) -> None:
    """Write a batch to a spreadsheet, to be filled in. It holds texts of posts: keep it to your team."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        found = find_batch(work, batch)
        by, now = door.acting(work, found.incident_id)
        sheet = sheets.export_batch(work, batch, by=by, reason=reason, now=now)
    with writing_to(out, "export it again, elsewhere"):
        write_batch(sheet, out)
    if not found.is_held_by(by.id, now):
        note(f"You do not hold {batch}, so somebody else may decide the same items; claim it first.")
    door.say(
        f"{len(sheet.items)} items of {batch} are in {out}.", batch=batch, items=len(sheet.items), file=str(out)
    )


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


def batch_row(batch: Batch) -> dict[str, Any]:
    """A batch as it is listed, without its posts."""
    told = {
        "batch": batch.id,
        "sweep": batch.sweep_id,
        "held_by": batch.leased_to,
        "until": batch.lease_expires_at,
    }
    return batch.model_dump(include={"team", "language", "size", "state"}) | told
