"""What is to be done after the incident, by whom, until when?"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.failures import writing_to
from console.cli.options import IncidentId, Note, example
from console.cli.times import read_time
from incidents.reviews.action_files import read_actions, write_actions, write_calendar
from incidents.reviews.actions import ActionArea, ActionItem, ActionKind, ActionState
from incidents.store.action_items import change_action, file_action, find_action, visible_actions
from incidents.store.action_sheets import Taken, take_actions
from incidents.store.incidents import find
from incidents.words import counted, utc

app = typer.Typer(
    help="Action items: what is done after an incident, by whom, until when.", no_args_is_help=True
)

COLUMNS = ["id", "state", "due_at", "owner", "kind", "area", "title"]

WRITERS = {".csv": write_actions, ".ics": write_calendar}


@app.command("list", epilog=example("watchfloor actions list", "watchfloor actions list INC-12 --all"))
def show_actions(
    ctx: typer.Context,
    incident: Annotated[str | None, typer.Argument(metavar="INCIDENT", help="One incident; else all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
) -> None:
    """List action items, the ones due first in front."""
    door = Door.of(ctx)
    with door.store.read() as work:
        person = door.acting(work, incident)[0] if incident else door.person
        found = visible_actions(work, person, incident, open_only=not everything)
    door.rows([_row(item) for item in found], COLUMNS, empty="No action item is open.")


@app.command(
    "file",
    epilog=example(
        "watchfloor actions file INC-12 --title 'Match mirrored copies' --kind detect --owner maria"
        " --success 'The next drill finds them' --due 2026-03-01"
    ),
)
def file_item(
    ctx: typer.Context,
    incident: IncidentId,
    title: Annotated[str, typer.Option(help="What is to be done, in one line.")],
    kind: Annotated[ActionKind, typer.Option(help="What it is for.")],
    owner: Annotated[str, typer.Option(help="One person, or one team.")],
    success: Annotated[str, typer.Option(help="How it will be seen that it worked.")],
    due: Annotated[
        str | None, typer.Option(help="Until when: 2026-03-01, or with a time and zone. Default: by severity.")
    ] = None,
    area: Annotated[ActionArea | None, typer.Option(help="Where it changes something.")] = None,
    factor: Annotated[int | None, typer.Option(help="Number of the contributing factor behind it.")] = None,
) -> None:
    """File an action item. The same title again is the same item."""
    door = Door.of(ctx)
    due_at: datetime | None = None if due is None else read_time(due)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        clocks = door.catalogue.severity(find(work, incident).severity).clocks
        item = file_action(
            work,
            incident,
            title=title,
            kind=kind.value,
            area=area,
            owner=owner,
            success=success,
            factor=factor,
            due_at=due_at or now + timedelta(days=clocks.action_due_days),
            by=by,
            now=now,
        )
    door.hand_over(incident)
    door.say(f"{item.id} is filed for {item.owner}, due {utc(item.due_at)}.", **_row(item))


@app.command(
    epilog=example(
        "watchfloor actions change INC-12-A1 --state done_claimed --note 'Shipped today'",
        "watchfloor actions change INC-12-A1 --state superseded --by INC-14-A2 --note 'One tool for both'",
    )
)
def change(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id, e.g. INC-12-A1.")],
    state: Annotated[ActionState, typer.Option(help="The state that it reaches.")],
    note: Note = "",
    successor: Annotated[
        str | None, typer.Option("--by", metavar="ITEM", help="The item that supersedes it.")
    ] = None,
) -> None:
    """Move an action item on. Somebody other than its owner verifies it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        incident = find_action(work, item).incident_id
        by, now = door.acting(work, incident)
        changed = change_action(work, item, state=state.value, note=note, successor=successor, by=by, now=now)
    door.hand_over(incident)
    door.say(f"{changed.id} is {changed.state}.", **_row(changed))


@app.command(
    "export",
    epilog=example(
        "watchfloor actions export --out actions.csv", "watchfloor actions export INC-12 --out due.ics --all"
    ),
)
def export_items(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="A file ending in .csv, or in .ics for a calendar.")],
    incident: Annotated[str | None, typer.Argument(metavar="INCIDENT", help="One incident; else all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
) -> None:
    """Write action items as a spreadsheet, or their due dates for a calendar."""
    door = Door.of(ctx)
    if out.suffix not in WRITERS:
        raise typer.BadParameter(f"{out.name} ends in neither {' nor '.join(WRITERS)}.")
    with door.store.read() as work:
        person = door.acting(work, incident)[0] if incident else door.person
        found = visible_actions(work, person, incident, open_only=not everything)
    with writing_to(out, "export them again, elsewhere"):
        WRITERS[out.suffix](out, found)
    door.say(f"{counted(len(found), 'action item')} in {out}.", items=len(found), file=str(out))


@app.command("import", epilog=example("watchfloor actions import actions.csv"))
def import_items(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX, with the columns of an export.")],
) -> None:
    """File the rows without an id, and move on those whose state was changed; all rows or none."""
    door = Door.of(ctx)
    rows = read_actions(file)
    incidents = sorted({row.incident for row in rows})
    with door.store.begin() as work:
        taken = [
            take_actions(work, [row for row in rows if row.incident == incident], by=by, now=now)
            for incident in incidents
            for by, now in [door.acting(work, incident)]
        ]
    for incident in incidents:
        door.hand_over(incident)
    counts = {name: sum(getattr(each, name) for each in taken) for name in Taken.model_fields}
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    door.say(f"{file.name}: {told}.", **counts)


def _row(item: ActionItem) -> dict[str, Any]:
    times = {"due_at": item.due_at, "filed_at": item.filed_at, "chased_at": item.chased_at}
    return item.model_dump(mode="json", exclude=set(times)) | times
